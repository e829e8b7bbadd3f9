#include <algorithm>
#include <optional>
#include <set>

#include "fanin/init/catalogue.h"
#include "fanin/init/layer_fans.h"
#include "fanin/random/distributions.h"

#include "dialect_cases.h"
#include "init_test_support.h"

namespace fanin::init {
namespace {

constexpr double kTruncated = 0.87962566103423975;

Scheme parse(std::string_view text) {
  return Scheme::parse(text);
}

double std_of(std::string_view scheme, const Shape& shape = mnist_layer(), Fans fans = {784, 256}) {
  return parse(scheme).expected(shape, fans).std;
}

void expect_near(double a, double b) {
  EXPECT_NEAR(a / b, 1, 1e-12);
}

void expect_rejected(std::string_view text, const std::vector<std::string>& parts) {
  SCOPED_TRACE(text);
  expect_error(ErrorKind::usage, parts, [&] { (void)parse(text); });
}

TEST(DialectNames, KeepTheirTextAndHaveACanonicalName) {
  const Scheme s = parse(" keras:HeNormal ( shape = native ) ");
  EXPECT_EQ(s.str(), "keras:HeNormal ( shape = native )");
  EXPECT_EQ(s.name(), "keras:he_normal");
  EXPECT_EQ(parse(s.str()), s);
  EXPECT_NE(parse("keras:he_normal"), s);
}

TEST(DialectNames, SpellingsOfTheFrameworkMeanTheSame) {
  EXPECT_EQ(parse("torch:xavier_uniform_"), parse("torch:xavier_uniform"));
  EXPECT_EQ(parse("torch:kaiming_normal_(a=0.1)"), parse("torch:kaiming_normal(0.1)"));
  EXPECT_EQ(parse("keras:GlorotUniform"), parse("keras:glorot_uniform"));
  EXPECT_EQ(parse("jax:kaiming_normal"), parse("jax:he_normal"));
  EXPECT_EQ(parse("flax:zeros_init"), parse("zeros"));
  expect_rejected("jax:zeros_init", {"flax:zeros_init"});
  EXPECT_EQ(parse("mxnet:msraprelu"), parse("mxnet:MSRAPrelu"));
}

TEST(DialectNames, VersionsOfTorchDifferInTheTruncatedNormalAlone) {
  for (const SchemeInfo& info : dialects()) {
    if (info.dialect->framework != Framework::torch || info.name.rfind("torch:", 0) != 0) continue;
    const std::string local = info.example.substr(6);
    EXPECT_EQ(parse("torch_2_12:" + local), parse(info.example)) << local;
    EXPECT_EQ(parse("torch_2_11:" + local) == parse(info.example), info.name != "torch:trunc_normal") << local;
  }
  EXPECT_EQ(parse("torch_2_12:trunc_normal_(std=0.02)"), parse("truncated_normal_absolute(0, 0.02)"));
  EXPECT_EQ(parse("torch_2_11:trunc_normal_").name(), "torch_2_11:trunc_normal");
  EXPECT_EQ(parse("torch_2_11:xavier_uniform_").name(), "torch:xavier_uniform");
}

TEST(DialectNames, UnknownOnesAreAnsweredWithWhatThereIs) {
  expect_rejected("kears:he_normal", {"'kears:he_normal'", "did you mean 'keras:he_normal'?"});
  expect_rejected("keras:he_norml", {"did you mean 'keras:he_normal'?"});
  expect_rejected("torch_2_13:xavier_normal", {"did you mean 'torch_2_1"});
  expect_rejected("keras:kaiming_normal", {"keras has no scheme of that name", "its own is 'keras:he_normal'",
                                           "torch:kaiming_normal", "jax:kaiming_normal"});
  expect_rejected("caffe:orthogonal", {"caffe has no scheme of that name; there is orthogonal", "torch:orthogonal"});
  expect_rejected("jax:MSRAPrelu", {"its own is 'jax:he_normal'", "mxnet:MSRAPrelu"});
  expect_rejected("mlx:qwertyuiop", {"'fanin list mlx:' shows the schemes of mlx"});
  expect_rejected("tensorflow:he_normal", {"no dialect is called 'tensorflow:'", "keras"});
  expect_rejected("MSRAPrelu", {"did you mean 'mxnet:MSRAPrelu'?"});
  expect_rejected(":he_normal", {"':he_normal'"});
  expect_rejected("torch:", {"'torch:'"});
  expect_rejected("torch:_", {"'torch:_'"});
  expect_rejected("keras:he_normal_", {"did you mean 'keras:he_normal'?"});
  expect_rejected(std::string(500, 'x') + ":y", {"unknown scheme", "no dialect is called"});
}

TEST(DialectArguments, BadOnesAreRejected) {
  expect_rejected("keras:he_normal(shape=torch)", {"shape='torch' is none of fanin, native"});
  expect_rejected("keras:variance_scaling(mode=fan_geo_avg)", {"is none of fan_in, fan_out, fan_avg"});
  expect_rejected("torch:kaiming_normal(nonlinearity=gelu)", {"nonlinearity='gelu' is none of"});
  expect_rejected("torch:kaiming_normal(nonlinearity=identity)", {"nonlinearity='identity' is none of"});
  expect_rejected("torch:kaiming_normal(mode=fan_avg)", {"is none of fan_in, fan_out"});
  expect_rejected("torch:trunc_normal(std=0)", {"std='0' is out of range"});
  expect_rejected("torch_2_11:trunc_normal(a=1, b=0)", {"low=1 is above high=0"});
  expect_rejected("torch_2_11:trunc_normal(a=-inf)", {"a='-inf' is out of range"});
  expect_rejected("torch:trunc_normal(a=1, b=0)", {"low=1, high=0 given"});
  expect_rejected("torch:trunc_normal(0, 0.02, 1, 2)", {"begins 50 standard deviations from the mean"});
  expect_rejected("jax:variance_scaling", {"parameter scale is missing"});
  expect_rejected("jax:variance_scaling(1)", {"parameter mode is missing", "fan_in, fan_out, fan_avg, fan_geo_avg"});
  expect_rejected("jax:he_normal(in_axis=8)", {"in_axis='8' is out of range"});
  expect_rejected("mlx:he_normal(gain=0)", {"gain='0' is out of range"});
  expect_rejected("caffe:xavier(fan_in)", {"is none of FAN_IN, FAN_OUT, AVERAGE"});
  expect_rejected("caffe:gaussian(sparse=-2)", {"sparse='-2' is out of range"});
  expect_rejected("mxnet:Xavier(normal)", {"rnd_type='normal' is none of uniform, gaussian"});
  for (const char* text : {"mlpack:NguyenWidrowInitialization", "mlpack:OrthogonalInitialization"}) {
    const double unknown = std::numeric_limits<double>::quiet_NaN();
    expect_error(ErrorKind::usage, {"a number up to 2^48 is wanted"}, [&] {
      (void)Scheme::parse(text).expected({5}, {unknown, unknown});
    });
    expect_error(ErrorKind::usage, {"a number up to 2^48 is wanted"}, [&] { (void)filled(text, {5}, {1e300, 1}); });
  }
  EXPECT_EQ(Scheme::parse("mlpack:NguyenWidrowInitialization(0.4, 0.5, 1)").expected({1}, {1, 1}).mean, 0.7);
  expect_rejected("mlpack:NguyenWidrowInitialization(1, 1)", {"lowerBound=1 is upperBound"});
  expect_rejected("mlpack:NguyenWidrowInitialization(1, 0)", {"low=1 is above high=0"});
  expect_rejected("fann:init_weights(range=0)", {"range='0' is out of range"});
  expect_rejected("flax:DenseGeneral(-1)", {"batch_dims='-1' is out of range"});
}

TEST(DialectShapes, UnsuitableOnesAreRejected) {
  const auto bad = [](std::string_view scheme, const Shape& shape, const std::vector<std::string>& parts) {
    SCOPED_TRACE(scheme);
    expect_error(ErrorKind::usage, parts, [&] { (void)parse(scheme).expected(shape, {5, 5}); });
  };
  bad("torch:xavier_uniform", {5}, {"[5]", "2 or more is wanted"});
  bad("torch:dirac", {5, 5, 3, 3, 3, 3}, {"torch:dirac", "3 to 5 is wanted"});
  bad("torch:lstm", {10, 3}, {"[10, 3]", "a multiple of gates=4 is wanted"});
  bad("jax:he_normal", {5}, {"fans of jax", "[5]"});
  bad("jax:he_normal(in_axis=3)", {5, 4}, {"has no axis 3", "from -2 to 1 is wanted"});
  bad("jax:orthogonal(1, 4)", {5, 4}, {"has no axis 4"});
  bad("jax:delta_orthogonal", {6, 4, 3, 3, 3, 3}, {"3 to 5 is wanted"});
  bad("jax:delta_orthogonal(1, native)", {3, 3, 6, 4}, {"6 inputs, at most as many as its 4 outputs"});
  bad("flax:DenseGeneral(2, 2)", {3, 4, 5, 6}, {"5 or more is wanted"});
  bad("mlx:identity", {5, 4}, {"mlx:identity", "equal ones are wanted"});
  bad("mlx:orthogonal", {5, 4, 3}, {"mlx:orthogonal", "2 is wanted"});
  bad("caffe:bilinear", {3, 3, 4, 5}, {"caffe:bilinear", "4 and 5, equal ones are wanted"});
  bad("caffe:bilinear", {3, 3, 4}, {"4 is wanted"});
  bad("caffe:gaussian(sparse=6)", {5, 4}, {"5 outputs, at least sparse=6 is wanted"});
  bad("mxnet:Xavier", {5}, {"fans of mxnet"});
  bad("mxnet:Bilinear", {3, 4, 4}, {"4 is wanted"});
  bad("mxnet:Orthogonal", {5}, {"2 or more is wanted"});
}

// Where a framework has nothing of its own the rule is fanin's, so plans, verdicts and bits are.
TEST(Dialects, TheSameMeaningIsTheSameScheme) {
  const std::vector<std::pair<const char*, const char*>> same = {
      {"torch:uniform", "uniform"},
      {"torch:normal_(0, 2)", "normal(0, 2)"},
      {"torch:eye", "identity"},
      {"torch:orthogonal", "orthogonal"},
      {"torch:sparse(0.3)", "sparse(0.3)"},
      {"torch:trunc_normal(0, 0.5)", "truncated_normal_absolute(0, 0.5)"},
      {"keras:random_uniform", "uniform(-0.05, 0.05)"},
      {"keras:random_normal", "normal(0, 0.05)"},
      {"keras:truncated_normal", "truncated_normal(0, 0.05)"},
      {"keras:orthogonal(2)", "orthogonal(2)"},
      {"keras:orthogonal(2, native)", "orthogonal(2, -1)"},
      {"keras:stft", "stft"},
      {"keras:lstm_bias", "forget_gate"},
      {"jax:uniform", "uniform(0, 0.01)"},
      {"jax:truncated_normal(1, -1, 3)", "truncated_normal(0, 1, -1, 3)"},
      {"jax:truncated_normal(1, 0, inf)", "truncated_normal(0, 1, 0, inf)"},
      {"torch:trunc_normal(0, 1, -inf, 1)", "truncated_normal_absolute(0, 1, -inf, 1)"},
      {"mlx:sparse(0.3)", "sparse(0.3, 1, unit)"},
      {"caffe:positive_unitball", "positive_unit_ball"},
      {"caffe:InnerProduct", "zeros"},
      {"mxnet:Uniform", "uniform(-0.07, 0.07)"},
      {"mxnet:Orthogonal(1.414, normal)", "orthogonal(1.414)"},
      {"mxnet:LSTMBias", "forget_gate"},
      {"tiny_dnn:xavier", "xavier_uniform"},
      {"tiny_dnn:he", "variance_scaling(2, fan_in, normal)"},
      {"tiny_dnn:lecun", "pytorch_default"},
      {"mlpack:Linear", "uniform(-1, 1)"},
      {"fann:create_standard", "uniform(-0.1, 0.1)"},
  };
  for (const auto& [dialect, plain] : same) EXPECT_EQ(parse(dialect), parse(plain)) << dialect;
}

TEST(Dialects, FiguresOfALinearLayer) {
  const double he = std::sqrt(2.0 / 784);
  const double glorot = std::sqrt(2.0 / 1040);
  const double lecun = 1.0 / 28;
  for (const char* framework : {"torch", "keras", "jax", "flax"}) {
    const std::string he_name = std::string(framework) == "torch" ? ":kaiming_" : ":he_";
    const std::string glorot_name = std::string(framework) == "torch" ? ":xavier_" : ":glorot_";
    for (const char* kind : {"uniform", "normal"}) {
      expect_near(std_of(framework + he_name + kind), he);
      expect_near(std_of(framework + glorot_name + kind), glorot);
      if (std::string(framework) != "torch") expect_near(std_of(std::string(framework) + ":lecun_" + kind), lecun);
    }
    const Expected e = parse(framework + he_name + "normal").expected(mnist_layer(), {784, 256});
    if (std::string(framework) == "torch") {
      EXPECT_TRUE(std::isinf(e.high));
    } else {
      expect_near(e.high, 2 * he / kTruncated);
    }
  }
  expect_near(std_of("torch:kaiming_normal(nonlinearity=tanh)"), 5.0 / 3 / 28);
  expect_near(std_of("torch:kaiming_normal(a=0.5, nonlinearity=relu)"), he);
  expect_near(std_of("torch:kaiming_normal(0.5, fan_out)"), std::sqrt(2 / 1.25 / 256));
  expect_near(std_of("mlx:he_normal"), lecun);
  expect_near(std_of("mlx:he_uniform(fan_out, sqrt(2))"), std::sqrt(2.0 / 256));
  expect_near(std_of("mlx:glorot_normal(2)"), 2 * glorot);
  expect_near(std_of("caffe:xavier"), lecun);
  expect_near(std_of("caffe:xavier(AVERAGE)"), glorot);
  expect_near(std_of("caffe:xavier(FAN_OUT)"), 1.0 / 16);
  expect_near(std_of("caffe:msra"), he);
  expect_near(std_of("mxnet:Xavier"), glorot);
  expect_near(std_of("mxnet:Xavier(gaussian, avg, 1)"), std::sqrt(1.0 / 520));
  expect_near(std_of("mxnet:Xavier(uniform, in, 6)"), he);
  expect_near(std_of("mxnet:MSRAPrelu(in, 0)"), he);
  expect_near(std_of("mxnet:MSRAPrelu"), std::sqrt(2 / 1.0625 / 520));
  expect_near(std_of("tiny_dnn:xavier(3)"), glorot / std::sqrt(2.0));
  expect_near(std_of("tiny_dnn:lecun(sqrt(3))"), lecun);
  expect_near(std_of("jax:variance_scaling(3, fan_geo_avg, normal)"), std::sqrt(3.0 / 448));
  expect_near(std_of("keras:variance_scaling(3, fan_out, untruncated_normal)"), std::sqrt(3.0 / 256));
  EXPECT_EQ(parse("keras:variance_scaling(distribution=normal)"),
            parse("keras:variance_scaling(distribution=truncated_normal)"));
}

TEST(Dialects, DefaultsOfLayersForWeightsAndBiases) {
  const Shape bias{256};
  for (const char* both : {"torch:linear", "mlx:Linear"}) {
    const Expected w = parse(both).expected(mnist_layer(), {784, 256});
    const Expected b = parse(both).expected(bias, {784, 256});
    expect_near(w.high, 1.0 / 28);
    expect_near(b.high, 1.0 / 28);
  }
  for (const char* none : {"keras:Dense", "flax:Dense", "mxnet:Dense", "tiny_dnn:fully_connected_layer", "mlx:Conv",
                           "torch:multihead_attention"}) {
    EXPECT_EQ(parse(none).expected(bias, {784, 256}).high, 0) << none;
    EXPECT_GT(parse(none).expected(mnist_layer(), {784, 256}).std, 0) << none;
  }
  expect_near(std_of("torch:lstm", {512, 784}), 1 / std::sqrt(3.0 * 128));
  expect_near(std_of("torch:lstm", {512}), 1 / std::sqrt(3.0 * 128));
  expect_near(std_of("torch:gru", {384, 784}), 1 / std::sqrt(3.0 * 128));
  expect_near(std_of("torch:bilinear", {5, 12, 7}), 1.0 / 6);
  expect_near(std_of("flax:Embed", {1000, 64}), 1.0 / 8);
  expect_near(std_of("mlx:Embedding", {1000, 64}), 1.0 / 8);
  expect_near(std_of("keras:Embedding", {1000, 64}), 0.1 / std::sqrt(12.0));
  EXPECT_EQ(std_of("torch:embedding", {1000, 64}), 1);
}

// shape=fanin turns [out, in, taps] into the framework's order; shape=native takes it as it stands.
TEST(Dialects, ReadAShapeInFaninsOrderOrTheirOwn) {
  for (const char* name : {"keras:he_normal", "jax:he_normal", "flax:he_normal"}) {
    expect_near(std_of(name, {64, 32, 3, 3}), std::sqrt(2.0 / 288));
    expect_near(std_of(std::string(name) + "(shape=native)", {3, 3, 32, 64}), std::sqrt(2.0 / 288));
    // A depthwise kernel (3, 3, 32, 1) has 9 inputs for each output.
    expect_near(std_of(std::string(name) + "(shape=native)", {3, 3, 32, 1}), std::sqrt(2.0 / 288));
  }
  expect_near(std_of("mlx:he_normal(shape=native)", {64, 3, 3, 32}), std::sqrt(1.0 / 288));
  expect_near(std_of("mlx:he_normal", {64, 32, 3, 3}), std::sqrt(1.0 / 288));
  expect_near(std_of("jax:variance_scaling(1, fan_in, normal, 1, 2, 0, native)", {8, 100, 60}), 0.1);
  expect_near(std_of("jax:variance_scaling(1, fan_in, normal)", {60, 100, 8}), std::sqrt(1.0 / 800));
}

TEST(Dialects, DoNotTakeTheFansOfTheLayerWhereTheFrameworkLooksAtTheShape) {
  for (const SchemeInfo& info : dialects()) {
    const Scheme scheme = parse(info.example);
    const auto figures = [&](const Shape& shape, Fans fans) -> std::optional<Expected> {
      try {
        return scheme.expected(shape, fans);
      } catch (const Error&) {
        return std::nullopt;
      }
    };
    const auto same = [](const std::optional<Expected>& a, const std::optional<Expected>& b) {
      return a.has_value() == b.has_value() && (!a || (a->std == b->std && a->high == b->high));
    };
    const bool fans_count = !same(figures({24, 36}, {36, 24}), figures({24, 36}, {72, 48}));
    const std::string& fan = info.dialect->fan;
    EXPECT_EQ(fans_count, fan.find("of the layer") != std::string::npos) << info.name << ": " << fan;
    // A law without a fan is one for any shape.
    const auto small = figures({24, 36}, {36, 24});
    const auto large = figures({48, 72}, {36, 24});
    const bool structure = small && large && !same(small, large) && fan == "-";
    static const std::set<std::string> kStructures = {
        "torch:eye",      "torch:orthogonal", "keras:orthogonal", "keras:identity",        "keras:recurrent_kernel",
        "jax:orthogonal", "flax:orthogonal",  "mlx:orthogonal",   "flax:recurrent_kernel", "caffe:positive_unitball",
        "caffe:gaussian", "mlx:sparse",       "torch:sparse",     "mxnet:Orthogonal"};
    EXPECT_TRUE(!structure || kStructures.count(info.name) == 1) << info.name;
    if (small && large && fan != "-" && fan.find("of the layer") == std::string::npos) {
      EXPECT_FALSE(same(small, large)) << info.name << ": " << fan;
    }
  }
}

struct Moments {
  double mean = 0;
  double std = 0;
};

Moments moments(const std::vector<float>& values) {
  Moments m;
  for (const float x : values) m.mean += x;
  m.mean /= static_cast<double>(values.size());
  for (const float x : values) m.std += (x - m.mean) * (x - m.mean);
  m.std = std::sqrt(m.std / static_cast<double>(values.size()));
  return m;
}

// Every dialect's law and structure: mean within 6 standard errors, and so the std, with the kurtosis measured.
TEST(Dialects, MomentsAreTheExpectedOnes) {
  ThreadPool pool(2);
  for (const Case& c : dialect_cases()) {
    const Scheme scheme = parse(c.scheme);
    // More outputs: in the first axis, or the last of a framework's own order; matrices more inputs, too.
    std::vector<std::size_t> extents(c.shape.begin(), c.shape.end());
    const bool native = std::string_view(c.scheme).find("native") != std::string_view::npos;
    if (extents.size() == 1) extents[0] *= 5000;
    if (extents.size() == 2) extents = {24 * extents[0], 24 * extents[1]};
    if (extents.size() > 2) (native ? extents.back() : extents[0]) *= 5;
    const Shape shape{std::span<const std::size_t>(extents)};
    const Fans fans = shape.rank() < 2
                          ? Fans{100, static_cast<double>(shape[0])}
                          : Fans{static_cast<double>(shape.elements() / shape[0]), static_cast<double>(shape[0])};
    const Expected e = scheme.expected(shape, fans);
    std::vector<float> values(shape.elements());
    fill(scheme, shape, fans, random::Stream(7, c.scheme), values, pool);
    const Moments m = moments(values);
    double fourth = 0;
    for (const float x : values) fourth += std::pow(x - m.mean, 4);
    fourth /= static_cast<double>(values.size());
    const double n = static_cast<double>(values.size());
    const double kurtosis = m.std > 0 ? fourth / std::pow(m.std, 4) : 1;
    EXPECT_NEAR(m.mean, e.mean, 6 * e.std / std::sqrt(n) + 1e-7) << c.scheme << shape.str();
    EXPECT_NEAR(m.std, e.std, 3 * e.std * std::sqrt((kurtosis - 1) / n) + 1e-6 * e.std) << c.scheme << shape.str();
  }
}

TEST(JaxOrthogonal, ColumnAxisHasTheUnits) {
  // Axis 0 of JAX' order (taps, in, out) is the tap, of fanin's [out, in, taps] the last.
  const std::vector<float> native = filled("jax:orthogonal(1, 0, native)", {6, 4, 3}, {});
  const std::vector<float> own = filled("jax:orthogonal(1, 0)", {3, 4, 6}, {});
  for (std::size_t a = 0; a < 6; ++a) {
    for (std::size_t b = 0; b < 6; ++b) {
      double dot = 0;
      double other = 0;
      for (std::size_t i = 0; i < 12; ++i) {
        dot += double{native[a * 12 + i]} * native[b * 12 + i];
        other += double{own[i * 6 + a]} * own[i * 6 + b];
      }
      EXPECT_NEAR(dot, a == b, 1e-6);
      EXPECT_NEAR(other, a == b, 1e-6);
    }
  }
}

TEST(JaxDeltaOrthogonal, NativeOrderIsTheSameKernelTurned) {
  const std::vector<float> own = filled("jax:delta_orthogonal", {6, 3, 4, 5}, {});
  const std::vector<float> native = filled("jax:delta_orthogonal(1, native)", {4, 5, 3, 6}, {});
  for (std::size_t o = 0; o < 6; ++o) {
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t t = 0; t < 20; ++t) EXPECT_EQ(own[(o * 3 + i) * 20 + t], native[(t * 3 + i) * 6 + o]);
    }
  }
}

