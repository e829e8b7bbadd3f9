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
