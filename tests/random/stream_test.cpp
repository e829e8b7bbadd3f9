#include "fanin/random/stream.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "fanin/random/distributions.h"

#include "random_test_support.h"

namespace fanin::random {
namespace {

using Block = std::array<std::uint32_t, 4>;

// Known answers of Random123 (kat_vectors, philox4x32 10).
TEST(Philox, KnownAnswersOfRandom123) {
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t f = 0xffffffff;
  EXPECT_EQ(philox4x32_10({f, f, f, f}, {f, f}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Stream, WordsAreThePhiloxBlocksInOrder) {
  const Stream s(0x0123456789abcdef, 0xfedcba9876543210);
  for (std::uint64_t i = 0; i < 20; ++i) {
    const std::uint64_t block = 0xfedcba9876543210 + i / 4;
    const Block b = philox4x32_10({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), 0, 0},
                                  {0x89abcdef, 0x01234567});
    EXPECT_EQ(s.word(i), b[i % 4]);
  }
}

// torch 2.14: torch.func._random.split(key(42), 1)[0].
TEST(Stream, FoldInIsTheSplitOfPyTorch) {
  EXPECT_EQ(Stream(42).fold_in(0), Stream(0x77f5493b9ceaf053, 0x5742b3d712bf50ad));
}

TEST(Stream, NameIsFoldedInByItsFnv1aHash) {
  // Published FNV-1a values: "" and "foobar".
  EXPECT_EQ(Stream(7, ""), Stream(7).fold_in(0xcbf29ce484222325));
  EXPECT_EQ(Stream(7, "foobar"), Stream(7).fold_in(0x85944171f73967e8));
}

TEST(Stream, FoldInDependsOnOffsetAndData) {
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  for (std::uint64_t offset : {0, 1000}) {
    for (std::uint64_t data = 0; data < 100; ++data) {
      const Stream s = Stream(3, offset).fold_in(data);
      seen.insert({s.seed(), s.offset()});
    }
  }
  EXPECT_EQ(seen.size(), 200u);
}

TEST(Stream, BulkWordsEqualSingleWordsOnEveryTargetAndRange) {
  const Stream streams[] = {Stream(42), Stream(9, "fc1.weight"), Stream(~0ull, ~0ull - 5), Stream(1, 0xfffffff0ull)};
  for_each_target([&](const std::string& target) {
    for (const Stream& s : streams) {
      for (const std::uint64_t first : {0ull, 1ull, 2ull, 3ull, 63ull, 127ull, (1ull << 34) - 6}) {
        for (const std::size_t count : {0u, 1u, 2u, 3u, 5u, 31u, 32u, 33u, 64u, 67u, 257u}) {
          std::vector<std::uint32_t> words(count + 1, 0xABABABAB);
          s.words(first, std::span(words).first(count));
          for (std::size_t i = 0; i < count; ++i) {
            ASSERT_EQ(words[i], s.word(first + i)) << target << " first " << first << " count " << count << " i " << i;
          }
          ASSERT_EQ(words[count], 0xABABABAB) << target << ": wrote past the end";
        }
      }
    }
  });
}

TEST(Stream, BitsAreFair) {
  constexpr std::size_t kWords = 1 << 18;
  std::vector<std::uint32_t> words(kWords);
  Stream(2024, "bits").words(0, words);
  for (int bit = 0; bit < 32; ++bit) {
    double ones = 0;
    for (const std::uint32_t w : words) ones += (w >> bit) & 1;
    // Five standard deviations of a binomial count.
    EXPECT_NEAR(ones, kWords / 2.0, 5 * std::sqrt(kWords / 4.0)) << "bit " << bit;
  }
}

TEST(Stream, StreamsOfDifferentNamesAndSeedsAreUncorrelated) {
  constexpr std::size_t n = 1 << 17;
  std::vector<std::vector<float>> samples;
  for (const Stream& s : {Stream(42, "fc1.weight"), Stream(42, "fc1.bias"), Stream(42, "fc2.weight"),
                          Stream(43, "fc1.weight"), Stream(42), Stream(42).fold_in(0), Stream(42).fold_in(1)}) {
    fill_normal(s, 0, samples.emplace_back(n), 0, 1);
  }
  for (std::size_t a = 0; a < samples.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      EXPECT_LT(std::abs(correlation(samples[a], samples[b])), 5 / std::sqrt(static_cast<double>(n))) << a << " " << b;
    }
  }
}

TEST(Stream, NeighbouringElementsAreUncorrelated) {
  constexpr std::size_t n = 1 << 18;
  std::vector<float> v(n);
  fill_normal(Stream(5, "lags"), 0, v, 0, 1);
  for (const std::size_t lag : {1u, 2u, 3u, 4u, 7u, 8u, 16u, 32u, 1024u}) {
    EXPECT_LT(std::abs(correlation(std::span(v).first(n - lag), std::span(v).subspan(lag))),
              5 / std::sqrt(static_cast<double>(n)))
        << "lag " << lag;
  }
}

}  // namespace
}  // namespace fanin::random
