#include "fanin/init/activation.h"

#include "fanin/init/gain.h"

#include "init_test_support.h"

namespace fanin::init {
namespace {

TEST(ActivationFunction, SlopeIsTheDerivativeOfTheValue) {
  for (const std::string& name : activation_names()) {
    const ActivationFunction f = activation_function(name);
    // Off the kinks, which lie at whole numbers.
    for (const double x : {-7.3, -3.7, -2.2, -0.9, -0.3, 0.2, 0.7, 1.6, 2.8, 4.4, 7.1}) {
      const double h = 1e-5;
      EXPECT_NEAR(f.slope(x), (f.value(x + h) - f.value(x - h)) / (2 * h), 1e-9 * (1 + std::abs(x)))
          << name << " " << x;
    }
  }
}

TEST(ActivationFunction, KnownValues) {
  const auto at = [](const char* name, double x) { return activation_function(name).value(x); };
  EXPECT_EQ(at("relu", -2), 0);
  EXPECT_EQ(at("relu6", 7), 6);
  EXPECT_EQ(at("hardtanh", -3), -1);
  EXPECT_EQ(at("hardswish", 3), 3);
  EXPECT_EQ(at("hardsigmoid", 0), 0.5);
  EXPECT_EQ(at("relu_squared", 3), 9);
  EXPECT_EQ(at("identity", -0.5), -0.5);
  EXPECT_EQ(at("conv2d", 3), 3);
  EXPECT_EQ(at("leaky_relu", -1), -0.01);
  EXPECT_NEAR(at("gelu", 1), 0.84134474606854293, 1e-15);
  EXPECT_NEAR(at("silu", 1), 0.73105857863000488, 1e-15);
  EXPECT_NEAR(at("selu", -1), -1.1113307378125625, 1e-14);
  EXPECT_EQ(activation_function("leaky_relu", 0.25).value(-2), -0.5);
  EXPECT_NEAR(activation_function("elu", 2.0).value(-1), 2 * std::expm1(-1), 1e-15);
}

TEST(ActivationFunction, StaysFiniteFarOut) {
  for (const std::string& name : activation_names()) {
    const ActivationFunction f = activation_function(name);
    for (const double x : {-2e3, -800.0, -50.0, 50.0, 800.0, 2e3}) {
      EXPECT_TRUE(std::isfinite(f.value(x))) << name << " " << x;
      EXPECT_TRUE(std::isfinite(f.slope(x))) << name << " " << x;
    }
  }
}

TEST(ActivationFunction, UnknownNamesAndParametersAreRejected) {
  expect_error(ErrorKind::usage, {"'rellu'", "did you mean 'relu'"}, [] { (void)activation_function("rellu"); });
  expect_error(ErrorKind::usage, {"tanh", "no parameter", "2"}, [] { (void)activation_function("tanh", 2.0); });
  expect_error(ErrorKind::usage, {"elu", "inf"}, [] { (void)activation_function("elu", INFINITY); });
}

}  // namespace
}  // namespace fanin::init
