#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

#include "random_test_support.h"

namespace fanin::random {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

float twin(const Stream& s, std::uint64_t i, float lo, float hi) {
  const float x = static_cast<float>(s.word(i) & 0xffffff) * 0x1p-24f;
  const float v = std::fma(x, hi - lo, lo);
  return lo == hi ? lo : std::min(v, std::nextafter(hi, -kInf));
}

// torch 2.14: torch.func._random.uniform(key(42), 4).
TEST(FillUniform, EqualsTheStatelessGeneratorOfPyTorch) {
  std::vector<float> v(4);
  fill_uniform(Stream(42), 0, v, 0, 1);
  EXPECT_EQ(v, (std::vector<float>{0x1.d5e0a6p-1f, 0x1.ea9276p-1f, 0x1.7ea15ap-1f, 0x1.0acf5cp-2f}));
}

TEST(FillUniform, EqualsItsScalarTwinOnEveryTargetAndRange) {
  const Stream s(11, "twin");
  const std::pair<float, float> ranges[] = {
      {0.f, 1.f}, {-0.1f, 0.1f}, {3.f, 3.00001f}, {1e30f, 2e30f}, {-1e-40f, 1e-40f}};
  for_each_target([&](const std::string& target) {
    for (const auto& [lo, hi] : ranges) {
      for (const std::uint64_t first : {0ull, 1ull, 3ull, 17ull, 1ull << 40}) {
        for (const std::size_t count : {0u, 1u, 2u, 30u, 33u, 64u, 131u}) {
          std::vector<float> v(count + 1, 77.f);
          fill_uniform(s, first, std::span(v).first(count), lo, hi);
          for (std::size_t i = 0; i < count; ++i) {
            ASSERT_EQ(std::bit_cast<std::uint32_t>(v[i]), std::bit_cast<std::uint32_t>(twin(s, first + i, lo, hi)))
                << target << " [" << lo << ", " << hi << ") first " << first << " count " << count << " i " << i;
          }
          ASSERT_EQ(v[count], 77.f) << target;
        }
      }
    }
  });
}

TEST(FillUniform, StaysBelowTheUpperBoundWhereRoundingReachesIt) {
  std::vector<float> v(1 << 16);
  // Four float32 values in the range: one draw in eight rounds up to the bound.
  const float hi = std::nextafter(std::nextafter(std::nextafter(std::nextafter(1.f, 2.f), 2.f), 2.f), 2.f);
  fill_uniform(Stream(1), 0, v, 1, hi);
  EXPECT_EQ(*std::max_element(v.begin(), v.end()), std::nextafter(hi, 0.f));
  EXPECT_EQ(*std::min_element(v.begin(), v.end()), 1.f);
}

TEST(FillUniform, EqualBoundsGiveThatConstant) {
  std::vector<float> v(37);
  fill_uniform(Stream(1), 5, v, 0.25, 0.25);
  EXPECT_EQ(v, std::vector<float>(37, 0.25f));
}

TEST(FillUniform, MomentsAndDistributionAreUniform) {
  constexpr std::size_t n = 1'000'000;
  std::vector<float> v(n);
  fill_uniform(Stream(42, "uniform"), 3, v, -2, 6);
  const Moments m = moments_of(v);
  const double variance = 64.0 / 12;
  EXPECT_NEAR(m.mean, 2, 4.5 * std::sqrt(variance / n));
  // Var of the sample variance: (kurtosis - 1) variance^2 / n with kurtosis 9/5.
  EXPECT_NEAR(m.variance, variance, 4.5 * variance * std::sqrt(0.8 / n));
  EXPECT_LT(kolmogorov(v, [](double x) { return (x + 2) / 8; }), 2.23);
}

TEST(FillUniform, BadBoundsAreRejected) {
  std::vector<float> v(4, 9.f);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::pair<double, double> bad[] = {{1, 0},     {nan, 1},  {0, nan},      {0, kInf},
                                           {-kInf, 0}, {0, 1e39}, {-3e38, 3e38}, {1e39, 1e39}};
  for (const auto& [lo, hi] : bad) {
    try {
      fill_uniform(Stream(1), 0, v, lo, hi);
      ADD_FAILURE() << lo << " " << hi;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::usage);
    }
  }
  EXPECT_EQ(v, std::vector<float>(4, 9.f));
}

}  // namespace
}  // namespace fanin::random
