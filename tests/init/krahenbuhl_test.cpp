#include "fanin/init/krahenbuhl.h"

#include "fanin/init/weight_norm.h"

#include "foreign_network.h"

namespace fanin::init {
namespace {

// Rows A z + m with z ~ N(0, 1): mean m and covariance near A A^T, whose eigenvalues are 9, 4, 1 and 0.01.
std::vector<float> known_batch(std::size_t n) {
  const std::vector<float> z = normals(7, n * 4);
  const std::vector<double> scale{3, 2, 1, 0.1};
  std::vector<float> x;
  for (std::size_t r = 0; r < n; ++r) {
    double s[4];
    for (std::size_t j = 0; j < 4; ++j) s[j] = scale[j] * static_cast<double>(z[r * 4 + j]);
    // The orthogonal matrix of Hadamard, halved.
    const double y[] = {s[0] + s[1] + s[2] + s[3], s[0] - s[1] + s[2] - s[3], s[0] + s[1] - s[2] - s[3],
                        s[0] - s[1] - s[2] + s[3]};
    for (const double v : y) x.push_back(static_cast<float>(v / 2 + 5));
  }
  return x;
}

double covariance(std::span<const float> y, std::size_t cols, std::size_t a, std::size_t b) {
  const std::vector<Column> c = columns(y, cols);
  double sum = 0;
  for (std::size_t i = 0; i < y.size(); i += cols) {
    sum += (static_cast<double>(y[i + a]) - c[a].mean) * (static_cast<double>(y[i + b]) - c[b].mean);
  }
  return sum / static_cast<double>(y.size() / cols);
}

KrahenbuhlOptions within(DataWeights weights, double bias = 0.1) {
  return {weights, bias, false, {}};
}

TEST(WithinLayer, EveryUnitHasVarianceOneAroundTheBias) {
  OneLayer net(3, 4, known_batch(300));
  net.weight = normals(8, 12, 0, 20);
  net.bias = {1, -2, 3};
  const std::vector<float> before = net.weight;
  const std::vector<Column> y = columns(net.made_outputs(), 3);
  ThreadPool pool(1);
  const DataReport r = krahenbuhl(net, within(DataWeights::given), 0, pool);
  EXPECT_TRUE(r.findings.empty());
  EXPECT_TRUE(r.layers[0].converged);
  for (const Column& c : columns(net.made_outputs(), 3)) {
    EXPECT_NEAR(c.mean, 0.1, 1e-5);
    EXPECT_NEAR(c.std, 1, 1e-6);
  }
  for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(net.weight[i], before[i] / y[i / 4].std, 1e-6) << i;
}

TEST(WithinLayer, ConstantUnitsAreCountedAndKept) {
  OneLayer net(3, 4, known_batch(300));
  net.weight = normals(8, 12);
  std::fill_n(net.weight.begin() + 4, 4, 0.0F);
  ThreadPool pool(1);
  const DataReport r = krahenbuhl(net, within(DataWeights::given), 0, pool);
  EXPECT_EQ(r.layers[0].constant, 1U);
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_NE(r.findings[0].find("1 of 3 units have the same output for all 300 rows"), std::string::npos);
  EXPECT_EQ(net.weight[5], 0.0F);
  EXPECT_NEAR(columns(net.made_outputs(), 3)[1].mean, 0.1, 1e-6);
}

TEST(WithinLayer, LayerWithoutBiasesKeepsItsMeansAndSaysSo) {
  OneLayer net(3, 4, known_batch(300));
  net.weight = normals(8, 12);
  net.has_bias = false;
  ThreadPool pool(1);
  const DataReport r = krahenbuhl(net, within(DataWeights::given), 0, pool);
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_NE(r.findings[0].find("no biases"), std::string::npos);
  for (const Column& c : columns(net.made_outputs(), 3)) EXPECT_NEAR(c.std, 1, 1e-5);
}

// Before any scaling: it is W = L^-1/2 V^T that is looked at, so that scaling has nothing left to do.
TEST(DataWeights, PcaMakesUncorrelatedOutputsOfVarianceOne) {
  OneLayer net(3, 4, known_batch(2000));
  ThreadPool pool(2);
  const DataReport r = krahenbuhl(net, within(DataWeights::pca), 0, pool);
  EXPECT_NEAR(r.layers[0].scale, 1, 1e-4);
  EXPECT_EQ(r.layers[0].directions, 3U);
  const std::vector<float> y = net.made_outputs();
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b <= a; ++b) EXPECT_NEAR(covariance(y, 3, a, b), a == b ? 1 : 0, 1e-4) << a << b;
  }
  // The first component is (1, 1, 1, 1) / 2 over the std 3; 2000 samples know it to about 2 %.
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(net.weight[i], 0.5 / 3, 0.02);
}

