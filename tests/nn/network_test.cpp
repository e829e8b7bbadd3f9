#include "fanin/nn/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/thread_pool.h"
#include "fanin/nn/gradient_check.h"
#include "fanin/nn/initialize.h"
#include "fanin/random/distributions.h"

#include "tests/support/each_target.h"

namespace fanin::nn {
namespace {

std::vector<float> random_batch(std::size_t n, std::size_t features, std::uint64_t seed) {
  std::vector<float> x(n * features);
  random::fill_normal(random::Stream(seed, "x"), 0, x, 0.0, 1.0);
  return x;
}

std::vector<std::int32_t> random_labels(std::size_t n, std::size_t classes) {
  std::vector<std::int32_t> labels(n);
  for (std::size_t i = 0; i < n; ++i) labels[i] = static_cast<std::int32_t>((7 * i + 3) % classes);
  return labels;
}

Network made(const NetworkSpec& spec, const char* scheme = "xavier_normal", std::uint64_t seed = 1) {
  Network network(spec);
  ThreadPool pool(1);
  InitRules rules = InitRules::parse(scheme);
  // Biases away from zero, so that a wrong bias gradient cannot hide.
  rules.biases = init::Scheme::parse("normal(0, 0.3)");
  initialize(network, rules, seed, pool);
  return network;
}

TEST(NetworkSpec, ParsesAndPrintsWidths) {
  EXPECT_EQ(NetworkSpec::parse_widths("784-256-256-10"), (std::vector<std::size_t>{784, 256, 256, 10}));
  EXPECT_EQ(NetworkSpec::parse_widths(" 4 - 2 "), (std::vector<std::size_t>{4, 2}));
  EXPECT_EQ((NetworkSpec{{784, 256, 10}}).widths_str(), "784-256-10");
}

TEST(NetworkSpec, ActivationsOfLayersParseAndPrint) {
  NetworkSpec spec{{8, 6, 4, 6, 2}};
  EXPECT_EQ(spec.activations_str(), "relu");
  spec.parse_activations(" sigmoid, elu(0.5) ,identity");
  EXPECT_EQ(spec.activations_str(), "sigmoid,elu(0.5),identity");
  EXPECT_EQ(spec.activation_of(1).str(), "elu(0.5)");
  const Network network(spec);
  EXPECT_EQ(network.layers()[1]->str(), "sigmoid");
  EXPECT_EQ(network.layers()[3]->str(), "elu(0.5)");
  EXPECT_EQ(network.layers()[5]->str(), "identity");
  spec.parse_activations("tanh,tanh,tanh");
  EXPECT_EQ(spec.activations_str(), "tanh");
  spec.parse_activations("silu");
  EXPECT_TRUE(spec.activations.empty());
  EXPECT_EQ(spec.activation_of(2).str(), "silu");
}

TEST(NetworkSpec, ActivationsThatDoNotFitTheLayersAreRejected) {
  NetworkSpec spec{{8, 6, 4, 2}};
  spec.parse_activations("tanh,tanh,relu");
  EXPECT_THROW(spec.validate(), Error);
  EXPECT_THROW(Network{spec}, Error);
  spec.parse_activations("tanh,relu");
  spec.validate();
  EXPECT_THROW((void)spec.activation_of(2), Error);
  for (const char* text : {"", "tanh,", ",tanh", "tanh,tahn", "tanh;relu"}) {
    EXPECT_THROW(spec.parse_activations(text), Error) << text;
  }
  EXPECT_EQ(spec.activations_str(), "tanh,relu");
}

TEST(NetworkSpec, RejectsWhatIsNoNetwork) {
  for (const char* text : {"", "784", "784-", "-784-10", "784-0-10", "784-ten", "784--10", "784-1e3-10",
                           "784-99999999-10", "784-10.5", "18446744073709551617-10"}) {
    EXPECT_THROW((void)NetworkSpec::parse_widths(text), Error) << text;
  }
  EXPECT_THROW((NetworkSpec{{10}}).validate(), Error);
  EXPECT_THROW((NetworkSpec{{10, 0}}).validate(), Error);
  EXPECT_THROW((NetworkSpec{{16777216, 16777216}}).validate(), Error);
  EXPECT_THROW((NetworkSpec{{4, 2}, ActivationKind::relu, 1.0}).validate(), Error);
  EXPECT_THROW((NetworkSpec{{4, 2}, ActivationKind::relu, -0.1}).validate(), Error);
}

TEST(Network, ParametersCarryPyTorchsNamesAndShapes) {
  const Network network(NetworkSpec{{784, 256, 256, 10}});
  std::map<std::string, Shape> shapes;
  for (const Parameter& p : network.parameters()) shapes.emplace(p.name, p.shape);
  const std::map<std::string, Shape> expected{{"0.weight", {256, 784}}, {"0.bias", {256}},
                                              {"2.weight", {256, 256}}, {"2.bias", {256}},
                                              {"4.weight", {10, 256}},  {"4.bias", {10}}};
  EXPECT_EQ(shapes, expected);
  EXPECT_EQ(network.parameter_count(), 269322U);
}

TEST(Network, DropoutCountsAsAModuleInTheNames) {
  const Network network(NetworkSpec{{4, 3, 2}, ActivationKind::relu, 0.5});
  EXPECT_EQ(network.parameters()[2].name, "3.weight");
}

TEST(Network, ParametersStartOnCacheLinesWithZerosBetween) {
  Network network = made(NetworkSpec{{5, 3, 7}});
  std::vector<char> used(network.values().size());
  for (const Parameter& p : network.parameters()) {
    EXPECT_EQ(p.offset % 16, 0U) << p.name;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(network.values(p).data()) % 64, 0U) << p.name;
    std::fill_n(used.begin() + static_cast<std::ptrdiff_t>(p.offset), p.shape.elements(), 1);
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i] == 0) {
      EXPECT_EQ(network.values()[i], 0.0F);
    }
  }
}

