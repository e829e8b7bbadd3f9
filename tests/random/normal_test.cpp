#include <gtest/gtest.h>

#include <limits>
#include <numbers>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

#include "random_test_support.h"

namespace fanin::random {
namespace {

float open_uniform(std::uint32_t word) {
  return std::fma(static_cast<float>(word), 0x1p-32f, 0x1p-33f);
}

float log_twin(float x) {
  int e = 0;
  float m = std::frexp(x, &e);
  float r = m - 1;
  if (m < 0.707106781186547524f) {
    --e;
    r += m;
  }
  const float z = r * r;
  float y = 7.0376836292E-2f;
  for (const float c : {-1.1514610310E-1f, 1.1676998740E-1f, -1.2420140846E-1f, 1.4249322787E-1f, -1.6668057665E-1f,
                        2.0000714765E-1f, -2.4999993993E-1f, 3.3333331174E-1f}) {
    y = std::fma(y, r, c);
  }
  y = std::fma(y * r, z, static_cast<float>(e) * -2.12194440e-4f);
  return std::fma(static_cast<float>(e), 0.693359375f, r + std::fma(-z, 0.5f, y));
}

std::pair<float, float> cos_sin_twin(float turn) {
  const float quarters = std::nearbyint(turn * 4);
  const float x = std::fma(quarters, -0.25f, turn) * 6.28318530718f;
  const float z = x * x;
  const float a =
      std::fma(std::fma(std::fma(2.443315711809948E-5f, z, -1.388731625493765E-3f), z, 4.166664568298827E-2f), z * z,
               std::fma(-0.5f, z, 1.0f));
  const float b0 = std::fma(std::fma(-1.9515295891E-4f, z, 8.3321608736E-3f), z, -1.6666654611E-1f);
  const float b = std::fma(b0 * z, x, x);
  switch (static_cast<int>(quarters) % 4) {
    case 0:
      return {a, b};
    case 1:
      return {-b, a};
    case 2:
      return {-a, -b};
    default:
      return {b, -a};
  }
}

float twin(const Stream& s, std::uint64_t i, float mean, float std) {
  const std::uint64_t pair = i & ~1ull;
  const float r = std::sqrt(-2 * log_twin(open_uniform(s.word(pair))));
  const auto [cosine, sine] = cos_sin_twin(open_uniform(s.word(pair + 1)));
  return std::fma(r * (i == pair ? cosine : sine), std, mean);
}

// torch 2.14: torch.func._random.normal(key(42), 4), which uses the platform's libm.
TEST(FillNormal, IsCloseToTheStatelessGeneratorOfPyTorch) {
  std::vector<float> v(4);
  fill_normal(Stream(42), 0, v, 0, 1);
  const float torch[] = {-0x1.f0bcb8p-1f, 0x1.8d59c4p-3f, -0x1.3c51acp+0f, 0x1.ec8674p+0f};
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(v[i], torch[i], 1e-6);
}

TEST(FillNormal, PinnedBits) {
  std::vector<float> v(4);
  fill_normal(Stream(42), 0, v, 0, 1);
  EXPECT_EQ(v, (std::vector<float>{-0x1.f0bcb8p-1f, 0x1.8d59dcp-3f, -0x1.3c51a6p+0f, 0x1.ec8678p+0f}));
}

TEST(FillNormal, EqualsItsScalarTwinOnEveryTargetAndRange) {
  const Stream s(11, "twin");
  const std::pair<float, float> scales[] = {{0.f, 1.f}, {0.5f, 0.02f}, {-3.f, 0.f}, {1e-40f, 1e-42f}};
  for_each_target([&](const std::string& target) {
    for (const auto& [mean, std] : scales) {
      for (const std::uint64_t first : {0ull, 1ull, 2ull, 3ull, 17ull, 1ull << 40}) {
        for (const std::size_t count : {0u, 1u, 2u, 30u, 33u, 64u, 131u, 1000u}) {
          std::vector<float> v(count + 1, 77.f);
          fill_normal(s, first, std::span(v).first(count), mean, std);
          for (std::size_t i = 0; i < count; ++i) {
            ASSERT_EQ(std::bit_cast<std::uint32_t>(v[i]), std::bit_cast<std::uint32_t>(twin(s, first + i, mean, std)))
                << target << " first " << first << " count " << count << " i " << i;
          }
          ASSERT_EQ(v[count], 77.f) << target;
        }
      }
    }
  });
}

TEST(FillNormal, IsBoxMullerToSevenDigits) {
  constexpr std::size_t n = 100'000;
  const Stream s(8, "exact");
  std::vector<float> v(n);
  fill_normal(s, 0, v, 0, 1);
  for (std::size_t i = 0; i < n; i += 2) {
    const double r = std::sqrt(-2 * std::log((s.word(i) + 0.5) * 0x1p-32));
    const double angle = 2 * std::numbers::pi * (s.word(i + 1) + 0.5) * 0x1p-32;
    // The uniforms are rounded to float32: near u = 1 that moves the radius by up to 2^-25 / r.
    const double bound = 1e-6 + 0x1p-24 / std::max(r, 1e-3);
    ASSERT_NEAR(v[i], r * std::cos(angle), bound) << i;
    ASSERT_NEAR(v[i + 1], r * std::sin(angle), bound) << i;
  }
}

TEST(FillNormal, MomentsAndDistributionAreNormal) {
  constexpr std::size_t n = 1'000'000;
  std::vector<float> v(n);
  fill_normal(Stream(42, "normal"), 1, v, 3, 0.5);
  const Moments m = moments_of(v);
  EXPECT_NEAR(m.mean, 3, 4.5 * 0.5 / std::sqrt(n));
  EXPECT_NEAR(m.variance, 0.25, 4.5 * 0.25 * std::sqrt(2.0 / n));
  double fourth = 0;
  for (const float x : v) fourth += std::pow((x - m.mean) / 0.5, 4);
  // Var of z^4 is E z^8 - 9 = 96.
  EXPECT_NEAR(fourth / n, 3, 4.5 * std::sqrt(96.0 / n));
  EXPECT_LT(kolmogorov(v, [](double x) { return normal_cdf((x - 3) / 0.5); }), 2.23);
}

TEST(FillNormal, TailsHaveTheirShare) {
  constexpr std::size_t n = 4'000'000;
  std::vector<float> v(n);
  fill_normal(Stream(6, "tails"), 0, v, 0, 1);
  for (const double t : {2.0, 3.0, 4.0}) {
    const double expected = n * normal_cdf(-t);
    const auto above = std::count_if(v.begin(), v.end(), [t](float x) { return x > t; });
    const auto below = std::count_if(v.begin(), v.end(), [t](float x) { return x < -t; });
    EXPECT_NEAR(static_cast<double>(above), expected, 4.5 * std::sqrt(expected)) << t;
    EXPECT_NEAR(static_cast<double>(below), expected, 4.5 * std::sqrt(expected)) << t;
  }
}

TEST(FillNormal, BadParametersAreRejected) {
  std::vector<float> v(4, 9.f);
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::pair<double, double> bad[] = {{0, -1}, {0, inf}, {0, nan}, {inf, 1}, {nan, 1}, {0, 1e39}, {1e39, 1}};
  for (const auto& [mean, std] : bad) {
    try {
      fill_normal(Stream(1), 0, v, mean, std);
      ADD_FAILURE() << mean << " " << std;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::usage);
    }
  }
  EXPECT_EQ(v, std::vector<float>(4, 9.f));
}

}  // namespace
}  // namespace fanin::random
