#include <limits>

#include "init_test_support.h"

namespace fanin::init {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

Expected expected(std::string_view scheme, const Shape& shape = mnist_layer(), Fans fans = {784, 256}) {
  return Scheme::parse(scheme).expected(shape, fans);
}

void expect_is(const Expected& e, double mean, double std, double low, double high) {
  const auto near = [](double a, double b) { return a == b || std::abs(a - b) < 1e-14; };
  EXPECT_PRED2(near, e.mean, mean);
  EXPECT_PRED2(near, e.std, std);
  EXPECT_PRED2(near, e.low, low);
  EXPECT_PRED2(near, e.high, high);
}

// sqrt(2 / (784 + 256)) is the standard deviation; taken for the variance it would give a std of 0.2094.
TEST(XavierNormal, StdIsNotTheRootOfAStd) {
  EXPECT_NEAR(expected("xavier_normal").std, 0.04385, 5e-6);
  EXPECT_NEAR(expected("xavier_uniform").std, 0.04385, 5e-6);
}

TEST(Expected, FormulasOfTheVarianceFamily) {
  const double s = std::sqrt(2.0 / 1040);
  expect_is(expected("xavier_normal"), 0, s, -kInf, kInf);
  expect_is(expected("xavier_normal(2)"), 0, 2 * s, -kInf, kInf);
  expect_is(expected("xavier_uniform"), 0, s, -std::sqrt(6.0 / 1040), std::sqrt(6.0 / 1040));
  expect_is(expected("he_normal"), 0, std::sqrt(2.0 / 784), -kInf, kInf);
  expect_is(expected("kaiming_normal(mode=fan_out)"), 0, std::sqrt(2.0 / 256), -kInf, kInf);
  expect_is(expected("kaiming_normal(a=0.2)"), 0, std::sqrt(2 / 1.04 / 784), -kInf, kInf);
  expect_is(expected("kaiming_normal(nonlinearity=tanh)"), 0, 5.0 / 3 / 28, -kInf, kInf);
  expect_is(expected("lecun_uniform"), 0, 1.0 / 28, -std::sqrt(3.0) / 28, std::sqrt(3.0) / 28);
  expect_is(expected("lecun_normal"), 0, 1.0 / 28, -2 / 0.87962566103423975 / 28, 2 / 0.87962566103423975 / 28);
  expect_is(expected("variance_scaling(3, fan_geo_avg, normal)"), 0, std::sqrt(3.0 / 448), -kInf, kInf);
  expect_is(expected("pytorch_default"), 0, 1.0 / 28 / std::sqrt(3.0), -1.0 / 28, 1.0 / 28);
  expect_is(expected("kaiming_uniform(a=sqrt(5))"), 0, 1.0 / 28 / std::sqrt(3.0), -1.0 / 28, 1.0 / 28);
}

TEST(Expected, PlainDistributions) {
  expect_is(expected("zeros"), 0, 0, 0, 0);
  expect_is(expected("constant(-3)"), -3, 0, -3, -3);
  expect_is(expected("uniform"), 0.5, 1 / std::sqrt(12.0), 0, 1);
  expect_is(expected("normal(2, 3)"), 2, 3, -kInf, kInf);
  expect_is(expected("normal(2, 0)"), 2, 0, 2, 2);
  expect_is(expected("truncated_normal"), 0, 0.87962566103423975, -2, 2);
  expect_is(expected("truncated_normal(1, 0.5, 0, inf)"), 1 + 0.5 * 0.79788456080286536, 0.5 * 0.60281027498908697, 1,
            kInf);
}

TEST(Expected, Structures) {
  expect_is(expected("orthogonal(2)"), 0, 2 / 28.0, -2, 2);
  expect_is(expected("orthogonal", {10, 3, 2}), 0, 1 / std::sqrt(10.0), -1, 1);
  expect_is(expected("identity", {3, 4}), 0.25, std::sqrt(3.0) / 4, 0, 1);
  expect_is(expected("identity(-2)", {1, 1}), -2, 0, -2, -2);
  expect_is(expected("dirac(2)", {6, 2, 3}), 4.0 / 36, std::sqrt(4.0 / 36 * 32 / 36), 0, 1);
  expect_is(expected("sparse(0.25, 2)", {10, 5}), 0, 2 * std::sqrt(0.7), -kInf, kInf);
}

TEST(Expected, BiasTakesTheFansOfItsLayer) {
  expect_is(expected("pytorch_default", {256}, {784, 256}), 0, 1.0 / 28 / std::sqrt(3.0), -1.0 / 28, 1.0 / 28);
}

TEST(Expected, FanOfNothingIsRejectedUnlessTheTensorIsEmpty) {
  expect_error(ErrorKind::usage, {"[5]", "fan_in is 0"}, [] { (void)expected("lecun_normal", {5}, {0, 5}); });
  expect_error(ErrorKind::usage, {"fan_out is -1"}, [] {
    (void)expected("kaiming_normal(mode=fan_out)", {5}, {3, -1});
  });
  expect_error(ErrorKind::usage, {"fan_in is nan"}, [] { (void)expected("lecun_normal", {5}, {NAN, 5}); });
  expect_error(ErrorKind::usage, {"fan_in is inf"}, [] { (void)expected("lecun_normal", {5}, {kInf, 5}); });
  EXPECT_NEAR(expected("lecun_normal", {5, 0}, {0, 5}).std, 1, 1e-14);
  EXPECT_EQ(expected("normal", {5}, {0, 0}).std, 1);
}

TEST(Expected, UnsuitableShapesAreRejected) {
  for (const auto& [scheme, shape] : std::vector<std::pair<std::string, Shape>>{{"orthogonal", {5}},
                                                                                {"orthogonal", {}},
                                                                                {"identity", {5}},
                                                                                {"identity", {5, 5, 5}},
                                                                                {"dirac", {5, 5}},
                                                                                {"dirac(2)", {5, 5, 3}},
                                                                                {"sparse(0.5)", {5}},
                                                                                {"sparse(0.5)", {5, 5, 5}}}) {
    expect_error(ErrorKind::usage, {scheme.substr(0, 5), shape.str()}, [&] { (void)expected(scheme, shape, {5, 5}); });
  }
}

}  // namespace
}  // namespace fanin::init