TEST(Network, LayersThatDoNotFollowEachOtherAreRejected) {
  std::vector<std::unique_ptr<Layer>> layers;
  layers.push_back(linear(4, 3));
  layers.push_back(linear(2, 1));
  EXPECT_THROW((void)Network(std::move(layers)), Error);
  EXPECT_THROW((void)Network(std::vector<std::unique_ptr<Layer>>{}), Error);
  EXPECT_THROW((void)linear(0, 3), Error);
  EXPECT_THROW((void)dropout(1.0, 3), Error);
}

// Every activation with every loss: the public check against central differences in float64.
TEST(GradientCheck, HoldsForEveryActivationAndLoss) {
  const std::vector<std::string> activations{"identity", "relu",     "leaky_relu(0.2)", "tanh",
                                             "sigmoid",  "softsign", "elu(0.7)",        "selu",
                                             "gelu",     "silu",     "softplus"};
  constexpr std::size_t kRows = 9;
  const auto x = random_batch(kRows, 13, 3);
  const auto labels = random_labels(kRows, 5);
  for (const std::string& name : activations) {
    for (const LossKind loss : {LossKind::softmax_cross_entropy, LossKind::mean_squared_error}) {
      Network network = made(NetworkSpec{{13, 18, 17, 5}, Activation::parse(name)});
      const GradientCheck check = check_gradient(network, loss, {x.data(), kRows, 13}, labels);
      EXPECT_LT(check.worst_error, 1e-3) << name << " " << str(loss) << " " << check.worst_place;
      EXPECT_GT(check.checked, 150U);
    }
  }
}

TEST(GradientCheck, HoldsUnderDropoutAndInDeepNetworks) {
  constexpr std::size_t kRows = 6;
  const auto x = random_batch(kRows, 8, 4);
  const auto labels = random_labels(kRows, 3);
  Network network = made(NetworkSpec{{8, 20, 20, 20, 20, 3}, ActivationKind::tanh, 0.4});
  GradientCheckOptions options;
  options.training = true;
  const GradientCheck check =
      check_gradient(network, LossKind::softmax_cross_entropy, {x.data(), kRows, 8}, labels, options);
  EXPECT_LT(check.worst_error, 1e-3) << check.worst_place;
}

