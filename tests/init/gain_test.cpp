#include "fanin/init/gain.h"

#include <functional>
#include <numbers>

#include "init_test_support.h"

namespace fanin::init {
namespace {

// 1 / sqrt(E f(z)^2) by the trapezoid rule, which is exact to rounding for smooth f; kinks lie on the grid.
double second_moment_gain(const std::function<double(double)>& f) {
  constexpr int kSteps = 1 << 14;
  constexpr double kReach = 16;
  double sum = 0;
  for (int i = -kSteps; i <= kSteps; ++i) {
    const double z = kReach * i / kSteps;
    sum += f(z) * f(z) * std::exp(-z * z / 2);
  }
  return 1 / std::sqrt(sum * (kReach / kSteps) / std::sqrt(2 * std::numbers::pi));
}

double sigmoid(double z) {
  return 1 / (1 + std::exp(-z));
}
double hard_sigmoid(double z) {
  return std::min(std::max(z + 3, 0.0), 6.0) / 6;
}

TEST(Gain, SixNamesHaveTheValuesOfPyTorch) {
  EXPECT_EQ(gain("linear"), 1);
  EXPECT_EQ(gain("identity"), 1);
  EXPECT_EQ(gain("sigmoid"), 1);
  EXPECT_EQ(gain("tanh"), 5.0 / 3);
  EXPECT_EQ(gain("relu"), std::sqrt(2.0));
  EXPECT_EQ(gain("leaky_relu"), std::sqrt(2 / (1 + 0.01 * 0.01)));
  EXPECT_EQ(gain("leaky_relu", std::sqrt(5.0)), std::sqrt(2 / (1 + std::sqrt(5.0) * std::sqrt(5.0))));
  EXPECT_EQ(gain("selu"), 0.75);
}

TEST(Gain, OthersKeepTheSecondMoment) {
  const std::pair<std::string, std::function<double(double)>> activations[] = {
      {"elu", [](double z) { return z > 0 ? z : std::expm1(z); }},
      {"gelu", [](double z) { return z * 0.5 * std::erfc(-z / std::numbers::sqrt2); }},
      {"gelu_tanh",
       [](double z) { return z / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (z + 0.044715 * z * z * z))); }},
      {"quick_gelu", [](double z) { return z * sigmoid(1.702 * z); }},
      {"silu", [](double z) { return z * sigmoid(z); }},
      {"swish", [](double z) { return z * sigmoid(z); }},
      {"mish", [](double z) { return z * std::tanh(std::log1p(std::exp(z))); }},
      {"softplus", [](double z) { return std::log1p(std::exp(z)); }},
      {"softsign", [](double z) { return z / (1 + std::abs(z)); }},
      {"hardtanh", [](double z) { return std::min(std::max(z, -1.0), 1.0); }},
      {"relu6", [](double z) { return std::min(std::max(z, 0.0), 6.0); }},
      {"hardswish", [](double z) { return z * hard_sigmoid(z); }},
      {"hardsigmoid", hard_sigmoid},
      {"erf", [](double z) { return std::erf(z); }},
      {"sin", [](double z) { return std::sin(z); }},
      {"arctan", [](double z) { return std::atan(z); }},
      {"relu_squared", [](double z) { return z > 0 ? z * z : 0; }},
  };
  for (const auto& [name, f] : activations) {
    // A kink costs the rule a square of its step, 1e-6.
    EXPECT_NEAR(gain(name), second_moment_gain(f), 5e-7) << name;
  }
  EXPECT_NEAR(gain("gelu"), 1.5335304411955352, 1e-14);
  EXPECT_NEAR(gain("silu"), 1.6765324703310912, 1e-14);
}

TEST(Gain, EluTakesItsAlpha) {
  EXPECT_NEAR(gain("elu", 0.5), second_moment_gain([](double z) { return z > 0 ? z : 0.5 * std::expm1(z); }), 5e-7);
  EXPECT_NEAR(gain("elu"), 1.2451983007007066, 1e-14);
  EXPECT_NEAR(gain("elu", 0.0), gain("relu"), 1e-15);
}

TEST(Gain, KindsEqualTheQuadratureOfTheFunction) {
  const auto check = [](std::string_view name, std::optional<double> parameter) {
    const ActivationFunction f = activation_function(name, parameter);
    for (const GainKind kind : {GainKind::second_moment, GainKind::variance, GainKind::backward}) {
      EXPECT_NEAR(gain(name, kind, parameter), gain_of(f, kind), 1e-12) << name << " " << to_string(kind);
    }
  };
  for (const std::string& name : activation_names()) check(name, {});
  for (const double a : {-1.0, 0.0, 0.25, 3.0}) {
    check("leaky_relu", a);
    check("elu", a);
  }
}

