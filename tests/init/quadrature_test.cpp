#include "fanin/init/quadrature.h"

#include <numbers>

#include "init_test_support.h"

namespace fanin::init {
namespace {

TEST(GaussianMean, MomentsOfTheNormalDistribution) {
  EXPECT_NEAR(gaussian_mean([](double) { return 1.0; }), 1, 1e-14);
  EXPECT_NEAR(gaussian_mean([](double z) { return z; }), 0, 1e-14);
  EXPECT_NEAR(gaussian_mean([](double z) { return z * z; }), 1, 1e-14);
  EXPECT_NEAR(gaussian_mean([](double z) { return std::pow(z, 10); }), 945, 945e-14);
  EXPECT_NEAR(gaussian_mean([](double z) { return std::exp(2 * z); }), std::exp(2.0), 1e-13);
  EXPECT_NEAR(gaussian_mean([](double z) { return std::exp(z * z / 4); }), std::numbers::sqrt2, 1e-13);
}

// E (z - k)+ = density(k) - k P(z > k), wherever the kink lies.
TEST(GaussianMean, KinksCostNoAccuracy) {
  for (const double k : {-2.7182818, -0.1, 0.0, 1e-9, 1.0 / 3, 0.5, 1.2345678, 5.5}) {
    const double exact =
        std::exp(-k * k / 2) / std::sqrt(2 * std::numbers::pi) - k * 0.5 * std::erfc(k / std::numbers::sqrt2);
    EXPECT_NEAR(gaussian_mean([k](double z) { return std::max(z - k, 0.0); }), exact, 2e-14) << k;
  }
}

TEST(GaussianMean, JumpsCostNoAccuracy) {
  for (const double k : {-1.1, 0.0, 1.0 / 3, 2.0}) {
    EXPECT_NEAR(gaussian_mean([k](double z) { return z > k ? 1.0 : 0.0; }), 0.5 * std::erfc(k / std::numbers::sqrt2),
                1e-14)
        << k;
  }
}

// A rule without points at the ends of a piece overlooks what happens between its last point and the end.
TEST(GaussianMean, NoPlaceForAKinkOrAJumpIsBlind) {
  for (int i = 0; i <= 1000; ++i) {
    const double k = i / 1000.0 + 1e-7 * (i % 7);
    const double above = 0.5 * std::erfc(k / std::numbers::sqrt2);
    const double density = std::exp(-k * k / 2) / std::sqrt(2 * std::numbers::pi);
    EXPECT_NEAR(gaussian_mean([k](double z) { return z > k ? 1.0 : 0.0; }), above, 1e-13) << k;
    EXPECT_NEAR(gaussian_mean([k](double z) { return std::max(z - k, 0.0); }), density - k * above, 1e-13) << k;
  }
}

TEST(GaussianMean, FastOscillationsAreResolved) {
  // E cos(w z) = e^(-w^2 / 2).
  EXPECT_NEAR(gaussian_mean([](double z) { return std::cos(5 * z); }), std::exp(-12.5), 1e-14);
  EXPECT_NEAR(gaussian_mean([](double z) { return std::cos(80 * z); }), 0, 1e-14);
}

TEST(GaussianMean, ValuesThatAreNotFiniteAreRejected) {
  const auto bad = [](auto f) { expect_error(ErrorKind::numeric, {"finite", "16"}, [&] { (void)gaussian_mean(f); }); };
  bad([](double z) { return 1 / std::floor(std::abs(z)); });
  bad([](double z) { return std::sqrt(z); });
  bad([](double z) { return std::exp(z * z * z); });
}

TEST(GaussianMean, NoiseIsRejectedInsteadOfIntegratedForEver) {
  const auto noise = [](double z) { return std::fmod(std::abs(std::sin(z) * 1e9), 1.0); };
  expect_error(ErrorKind::numeric, {"pieces", "noise"}, [&] { (void)gaussian_mean(noise); });
}

}  // namespace
}  // namespace fanin::init