TEST(DataWeights, ZcaIsTheSymmetricRootOfTheInverseCovariance) {
  OneLayer net(4, 4, known_batch(2000));
  ThreadPool pool(1);
  const DataReport r = krahenbuhl(net, within(DataWeights::zca), 0, pool);
  EXPECT_NEAR(r.layers[0].scale, 1, 1e-3);
  double largest = 0;
  for (std::size_t a = 0; a < 4; ++a) {
    for (std::size_t b = 0; b < 4; ++b) {
      // W W C = I, C the covariance of the inputs.
      double product = 0;
      for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t j = 0; j < 4; ++j) {
          product += static_cast<double>(net.weight[a * 4 + i]) * static_cast<double>(net.weight[i * 4 + j]) *
                     covariance(net.batch, 4, j, b);
        }
      }
      EXPECT_NEAR(product, a == b ? 1 : 0, 2e-3) << a << b;
      EXPECT_NEAR(net.weight[a * 4 + b], net.weight[b * 4 + a], 1e-4);
      largest = std::max(largest, std::abs(static_cast<double>(net.weight[a * 4 + b])));
    }
  }
  EXPECT_GT(largest, 2);  // 1 / 0.1 of the smallest direction, a quarter of it on each input
}

TEST(DataWeights, ZcaOfFewerUnitsTakesInputsThatVary) {
  // Inputs 0 and 3 say nothing.
  std::vector<float> batch = known_batch(500);
  for (std::size_t i = 0; i < batch.size(); i += 4) batch[i] = batch[i + 3] = 2;
  OneLayer net(2, 4, std::move(batch));
  ThreadPool pool(1);
  EXPECT_EQ(krahenbuhl(net, within(DataWeights::zca), 0, pool).layers[0].directions, 2U);
  for (std::size_t u = 0; u < 2; ++u) {
    EXPECT_EQ(net.weight[u * 4], 0.0F);
    EXPECT_GT(net.weight[u * 4 + 1 + u], std::abs(net.weight[u * 4 + 2 - u]));
  }
}

// As many units as inputs: what never varies is a unit that never varies, and said.
TEST(DataWeights, ZcaOfAllInputsNeedsNoFullRank) {
  std::vector<float> batch = known_batch(500);
  for (std::size_t i = 0; i < batch.size(); i += 4) batch[i] = 2;
  OneLayer net(4, 4, std::move(batch));
  ThreadPool pool(1);
  const DataReport r = krahenbuhl(net, within(DataWeights::zca), 0, pool);
  EXPECT_EQ(r.layers[0].directions, 3U);
  EXPECT_EQ(r.layers[0].constant, 1U);
  EXPECT_EQ(r.findings.size(), 1U);
  EXPECT_EQ(net.weight[0], 0.0F);
  EXPECT_NE(net.weight[5], 0.0F);
}

TEST(DataWeights, KmeansAndPatchesAreDirectionsOfTheData) {
  for (const DataWeights weights : {DataWeights::kmeans, DataWeights::patches}) {
    OneLayer net(7, 4, known_batch(500));
    ThreadPool pool(1);
    const DataReport r = krahenbuhl(net, within(weights, 0), 3, pool);
    EXPECT_TRUE(r.findings.empty());
    EXPECT_EQ(r.layers[0].directions, 4U);
    for (const Column& c : columns(net.made_outputs(), 7)) {
      EXPECT_NEAR(c.mean, 0, 2e-4);
      EXPECT_NEAR(c.std, 1, 1e-4);
    }
    OneLayer again(7, 4, known_batch(500));
    (void)krahenbuhl(again, within(weights, 0), 3, pool);
    EXPECT_EQ(again.weight, net.weight);
    (void)krahenbuhl(again, within(weights, 0), 4, pool);
    EXPECT_NE(again.weight, net.weight);
  }
}

