#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

#include "random/gauss.h"
#include "random_test_support.h"

namespace fanin::random {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

struct Known {
  double lo, hi;
  std::vector<float> values;
};

// The exact quantiles of (word + 1/2) * 2^-32 for the first six words of Stream(42), from mpmath with 50 digits,
// rounded to float32.
const std::vector<Known>& known() {
  static const std::vector<Known> table = {
      {-2, 2, {0x1.1835a6p-2f, -0x1.34246cp-4f, -0x1.5319d2p+0f, -0x1.8fd1c8p-2f, 0x1.d19b6ap+0f, -0x1.b4910cp-2f}},
      {6, 8, {0x1.89bf32p+2f, 0x1.86847ap+2f, 0x1.80ca22p+2f, 0x1.844f06p+2f, 0x1.ab632ap+2f, 0x1.84187ap+2f}},
      {-8, -6, {-0x1.850e0cp+2f, -0x1.87cd5ep+2f, -0x1.9a4f00p+2f, -0x1.8b08b8p+2f, -0x1.8020dep+2f, -0x1.8b73acp+2f}},
      {-kInf,
       kInf,
       {0x1.25ee50p-2f, -0x1.42dc66p-4f, -0x1.73bf42p+0f, -0x1.a3f4a6p-2f, 0x1.1fc566p+1f, -0x1.caca1ep-2f}},
      {30, kInf, {0x1.e08164p+4f, 0x1.e05632p+4f, 0x1.e00a60p+4f, 0x1.e038d6p+4f, 0x1.e25696p+4f, 0x1.e03602p+4f}},
      {-1, 3, {0x1.cc7f74p-2f, 0x1.0d14c2p-3f, -0x1.8b11e0p-1f, -0x1.1b5d7ep-3f, 0x1.224c24p+1f, -0x1.57918ap-3f}},
      {3, 3.0001, {0x1.800202p+1f, 0x1.80018ap+1f, 0x1.80003ep+1f, 0x1.80011ep+1f, 0x1.80033cp+1f, 0x1.800112p+1f}},
  };
  return table;
}

TEST(FillTruncatedNormal, EqualsExactQuantilesAlsoFarInTheTails) {
  for (const Known& k : known()) {
    std::vector<float> v(k.values.size());
    fill_truncated_normal(Stream(42), 0, v, 0, 1, k.lo, k.hi);
    for (std::size_t i = 0; i < v.size(); ++i) {
      EXPECT_FLOAT_EQ(v[i], k.values[i]) << "[" << k.lo << ", " << k.hi << "] element " << i;
    }
  }
}

// One step of Newton's method in float64 from the float32 value finds the exact quantile of its word.
double ulps_off(float z, std::uint32_t word, double lo, double hi) {
  const double x = static_cast<double>(z);
  const double u = (word + 0.5) * 0x1p-32;
  const double lower = lo < 0 ? normal_lower(lo) : 0;
  const double mass = normal_middle(-lo) + normal_middle(hi);
  const double past = u * mass - normal_middle(-lo);  // the word's number is P^-1(1/2 + past)
  const double density = std::exp(-0.5 * x * x) * 0.39894228040143267794;
  // In the tails P is dense near 0, around the median next to 1/2.
  const double error = std::abs(x) < 1 ? (x < 0 ? -normal_middle(-x) : normal_middle(x)) - past
                       : x < 0         ? normal_lower(x) - (lower + u * mass)
                                       : (normal_lower(-hi) + (1 - u) * mass) - normal_lower(-x);
  const float near = std::abs(z);
  return std::abs(error / density) / static_cast<double>(std::nextafter(near, 100.f) - near);
}

TEST(FillTruncatedNormal, IsExactToThreeUlpsWhereFloat32WorksOutTheQuantile) {
  std::vector<float> v(300'000);
  std::vector<std::uint32_t> words(v.size());
  const Stream stream(5, "ulps");
  stream.words(0, words);
  for (const auto& [lo, hi] : {std::pair<double, double>{-2, 2},
                               {-1, 3},
                               {-0.01, 4},
                               {-kInf, kInf},
                               {-8, 8},
                               {-1e-3, 1e-3},
                               {-1e-15, 1e-15},
                               {-3, 1e-9}}) {
    fill_truncated_normal(stream, 0, v, 0, 1, lo, hi);
    double worst = 0;
    for (std::size_t i = 0; i < v.size(); ++i) worst = std::max(worst, ulps_off(v[i], words[i], lo, hi));
    EXPECT_LE(worst, 3) << lo << " " << hi;
    EXPECT_GT(worst, 0.5) << lo << " " << hi;
  }
}

TEST(FillTruncatedNormal, PinnedBits) {
  std::vector<float> v(6);
  fill_truncated_normal(Stream(42), 0, v, 0, 1, -2, 2);
  EXPECT_EQ(v, (std::vector<float>{0x1.1835a6p-2f, -0x1.34246ap-4f, -0x1.5319d4p+0f, -0x1.8fd1c8p-2f, 0x1.d19b6ap+0f,
                                   -0x1.b4910cp-2f}));
  // Wholly in a tail, where float64 works the quantile out.
  fill_truncated_normal(Stream(42), 0, v, 0, 1, 6, 8);
  EXPECT_EQ(v, known()[1].values);
}

TEST(FillTruncatedNormal, SameBitsOnEveryTargetAndRange) {
  const Stream s(3, "targets");
  for (const Known& k : known()) {
    simd::use_target("best");
    std::vector<float> whole(5000);
    fill_truncated_normal(s, 0, whole, 0.5, 2, k.lo, k.hi);
    for_each_target([&](const std::string& target) {
      for (const std::size_t first : {0u, 1u, 2u, 3u, 9u, 2047u}) {
        for (const std::size_t count : {0u, 1u, 3u, 7u, 8u, 65u, 2048u, 2500u}) {
          std::vector<float> v(count + 1, 77.f);
          fill_truncated_normal(s, first, std::span(v).first(count), 0.5, 2, k.lo, k.hi);
          ASSERT_EQ(v[count], 77.f);
          v.pop_back();
          ASSERT_EQ(bits_of(v), bits_of(std::span(whole).subspan(first, count))) << target << " " << first;
        }
      }
    });
  }
}

TEST(FillTruncatedNormal, NeverLeavesTheBounds) {
  std::vector<float> v(200'000);
  for (const auto& [mean, std, lo, hi] : {std::array<double, 4>{0, 0.02, -2, 2}, std::array<double, 4>{1e6, 1, -1, 1},
                                          std::array<double, 4>{0, 1, 3, 3.0000001}, std::array<double, 4>{5, 0, -1, 1},
                                          std::array<double, 4>{0, 0.1, -kInf, -34}}) {
    fill_truncated_normal(Stream(4), 0, v, mean, std, lo, hi);
    const auto [least, greatest] = std::minmax_element(v.begin(), v.end());
    EXPECT_GE(*least, static_cast<float>(std == 0 ? mean : mean + std * lo));
    EXPECT_LE(*greatest, static_cast<float>(std == 0 ? mean : mean + std * hi));
  }
}

TEST(FillTruncatedNormal, MomentsAndDistributionAreThoseOfTheTruncatedNormal) {
  constexpr std::size_t n = 1'000'000;
  std::vector<float> v(n);
  for (const auto& [lo, hi] : {std::pair<double, double>{-2, 2}, {-1, 3}, {2, kInf}, {-kInf, kInf}}) {
    fill_truncated_normal(Stream(42, "truncated"), 7, v, 1, 0.5, lo, hi);
    const Moments m = moments_of(v);
    const double std = 0.5 * truncated_normal_std(lo, hi);
    EXPECT_NEAR(m.mean, 1 + 0.5 * truncated_normal_mean(lo, hi), 4.5 * std / std::sqrt(n));
    // A truncated normal's kurtosis is at most 9, that of an exponential.
    EXPECT_NEAR(m.variance, std * std, 4.5 * std * std * std::sqrt(8.0 / n));
    const double below = normal_cdf(lo);
    const double mass = normal_cdf(hi) - below;
    EXPECT_LT(kolmogorov(v, [&](double x) { return (normal_cdf((x - 1) / 0.5) - below) / mass; }), 2.23) << lo;
  }
}

// mpmath with 50 digits.
TEST(TruncatedNormalMoments, EqualExactValues) {
  EXPECT_NEAR(truncated_normal_std(-2, 2), 0.87962566103423975, 1e-15);
  EXPECT_NEAR(truncated_normal_std(-1, 1), 0.53956009375489697, 1e-15);
  EXPECT_NEAR(truncated_normal_std(-kInf, kInf), 1, 1e-15);
  EXPECT_NEAR(truncated_normal_std(0, kInf), 0.60281027498908697, 1e-15);
  EXPECT_NEAR(truncated_normal_std(-1, 3), 0.784946963404426, 1e-14);
  EXPECT_NEAR(truncated_normal_std(6, 8), 0.15487160297491519, 1e-15);
  EXPECT_NEAR(truncated_normal_std(-8, -6), 0.15487160297491519, 1e-15);
  EXPECT_NEAR(truncated_normal_std(30, kInf), 0.033223056931746829, 1e-15);
  EXPECT_NEAR(truncated_normal_std(3, 3.0001) / 2.8867513389776885e-5, 1, 1e-11);
  EXPECT_NEAR(truncated_normal_mean(-2, 2), 0, 1e-16);
  EXPECT_NEAR(truncated_normal_mean(0, kInf), 0.79788456080286536, 1e-15);
  EXPECT_NEAR(truncated_normal_mean(6, 8), 6.1584813668399595, 1e-14);
  EXPECT_NEAR(truncated_normal_mean(30, kInf), 30.033259667433677, 1e-13);
}

TEST(NormalLower, EqualsExactValues) {
  const std::pair<double, double> exact[] = {
      {-35, 1.1249107064724062e-268}, {-8, 6.2209605742717841e-16}, {-2, 0.022750131948179207},
      {-1.5, 0.066807201268858066},   {-1, 0.15865525393145705},    {-0.5, 0.3085375387259869},
      {0.5, 0.6914624612740131},      {1, 0.84134474606854295},     {2, 0.97724986805182079}};
  for (const auto& [x, p] : exact) EXPECT_NEAR(normal_lower(x) / p, 1, 4e-15) << x;
  EXPECT_EQ(normal_lower(-kInf), 0);
  EXPECT_EQ(normal_lower(kInf), 1);
  for (double x = 0; x > -700; x -= 0.37) EXPECT_NEAR(exp_of_nonpositive(x) / std::exp(x), 1, 1e-15) << x;
}

TEST(FillTruncatedNormal, BadParametersAreRejected) {
  std::vector<float> v(4, 9.f);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::array<double, 4> bad[] = {{0, 1, 2, 2},    {0, 1, 2, -2},    {0, 1, nan, 1},  {0, 1, 0, nan},
                                       {0, 1, 36, 40},  {0, 1, -40, -36}, {0, -1, -2, 2},  {0, nan, -2, 2},
                                       {nan, 1, -2, 2}, {0, kInf, -2, 2}, {1e39, 1, -2, 2}};
  for (const auto& [mean, std, lo, hi] : bad) {
    try {
      fill_truncated_normal(Stream(1), 0, v, mean, std, lo, hi);
      ADD_FAILURE() << mean << " " << std << " " << lo << " " << hi;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::usage);
    }
  }
  EXPECT_EQ(v, std::vector<float>(4, 9.f));
  EXPECT_THROW((void)truncated_normal_std(1, 1), Error);
  EXPECT_THROW((void)truncated_normal_mean(40, 50), Error);
}

}  // namespace
}  // namespace fanin::random
