#include "fanin/random/permutation.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <vector>

#include "fanin/core/error.h"

#include "random_test_support.h"

namespace fanin::random {
namespace {

// Fisher-Yates word by word, with the 128-bit product of the definition.
std::vector<std::uint32_t> twin(const Stream& s, std::size_t n) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  for (std::size_t i = n; i-- > 0;) {
    const std::uint64_t w = s.word(2 * i) | std::uint64_t{s.word(2 * i + 1)} << 32;
    __extension__ using Wide = unsigned __int128;
    std::swap(order[i], order[static_cast<std::size_t>((Wide{w} * (i + 1)) >> 64)]);
  }
  return order;
}

TEST(Permutation, EqualsItsDefinitionOnEveryTarget) {
  for_each_target([](const std::string& target) {
    for (const std::size_t n : {0u, 1u, 2u, 3u, 10u, 511u, 512u, 513u, 3000u}) {
      const Stream s(17, "order");
      std::vector<std::uint32_t> order(n, 123u);
      permutation(s, order);
      EXPECT_EQ(order, twin(s, n)) << target << " " << n;
    }
  });
}

TEST(Permutation, PinnedOrder) {
  std::vector<std::uint32_t> order(10);
  permutation(Stream(42), order);
  EXPECT_EQ(order, twin(Stream(42), 10));
  EXPECT_EQ(order, (std::vector<std::uint32_t>{5, 9, 0, 1, 8, 6, 4, 3, 7, 2}));
}

TEST(Permutation, HoldsEachNumberOnce) {
  std::vector<std::uint32_t> order(100'000);
  permutation(Stream(9, "epoch 3"), order);
  std::sort(order.begin(), order.end());
  for (std::uint32_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], i);
}

TEST(Permutation, AllOrdersOfFourAreEquallyLikely) {
  constexpr int kDraws = 48'000;
  std::map<std::vector<std::uint32_t>, int> counts;
  std::vector<std::uint32_t> order(4);
  for (int i = 0; i < kDraws; ++i) {
    permutation(Stream(1).fold_in(static_cast<std::uint64_t>(i)), order);
    ++counts[order];
  }
  ASSERT_EQ(counts.size(), 24u);
  double chi_square = 0;
  for (const auto& [o, count] : counts) chi_square += (count - 2000.0) * (count - 2000.0) / 2000.0;
  // 23 degrees of freedom: above 57.1 with probability 1e-4.
  EXPECT_LT(chi_square, 57.1);
}

TEST(Permutation, MoreThan32BitsOfElementsAreRejected) {
  // The size is checked before the first write, so no such memory is needed.
  std::uint32_t one = 7;
  EXPECT_THROW(permutation(Stream(1), std::span(&one, (std::size_t{1} << 32))), Error);
  EXPECT_EQ(one, 7u);
}

}  // namespace
}  // namespace fanin::random