// A check that cannot fail proves nothing: a layer whose backward() forgets the factor 2 must be found.
class WrongSquare final : public Layer {
 public:
  [[nodiscard]] std::string str() const override { return "wrong_square"; }
  [[nodiscard]] std::size_t inputs() const override { return 4; }
  [[nodiscard]] std::size_t outputs() const override { return 4; }
  void forward(const Pass&, MatrixView<const float> x, MatrixView<float> y) const override {
    for (std::size_t r = 0; r < x.rows; ++r) {
      for (std::size_t c = 0; c < 4; ++c) y(r, c) = x(r, c) * x(r, c);
    }
  }
  void backward(const Pass&, MatrixView<const float> x, MatrixView<const float>, MatrixView<const float> dy,
                MatrixView<float> dx) const override {
    for (std::size_t r = 0; r < x.rows; ++r) {
      for (std::size_t c = 0; c < 4; ++c) dx(r, c) = x(r, c) * dy(r, c);
    }
  }
  void reference(const Pass&, std::span<const double>, std::span<const double> x, std::span<double> y) const override {
    for (std::size_t c = 0; c < 4; ++c) y[c] = x[c] * x[c];
  }
};

TEST(GradientCheck, FindsAWrongDerivative) {
  std::vector<std::unique_ptr<Layer>> layers;
  layers.push_back(linear(3, 4));
  layers.push_back(std::make_unique<WrongSquare>());
  layers.push_back(linear(4, 2));
  Network network(std::move(layers));
  ThreadPool pool(1);
  initialize(network, InitRules::parse("normal(0, 1)"), 1, pool);
  const auto x = random_batch(4, 3, 5);
  const auto labels = random_labels(4, 2);
  EXPECT_GT(check_gradient(network, LossKind::softmax_cross_entropy, {x.data(), 4, 3}, labels).worst_error, 0.3);
}

// A NaN in one place must not be forgotten when the next place is right.
class NaNGradient final : public Layer {
 public:
  [[nodiscard]] std::string str() const override { return "nan_gradient"; }
  [[nodiscard]] std::size_t inputs() const override { return 4; }
  [[nodiscard]] std::size_t outputs() const override { return 4; }
  void forward(const Pass&, MatrixView<const float> x, MatrixView<float> y) const override {
    for (std::size_t r = 0; r < x.rows; ++r) std::copy_n(x.row(r), 4, y.row(r));
  }
  void backward(const Pass&, MatrixView<const float>, MatrixView<const float>, MatrixView<const float> dy,
                MatrixView<float> dx) const override {
    for (std::size_t r = 0; r < dy.rows; ++r) {
      std::copy_n(dy.row(r), 4, dx.row(r));
      dx(r, 0) = std::nanf("");
    }
  }
  void reference(const Pass&, std::span<const double>, std::span<const double> x, std::span<double> y) const override {
    std::copy(x.begin(), x.end(), y.begin());
  }
};

TEST(GradientCheck, FindsANaNAmongRightNumbers) {
  std::vector<std::unique_ptr<Layer>> layers;
  layers.push_back(linear(3, 4));
  layers.push_back(std::make_unique<NaNGradient>());
  layers.push_back(linear(4, 2));
  Network network(std::move(layers));
  ThreadPool pool(1);
  initialize(network, InitRules::parse("normal(0, 1)"), 1, pool);
  const auto x = random_batch(4, 3, 5);
  const auto labels = random_labels(4, 2);
  EXPECT_GT(check_gradient(network, LossKind::softmax_cross_entropy, {x.data(), 4, 3}, labels).worst_error, 1e9);
}

TEST(GradientCheck, RejectsWhatDoesNotFit) {
  Network network = made(NetworkSpec{{3, 2}});
  const auto x = random_batch(4, 3, 5);
  const auto labels = random_labels(4, 2);
  const auto check = [&](MatrixView<const float> batch, std::span<const std::int32_t> l, GradientCheckOptions o) {
    (void)check_gradient(network, LossKind::softmax_cross_entropy, batch, l, o);
  };
  EXPECT_THROW(check({x.data(), 4, 2, 3}, labels, {}), Error);
  EXPECT_THROW(check({x.data(), 3, 3}, labels, {}), Error);
  EXPECT_THROW(check({x.data(), 4, 3}, labels, {.step = 0}), Error);
  EXPECT_THROW(check({x.data(), 4, 3}, labels, {.per_parameter = 0}), Error);
}

