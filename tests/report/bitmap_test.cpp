#include "fanin/report/bitmap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "fanin/core/error.h"

namespace fanin::report {
namespace {

const std::string kHalf = "\xE2\x96\x80";

Picture filled(std::size_t rows, std::size_t cols, std::uint8_t value, const std::string& caption = "") {
  return {{rows, cols, std::vector<std::uint8_t>(rows * cols, value)}, caption};
}

std::string draw_one(const Picture& picture, BitmapStyle style, std::size_t columns = 80) {
  return draw(std::span(&picture, 1), {style, columns});
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(BitmapAscii, RampGoesFromSpaceToAt) {
  Picture picture{{1, 20, std::vector<std::uint8_t>(20)}, ""};
  for (std::size_t c = 0; c < 20; ++c) picture.image.pixels[c] = static_cast<std::uint8_t>(c * 255 / 19);
  EXPECT_EQ(draw_one(picture, BitmapStyle::ascii), "  ..::--==++**##%%@@\n");
}

TEST(BitmapAscii, SmallPictureGetsTwoCharactersAPixel) {
  const Picture picture{{2, 3, {0, 255, 0, 255, 0, 255}}, ""};
  EXPECT_EQ(draw_one(picture, BitmapStyle::ascii), "  @@\n@@  @@\n");
}

TEST(BitmapAscii, SmallPictureWithoutRoomGetsOneCharacterAPixel) {
  const Picture picture{{2, 3, {255, 255, 0, 255, 255, 0}}, ""};
  EXPECT_EQ(draw_one(picture, BitmapStyle::ascii, 5), "@@\n");
}

TEST(BitmapAscii, LargePictureHasTheMeanOfTwoRowsInOneLine) {
  Picture picture = filled(3, 17, 0);
  std::fill_n(picture.image.pixels.begin(), 17, std::uint8_t{255});  // row 0 white, rows 1 and 2 black
  const auto lines = lines_of(draw_one(picture, BitmapStyle::ascii));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], std::string(17, '='));  // 127 of 255
  EXPECT_EQ(lines[1], "");                    // the odd last row stands alone
}

TEST(BitmapAnsi, OneCharacterShowsTwoPixels) {
  const Picture picture{{2, 1, {255, 0}}, ""};
  EXPECT_EQ(draw_one(picture, BitmapStyle::ansi), "\x1b[38;5;231;48;5;16m" + kHalf + "\x1b[0m\n");
}

TEST(BitmapAnsi, OddLastRowLeavesTheGroundAlone) {
  const Picture picture{{1, 1, {0}}, ""};
  EXPECT_EQ(draw_one(picture, BitmapStyle::ansi), "\x1b[38;5;16m" + kHalf + "\x1b[0m\n");
}

TEST(BitmapAnsi, EqualNeighboursShareTheirColours) {
  EXPECT_EQ(draw_one(filled(2, 3, 255), BitmapStyle::ansi),
            "\x1b[38;5;231;48;5;231m" + kHalf + kHalf + kHalf + "\x1b[0m\n");
}

TEST(BitmapAnsi, EachGrayGetsThePalettesNearest) {
  for (int value = 0; value < 256; ++value) {
    const std::string text = draw_one(filled(1, 1, static_cast<std::uint8_t>(value)), BitmapStyle::ansi);
    const int colour = std::stoi(text.substr(text.find("38;5;") + 5));
    const auto level = [](int c) { return c == 16 ? 0 : c == 231 ? 255 : 8 + 10 * (c - 232); };
    int nearest = 255;
    for (int c = 232; c < 256; ++c) nearest = std::min(nearest, std::abs(level(c) - value));
    nearest = std::min({nearest, value, 255 - value});
    EXPECT_EQ(std::abs(level(colour) - value), nearest) << "gray " << value << " became colour " << colour;
  }
}

TEST(Bitmap, PicturesStandSideBySideWithTheirCaptions) {
  const std::vector<Picture> pictures{filled(1, 1, 255, "one\n1"), filled(2, 1, 255, "two")};
  EXPECT_EQ(draw(pictures, {BitmapStyle::ascii, 80}),
            "@@   @@\n"
            "one  @@\n"
            "1    two\n");
}

TEST(Bitmap, ColoursDoNotCountAsWidth) {
  const std::vector<Picture> pictures{filled(2, 4, 255, "a"), filled(2, 4, 255, "b")};
  const auto lines = lines_of(draw(pictures, {BitmapStyle::ansi, 80}));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1], "a     b");
}

TEST(Bitmap, RowsBreakAtTheColumns) {
  const std::vector<Picture> pictures(3, filled(2, 20, 255));
  const auto two_of_three = lines_of(draw(pictures, {BitmapStyle::ascii, 42}));
  ASSERT_EQ(two_of_three.size(), 3U);
  EXPECT_EQ(two_of_three[0].size(), 42U);
  EXPECT_EQ(two_of_three[1], "");
  EXPECT_EQ(two_of_three[2].size(), 20U);
  EXPECT_EQ(lines_of(draw(pictures, {BitmapStyle::ascii, 41})).size(), 5U);
}

TEST(Bitmap, TooWidePictureIsResampledInProportion) {
  const auto lines = lines_of(draw_one(filled(100, 200, 255), BitmapStyle::ascii, 50));
  ASSERT_EQ(lines.size(), 13U);  // 25 rows, two a line
  EXPECT_EQ(lines[0], std::string(50, '@'));
}

TEST(Bitmap, VeryFlatPictureKeepsARow) {
  EXPECT_EQ(draw_one(filled(1, 1000, 255), BitmapStyle::ascii, 20), std::string(20, '@') + "\n");
}

TEST(Bitmap, NoPicturesGiveNoText) {
  EXPECT_EQ(draw({}, {}), "");
}

TEST(Bitmap, BadPicturesAreRejected) {
  const std::vector<io::GrayImage> bad{
      {0, 0, {}}, {0, 5, {}}, {5, 0, {}}, {2, 2, {1, 2, 3}}, {2, 2, {1, 2, 3, 4, 5}}, {std::size_t{1} << 63, 2, {}}};
  for (const io::GrayImage& image : bad) {
    for (const BitmapStyle style : {BitmapStyle::ascii, BitmapStyle::ansi}) {
      try {
        (void)draw_one({image, ""}, style);
        ADD_FAILURE() << image.rows << "x" << image.cols << " was drawn";
      } catch (const Error& e) {
        EXPECT_EQ(e.kind(), ErrorKind::usage) << e.what();
      }
    }
  }
}

TEST(Bitmap, NoColumnsAreRejected) {
  EXPECT_THROW((void)draw_one(filled(1, 1, 0), BitmapStyle::ascii, 0), Error);
}

}  // namespace
}  // namespace fanin::report
