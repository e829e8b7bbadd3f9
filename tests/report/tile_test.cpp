#include "fanin/report/tile.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "fanin/core/error.h"

namespace fanin::report {
namespace {

using Pixels = std::vector<std::uint8_t>;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

void expect_error(ErrorKind kind, const std::string& part, const std::function<void()>& call) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown, expected: " << part;
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), kind) << e.what();
    EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
  }
}

TEST(SignedTile, ZeroIsMidGrayAndBothSignsScaleAlike) {
  const std::vector<float> values{0, 2, -2, 1, -1, 0.5F};
  const io::GrayImage image = signed_tile(values, 2, 3);
  EXPECT_EQ(image.rows, 2U);
  EXPECT_EQ(image.cols, 3U);
  // 127 / 2 and its half, 31.75.
  EXPECT_EQ(image.pixels, (Pixels{128, 255, 1, 192, 64, 160}));
}

TEST(SignedTile, TheLargestMagnitudeMayBeNegative) {
  EXPECT_EQ(signed_tile(std::vector<float>{0.25F, -1}, 1, 2).pixels, (Pixels{160, 1}));
}

TEST(SignedTile, AGivenScaleClampsWhatIsBeyond) {
  EXPECT_EQ(signed_tile(std::vector<float>{1, -1, 3, -3, 0}, 1, 5, 2).pixels, (Pixels{192, 64, 255, 1, 128}));
}

TEST(SignedTile, ZerosAloneAreMidGray) {
  EXPECT_EQ(signed_tile(std::vector<float>{0, -0.0F}, 2, 1).pixels, (Pixels{128, 128}));
}

TEST(SignedTile, TinyAndHugeValuesKeepTheirRatio) {
  EXPECT_EQ(signed_tile(std::vector<float>{1e-45F, -1e-45F}, 1, 2).pixels, (Pixels{255, 1}));
  EXPECT_EQ(signed_tile(std::vector<float>{3e38F, -1.5e38F}, 1, 2).pixels, (Pixels{255, 64}));
}

TEST(SignedTile, NonFiniteValuesAreRejectedWithTheirPlace) {
  for (const float bad : {kNan, kInf, -kInf}) {
    expect_error(ErrorKind::data, "[tile] the value in row 1, column 0", [&] {
      (void)signed_tile(std::vector<float>{0, 1, bad, 3}, 2, 2);
    });
  }
}

TEST(SignedTile, BadScalesAreRejected) {
  for (const double scale : {-1.0, static_cast<double>(kNan), static_cast<double>(kInf)}) {
    expect_error(ErrorKind::usage, "[tile] scale", [&] { (void)signed_tile(std::vector<float>{0}, 1, 1, scale); });
  }
}

TEST(UnitTile, RoundsAndClamps) {
  const std::vector<float> values{0, 1, 0.5F, -3, 7, 1.0F / 255, 0.4F / 255, 0.6F / 255};
  EXPECT_EQ(unit_tile(values, 2, 4).pixels, (Pixels{0, 255, 128, 0, 255, 1, 0, 1}));
}

TEST(UnitTile, EveryByteComesBack) {
  std::vector<float> values;
  for (int x = 0; x < 256; ++x) values.push_back(static_cast<float>(x) / 255.0F);
  const io::GrayImage image = unit_tile(values, 16, 16);
  for (std::size_t x = 0; x < 256; ++x) EXPECT_EQ(image.pixels[x], x);
}

TEST(UnitTile, NonFiniteValuesAreRejected) {
  for (const float bad : {kNan, kInf}) {
    expect_error(ErrorKind::data, "row 0, column 1", [&] { (void)unit_tile(std::vector<float>{0, bad}, 1, 2); });
  }
}

TEST(Tile, SizesThatDoNotFitAreRejected) {
  const std::vector<float> six(6);
  expect_error(ErrorKind::usage, "6 values given for a picture of 2x2, 4 are needed",
               [&] { (void)signed_tile(six, 2, 2); });
  expect_error(ErrorKind::usage, "6 values given for a picture of 7x1", [&] { (void)unit_tile(six, 7, 1); });
  expect_error(ErrorKind::usage, "a picture of 0x6", [&] { (void)unit_tile(six, 0, 6); });
  expect_error(ErrorKind::usage, "a picture of 6x0", [&] { (void)signed_tile(six, 6, 0); });
  expect_error(ErrorKind::usage, "a picture of 16385x1", [&] { (void)unit_tile(six, 16385, 1); });
  const std::size_t huge = std::size_t{1} << 63;
  expect_error(ErrorKind::usage, "asked for", [&] { (void)unit_tile(six, huge, 2); });
}

TEST(ActivityMap, RowsAreCasesAndColumnsAreUnits) {
  // The last value of each row lies beyond the view.
  const std::vector<float> p{0, 1, 0.5F, 9, 1, 0, 0.2F, 9};
  const io::GrayImage image = activity_map({p.data(), 2, 3, 4});
  EXPECT_EQ(image.rows, 2U);
  EXPECT_EQ(image.cols, 3U);
  EXPECT_EQ(image.pixels, (Pixels{0, 255, 128, 255, 0, 51}));
}

TEST(ActivityMap, WhatIsNoProbabilityIsRejected) {
  for (const float bad : {kNan, kInf, -0.01F, 1.01F}) {
    const std::vector<float> p{0, 0, bad, 0};
    expect_error(ErrorKind::data, "the probability of unit 0 for case 1", [&] {
      (void)activity_map({p.data(), 2, 2});
    });
  }
  expect_error(ErrorKind::usage, "a picture of 0x3", [] { (void)activity_map({nullptr, 0, 3}); });
}

}  // namespace
}  // namespace fanin::report