// Rows along four directions with lengths that differ: what k-means finds are the directions, not near and far.
TEST(DataWeights, KmeansLooksAtDirectionsNotAtLengths) {
  std::vector<float> batch;
  for (std::size_t i = 0; i < 400; ++i) {
    const float length = 0.1F + static_cast<float>(i * i % 97) / 20;
    const float sign = i % 2 == 0 ? length : -length;
    // Each is followed by its mirror image after 200 rows, so that the mean is 0.
    const float at = i < 200 ? sign : -batch[(i - 200) * 2] - batch[(i - 200) * 2 + 1];
    const bool first = i / 2 % 2 == 0;
    batch.push_back(first ? at : 0);
    batch.push_back(first ? 0 : at);
  }
  OneLayer net(4, 2, std::move(batch));
  ThreadPool pool(1);
  (void)krahenbuhl(net, within(DataWeights::kmeans), 1, pool);
  bool seen[4] = {};
  for (std::size_t u = 0; u < 4; ++u) {
    const double a = net.weight[2 * u];
    const double b = net.weight[2 * u + 1];
    EXPECT_LT(std::min(std::abs(a), std::abs(b)), 1e-3 * std::max(std::abs(a), std::abs(b))) << u;
    seen[(std::abs(a) > std::abs(b) ? 0 : 2) + (a + b > 0 ? 1 : 0)] = true;
  }
  EXPECT_TRUE(seen[0] && seen[1] && seen[2] && seen[3]);
}

TEST(DataWeights, DoNotDependOnThreads) {
  for (const DataWeights weights : {DataWeights::pca, DataWeights::zca, DataWeights::kmeans, DataWeights::patches}) {
    std::vector<float> bits;
    for (const std::size_t threads : {1U, 2U, 4U}) {
      OneLayer net(20, 30, normals(9, 400 * 30, 1, 2));
      ThreadPool pool(threads);
      (void)krahenbuhl(net, within(weights), 3, pool);
      if (bits.empty()) bits = net.weight;
      EXPECT_EQ(net.weight, bits) << threads;
    }
  }
}

TEST(DataWeights, TooLittleDataIsAnError) {
  ThreadPool pool(1);
  const auto rejected = [&](DataWeights weights, std::size_t units, std::vector<float> batch,
                            const std::vector<std::string>& parts) {
    OneLayer net(units, 4, std::move(batch));
    expect_error(ErrorKind::numeric, parts, [&] { (void)krahenbuhl(net, within(weights), 0, pool); });
  };
  rejected(DataWeights::pca, 5, known_batch(100), {"[krahenbuhl]", "'only'", "span 4 directions", "5 units"});
  rejected(DataWeights::pca, 4, known_batch(4), {"4 rows of 4 inputs span 3 directions"});
  rejected(DataWeights::zca, 5, known_batch(100), {"4 of its 4 inputs vary", "5 units"});
  std::vector<float> two = known_batch(100);
  for (std::size_t i = 0; i < two.size(); i += 4) two[i] = two[i + 3] = 2;
  rejected(DataWeights::zca, 3, two, {"2 of its 4 inputs vary", "3 units"});
  rejected(DataWeights::kmeans, 9, known_batch(8), {"8 rows", "9 units"});
  rejected(DataWeights::patches, 9, known_batch(8), {"8 rows", "9 units"});
  rejected(DataWeights::kmeans, 2, std::vector<float>(40, 1.5F), {"the same in all 10 rows"});
  std::vector<float> twice = known_batch(5);
  twice.insert(twice.end(), twice.begin(), twice.end());
  rejected(DataWeights::kmeans, 6, twice, {"kmeans of layer 'only'", "5 different rows", "6 centres"});
  std::vector<float> infinite = known_batch(10);
  infinite[11] = std::numeric_limits<float>::infinity();
  rejected(DataWeights::pca, 2, infinite, {"'only'", "an input is inf"});
}

TEST(DataWeights, InputsOfWrongSizesAreRejected) {
  OneLayer net(2, 4, known_batch(100));
  net.weight = normals(8, 8);
  ThreadPool pool(1);
  net.wrong_inputs = 1;
  expect_error(ErrorKind::usage, {"'only'", "3 inputs given", "has 4"},
               [&] { (void)krahenbuhl(net, within(DataWeights::pca), 0, pool); });
  struct Closed final : OneLayer {
    using OneLayer::OneLayer;
    void inputs(std::size_t k, TakeRows take) override { LayerAccess::inputs(k, take); }
    void gradients(TakeGradient take) override { LayerAccess::gradients(take); }
  } closed(2, 4, known_batch(100));
  closed.weight = normals(8, 8);
  expect_error(ErrorKind::unsupported, {"inputs of layer 0"},
               [&] { (void)krahenbuhl(closed, within(DataWeights::pca), 0, pool); });
  expect_error(ErrorKind::unsupported, {"no gradients"}, [&] { (void)krahenbuhl(closed, {}, 0, pool); });
  EXPECT_TRUE(krahenbuhl(closed, within(DataWeights::given), 0, pool).findings.empty());
}

