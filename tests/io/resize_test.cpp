#include <cmath>
#include <numeric>
#include <random>

#include "fanin/io/png.h"

#include "tests/io/io_test_support.h"

namespace fanin::io {
namespace {

GrayImage noise(std::size_t rows, std::size_t cols, unsigned seed) {
  std::mt19937 random(seed);
  GrayImage image{.rows = rows, .cols = cols, .pixels = std::vector<std::uint8_t>(rows * cols)};
  for (auto& p : image.pixels) p = static_cast<std::uint8_t>(random());
  return image;
}

// The definition in floating point: every old pixel weighted by the area that the new one covers of it.
std::vector<double> slow_resize(const GrayImage& image, std::size_t rows, std::size_t cols) {
  const double height = static_cast<double>(image.rows) / static_cast<double>(rows);
  const double width = static_cast<double>(image.cols) / static_cast<double>(cols);
  const auto covered = [](double from, double to, std::size_t i) {
    return std::max(0.0, std::min(to, static_cast<double>(i + 1)) - std::max(from, static_cast<double>(i)));
  };
  std::vector<double> result;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) {
      double sum = 0;
      for (std::size_t i = 0; i < image.rows; ++i) {
        for (std::size_t j = 0; j < image.cols; ++j) {
          sum += image.pixels[i * image.cols + j] *
                 covered(static_cast<double>(r) * height, static_cast<double>(r + 1) * height, i) *
                 covered(static_cast<double>(c) * width, static_cast<double>(c + 1) * width, j);
        }
      }
      result.push_back(sum / (height * width));
    }
  }
  return result;
}

TEST(ResizeArea, EqualsTheSlowDefinitionForAllSizes) {
  unsigned seed = 0;
  for (const std::size_t from_rows : {1U, 4U, 7U, 30U}) {
    for (const std::size_t from_cols : {1U, 5U, 28U}) {
      for (const std::size_t rows : {1U, 3U, 7U, 28U}) {
        for (const std::size_t cols : {1U, 4U, 29U}) {
          const GrayImage image = noise(from_rows, from_cols, ++seed);
          const GrayImage result = resize_area(image, rows, cols);
          const auto expected = slow_resize(image, rows, cols);
          ASSERT_EQ(result.rows, rows);
          ASSERT_EQ(result.cols, cols);
          ASSERT_EQ(result.pixels.size(), expected.size());
          for (std::size_t i = 0; i < expected.size(); ++i) {
            ASSERT_NEAR(result.pixels[i], expected[i], 0.5 + 1e-9)
                << from_rows << "x" << from_cols << " -> " << rows << "x" << cols;
          }
        }
      }
    }
  }
}

TEST(ResizeArea, TheSameSizeChangesNothing) {
  const GrayImage image = noise(17, 23, 1);
  EXPECT_EQ(resize_area(image, 17, 23), image);
}

TEST(ResizeArea, EnlargingByAWholeFactorRepeatsPixelsAndBackRestoresThem) {
  const GrayImage image{.rows = 1, .cols = 2, .pixels = {10, 200}};
  const GrayImage large = resize_area(image, 2, 4);
  EXPECT_EQ(large.pixels, (std::vector<std::uint8_t>{10, 10, 200, 200, 10, 10, 200, 200}));
  EXPECT_EQ(resize_area(large, 1, 2), image);
}

TEST(ResizeArea, HalvesAreRoundedUp) {
  EXPECT_EQ(resize_area({.rows = 1, .cols = 2, .pixels = {0, 1}}, 1, 1).pixels[0], 1);
  EXPECT_EQ(resize_area({.rows = 1, .cols = 4, .pixels = {0, 0, 0, 1}}, 1, 1).pixels[0], 0);
}

TEST(ResizeArea, WhiteStaysWhiteAtTheLargestSizes) {
  const GrayImage white{.rows = 16384, .cols = 4096, .pixels = std::vector<std::uint8_t>(kMostImagePixels, 255)};
  const GrayImage result = resize_area(white, 28, 28);
  EXPECT_EQ(result.pixels, std::vector<std::uint8_t>(784, 255));
}

TEST(ResizeArea, BadSizesAreRejected) {
  const GrayImage image = noise(4, 4, 1);
  for (const auto& [rows, cols] : std::vector<std::pair<std::size_t, std::size_t>>{
           {0, 4}, {4, 0}, {16385, 1}, {1, 16385}, {16384, 4097}, {std::size_t{1} << 63U, 2}}) {
    message_of(ErrorKind::usage, [&] { (void)resize_area(image, rows, cols); });
  }
  message_of(ErrorKind::usage,
             [&] { (void)resize_area({.rows = 4, .cols = 4, .pixels = std::vector<std::uint8_t>(15)}, 2, 2); });
  message_of(ErrorKind::usage, [] { (void)resize_area({}, 2, 2); });
}

}  // namespace
}  // namespace fanin::io
