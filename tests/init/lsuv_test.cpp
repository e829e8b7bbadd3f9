#include "fanin/init/lsuv.h"

#include <limits>

#include "foreign_network.h"

namespace fanin::init {
namespace {

OneLayer scaled_layer(double input_scale = 1) {
  std::vector<float> batch = normals(3, 200 * 6);
  for (float& x : batch) x *= static_cast<float>(input_scale);
  OneLayer net(4, 6, std::move(batch));
  net.weight = normals(4, 24, 0, 3);
  return net;
}

// 4 outputs 3 w and 1 w: mean 2 w, std w.
TEST(Lsuv, OneNumberIsExact) {
  OneLayer net(1, 1, {3, 1, 3, 1});
  net.weight = {5};
  ThreadPool pool(1);
  const DataReport r = lsuv(net, {}, pool);
  EXPECT_EQ(net.weight[0], 1.0F);
  EXPECT_EQ(r.layers[0].std_before, 5);
  EXPECT_EQ(r.layers[0].mean_before, 10);
  EXPECT_EQ(r.layers[0].std_after, 1);
  EXPECT_EQ(r.layers[0].mean_after, 2);
  EXPECT_EQ(r.layers[0].scale, 1.0 / 5);
  EXPECT_EQ(r.layers[0].steps, 1U);
  EXPECT_EQ(r.layers[0].rows, 4U);
  EXPECT_TRUE(r.layers[0].converged);
  EXPECT_TRUE(r.findings.empty());
  EXPECT_EQ(net.changes, 1U);
}

TEST(Lsuv, WithoutBiasesOneScalingIsEnough) {
  OneLayer net = scaled_layer();
  const double before = whole(net.made_outputs()).std;
  const std::vector<float> weight = net.weight;
  ThreadPool pool(1);
  const DataReport r = lsuv(net, {.std = 2, .tolerance = 1e-4}, pool);
  EXPECT_EQ(r.layers[0].steps, 1U);
  EXPECT_NEAR(whole(net.made_outputs()).std, 2, 1e-5);
  for (std::size_t i = 0; i < weight.size(); ++i) {
    EXPECT_NEAR(net.weight[i], static_cast<double>(weight[i]) * 2 / before, 1e-6) << i;
  }
  EXPECT_NEAR(r.layers[0].std_before, before, 1e-9);
}

TEST(Lsuv, ASecondTimeNothingChanges) {
  OneLayer net = scaled_layer();
  ThreadPool pool(1);
  (void)lsuv(net, {}, pool);
  const std::vector<float> once = net.weight;
  const DataReport again = lsuv(net, {}, pool);
  EXPECT_EQ(net.weight, once);
  EXPECT_EQ(again.layers[0].steps, 0U);
  EXPECT_EQ(again.layers[0].scale, 1);
}

// The authors' code keeps what it measures in a dictionary of the process, so that a second network finds the first's.
TEST(Lsuv, NetworksDoNotSeeEachOther) {
  ThreadPool pool(1);
  OneLayer alone = scaled_layer();
  (void)lsuv(alone, {}, pool);
  OneLayer other = scaled_layer(100);
  OneLayer after = scaled_layer();
  (void)lsuv(other, {}, pool);
  (void)lsuv(after, {}, pool);
  EXPECT_EQ(after.weight, alone.weight);
  EXPECT_NE(other.weight, alone.weight);
}

TEST(Lsuv, ToleranceIsAShareOfTheStd) {
  OneLayer net = scaled_layer();
  for (float& w : net.weight) w *= 1e-3F;
  ThreadPool pool(1);
  const DataReport r = lsuv(net, {.std = 1e-4}, pool);
  EXPECT_GT(r.layers[0].std_before, 2e-4);
  EXPECT_NEAR(r.layers[0].std_after, 1e-4, 1e-5);
  EXPECT_TRUE(r.layers[0].converged);
}

TEST(Lsuv, WithinTheToleranceNothingChanges) {
  OneLayer net(1, 1, {1, -1});
  ThreadPool pool(1);
  net.weight = {1.05F};
  EXPECT_EQ(lsuv(net, {}, pool).layers[0].steps, 0U);
  EXPECT_EQ(net.weight[0], 1.05F);
  EXPECT_EQ(lsuv(net, {.tolerance = 0.04}, pool).layers[0].steps, 1U);
  EXPECT_EQ(net.weight[0], 1.0F);
}

TEST(Lsuv, LargerInputsGiveSmallerWeights) {
  OneLayer one = scaled_layer();
  OneLayer ten = scaled_layer(10);
  ThreadPool pool(1);
  (void)lsuv(one, {}, pool);
  (void)lsuv(ten, {}, pool);
  for (std::size_t i = 0; i < one.weight.size(); ++i) {
    EXPECT_NEAR(ten.weight[i], one.weight[i] / 10, 1e-6 * std::abs(one.weight[i])) << i;
  }
}

TEST(Lsuv, CenterMovesAllBiasesByOneNumber) {
  OneLayer net = scaled_layer();
  net.bias = {5, 6, 7, 8};
  ThreadPool pool(1);
  const DataReport r = lsuv(net, {.std = 3, .tolerance = 1e-3, .attempts = 50, .center = true}, pool);
  EXPECT_TRUE(r.findings.empty());
  EXPECT_NEAR(whole(net.made_outputs()).mean, 0, 1e-3);
  EXPECT_NEAR(whole(net.made_outputs()).std, 3, 1e-3);
  for (std::size_t u = 1; u < 4; ++u) EXPECT_NEAR(net.bias[u] - net.bias[u - 1], 1, 1e-5);
  // One step is enough where biases have no spread: the mean to come is known before the weights are scaled.
  OneLayer equal = scaled_layer();
  equal.bias.assign(4, 5);
  EXPECT_TRUE(lsuv(equal, {.tolerance = 1e-4, .attempts = 1, .center = true}, pool).findings.empty());
  EXPECT_NEAR(whole(equal.made_outputs()).mean, 0, 1e-5);
  net.has_bias = false;
  expect_error(ErrorKind::usage, {"[lsuv]", "'only'", "no biases"}, [&] { (void)lsuv(net, {.center = true}, pool); });
}

// Biases that differ by more than the wanted std leave no scale that would do.
TEST(Lsuv, LayerThatDoesNotComeThereIsAFinding) {
  OneLayer net = scaled_layer();
  net.bias = {0, 10, 20, 30};
  ThreadPool pool(1);
  const DataReport r = lsuv(net, {.attempts = 3}, pool);
  EXPECT_FALSE(r.layers[0].converged);
  EXPECT_EQ(r.layers[0].steps, 3U);
  ASSERT_EQ(r.findings.size(), 2U);
  EXPECT_NE(r.findings[0].find("layer 'only': after 3 attempts"), std::string::npos) << r.findings[0];
  EXPECT_NE(r.findings[1].find("the rest is that units have different means"), std::string::npos) << r.findings[1];
}

TEST(Lsuv, DeadLayersAndBadNumbersAreErrors) {
  ThreadPool pool(1);
  const auto rejected = [&](ErrorKind kind, const std::vector<std::string>& parts, auto change) {
    OneLayer net = scaled_layer();
    change(net);
    expect_error(kind, parts, [&] { (void)lsuv(net, {}, pool); });
  };
  rejected(ErrorKind::numeric, {"[lsuv]", "'only'", "all 4 units are the same for all 200 rows"},
           [](OneLayer& n) { n.weight.assign(24, 0); });
  rejected(ErrorKind::numeric, {"the same for all 200 rows"}, [](OneLayer& n) {
    n.weight.assign(24, 0);
    n.bias = {1, 2, 3, 4};
  });
  // No more than float32's rounding of a large bias.
  rejected(ErrorKind::numeric, {"the same for all 200 rows"}, [](OneLayer& n) { n.bias.assign(4, 1e9F); });
  rejected(ErrorKind::numeric, {"the same for all 200 rows"}, [](OneLayer& n) {
    n.bias.assign(4, 1000);
    for (float& w : n.weight) w *= 1e-5F;
  });
  rejected(ErrorKind::numeric, {"'only'", "unit 2", "not finite"},
           [](OneLayer& n) { std::fill_n(n.weight.begin() + 12, 6, 3e38F); });
  rejected(ErrorKind::numeric, {"weight or bias is nan"},
           [](OneLayer& n) { n.weight[5] = std::numeric_limits<float>::quiet_NaN(); });
  rejected(ErrorKind::numeric, {"unit 0", "not finite"},
           [](OneLayer& n) { n.batch[17] = std::numeric_limits<float>::quiet_NaN(); });
}

TEST(Lsuv, CallbacksThatGiveWrongSizesAreRejected) {
  ThreadPool pool(1);
  const auto rejected = [&](const std::vector<std::string>& parts, auto change) {
    OneLayer net = scaled_layer();
    change(net);
    expect_error(ErrorKind::usage, parts, [&] { (void)lsuv(net, {}, pool); });
  };
  rejected({"'only'", "5 outputs given", "[4, 6] has 4"}, [](OneLayer& n) { n.wrong_outputs = 1; });
  rejected({"0 rows of outputs"}, [](OneLayer& n) { n.batch.clear(); });
  rejected({"1 rows of outputs"}, [](OneLayer& n) { n.batch.resize(6); });
  rejected({"23 weights given", "has 24"},
           [](OneLayer& n) { n.falsify = [](LayerView& v) { v.weight = v.weight.first(23); }; });
  rejected({"3 biases given", "has 4"},
           [](OneLayer& n) { n.falsify = [](LayerView& v) { v.bias = v.bias.first(3); }; });
  rejected({"the shape is [24]"}, [](OneLayer& n) { n.falsify = [](LayerView& v) { v.shape = Shape{24}; }; });
  rejected({"the shape is [0, 6]"}, [](OneLayer& n) { n.falsify = [](LayerView& v) { v.shape = Shape{0, 6}; }; });
  struct Empty final : LayerAccess {
    [[nodiscard]] std::size_t layers() const override { return 0; }
    [[nodiscard]] LayerView layer(std::size_t) override { return {}; }
    void outputs(std::size_t, TakeRows) override {}
  } empty;
  expect_error(ErrorKind::usage, {"no layer"}, [&] { (void)lsuv(empty, {}, pool); });
}

TEST(Lsuv, OptionsOutOfRangeAreRejected) {
  OneLayer net = scaled_layer();
  ThreadPool pool(1);
  for (const LsuvOptions& o : {LsuvOptions{.std = 0}, LsuvOptions{.std = std::nan("")}, LsuvOptions{.tolerance = 0},
                               LsuvOptions{.tolerance = -1}, LsuvOptions{.attempts = 0}}) {
    expect_error(ErrorKind::usage, {"[lsuv]", "allowed is"}, [&] { (void)lsuv(net, o, pool); });
  }
}

TEST(Lsuv, ConvolutionOfSomebodyElse) {
  SmallConvolution net(40);
  net.conv = normals(5, net.conv.size(), 0, 0.01);
  net.head = normals(6, net.head.size(), 0, 7);
  ThreadPool pool(1);
  const DataReport r = lsuv(net, {.tolerance = 0.001}, pool);
  ASSERT_EQ(r.layers.size(), 2U);
  EXPECT_TRUE(r.findings.empty());
  EXPECT_EQ(r.layers[0].rows, 40 * SmallConvolution::kPositions);
  EXPECT_EQ(r.layers[1].rows, 40U);
  EXPECT_EQ(r.layers[0].name, "conv.weight");
  EXPECT_NEAR(whole(net.function()).std, 1, 1e-5);
  std::vector<float> z;
  net.outputs(0,
              [&](MatrixView<const float> rows) { z.insert(z.end(), rows.data, rows.data + rows.rows * rows.cols); });
  EXPECT_NEAR(whole(z).std, 1, 1e-5);
}

}  // namespace
}  // namespace fanin::init