double ratio(std::span<const float> gradient, std::span<const float> weight) {
  double g = 0;
  double w = 0;
  for (std::size_t i = 0; i < weight.size(); ++i) {
    g += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
    w += static_cast<double>(weight[i]) * static_cast<double>(weight[i]);
  }
  return std::sqrt(g / w);
}

TEST(GradientRatio, ReluNetworkAgreesAfterOneRoundAndRemainsTheSameFunction) {
  SmallConvolution net(40);
  net.conv = normals(5, net.conv.size(), 0, 0.02);
  net.conv_bias = normals(6, net.conv_bias.size(), 0, 0.01);
  net.head = normals(7, net.head.size(), 0, 3);
  net.head_bias = {1, 2, 3};
  const std::vector<float> before = net.function();
  ThreadPool pool(1);
  const DataReport r = calibrate_gradient_ratios(net, {.tolerance = 1e-4}, pool);
  EXPECT_TRUE(r.findings.empty()) << r.findings[0];
  EXPECT_EQ(r.gradient_rounds, 1U);
  std::vector<double> ratios(2);
  net.gradients([&](std::size_t k, std::span<const float> g) { ratios[k] = ratio(g, net.layer(k).weight); });
  EXPECT_NEAR(ratios[0] / ratios[1], 1, 1e-4);
  EXPECT_GT(std::abs(*r.layers[0].gradient_ratio_before / *r.layers[1].gradient_ratio_before - 1), 0.5);
  EXPECT_NEAR(*r.layers[0].gradient_ratio_after, ratios[0], 1e-6 * ratios[0]);
  const std::vector<float> after = net.function();
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_NEAR(after[i], before[i], 1e-5 * (1 + std::abs(before[i]))) << i;
  }
}

TEST(GradientRatio, WrongGradientsAreRejected) {
  ThreadPool pool(1);
  const auto rejected = [&](ErrorKind kind, const std::vector<std::string>& parts, auto change) {
    OneLayer net(2, 4, known_batch(50));
    net.weight = normals(8, 8);
    change(net);
    expect_error(kind, parts, [&] { (void)calibrate_gradient_ratios(net, {}, pool); });
  };
  rejected(ErrorKind::usage, {"9 derivatives given", "has 8"}, [](OneLayer& n) { n.wrong_gradients = 1; });
  rejected(ErrorKind::usage, {"gradient of layer 1 given, there are 1"}, [](OneLayer& n) { n.gradient_layer = 1; });
  rejected(ErrorKind::usage, {"'only'", "not given"}, [](OneLayer& n) { n.gradient_times = 0; });
  rejected(ErrorKind::usage, {"'only'", "twice"}, [](OneLayer& n) { n.gradient_times = 2; });
  rejected(ErrorKind::numeric, {"'only'", "is zero"}, [](OneLayer& n) { n.gradient_value = 0; });
  rejected(ErrorKind::numeric, {"'only'", "not finite"}, [](OneLayer& n) { n.gradient_value = std::nanf(""); });
  OneLayer net(2, 4, known_batch(50));
  expect_error(ErrorKind::usage, {"0 rounds"}, [&] { (void)calibrate_gradient_ratios(net, {.rounds = 0}, pool); });
  expect_error(ErrorKind::usage, {"tolerance is 1"},
               [&] { (void)calibrate_gradient_ratios(net, {.tolerance = 1}, pool); });
}

// A step that does not help is taken back: these gradients do not care about the weights.
TEST(GradientRatio, RatiosThatDoNotAgreeAreAFindingAndLeaveTheWeights) {
  struct Stubborn final : SmallConvolution {
    using SmallConvolution::SmallConvolution;
    void gradients(TakeGradient take) override {
      std::vector<float> a(conv.begin(), conv.end());
      std::vector<float> b(head.begin(), head.end());
      for (float& x : b) x *= 3;
      take(0, a);
      take(1, b);
    }
  } net(20);
  net.conv = normals(5, net.conv.size());
  net.head = normals(7, net.head.size());
  const std::vector<float> conv = net.conv;
  ThreadPool pool(1);
  const DataReport r = calibrate_gradient_ratios(net, {}, pool);
  EXPECT_EQ(r.gradient_rounds, 0U);
  EXPECT_EQ(net.conv, conv);
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_NE(r.findings[0].find("after 0 rounds gradient ratios still differ by 73.2 %"), std::string::npos)
      << r.findings[0];
  EXPECT_FALSE(r.layers[1].converged);
}

