#include "init_test_support.h"
#include "tests/random/random_test_support.h"

namespace fanin::init {
namespace {

using random::kolmogorov;
using random::Moments;
using random::moments_of;

// 1000 x 1000: the tests of a law have a million elements; 4.5 standard errors and Kolmogorov's 2.23.
const Shape kMillion{1000, 1000};

void expect_moments(const std::string& scheme, const Shape& shape, Fans fans) {
  const Expected e = Scheme::parse(scheme).expected(shape, fans);
  const std::vector<float> w = filled(scheme, shape, fans);
  const Moments m = moments_of(w);
  const double n = static_cast<double>(w.size());
  EXPECT_NEAR(m.mean, e.mean, 4.5 * e.std / std::sqrt(n)) << scheme;
  EXPECT_NEAR(m.variance / (e.std * e.std), 1, 4.5 * std::sqrt(8 / n)) << scheme;
}

void expect_uniform(const std::string& scheme, Fans fans, double bound) {
  const Expected e = Scheme::parse(scheme).expected(kMillion, fans);
  EXPECT_NEAR(e.high, bound, 1e-14) << scheme;
  EXPECT_NEAR(e.low, -bound, 1e-14) << scheme;
  EXPECT_NEAR(e.std, bound / std::sqrt(3.0), 1e-14) << scheme;
  EXPECT_LT(kolmogorov(filled(scheme, kMillion, fans), [&](double x) { return (x + bound) / (2 * bound); }), 2.23)
      << scheme;
  expect_moments(scheme, kMillion, fans);
}

// For 10 units of 3 inputs: 0.7 * 10^(1/3).
TEST(NguyenWidrow, RowsHaveItsLength) {
  const double length = 0.7 * std::cbrt(10.0);
  for (const auto& [scheme, reach] :
       std::vector<std::pair<std::string, double>>{{"nguyen_widrow", 1}, {"nguyen_widrow(reach=4)", 4}}) {
    const std::vector<float> w = filled(scheme, {10, 3}, {3, 10});
    for (std::size_t r = 0; r < 10; ++r) {
      double squares = 0;
      for (std::size_t c = 0; c < 3; ++c) squares += double{w[3 * r + c]} * w[3 * r + c];
      EXPECT_NEAR(std::sqrt(squares), length / reach, 2e-7) << scheme;
    }
    EXPECT_NEAR(Scheme::parse(scheme).expected({10, 3}, {3, 10}).high, length / reach, 1e-14);
  }
  EXPECT_EQ(std::abs(filled("nguyen_widrow", {1, 1}, {1, 1})[0]), 0.7f);
}

// mlpack's integer exponent 1 / rows gave 0.7 for every layer, FANN's weights are positive.
TEST(NguyenWidrow, HasBothSignsAndItsMoments) {
  expect_moments("nguyen_widrow", kMillion, {1000, 1000});
  EXPECT_NEAR(Scheme::parse("nguyen_widrow").expected(kMillion, {1000, 1000}).std,
              0.7 * std::pow(1000.0, 1e-3) / std::sqrt(1000.0), 1e-14);
}

TEST(NguyenWidrow, BiasIsUniformWithinTheLength) {
  expect_uniform("nguyen_widrow_bias", {3, 10}, 0.7 * std::cbrt(10.0));
  expect_uniform("nguyen_widrow_bias", {1, 256}, 0.7 * 256);
}

TEST(Oivs, IsTheRootOfAShiftedUniform) {
  const double width = 2 * std::log(9.0);
  for (const auto& [scheme, factor, gamma] : std::vector<std::tuple<std::string, double, double>>{
           {"oivs", width / (5 * 784), 0.9}, {"oivs(0.2, 3, 1)", 2 * std::log(4.0) / (3 * 784), 1}}) {
    const Expected e = Scheme::parse(scheme).expected(kMillion, {784, 256});
    EXPECT_NEAR(e.low, factor * std::sqrt(1 - gamma), 1e-15) << scheme;
    EXPECT_NEAR(e.high, factor * std::sqrt(1 + gamma), 1e-15) << scheme;
    expect_moments(scheme, kMillion, {784, 256});
    EXPECT_LT(kolmogorov(filled(scheme, kMillion, {784, 256}),
                         [&, f = factor, g = gamma](double x) { return (x / f * x / f - 1 + g) / (2 * g); }),
              2.23)
        << scheme;
  }
}

TEST(KathirvalavakumarSubavathi, IsUniformWithinItsBound) {
  expect_uniform("kathirvalavakumar_subavathi(100, 4)", {784, 256}, 4 * std::sqrt(3.0 / (784 * 100)));
}

TEST(Siren, LayersHaveTheirBounds) {
  expect_uniform("siren_first", {784, 256}, 1.0 / 784);
  expect_uniform("siren", {784, 256}, std::sqrt(6.0 / 784) / 30);
  expect_uniform("siren(omega=1)", {784, 256}, std::sqrt(6.0 / 784));
}

TEST(Classic, BadFansShapesAndParametersAreRejected) {
  for (const char* scheme : {"nguyen_widrow", "oivs", "siren", "siren_first", "kathirvalavakumar_subavathi(1)"}) {
    expect_error(ErrorKind::usage, {"[5, 5]", "fan_in is 0"}, [&] { (void)filled(scheme, {5, 5}, {0, 5}); });
    expect_error(ErrorKind::usage, {"fan_in is nan"}, [&] { (void)filled(scheme, {5, 5}, {NAN, 5}); });
  }
  expect_error(ErrorKind::usage, {"nguyen_widrow", "[5]"}, [] { (void)filled("nguyen_widrow", {5}, {5, 5}); });
  const auto bad = [](const char* text, const std::vector<std::string>& parts) {
    expect_error(ErrorKind::usage, parts, [&] { (void)Scheme::parse(text); });
  };
  bad("nguyen_widrow(0)", {"reach='0'"});
  bad("oivs(0.5)", {"epsilon='0.5'", "(0, 0.5)"});
  bad("oivs(0)", {"epsilon='0'"});
  bad("oivs(gamma=1.1)", {"gamma='1.1'"});
  bad("oivs(k=0)", {"k='0'"});
  bad("kathirvalavakumar_subavathi", {"square", "missing"});
  bad("kathirvalavakumar_subavathi(0)", {"square='0'"});
  bad("siren(0)", {"omega='0'"});
  bad("siren_first(30)", {"siren_first", "at most 0"});
}

}  // namespace
}  // namespace fanin::init
