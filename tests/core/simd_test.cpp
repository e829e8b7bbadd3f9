#include "fanin/core/simd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "fanin/core/error.h"

#include "tests/core/simd_kernel.h"

namespace fanin::simd {
namespace {

class Simd : public ::testing::Test {
 protected:
  ~Simd() override { use_target("best"); }
};

TEST_F(Simd, TargetsAreNamedOnceAndEndWithThePortableOne) {
  const auto names = targets();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
#if defined(__x86_64__) && !defined(__AVX2__)
  EXPECT_EQ(names.back(), "portable");
#endif
}

TEST_F(Simd, TheBestTargetIsTheDefault) {
  EXPECT_EQ(target(), targets().front());
}

TEST_F(Simd, UseTargetChangesWhatIsDispatched) {
  std::set<std::int64_t> bits;
  const auto names = targets();
  for (const auto& name : names) {
    use_target(name);
    EXPECT_EQ(target(), name);
    const auto seen = fanin::testing::dispatched();
    bits.insert(seen.bit);
    const std::size_t lanes = name == "avx512" ? 16 : name == "avx2" ? 8 : seen.lanes;
    EXPECT_EQ(seen.lanes, lanes) << name;
  }
  EXPECT_EQ(bits.size(), names.size());
}

TEST_F(Simd, BestUndoesAChoice) {
  const auto names = targets();
  const auto before = fanin::testing::dispatched();
  use_target(names.back());
  use_target("best");
  EXPECT_EQ(targets(), names);
  EXPECT_EQ(fanin::testing::dispatched().bit, before.bit);
}

TEST_F(Simd, AnUnknownTargetIsRejectedAndChangesNothing) {
  const auto names = targets();
  for (const char* name : {"", "sse9", "AVX2", "avx2 "}) {
    try {
      use_target(name);
      ADD_FAILURE() << "accepted '" << name << '\'';
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::usage);
      EXPECT_NE(std::string(e.what()).find(names.front()), std::string::npos) << e.what();
    }
  }
  EXPECT_EQ(targets(), names);
  use_target(names.back());
  EXPECT_THROW(use_target("sse9"), Error);
  EXPECT_EQ(target(), names.back());
}

// Numbers of all magnitudes from a linear congruential generator, so that products cancel, underflow and overflow.
template <typename T>
std::vector<T> wild(std::size_t n, std::uint64_t state) {
  constexpr int kExponents = std::is_same_v<T, float> ? 90 : 600;
  std::vector<T> out(n);
  for (T& x : out) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const auto mantissa = static_cast<T>(static_cast<double>(state >> 12) * 0x1p-52 + 0.5);
    state = state * 6364136223846793005U + 1442695040888963407U;
    const int exponent = static_cast<int>((state >> 33) % (2 * kExponents)) - kExponents;
    x = std::ldexp((state >> 63) != 0 ? -mantissa : mantissa, exponent);
  }
  return out;
}

template <typename T>
void expect_single_rounding_on_every_target() {
  constexpr std::size_t n = 4096;
  const auto a = wild<T>(n, 1);
  const auto b = wild<T>(n, 2);
  auto c = wild<T>(n, 3);
  // Half of them nearly cancel the product, where a second rounding would show.
  for (std::size_t i = 0; i < n; i += 2) c[i] = -a[i] * b[i];
  for (const auto& name : targets()) {
    use_target(name);
    std::vector<T> sum(n);
    std::vector<T> difference(n);
    fanin::testing::fma_kernel(a.data(), b.data(), c.data(), sum.data(), difference.data(), n);
    for (std::size_t i = 0; i < n; ++i) {
      const T expected_sum = std::fma(a[i], b[i], c[i]);
      const T expected_difference = std::fma(-a[i], b[i], c[i]);
      ASSERT_EQ(std::memcmp(&sum[i], &expected_sum, sizeof(T)), 0) << name << ' ' << i;
      ASSERT_EQ(std::memcmp(&difference[i], &expected_difference, sizeof(T)), 0) << name << ' ' << i;
    }
    use_target("best");
  }
}

TEST_F(Simd, FmaRoundsOnceInFloatOnEveryTarget) {
  expect_single_rounding_on_every_target<float>();
}

TEST_F(Simd, FmaRoundsOnceInDoubleOnEveryTarget) {
  expect_single_rounding_on_every_target<double>();
}

}  // namespace
}  // namespace fanin::simd