// Of an even kernel the two frameworks disagree, and so do fanin and JAX.
TEST(JaxDeltaOrthogonal, CentreIsTheLowerOfTwoMiddleTaps) {
  const auto centre = [](std::string_view scheme, const Shape& shape) {
    const std::vector<float> w = filled(scheme, shape, {});
    const std::size_t taps = w.size() / (shape[0] * shape[1]);
    return (std::find_if(w.begin(), w.end(), [](float x) { return x != 0; }) - w.begin()) % static_cast<long>(taps);
  };
  EXPECT_EQ(centre("jax:delta_orthogonal", {6, 4, 4, 5}), 1 * 5 + 2);
  EXPECT_EQ(centre("delta_orthogonal", {6, 4, 4, 5}), 2 * 5 + 2);
  EXPECT_EQ(centre("torch:dirac", {6, 4, 4, 5}), 2 * 5 + 2);
  EXPECT_EQ(filled("jax:delta_orthogonal", {6, 4, 3, 5}, {}), filled("delta_orthogonal", {6, 4, 3, 5}, {}));
}

TEST(KerasStft, NativeOrderIsSamplesByFrequencies) {
  const std::vector<float> own = filled("stft(real, hamming)", {5, 1, 8}, {});
  const std::vector<float> native = filled("keras:stft(real, hamming, shape=native)", {8, 1, 5}, {});
  for (std::size_t f = 0; f < 5; ++f) {
    for (std::size_t t = 0; t < 8; ++t) EXPECT_EQ(own[f * 8 + t], native[t * 5 + f]);
  }
  // Of Keras 3.15: STFT()((16, 1, 9))[3, 0, :3].
  const std::vector<float> keras = filled("keras:stft(shape=native)", {16, 1, 9}, {});
  EXPECT_NEAR(keras[3 * 9 + 0], 0.14567201, 1e-6);
  EXPECT_NEAR(keras[3 * 9 + 1], 0.05574626, 1e-6);
  EXPECT_NEAR(keras[3 * 9 + 2], -0.10300566, 1e-6);
  // Without a window there is nothing to scale.
  EXPECT_EQ(parse("keras:stft(window=none)"), parse("stft(real, none, none)"));
}