// Closed forms: E relu^2 = 1/2, Var relu = 1/2 - 1/(2 pi), E sin^2 = (1 - e^-2) / 2, E cos^2 = (1 + e^-2) / 2,
// E erf(z)^2 = 2/pi asin(2/3), E z^2 P(z)^2 = 1/3 + 1/(2 sqrt(3) pi), E relu(z)^4 = 3/2.
TEST(Gain, KindsEqualTheirClosedForms) {
  const double pi = std::numbers::pi;
  const auto is = [](std::string_view name, GainKind kind, double inverse_square) {
    EXPECT_NEAR(gain(name, kind), 1 / std::sqrt(inverse_square), 1e-15) << name << " " << to_string(kind);
  };
  is("relu", GainKind::second_moment, 0.5);
  is("relu", GainKind::variance, 0.5 - 1 / (2 * pi));
  is("relu", GainKind::backward, 0.5);
  is("sin", GainKind::second_moment, -std::expm1(-2) / 2);
  is("sin", GainKind::backward, (1 + std::exp(-2)) / 2);
  is("erf", GainKind::second_moment, 2 / pi * std::asin(2.0 / 3));
  is("gelu", GainKind::second_moment, 1.0 / 3 + 1 / (2 * std::sqrt(3.0) * pi));
  is("gelu", GainKind::variance, 1.0 / 3 + 1 / (2 * std::sqrt(3.0) * pi) - 1 / (4 * pi));
  is("relu_squared", GainKind::second_moment, 1.5);
  is("relu_squared", GainKind::variance, 1.25);
  is("relu_squared", GainKind::backward, 2);
  is("selu", GainKind::second_moment, 1);
  is("selu", GainKind::variance, 1);
  EXPECT_NEAR(gain("softplus", GainKind::backward), gain("sigmoid", GainKind::second_moment), 1e-15);
}

TEST(Gain, TorchKindIsItsTableAlone) {
  for (const char* name : {"linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
                           "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"}) {
    EXPECT_EQ(gain(name, GainKind::torch), gain(name)) << name;
  }
  EXPECT_EQ(gain("leaky_relu", GainKind::torch, 0.2), std::sqrt(2 / (1 + 0.2 * 0.2)));
  for (const char* name : {"gelu", "silu", "mish", "elu", "softplus", "hardtanh"}) {
    expect_error(ErrorKind::usage, {name, "PyTorch", "second_moment"}, [&] { (void)gain(name, GainKind::torch); });
  }
}

TEST(Gain, HasGainSaysWhereItThrows) {
  for (const std::string& name : activation_names()) {
    for (const GainKind kind : kGainKinds) {
      bool thrown = false;
      try {
        (void)gain(name, kind);
      } catch (const Error&) {
        thrown = true;
      }
      EXPECT_EQ(has_gain(name, kind), !thrown) << name << " " << to_string(kind);
    }
  }
  EXPECT_FALSE(has_gain("rellu", GainKind::usual));
}

TEST(GainOf, TakesAnyCallable) {
  // A kink off every grid: E (z - 0.3)+^2 = (1 + 0.3^2) P(z > 0.3) - 0.3 density(0.3).
  const ActivationFunction f{[](double x) { return std::max(x - 0.3, 0.0); }, [](double x) { return x > 0.3 ? 1 : 0; }};
  const double above = 0.5 * std::erfc(0.3 / std::numbers::sqrt2);
  const double density = std::exp(-0.045) / std::sqrt(2 * std::numbers::pi);
  EXPECT_NEAR(gain_of(f, GainKind::second_moment), 1 / std::sqrt(1.09 * above - 0.3 * density), 1e-13);
  EXPECT_NEAR(gain_of(f, GainKind::backward), 1 / std::sqrt(above), 1e-13);
  const double mean = density - 0.3 * above;
  EXPECT_NEAR(gain_of(f, GainKind::variance), 1 / std::sqrt(1.09 * above - 0.3 * density - mean * mean), 1e-13);
}

TEST(GainOf, FunctionsWithoutAGainAreRejected) {
  const ActivationFunction constant{[](double) { return 0.7; }, [](double) { return 0.0; }};
  EXPECT_NEAR(gain_of(constant, GainKind::second_moment), 1 / 0.7, 1e-14);
  expect_error(ErrorKind::numeric, {"variance"}, [&] { (void)gain_of(constant, GainKind::variance); });
  expect_error(ErrorKind::numeric, {"mean square"}, [&] { (void)gain_of(constant, GainKind::backward); });
  const ActivationFunction value_only{[](double x) { return x; }, nullptr};
  expect_error(ErrorKind::usage, {"slope", "backward"}, [&] { (void)gain_of(value_only, GainKind::backward); });
  expect_error(ErrorKind::usage, {"value"}, [] { (void)gain_of({}, GainKind::variance); });
  for (const GainKind kind : {GainKind::usual, GainKind::torch}) {
    expect_error(ErrorKind::usage, {to_string(kind).data(), "backward"}, [&] { (void)gain_of(value_only, kind); });
  }
  const ActivationFunction root{[](double x) { return std::sqrt(x); }, nullptr};
  expect_error(ErrorKind::numeric, {"finite"}, [&] { (void)gain_of(root, GainKind::second_moment); });
}

TEST(Gain, UnknownNameSuggestsTheNearest) {
  expect_error(ErrorKind::usage, {"'rellu'", "did you mean 'relu'"}, [] { (void)gain("rellu"); });
  expect_error(ErrorKind::usage, {"''"}, [] { (void)gain(""); });
  expect_error(ErrorKind::usage, {"'quantum'"}, [] { (void)gain("quantum"); });
}

TEST(Gain, ParameterOfAnActivationWithoutOneIsRejected) {
  expect_error(ErrorKind::usage, {"relu", "0.1"}, [] { (void)gain("relu", 0.1); });
  expect_error(ErrorKind::usage, {"leaky_relu", "inf"}, [] { (void)gain("leaky_relu", INFINITY); });
  expect_error(ErrorKind::usage, {"elu", "nan"}, [] { (void)gain("elu", NAN); });
}

TEST(Gain, EveryListedNameHasOne) {
  for (const std::string& name : activation_names()) EXPECT_GT(gain(name), 0) << name;
}

}  // namespace
}  // namespace fanin::init
