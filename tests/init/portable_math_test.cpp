#include "init/portable_math.h"

#include <numbers>

#include "init_test_support.h"

namespace fanin::init {
namespace {

TEST(PortableMath, LogarithmIsThatOfTheLibrary) {
  for (double x = 1e-300; x < 1e300; x *= 1.37e3) EXPECT_NEAR(log_of(x) / std::log(x), 1, 4e-16) << x;
  for (double x = 0.5; x < 2; x += 0.0097) EXPECT_NEAR(log_of(x), std::log(x), 2e-16) << x;
  EXPECT_EQ(log_of(1), 0);
}

TEST(PortableMath, ExponentialKeepsItsDigitsNearZero) {
  EXPECT_EQ(exp_minus_one(0), 0);
  for (double x = 1e-20; x < 600; x *= 1.3) {
    EXPECT_NEAR(exp_minus_one(x) / std::expm1(x), 1, 2e-15) << x;
    EXPECT_NEAR(exp_minus_one(-x) / std::expm1(-x), 1, 2e-15) << x;
  }
}

TEST(PortableMath, InverseSoftplusIsTheInverse) {
  for (double x = 1e-6; x < 700; x *= 1.7) {
    const double b = inverse_softplus(x);
    EXPECT_NEAR((std::max(b, 0.0) + std::log1p(std::exp(-std::abs(b)))) / x, 1, 1e-14) << x;
  }
  EXPECT_NEAR(inverse_softplus(1), 0.54132485461291810, 2e-16);
}

TEST(PortableMath, TurnsAreExactAtTheQuartersAndCloseElsewhere) {
  for (const std::uint64_t n : {1u, 2u, 3u, 4u, 7u, 8u, 12u, 100u, 513u}) {
    for (std::uint64_t k = 0; k < 2 * n; ++k) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(k % n) / static_cast<double>(n);
      EXPECT_NEAR(cos_of_turns(k, n), std::cos(angle), 9e-16) << k << "/" << n;
      EXPECT_NEAR(sin_of_turns(k, n), std::sin(angle), 9e-16) << k << "/" << n;
    }
  }
  EXPECT_EQ(cos_of_turns(1, 4), 0);
  EXPECT_EQ(cos_of_turns(2, 4), -1);
  EXPECT_EQ(sin_of_turns(3, 4), -1);
  EXPECT_EQ(sin_of_turns(6, 12), 0);
  EXPECT_NEAR(cos_of_turns(1, 6), 0.5, 2e-16);
}

TEST(PortableMath, RootsAreInverseToPowers) {
  for (const double x : {1.0, 2.0, 10.0, 256.0, 1e6, 9e15}) {
    for (const std::uint64_t n : {1u, 2u, 3u, 17u, 784u, 1000000u}) {
      EXPECT_NEAR(root_of(x, n), std::pow(x, 1.0 / static_cast<double>(n)), 2e-15 * x) << x << " " << n;
    }
  }
  EXPECT_EQ(root_of(1, 5), 1);
  EXPECT_NEAR(root_of(256, 8), 2, 1e-15);
}

}  // namespace
}  // namespace fanin::init
