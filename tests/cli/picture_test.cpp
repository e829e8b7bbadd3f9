#include "cli/picture.h"

#include <gtest/gtest.h>

#include "tests/io/io_test_support.h"

namespace fanin::cli {
namespace {

io::GrayImage filled(std::size_t rows, std::size_t cols, std::uint8_t value) {
  return {rows, cols, std::vector<std::uint8_t>(rows * cols, value)};
}

TEST(PictureOf, BytesOfTwoAxesAreThePicture) {
  const data::Dataset d("d", {2, 3}, std::vector<std::uint8_t>{9, 9, 9, 9, 9, 9, 1, 2, 3, 4, 5, 6}, {0, 0}, 1);
  EXPECT_EQ(picture_of(d, 1), (io::GrayImage{2, 3, {1, 2, 3, 4, 5, 6}}));
}

TEST(PictureOf, AThirdAxisOfOneIsNoHindrance) {
  for (const Shape& shape : {Shape{1, 2, 3}, Shape{2, 3, 1}}) {
    const data::Dataset d("d", shape, std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6}, {0}, 1);
    EXPECT_EQ(picture_of(d, 0), (io::GrayImage{2, 3, {1, 2, 3, 4, 5, 6}}));
  }
}

TEST(PictureOf, RowsOfASquareNumberAreSquares) {
  const data::Dataset d("d", {64}, std::vector<std::uint8_t>(64, 7), {0}, 1);
  EXPECT_EQ(picture_of(d, 0), filled(8, 8, 7));
}

TEST(PictureOf, OtherShapesAreNoPictures) {
  for (const Shape& shape : {Shape{16}, Shape{65}, Shape{3, 4, 4}, Shape{1, 1, 8, 8}}) {
    const data::Dataset d("d", shape, std::vector<std::uint8_t>(shape.elements(), 7), {0}, 1);
    EXPECT_FALSE(picture_of(d, 0)) << shape.str();
  }
}

TEST(PictureOf, FloatsInTheUnitIntervalKeepTheirScale) {
  const data::Dataset d("d", {1, 3}, std::vector<float>{0.25F, 0.5F, 0.75F}, {0}, 1);
  EXPECT_EQ(picture_of(d, 0)->pixels, (std::vector<std::uint8_t>{64, 128, 191}));
}

TEST(PictureOf, OtherFloatsAreStretchedOverTheirRange) {
  const data::Dataset d("d", {1, 3}, std::vector<float>{-3.4e38F, 0, 3.4e38F}, {0}, 1);
  EXPECT_EQ(picture_of(d, 0)->pixels, (std::vector<std::uint8_t>{0, 128, 255}));
}

TEST(Prepare, BrightBorderMeansInk) {
  io::GrayImage paper = filled(8, 8, 250);
  paper.pixels[27] = 0;
  const NetworkInput input = prepare(paper, 64, std::nullopt);
  EXPECT_TRUE(input.inverted);
  EXPECT_FALSE(input.padded);
  EXPECT_EQ(input.image.pixels[27], 255);
  EXPECT_EQ(input.image.pixels[0], 5);
}

TEST(Prepare, BrightMiddleOnADarkBorderStays) {
  io::GrayImage digit = filled(8, 8, 255);
  for (std::size_t i = 0; i < 8; ++i) {
    digit.pixels[i] = digit.pixels[56 + i] = digit.pixels[8 * i] = digit.pixels[8 * i + 7] = 0;
  }
  const NetworkInput input = prepare(digit, 64, std::nullopt);
  EXPECT_FALSE(input.inverted);
  EXPECT_EQ(input.image, digit);
}

TEST(Prepare, TheFlagDecidesAgainstTheBorder) {
  EXPECT_FALSE(prepare(filled(8, 8, 255), 64, false).inverted);
  EXPECT_TRUE(prepare(filled(8, 8, 0), 64, true).inverted);
}

TEST(Prepare, LargePictureIsResized) {
  const NetworkInput input = prepare(filled(32, 32, 10), 64, std::nullopt);
  EXPECT_EQ(input.image, filled(8, 8, 10));
}

TEST(Prepare, OblongPictureIsPaddedInTheMiddleWithBlack) {
  const NetworkInput input = prepare(filled(4, 2, 100), 16, false);
  EXPECT_TRUE(input.padded);
  EXPECT_EQ(input.image.pixels,
            (std::vector<std::uint8_t>{0, 100, 100, 0, 0, 100, 100, 0, 0, 100, 100, 0, 0, 100, 100, 0}));
}

TEST(Prepare, OnePixelHighPictureHasABorder) {
  EXPECT_TRUE(prepare(filled(1, 3, 200), 9, std::nullopt).inverted);
  EXPECT_TRUE(prepare(filled(3, 1, 200), 9, std::nullopt).inverted);
  EXPECT_FALSE(prepare(filled(1, 1, 20), 4, std::nullopt).inverted);
}

TEST(Prepare, InputsThatAreNoSquareAreRejected) {
  for (const std::size_t inputs : {std::size_t{2}, std::size_t{13}, std::size_t{783}, std::size_t{785}}) {
    const std::string message =
        io::message_of(ErrorKind::usage, [&] { (void)prepare(filled(8, 8, 0), inputs, std::nullopt); });
    EXPECT_TRUE(io::contains(message, std::to_string(inputs))) << message;
    EXPECT_TRUE(io::contains(message, "784 = 28x28")) << message;
  }
}

}  // namespace
}  // namespace fanin::cli