TEST(MxnetOrthogonal, IsOrthogonalAndSortedBySingularValue) {
  for (const Shape& shape : {Shape{40, 25}, Shape{25, 40}, Shape{30, 30}, Shape{1, 7}, Shape{7, 1}}) {
    const std::vector<float> w = filled("mxnet:Orthogonal", shape, {});
    std::vector<float> a(w.size());
    random::fill_uniform(random::Stream(42, "fc1.weight"), 0, a, -1, 1);
    const std::size_t rows = shape[0];
    const std::size_t cols = shape[1];
    const std::size_t count = std::min(rows, cols);
    const auto at = [&](const std::vector<float>& m, std::size_t k, std::size_t i) {
      return double{rows >= cols ? m[i * cols + k] : m[k * cols + i]};
    };
    const std::size_t length = std::max(rows, cols);
    double before = 1e300;
    for (std::size_t p = 0; p < count; ++p) {
      for (std::size_t q = 0; q <= p; ++q) {
        double dot = 0;
        for (std::size_t i = 0; i < length; ++i) dot += at(w, p, i) * at(w, q, i);
        EXPECT_NEAR(dot, p == q ? 1.414 * 1.414 : 0, 1e-5) << shape.str();
      }
      // |A^T u| is the singular value of u, if u is a singular vector: then A A^T u = s^2 u.
      std::vector<double> projected(count);
      for (std::size_t k = 0; k < count; ++k) {
        for (std::size_t i = 0; i < length; ++i) projected[k] += at(a, k, i) * at(w, p, i) / 1.414;
      }
      double square = 0;
      for (const double x : projected) square += x * x;
      for (std::size_t i = 0; i < length; ++i) {
        double back = 0;
        for (std::size_t k = 0; k < count; ++k) back += projected[k] * at(a, k, i);
        EXPECT_NEAR(back, square * at(w, p, i) / 1.414, 1e-4) << shape.str();
      }
      EXPECT_LE(square, before * (1 + 1e-6));
      before = square;
    }
  }
}

}  // namespace
}  // namespace fanin::init