TEST(Krahenbuhl, BothPartsOnAConvolution) {
  SmallConvolution net(60);
  net.conv = normals(5, net.conv.size());
  net.head = normals(7, net.head.size());
  ThreadPool pool(1);
  const auto size = [](const std::vector<float>& w) { return std::hypot(whole(w).mean, whole(w).std); };
  SmallConvolution given(60);
  given.conv = net.conv;
  given.head = net.head;
  const DataReport g = krahenbuhl(given, {}, 0, pool);
  EXPECT_NEAR(g.layers[0].scale, size(given.conv) / size(net.conv), 1e-6);
  EXPECT_NEAR(g.layers[1].scale, size(given.head) / size(net.head), 1e-6);
  EXPECT_EQ(g.layers[0].steps, 2U);
  const DataReport r = krahenbuhl(net, {DataWeights::pca, 0.1, true, {}}, 0, pool);
  EXPECT_TRUE(r.findings.empty()) << r.findings[0];
  EXPECT_EQ(r.layers[0].directions, SmallConvolution::kChannels);
  EXPECT_EQ(r.gradient_rounds, 1U);
  EXPECT_NEAR(*r.layers[0].gradient_ratio_after / *r.layers[1].gradient_ratio_after, 1, 0.01);
  // The outputs of the network are those of the first part.
  for (const Column& c : columns(net.function(), 3)) {
    EXPECT_NEAR(c.mean, 0.1, 1e-4);
    EXPECT_NEAR(c.std, 1, 1e-4);
  }
  EXPECT_THROW((void)krahenbuhl(net, {DataWeights::pca, std::nan(""), true, {}}, 0, pool), Error);
}

TEST(WeightNorm, OutputsHaveMeanZeroAndVarianceOneOnTheBatch) {
  OneLayer net(5, 4, known_batch(300));
  net.weight = normals(8, 20, 0, 0.05);
  const std::vector<float> v = net.weight;
  ThreadPool pool(1);
  EXPECT_TRUE(weight_norm(net, {}, pool).findings.empty());
  for (const Column& c : columns(net.made_outputs(), 5)) {
    EXPECT_NEAR(c.mean, 0, 1e-5);
    EXPECT_NEAR(c.std, 1, 1e-6);
  }
  // The direction is that of v.
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_NEAR(net.weight[i] * v[i / 4 * 4], v[i] * net.weight[i / 4 * 4], 1e-6) << i;
  }
}

TEST(WeightNorm, NormPreservingRowsHaveTheLengthOfTheFans) {
  OneLayer net(5, 4, known_batch(300));
  net.weight = normals(8, 20, 0, 0.05);
  net.bias = {1, 2, 3, 4, 5};
  ThreadPool pool(1);
  const DataReport r = weight_norm(net, {WeightNormGain::norm_preserving, 3}, pool);
  EXPECT_TRUE(r.findings.empty());
  EXPECT_EQ(net.bias, std::vector<float>(5));
  for (std::size_t u = 0; u < 5; ++u) {
    double square = 0;
    for (std::size_t i = 0; i < 4; ++i) square += std::pow(static_cast<double>(net.weight[u * 4 + i]), 2);
    EXPECT_NEAR(square, 3 * 4.0 / 5, 1e-6);
  }
  const auto rejected = [&](ErrorKind kind, const std::vector<std::string>& parts, auto change, double gamma = 2) {
    OneLayer wrong(5, 4, known_batch(300));
    wrong.weight = normals(8, 20);
    change(wrong);
    expect_error(kind, parts, [&] { (void)weight_norm(wrong, {WeightNormGain::norm_preserving, gamma}, pool); });
  };
  rejected(ErrorKind::numeric, {"'only'", "unit 2 are all zero"},
           [](OneLayer& n) { std::fill_n(n.weight.begin() + 8, 4, 0.0F); });
  rejected(ErrorKind::usage, {"fan_in is 0"},
           [](OneLayer& n) { n.falsify = [](LayerView& view) { view.fans.in = 0; }; });
  rejected(
      ErrorKind::usage, {"gamma is 0"}, [](OneLayer&) {}, 0);
}

}  // namespace
}  // namespace fanin::init