// Forward, backward and gradient of one batch, cut into slabs of `slab` rows.
std::vector<float> passes(Network& network, const std::vector<float>& x, const std::vector<std::int32_t>& labels,
                          std::size_t slab) {
  const std::size_t n = labels.size();
  const std::size_t last = network.layers().size();
  Workspace w = network.workspace(n);
  for (std::size_t r = 0; r < n; ++r) {
    std::copy_n(x.data() + r * network.inputs(), network.inputs(), w.values(0, r, 1).data);
  }
  const Pass pass{true, random::Stream(9, "noise")};
  std::vector<float> loss(n);
  for (std::size_t first = 0; first < n; first += slab) {
    const std::size_t count = std::min(slab, n - first);
    network.forward(pass, w, first, count);
    loss_rows(LossKind::softmax_cross_entropy, w.values(last, first, count), std::span(labels).subspan(first, count),
              0.1F, w.derivatives(last, first, count), std::span(loss).subspan(first, count));
    network.backward(pass, w, first, count);
  }
  std::vector<float> all(network.values().size());
  network.gradient(w, n, all);
  all.insert(all.end(), loss.begin(), loss.end());
  return all;
}

TEST(Precision, TextAndBack) {
  for (const char* text : {"fp32", "bf16"}) EXPECT_EQ(str(parse_precision(text)), text);
  EXPECT_THROW((void)parse_precision("bf61"), Error);
  EXPECT_THROW((void)parse_precision(""), Error);
}

// bfloat16 keeps 8 bits: the gradient of a small network stays within a few times 2^-8 of that in float32.
TEST(Precision, GradientsInBf16AreNearThoseInFp32) {
  constexpr std::size_t kRows = 32;
  const auto x = random_batch(kRows, 50, 6);
  const auto labels = random_labels(kRows, 10);
  Network exact = made(NetworkSpec{{50, 70, 33, 10}, ActivationKind::tanh});
  NetworkSpec spec{{50, 70, 33, 10}, ActivationKind::tanh};
  spec.precision = Precision::bf16;
  Network rounded = made(spec);
  const std::vector<float> a = passes(exact, x, labels, kRows);
  const std::vector<float> b = passes(rounded, x, labels, kRows);
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    size += std::pow(static_cast<double>(a[i]), 2);
  }
  EXPECT_GT(difference, 0.0);
  EXPECT_LT(std::sqrt(difference / size), 4 * 0x1p-8);
}

TEST(Network, PassesGiveTheSameBitsForAnyCutAndTarget) {
  constexpr std::size_t kRows = 23;
  const auto x = random_batch(kRows, 50, 6);
  const auto labels = random_labels(kRows, 10);
  Network network = made(NetworkSpec{{50, 70, 33, 10}, ActivationKind::gelu, 0.25});
  const std::vector<float> expected = passes(network, x, labels, kRows);
  test::for_each_target([&](const std::string& target) {
    for (const std::size_t slab : {1U, 2U, 7U, 12U, 23U}) {
      const std::vector<float> got = passes(network, x, labels, slab);
      EXPECT_EQ(0, std::memcmp(got.data(), expected.data(), got.size() * sizeof(float))) << target << " " << slab;
    }
  });
}

// 9 inputs and 70 outputs leave unfinished lines and panels; 784-256 is the lab's.
const std::vector<NetworkSpec>& specs_in_both_precisions() {
  static const std::vector<NetworkSpec> all = [] {
    std::vector<NetworkSpec> specs;
    for (const Precision precision : {Precision::fp32, Precision::bf16}) {
      NetworkSpec lab{{784, 256, 256, 10}};
      NetworkSpec odd{{9, 70, 33, 3}, ActivationKind::tanh, 0.2};
      lab.precision = odd.precision = precision;
      specs.push_back(lab);
      specs.push_back(odd);
    }
    return specs;
  }();
  return all;
}

TEST(Network, GradientBlocksCoverTheTrainingStoreOnce) {
  for (const NetworkSpec& spec : specs_in_both_precisions()) {
    Network network = made(spec);
    constexpr std::size_t kRows = 2;
    Workspace w = network.workspace(kRows);
    std::vector<float> times(network.training_size());
    for (std::size_t b = 0; b < network.gradient_blocks(); ++b) {
      network.gradient(b, w, kRows, [&](const GradientPiece& piece) {
        for (std::size_t i = 0; i < piece.values.rows; ++i) {
          for (std::size_t j = 0; j < piece.values.cols; ++j) ++times[piece.first + i * piece.stride + j];
        }
      });
    }
    EXPECT_LE(*std::max_element(times.begin(), times.end()), 1.0F);
    std::vector<float> in_store(network.values().size());
    network.from_training_order(times, in_store);
    EXPECT_EQ(std::count(in_store.begin(), in_store.end(), 1.0F),
              static_cast<std::ptrdiff_t>(network.parameter_count()));
  }
}

