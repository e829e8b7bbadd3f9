#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "fanin/init/layer_fans.h"
#include "fanin/init/plan.h"
#include "fanin/random/distributions.h"

#include "init_test_support.h"
#include "plan_test_support.h"

// Defects found in the sources of frameworks: fanin's figure is the correct one, and a dialect has the framework's. For
// complex numbers, which fanin does not fill, and frameworks without a dialect, a formula here stands for theirs.
namespace fanin::init {
namespace {

Expected expected(std::string_view scheme, const Shape& shape, Fans fans) {
  return Scheme::parse(scheme).expected(shape, fans);
}

double std_of(std::string_view scheme, const Shape& shape, Fans fans) {
  return expected(scheme, shape, fans).std;
}

double mean_square(const std::vector<float>& values) {
  double sum = 0;
  for (const float x : values) sum += double{x} * x;
  return sum / static_cast<double>(values.size());
}

void expect_near(double a, double b) {
  EXPECT_NEAR(a / b, 1, 1e-12);
}

TEST(JaxComplexTruncatedNormal, WidensByAStdThatIsNotTheOneOfTheCut) {
  // |z|^2 is exponential; cut at R^2 its mean is 1 - R^2 e^(-R^2) / (1 - e^(-R^2)). JAX leaves the denominator out.
  const double cut = std::exp(-4.0);
  const double correct = std::sqrt(1 - 4 * cut / (1 - cut));
  const double jax = std::sqrt(1 - 5 * cut);
  EXPECT_NEAR(correct, 0.96196182800821354, 1e-15);
  EXPECT_NEAR(jax, 0.95311164380491208, 1e-12);
  EXPECT_NEAR(correct * correct / (jax * jax), 1.0187, 5e-5);
  std::vector<float> z(2'000'000);
  random::fill_normal(random::Stream(1), 0, z, 0, std::sqrt(0.5));
  double squares = 0;
  double fourths = 0;
  double n = 0;
  for (std::size_t i = 0; i < z.size(); i += 2) {
    const double square = double{z[i]} * z[i] + double{z[i + 1]} * z[i + 1];
    if (square > 4) continue;
    squares += square;
    fourths += square * square;
    ++n;
  }
  const double error = std::sqrt((fourths / n - squares / n * squares / n) / n);
  EXPECT_NEAR(squares / n, correct * correct, 5 * error);
  EXPECT_GT(std::abs(squares / n - jax * jax), 10 * error);
  // Real numbers are right in both.
  for (const char* scheme : {"lecun_normal", "jax:lecun_normal"})
    expect_near(std_of(scheme, {256, 784}, {784, 256}), 1 / 28.0);
}

TEST(KerasTorchTruncatedNormal, KeepsOneOutlierIn233000) {
  // Four normals all beyond 2 sigma: 0.0455^4 = 4.29e-6, in 2^22 numbers 18 expected.
  const Shape shape{2048, 2048};
  const auto outside = [&](std::string_view scheme) {
    const std::vector<float> values = filled(scheme, shape, {});
    return std::count_if(values.begin(), values.end(), [](float x) { return std::abs(x) > 0.1f; });
  };
  const double p = std::pow(std::erfc(std::numbers::sqrt2), 4);
  EXPECT_NEAR(p, 4.29e-6, 5e-9);
  EXPECT_NEAR(static_cast<double>(outside("keras:truncated_normal(backend=torch)")), p * (1 << 22),
              5 * std::sqrt(18.0));
  EXPECT_GT(outside("keras:truncated_normal(backend=torch)"), 0);
  EXPECT_EQ(outside("keras:truncated_normal"), 0);
  EXPECT_EQ(outside("truncated_normal(0, 0.05)"), 0);
  EXPECT_EQ(expected("keras:he_normal(backend=torch)", {256, 784}, {}).high, std::numeric_limits<double>::infinity());
  EXPECT_GT(std_of("keras:he_normal(backend=torch)", {256, 784}, {}), std_of("keras:he_normal", {256, 784}, {}));
  EXPECT_NEAR(std_of("keras:he_normal(backend=torch)", {256, 784}, {}), std_of("keras:he_normal", {256, 784}, {}),
              1e-6);
}

TEST(MlpackNetwork, TakesAllParametersOfALayerForItsFanIn) {
  const Shape weight{100, 784};
  const Fans fans{784, 100};
  EXPECT_NEAR(std_of("he_normal", weight, fans), 0.0505, 5e-5);
  expect_near(std_of("mlpack:HeInitialization", weight, fans), std::sqrt(2.0 / 78500));
  EXPECT_NEAR(std_of("mlpack:HeInitialization", weight, fans), 0.00505, 5e-6);
  EXPECT_NEAR(expected("xavier_uniform", weight, fans).high, 0.0824, 5e-5);
  expect_near(expected("mlpack:XavierInitialization", weight, fans).high, std::sqrt(6.0 / 78501));
  EXPECT_NEAR(expected("mlpack:XavierInitialization", weight, fans).high, 0.0087, 5e-5);
  expect_near(std_of("mlpack:LecunNormalInitialization", weight, fans), std::sqrt(1.0 / 78500));
  // Biases are part of the column.
  expect_near(std_of("mlpack:HeInitialization", {100}, fans), std::sqrt(2.0 / 78500));
  expect_near(expected("mlpack:OivsInitialization", weight, fans).high, expected("oivs", weight, {78500, 1}).high);
  expect_near(expected("mlpack:KathirvalavakumarSubavathiInitialization(10, 3, 500)", weight, fans).high,
              3 * std::sqrt(3.0 / 5000));
}

TEST(MlpackGlorot, OnceTookTheVarianceForTheStd) {
  const Fans fans{784, 100};
  expect_near(std_of("mlpack:GlorotInitialization", {100, 784}, fans), std::sqrt(2.0 / 78501));
  expect_near(std_of("mlpack:GlorotInitialization(std)", {100, 784}, fans), 2.0 / 78501);
  EXPECT_EQ(std_of("mlpack:GaussianInitialization(0, 4)", {3}, {}), 2);
  EXPECT_EQ(std_of("mlpack:GaussianInitialization(0, 4, std)", {3}, {}), 4);
}

TEST(MlpackNguyenWidrow, HasOneLengthForAllWeightsWithAnExponentOfZero) {
  const Shape weight{20, 5};
  const std::vector<float> own = filled("nguyen_widrow", weight, {5, 20});
  double row = 0;
  for (std::size_t i = 0; i < 5; ++i) row += double{own[i]} * own[i];
  EXPECT_NEAR(std::sqrt(row), 0.7 * std::pow(20, 1.0 / 5), 1e-6);
  // All parameters are those of the weight: one column of the length 0.7.
  const std::vector<float> theirs = filled("mlpack:NguyenWidrowInitialization(parameters=1)", weight, {5, 20});
  EXPECT_NEAR(std::sqrt(mean_square(theirs) * 100), 0.7, 1e-6);
  expect_near(std_of("mlpack:NguyenWidrowInitialization", weight, {5, 20}), 0.7 / std::sqrt(120.0));
  expect_near(std_of("mlpack:NguyenWidrowInitialization(parameters=400)", weight, {5, 20}), 0.7 / 20);
}

TEST(MlpackOrthogonal, IsOnePositiveColumn) {
  const std::vector<float> theirs = filled("mlpack:OrthogonalInitialization(2)", {20, 5}, {5, 20});
  EXPECT_GT(*std::min_element(theirs.begin(), theirs.end()), 0);
  EXPECT_LT(mean_square(theirs) * 120, 4 * 1.3);
  const std::vector<float> own = filled("orthogonal(2)", {20, 5}, {5, 20});
  EXPECT_NEAR(mean_square(own) * 100, 4 * 5, 1e-4);
  EXPECT_LT(*std::min_element(own.begin(), own.end()), 0);
}

TEST(MlxHe, HasTheVarianceOfLeCun) {
  const Shape weight{256, 784};
  const Fans fans{784, 256};
  for (const char* kind : {"uniform", "normal"}) {
    expect_near(std_of(std::string("he_") + kind, weight, fans), std::sqrt(2.0 / 784));
    expect_near(std_of(std::string("mlx:he_") + kind, weight, fans), 1 / 28.0);
    expect_near(std_of(std::string("mlx:he_") + kind + "(gain=sqrt(2))", weight, fans), std::sqrt(2.0 / 784));
  }
}

TEST(MlxConv, OnceCountedTheInputsOfAllGroups) {
  const Fans correct = convolution_fans({60, 10, 3, 3}, "OIHW", {.groups = 4, .stride = {}});
  expect_near(expected("pytorch_default", {60, 10, 3, 3}, correct).high, 1 / std::sqrt(90.0));
  expect_near(expected("mlx:Conv", {60, 10, 3, 3}, {}).high, 1 / std::sqrt(90.0));
  expect_near(expected("mlx:Conv(ignored_groups=4)", {60, 10, 3, 3}, {}).high, 1 / std::sqrt(360.0));
}

TEST(MxnetXavier, TakesTheBoundForTheStdOfItsGaussian) {
  expect_near(std_of("xavier_normal", {256, 784}, {784, 256}), std::sqrt(1.0 / 520));
  expect_near(std_of("mxnet:Xavier(gaussian)", {256, 784}, {784, 256}), std::sqrt(3.0 / 520));
  expect_near(std_of("mxnet:Xavier", {256, 784}, {784, 256}), std::sqrt(1.0 / 520));
}

TEST(MxnetMsraPrelu, AveragesFansForASlopeOfAQuarter) {
  expect_near(std_of("kaiming_normal(0.25)", {256, 784}, {784, 256}), std::sqrt(2 / 1.0625 / 784));
  expect_near(std_of("mxnet:MSRAPrelu", {256, 784}, {784, 256}), std::sqrt(2 / 1.0625 / 520));
}

TEST(MxnetBilinear, HasRowsThatAreFractions) {
  const std::vector<float> own = filled("bilinear(all)", {1, 1, 4, 4}, {});
  const std::vector<float> theirs = filled("mxnet:Bilinear", {1, 1, 4, 4}, {});
  // 0.25, 0.75, 0.75, 0.25 along both axes.
  const std::array<double, 4> t = {0.25, 0.75, 0.75, 0.25};
  for (std::size_t y = 0; y < 4; ++y) {
    for (std::size_t x = 0; x < 4; ++x) {
      EXPECT_NEAR(own[4 * y + x], t[y] * t[x], 1e-7);
      // f = 2, c = (2 f - 1 - f mod 2) / (2 f) = 3/4; the row is y + x / 4.
      const double row = static_cast<double>(y) + static_cast<double>(x) / 4;
      EXPECT_NEAR(theirs[4 * y + x], (1 - std::abs(row / 2 - 0.75)) * t[x], 1e-7);
    }
  }
  EXPECT_NE(theirs[1], theirs[4]);
  EXPECT_EQ(own[1], own[4]);
}

TEST(MxnetMixed, ErrorLacksTheNameThatFaninsHas) {
  expect_error(ErrorKind::usage, {"matched by no rule", "'0.bias'"},
               [] { (void)Plan::resolve(small_spec(), rules({"role=weight -> mxnet:Xavier"})); });
}

TEST(CaffeXavier, IsLeCunsUniformByDefault) {
  expect_near(expected("xavier_uniform", {256, 784}, {784, 256}).high, std::sqrt(6.0 / 1040));
  expect_near(expected("caffe:xavier", {256, 784}, {784, 256}).high, std::sqrt(3.0 / 784));
  EXPECT_EQ(std_of("caffe:xavier", {256, 784}, {784, 256}), std_of("lecun_uniform", {256, 784}, {784, 256}));
}

TEST(CaffeSparse, IsAChanceOverOutputsNotANumberOfInputs) {
  // sparse=15 of 1000 outputs and 50 inputs: 15 in 1000 weights stay, not 15 inputs of each output.
  const Shape weight{1000, 50};
  const auto kept = [&](std::string_view scheme) {
    const std::vector<float> values = filled(scheme, weight, {});
    return std::count_if(values.begin(), values.end(), [](float x) { return x != 0; });
  };
  EXPECT_NEAR(static_cast<double>(kept("caffe:gaussian(sparse=15)")), 750, 5 * std::sqrt(750 * 0.985));
  EXPECT_EQ(kept("sparse_connections(15)"), 15'000);
  expect_near(std_of("caffe:gaussian(0, 2, 15)", weight, {}), 2 * std::sqrt(0.015));
  EXPECT_EQ(kept("caffe:gaussian(sparse=0)"), 0);
  EXPECT_EQ(kept("caffe:gaussian(sparse=1000)"), 50'000);
}

TEST(CaffeBilinear, NeedsASquareKernel) {
  expect_error(ErrorKind::usage, {"caffe:bilinear", "equal ones are wanted"}, [] {
    (void)expected("caffe:bilinear", {3, 3, 4, 6}, {});
  });
  EXPECT_EQ(filled("bilinear", {1, 1, 4, 6}, {}).size(), 24u);
}

TEST(TinyDnnLecun, HasAThirdOfTheVariance) {
  expect_near(std_of("lecun_uniform", {256, 784}, {784, 256}), 1 / 28.0);
  expect_near(expected("tiny_dnn:lecun", {256, 784}, {784, 256}).high, 1 / 28.0);
  expect_near(std_of("tiny_dnn:lecun", {256, 784}, {784, 256}), std::sqrt(1 / 3.0) / 28);
}

TEST(TorchLinear, HasAThirdOfTheVarianceOfLeCun) {
  expect_near(std_of("torch:linear", {256, 784}, {784, 256}), std::sqrt(1 / 3.0) / 28);
  expect_near(std_of("torch:linear", {256}, {784, 256}), std::sqrt(1 / 3.0) / 28);
  EXPECT_EQ(Scheme::parse("pytorch_default"), Scheme::parse("variance_scaling(1/3, fan_in, uniform)"));
}

TEST(TorchTruncatedNormal, OfVersion211HasOutliersAtItsBounds) {
  // A std of 0.001 within +-2 is not cut at all, but the lowest of 2^24 uniforms came out as the bound.
  const random::Stream stream(42, "fc1.weight");
  std::vector<std::uint32_t> words(1 << 16);
  std::uint64_t at = 0;
  for (std::uint64_t first = 0; at == 0 && first < 1ULL << 30; first += words.size()) {
    stream.words(first, words);
    const auto lowest = std::find_if(words.begin(), words.end(), [](std::uint32_t w) { return (w & 0xffffff) == 0; });
    if (lowest != words.end()) at = first + static_cast<std::uint64_t>(lowest - words.begin());
  }
  ASSERT_GT(at, 1u);
  const auto around = [&](std::string_view scheme) {
    std::vector<float> values(3);
    fill_range(Scheme::parse(scheme), {1 << 15, 1 << 15}, {}, stream, at - 1, values);
    return values;
  };
  EXPECT_EQ(around("torch_2_11:trunc_normal(0, 0.001)")[1], -2.0f);
  EXPECT_EQ(around("torch_2_11:trunc_normal(0, 0.02)")[1], -2.0f);
  EXPECT_LT(std::abs(around("torch_2_11:trunc_normal(0, 0.001)")[0]), 0.0055f);
  EXPECT_LT(std::abs(around("torch_2_11:trunc_normal(0, 0.001)")[2]), 0.0055f);
  for (const char* exact : {"torch_2_12:trunc_normal(0, 0.001)", "truncated_normal_absolute(0, 0.001)"}) {
    for (const float x : around(exact)) EXPECT_LT(std::abs(x), 0.007f) << exact;
  }
  // Far in a tail all of it is one value, the bound further out.
  EXPECT_EQ(expected("torch_2_11:trunc_normal(0, 1, 6, 9)", {5}, {}).low, 9);
  EXPECT_EQ(filled("torch_2_11:trunc_normal(0, 1, 6, 9)", {3}, {}), (std::vector<float>{9, 9, 9}));
  EXPECT_NEAR(expected("truncated_normal_absolute(0, 1, 6, 9)", {5}, {}).mean, 6.1585, 1e-4);
  // The std of the whole: 0.02^2 and 4 with the probability 2^-24.
  EXPECT_NEAR(std_of("torch_2_11:trunc_normal(0, 0.02)", {5}, {}), std::sqrt(0.0004 + 4 * 0x1p-24), 1e-9);
}

TEST(TorchXavier, OfPackedQueryKeyAndValueIsTooSmallBySqrtTwo) {
  const Shape packed{3 * 64, 64};
  expect_near(std_of("xavier_uniform", packed, fused_fans(packed, "OI", 3)), 0.125);
  expect_near(std_of("torch:multihead_attention", packed, fused_fans(packed, "OI", 3)), 0.125 / std::sqrt(2.0));
}

TEST(TorchFans, OfGroupedAndTransposedConvolutionsAreThoseOfTheShape) {
  const Convolution grouped{.groups = 32, .stride = {}};
  const Shape depthwise{32, 1, 3, 3};
  expect_near(std_of("kaiming_normal(mode=fan_out)", depthwise, convolution_fans(depthwise, "OIHW", grouped)),
              std::sqrt(2.0 / 9));
  expect_near(std_of("torch:kaiming_normal(mode=fan_out)", depthwise, convolution_fans(depthwise, "OIHW", grouped)),
              std::sqrt(2.0 / 288));
  const Convolution transposed{.stride = {2}, .transposed = true};
  const Shape up{64, 16, 4, 4};
  expect_near(std_of("kaiming_normal", up, convolution_fans(up, "IOHW", transposed)), std::sqrt(2.0 / 256));
  expect_near(std_of("torch:kaiming_normal", up, convolution_fans(up, "IOHW", transposed)), std::sqrt(2.0 / 256));
  expect_near(std_of("torch:kaiming_normal(mode=fan_out)", up, {}), std::sqrt(2.0 / 1024));
  // Without stride the swap shows.
  expect_near(std_of("kaiming_normal", up, convolution_fans(up, "IOHW", {.stride = {}, .transposed = true})),
              std::sqrt(2.0 / 1024));
}

TEST(KerasDepthwise, HasAFanInChannelsTimesTooLarge) {
  const Shape native{3, 3, 32, 1};
  expect_near(std_of("he_normal", native, depthwise_fans(native, "HWIO")), std::sqrt(2.0 / 9));
  expect_near(std_of("keras:he_normal(native)", native, depthwise_fans(native, "HWIO")), std::sqrt(2.0 / 288));
}

TEST(WeightInitializersJl, OrthogonalOfAWideKernelKeepsItsShapeHere) {
  // There rows < cols and more than 2 axes came back as a matrix.
  const std::vector<float> w = filled("orthogonal", {4, 3, 5, 5}, {});
  ASSERT_EQ(w.size(), 300u);
  for (std::size_t a = 0; a < 4; ++a) {
    for (std::size_t b = 0; b < 4; ++b) {
      double dot = 0;
      for (std::size_t i = 0; i < 75; ++i) dot += double{w[a * 75 + i]} * w[b * 75 + i];
      EXPECT_NEAR(dot, a == b, 1e-6);
    }
  }
}

TEST(WeightInitializersJl, ComplexStdOfSPlusSiIsFourTimesTheVariance) {
  // A std of s becomes s + s i, which multiplies x + y i with x, y ~ N(0, 1).
  const auto theirs = [](double s) { return (s * s + s * s) * (1 + 1); };
  EXPECT_EQ(theirs(0.5), 4 * 0.5 * 0.5);
  std::vector<float> parts(1 << 16);
  random::fill_normal(random::Stream(1), 0, parts, 0, 0.5 / std::numbers::sqrt2);
  EXPECT_NEAR(2 * mean_square(parts), 0.25, 5 * 0.25 * std::sqrt(2.0 / (1 << 16)));
}

TEST(WeightInitializersJl, CallsWithoutARngRepeatThemselvesThere) {
  EXPECT_NE(filled("normal", {8}, {}, random::Stream(1234, "a")), filled("normal", {8}, {}, random::Stream(1234, "b")));
}

TEST(GptNeox, OrthogonalGainDividesByTheLayersNotByAFlag) {
  // use_mup=False stands where the number of layers belongs: sqrt(2 / 0).
  const auto theirs = [](bool use_mup) { return std::sqrt(2 / static_cast<double>(use_mup)); };
  EXPECT_TRUE(std::isinf(theirs(false)));
  const std::vector<float> w = filled("orthogonal(sqrt(2/24))", {32, 32}, {});
  EXPECT_NEAR(mean_square(w) * 32, 2.0 / 24, 1e-6);
  expect_error(ErrorKind::usage, {"gain='sqrt(2/0)'"}, [] { (void)Scheme::parse("orthogonal(sqrt(2/0))"); });
}

TEST(GptNeox, MupDividesTheStdByTheRootOfTheWidth) {
  // A base of 0.02 at width 256, taken to width 1024.
  const double multiplier = 4;
  const double theirs = 0.02 / multiplier;
  const double correct = 0.02 / std::sqrt(multiplier);
  // LeCun's law keeps the same proportion between the widths.
  const double ratio =
      std_of("lecun_normal", {1024, 1024}, {1024, 1024}) / std_of("lecun_normal", {256, 256}, {256, 256});
  EXPECT_NEAR(ratio, correct / 0.02, 1e-12);
  EXPECT_NEAR(ratio, 2 * theirs / 0.02, 1e-12);
}

TEST(DksForTorch, RescalesByTheWrongQuotientOfOutAndIn) {
  // Scaled uniform orthogonal: a gain of max(sqrt(out / in), 1) keeps E|y|^2 / out = E|x|^2 / in where out > in.
  const auto gain = [](double out, double in) { return std::max(std::sqrt(out / in), 1.0); };
  const Shape weight{256, 64};
  const double out = 256;
  const double in = 64;
  EXPECT_EQ(gain(out, in), 2);
  EXPECT_EQ(gain(in, out), 1);  // [in, out, ...] read from PyTorch's [out, in, ...]
  // The mean square of an output for inputs of mean square 1: in Var[W].
  EXPECT_NEAR(in * mean_square(filled("orthogonal(sqrt(256/64))", weight, {})), 1, 1e-6);
  EXPECT_NEAR(in * mean_square(filled("orthogonal", weight, {})), 0.25, 1e-6);
}

TEST(AutoInit, DepthwiseGainIsTheRootOfTheChannels) {
  // A framework that counts channels * taps is put right by sqrt(channels); AutoInit multiplies by channels.
  const Shape native{3, 3, 64, 1};
  const double counted = std_of("keras:lecun_normal(native)", native, {});
  const double correct = std_of("lecun_normal", native, depthwise_fans(native, "HWIO"));
  expect_near(counted * std::sqrt(64.0), correct);
  expect_near(counted * 64, 8 * correct);
}

TEST(Burn, ColumnLayoutSwapsTheFans) {
  // fan_in=d_output and fan_out=d_input for a weight that is stored [in, out].
  const Fans correct = weight_fans({784, 256}, "IO");
  EXPECT_EQ(correct, (Fans{784, 256}));
  const Fans theirs{correct.out, correct.in};
  expect_near(std_of("he_normal", {784, 256}, correct), std::sqrt(2.0 / 784));
  expect_near(std_of("he_normal", {784, 256}, theirs), std::sqrt(2.0 / 256));
}

TEST(Burn, TransposedConvolutionsHaveNoFanOutForXavier) {
  const Fans fans = convolution_fans({32, 64, 3, 3}, "IOHW", {.stride = {}, .transposed = true});
  expect_near(std_of("xavier_uniform", {32, 64, 3, 3}, fans), std::sqrt(2.0 / (288 + 576)));
  // An unknown fan is an error with a sentence, not a panic.
  expect_error(ErrorKind::usage, {"fan_out=nan"}, [&] {
    (void)expected("xavier_uniform", {32, 64, 3, 3}, {fans.in, std::nan("")});
  });
}

TEST(FlaxDenseGeneral, FlattensBatchDimensionsIntoFanIn) {
  // 8 layers of 100 inputs and 60 outputs that share nothing.
  const Shape kernel{8, 100, 60};
  expect_near(std_of("lecun_normal", kernel, weight_fans(kernel, "EIO")), 0.1);
  expect_near(std_of("flax:DenseGeneral(batch_dims=1)", kernel, weight_fans(kernel, "EIO")), 0.1 / std::sqrt(8.0));
  expect_near(std_of("jax:variance_scaling(1, fan_in, truncated_normal, 1, 2, 0, native)", kernel, {}), 0.1);
}

TEST(FannNguyenWidrow, HasPositiveWeightsOnly) {
  const Shape weight{20, 5};
  const Expected theirs = expected("fann:init_weights(range=2)", weight, {5, 20});
  const double s = std::pow(0.7 * 20, 1.0 / 5) / 2;
  EXPECT_NEAR(theirs.high, s, 1e-6);
  EXPECT_EQ(theirs.low, 0);
  const std::vector<float> values = filled("fann:init_weights(range=2)", weight, {5, 20});
  EXPECT_GE(*std::min_element(values.begin(), values.end()), 0);
  EXPECT_NEAR(expected("fann:init_weights(2, of=biases)", {20}, {5, 20}).low, -s, 1e-6);
  EXPECT_NEAR(expected("fann:init_weights(range=1, hidden=1, inputs=2)", weight, {}).high, std::sqrt(0.7), 1e-6);
  EXPECT_LT(expected("nguyen_widrow", weight, {5, 20}).low, 0);
}

TEST(TinygradGlorot, LeavesTheTapsOutOfFanOut) {
  // shape[0] + the product of all others.
  const Shape kernel{64, 32, 3, 3};
  const double theirs = std::sqrt(6 / (64.0 + 288));
  expect_near(expected("xavier_uniform", kernel, convolution_fans(kernel, "OIHW")).high, std::sqrt(6 / (576.0 + 288)));
  EXPECT_GT(theirs, 1.5 * expected("torch:xavier_uniform", kernel, {}).high);
}

TEST(TimmVarianceScaling, AnUnknownModeIsASentenceHere) {
  expect_error(ErrorKind::usage, {"mode='fan_sum' is none of fan_in, fan_out, fan_avg, fan_geo_avg"},
               [] { (void)Scheme::parse("variance_scaling(1, fan_sum)"); });
}

// The seed of a whole family of mistakes: sqrt(2 / (fan_in + fan_out)) is a std.
TEST(ClassicSlip, NoDialectMistakesTheStdForTheVariance) {
  for (const char* name : {"torch:xavier_normal", "keras:glorot_normal", "jax:glorot_normal", "flax:glorot_normal",
                           "mlx:glorot_normal", "xavier_normal"}) {
    EXPECT_NEAR(std_of(name, {256, 784}, {784, 256}), 0.04385, 5e-6) << name;
  }
}

}  // namespace
}  // namespace fanin::init
