#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "fanin/data/find.h"
#include "fanin/data/statistics.h"

#include "tests/data/files.h"

namespace fanin::data {
namespace {

using test::expect_error;
using Pixels = std::string;

Pixels pixels_of(const Dataset& data, std::size_t i) {
  Pixels pixels;
  for (const std::uint8_t x : data.bytes(i)) pixels += x == 255 ? '#' : x == 0 ? '.' : '?';
  return pixels;
}

TEST(BarsAndStripes, OfSideTwoAreKnown) {
  const Split split = load_named("bars_and_stripes(2)");
  const std::vector<Pixels> expected{"....", "#.#.", ".#.#", "####", "....", "##..", "..##", "####"};
  ASSERT_EQ(split.train.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(pixels_of(split.train, i), expected[i]) << i;
    EXPECT_EQ(split.train.labels()[i], i < 4 ? 0 : 1);
  }
}

TEST(BarsAndStripes, AllAndNoneOccurTwiceAndTheOthersOnce) {
  for (std::size_t side = 2; side <= 5; ++side) {
    const std::string name = "bars_and_stripes(" + std::to_string(side) + ")";
    const Split split = load_named(name);
    const Dataset& data = split.train;
    EXPECT_EQ(data.name(), name + "/train");
    EXPECT_EQ(data.size(), std::size_t{2} << side);
    EXPECT_EQ(data.sample_shape(), (Shape{side, side}));
    EXPECT_EQ(data.classes(), 2U);
    EXPECT_TRUE(is_binary(data));
    std::map<Pixels, std::size_t> counts;
    for (std::size_t i = 0; i < data.size(); ++i) {
      const Pixels p = pixels_of(data, i);
      ++counts[p];
      // Bars are the same in all rows, stripes in all columns.
      for (std::size_t k = 0; k < p.size(); ++k) EXPECT_EQ(p[k], p[data.labels()[i] == 0 ? k % side : k / side * side]);
    }
    EXPECT_EQ(counts.size(), data.size() - 2);
    EXPECT_EQ(counts[Pixels(side * side, '.')], 2U);
    EXPECT_EQ(counts[Pixels(side * side, '#')], 2U);
  }
}

TEST(BarsAndStripes, TheBestSumOfLogLikelihoodsOfSideThreeIsThePublishedOne) {
  const Split split = load_named("bars_and_stripes(3)");
  ASSERT_EQ(split.train.size(), 16U);
  std::map<Pixels, double> counts;
  for (std::size_t i = 0; i < 16; ++i) ++counts[pixels_of(split.train, i)];
  double sum = 0;
  for (const auto& [pixels, count] : counts) sum += count * std::log(count / 16);
  EXPECT_NEAR(sum, -41.589, 5e-4);
}

TEST(BarsAndStripes, BothPartsAreTheSame) {
  const Split split = load_named("bars_and_stripes(4)");
  EXPECT_EQ(split.test.name(), "bars_and_stripes(4)/test");
  ASSERT_EQ(split.test.size(), split.train.size());
  for (std::size_t i = 0; i < split.test.size(); ++i) {
    EXPECT_EQ(pixels_of(split.test, i), pixels_of(split.train, i));
    EXPECT_EQ(split.test.labels()[i], split.train.labels()[i]);
  }
}

TEST(BarsAndStripes, OtherSidesAreRejected) {
  for (const char* side : {"", "()", "(1)", "(6)", "(0)", "(-3)", "(03)", "(3", "(3) ", "(3.0)", "(33)", "s(3)"}) {
    const std::string name = std::string("bars_and_stripes") + side;
    expect_error(ErrorKind::usage, {"[find] '" + name + "' names no side from 2 to 5, such as bars_and_stripes(3)"},
                 [&] { (void)load_named(name); });
  }
  expect_error(ErrorKind::usage, {"did you mean 'bars_and_stripes(3)'?"},
               [] { (void)load_named("bars-and-stripes(3)"); });
}

}  // namespace
}  // namespace fanin::data