TEST(Network, TheOrderOfTrainingAndBack) {
  for (const NetworkSpec& spec : specs_in_both_precisions()) {
    Network network = made(spec);
    const std::vector<float> store(network.values().begin(), network.values().end());
    // Every place of the training store is a parameter or padding, which stays 0.
    std::vector<float> training(network.training_size());
    network.to_training_order(store, training);
    EXPECT_EQ(std::count(training.begin(), training.end(), 0.0F),
              static_cast<std::ptrdiff_t>(training.size() - network.parameter_count()));
    EXPECT_TRUE(std::equal(training.begin(), training.end(), network.training_values().begin()));
    std::vector<float> back(store.size());
    network.from_training_order(training, back);
    EXPECT_EQ(back, store);
    EXPECT_THROW(network.to_training_order(std::span(store).first(3), training), Error);
    EXPECT_THROW(network.from_training_order(std::span(training).first(3), back), Error);
  }
}

// Two steps as a trainer takes them, and the same on the parameter store; also the derivatives by the inputs, which no
// training needs.
TEST(Network, AStepInTheTrainingStoreIsThatOnTheParameters) {
  constexpr std::size_t kRows = 5;
  constexpr float kRate = 0.25F;
  test::for_each_target([&](const std::string& target) {
    for (const NetworkSpec& spec : specs_in_both_precisions()) {
      Network network = made(spec);
      Network twin = made(spec);
      const std::size_t last = network.layers().size();
      const auto x = random_batch(kRows, network.inputs(), 6);
      const auto labels = random_labels(kRows, network.outputs());
      const auto pass_both_ways = [&](Network& n) {
        const Pass pass{true, random::Stream(9, "noise")};
        Workspace w = n.workspace(kRows);
        std::vector<float> loss(kRows);
        for (std::size_t r = 0; r < kRows; ++r) {
          std::copy_n(x.data() + r * n.inputs(), n.inputs(), w.values(0, r, 1).data);
        }
        n.forward(pass, w, 0, kRows);
        loss_rows(LossKind::softmax_cross_entropy, w.values(last, 0, kRows), labels, 0.5F,
                  w.derivatives(last, 0, kRows), loss);
        n.backward(pass, w, 0, kRows);
        return w;
      };
      for (std::size_t step = 0; step < 2; ++step) {
        Workspace of_twin = pass_both_ways(twin);
        std::vector<float> gradient(twin.values().size());
        twin.gradient(of_twin, kRows, gradient);
        for (std::size_t i = 0; i < gradient.size(); ++i) twin.values()[i] -= kRate * gradient[i];
        twin.refresh();
        Workspace w = pass_both_ways(network);
        float* weights = network.training_values().data();
        for (std::size_t b = 0; b < network.gradient_blocks(); ++b) {
          network.gradient(b, w, kRows, [&](const GradientPiece& piece) {
            for (std::size_t i = 0; i < piece.values.rows; ++i) {
              for (std::size_t j = 0; j < piece.values.cols; ++j) {
                weights[piece.first + i * piece.stride + j] -= kRate * piece.values(i, j);
              }
            }
          });
        }
      }
      std::vector<float> dx(kRows * network.inputs()), expected(dx.size());
      const std::vector<float> dy = random_batch(kRows, network.layers()[0]->outputs(), 7);
      const MatrixView<const float> d(dy.data(), kRows, network.layers()[0]->outputs());
      network.layers()[0]->backward({}, {}, {}, d, {dx.data(), kRows, network.inputs()});
      twin.layers()[0]->backward({}, {}, {}, d, {expected.data(), kRows, network.inputs()});
      EXPECT_EQ(dx, expected) << target << " " << spec.widths_str();
      EXPECT_TRUE(std::equal(network.values().begin(), network.values().end(), twin.values().begin()))
          << target << " " << spec.widths_str();
    }
  });
}

TEST(Dropout, KeepsTheExpectationAndIsOffOutsideTraining) {
  const auto layer = dropout(0.3, 1000);
  const std::vector<float> ones(100 * 1000, 1.0F);
  std::vector<float> y(ones.size());
  const MatrixView<const float> x(ones.data(), 100, 1000);
  layer->forward(Pass{true, random::Stream(1, "d")}, x, {y.data(), 100, 1000});
  double sum = 0;
  std::size_t zeros = 0;
  for (const float v : y) {
    sum += v;
    zeros += v == 0.0F ? 1 : 0;
  }
  // 10^5 draws: five standard deviations of the share are 0.0073.
  EXPECT_NEAR(static_cast<double>(zeros) / 1e5, 0.3, 0.0073);
  EXPECT_NEAR(sum / 1e5, 1.0, 0.0073 / 0.7);
  layer->forward(Pass{}, x, {y.data(), 100, 1000});
  EXPECT_EQ(y, ones);
}

TEST(Initialize, ALayerMoreChangesNoOtherParameter) {
  const Network small = made(NetworkSpec{{20, 30, 30, 5}});
  const Network large = made(NetworkSpec{{20, 30, 30, 30, 5}});
  for (std::size_t i = 0; i < 4; ++i) {
    const Parameter& a = small.parameters()[i];
    const Parameter& b = large.parameters()[i];
    ASSERT_EQ(a.name, b.name);
    EXPECT_TRUE(std::equal(small.values(a).begin(), small.values(a).end(), large.values(b).begin())) << a.name;
  }
}

TEST(Initialize, ThreadsDoNotChangeTheBits) {
  Network one(NetworkSpec{{784, 256, 10}});
  Network four(NetworkSpec{{784, 256, 10}});
  ThreadPool serial(1);
  ThreadPool crowd(4);
  for (const char* scheme : {"xavier_uniform", "he_normal", "orthogonal", "pytorch_default"}) {
    initialize(one, InitRules::parse(scheme), 5, serial);
    initialize(four, InitRules::parse(scheme), 5, crowd);
    EXPECT_EQ(0, std::memcmp(one.values().data(), four.values().data(), one.values().size_bytes())) << scheme;
  }
}

TEST(Initialize, RulesGoByRoleAndLayer) {
  Network network(NetworkSpec{{6, 5, 4}});
  ThreadPool pool(1);
  initialize(
      network,
      {init::Scheme::parse("constant(1)"), init::Scheme::parse("constant(2)"), init::Scheme::parse("constant(3)")}, 0,
      pool);
  const std::vector<float> expected{1, 3, 2, 3};
  for (std::size_t i = 0; i < 4; ++i) {
    for (const float v : network.values(network.parameters()[i])) EXPECT_EQ(v, expected[i]) << i;
  }
}

TEST(Initialize, DefaultsOfLayersBringTheirBiasesAndOtherSchemesDoNot) {
  for (const char* scheme : {"torch:linear", "mlx:Linear", "mlpack:HeInitialization", "fann:create_standard"}) {
    EXPECT_EQ(InitRules::parse(scheme).biases.str(), scheme);
  }
  for (const char* scheme : {"he_normal", "keras:he_normal", "torch:xavier_uniform", "torch:embedding"}) {
    EXPECT_EQ(InitRules::parse(scheme).biases.str(), "zeros");
  }
}

TEST(Initialize, PyTorchDefaultBringsItsOwnBiases) {
  const InitRules rules = InitRules::parse("pytorch_default");
  EXPECT_EQ(rules.biases.str(), "pytorch_default");
  EXPECT_EQ(InitRules::parse("he_normal").biases.str(), "zeros");
}

// Why zeros never learn: all units of a layer get the same gradient.
TEST(Initialize, ZerosGiveEveryUnitOfALayerTheSameGradient) {
  Network network(NetworkSpec{{7, 6, 5, 3}, ActivationKind::sigmoid});
  ThreadPool pool(1);
  initialize(network, InitRules::parse("zeros"), 0, pool);
  const std::vector<float> all = passes(network, random_batch(8, 7, 1), random_labels(8, 3), 8);
  const Parameter& hidden = network.parameters()[2];
  const std::span<const float> g = std::span(all).subspan(hidden.offset, hidden.shape.elements());
  for (std::size_t i = 0; i < hidden.shape[0]; ++i) {
    for (std::size_t j = 0; j < hidden.shape[1]; ++j) EXPECT_EQ(g[i * hidden.shape[1] + j], g[0]);
  }
}

}  // namespace
}  // namespace fanin::nn
