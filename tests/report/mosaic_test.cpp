#include "fanin/report/mosaic.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fanin/core/error.h"

namespace fanin::report {
namespace {

using Pixels = std::vector<std::uint8_t>;

std::vector<io::GrayImage> filled(std::size_t count, std::size_t rows, std::size_t cols) {
  std::vector<io::GrayImage> tiles;
  for (std::size_t i = 0; i < count; ++i) {
    tiles.push_back({rows, cols, Pixels(rows * cols, static_cast<std::uint8_t>(i + 1))});
  }
  return tiles;
}

void expect_size(const io::GrayImage& image, std::size_t rows, std::size_t cols) {
  EXPECT_EQ(image.rows, rows);
  EXPECT_EQ(image.cols, cols);
  EXPECT_EQ(image.pixels.size(), rows * cols);
}

void expect_rejected(const std::vector<io::GrayImage>& tiles, const MosaicOptions& options, const std::string& part) {
  try {
    (void)mosaic(tiles, options);
    ADD_FAILURE() << "nothing was thrown, expected: " << part;
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::usage) << e.what();
    EXPECT_NE(std::string(e.what()).find("[mosaic] " + part), std::string::npos) << e.what();
  }
}

TEST(Mosaic, TilesGoRowByRowWithGapsBetweenThem) {
  std::vector<io::GrayImage> tiles = filled(3, 1, 2);
  tiles[0].pixels = {10, 11};
  const io::GrayImage image = mosaic(tiles, {.columns = 2, .gap = 1, .gap_gray = 99});
  expect_size(image, 3, 5);
  EXPECT_EQ(image.pixels, (Pixels{10, 11, 99, 2, 2,    //
                                  99, 99, 99, 99, 99,  //
                                  3, 3, 99, 99, 99}));
}

TEST(Mosaic, ScaleEnlargesTheTilesAndNotTheGaps) {
  const std::vector<io::GrayImage> tiles{{1, 2, {1, 2}}, {1, 2, {3, 4}}};
  const io::GrayImage image = mosaic(tiles, {.columns = 2, .scale = 2});
  expect_size(image, 2, 9);
  EXPECT_EQ(image.pixels, (Pixels{1, 1, 2, 2, 0, 3, 3, 4, 4, 1, 1, 2, 2, 0, 3, 3, 4, 4}));
}

TEST(Mosaic, ScaleEnlargesNoGapBetweenRowsEither) {
  const std::vector<io::GrayImage> tiles{{1, 1, {1}}, {1, 1, {2}}};
  EXPECT_EQ(mosaic(tiles, {.columns = 1, .scale = 2}).pixels, (Pixels{1, 1, 1, 1, 0, 0, 2, 2, 2, 2}));
}

TEST(Mosaic, WithoutGapsTilesTouch) {
  EXPECT_EQ(mosaic(filled(4, 1, 1), {.gap = 0}).pixels, (Pixels{1, 2, 3, 4}));
}

TEST(Mosaic, SquareTilesMakeAboutASquare) {
  expect_size(mosaic(filled(1, 5, 5)), 5, 5);
  expect_size(mosaic(filled(16, 5, 5)), 4 * 5 + 3, 4 * 5 + 3);
  expect_size(mosaic(filled(17, 5, 5)), 4 * 5 + 3, 5 * 5 + 4);
  expect_size(mosaic(filled(100, 8, 8)), 89, 89);
}

TEST(Mosaic, WideAndHighTilesMakeAboutASquareToo) {
  expect_size(mosaic(filled(4, 1, 4), {.gap = 0}), 4, 4);
  expect_size(mosaic(filled(4, 4, 1), {.gap = 0}), 4, 4);
  expect_size(mosaic(filled(3, 100, 1), {.gap = 0}), 100, 3);
}

TEST(Mosaic, MoreColumnsThanTilesAreOneRow) {
  expect_size(mosaic(filled(3, 2, 2), {.columns = 1000}), 2, 8);
  const std::size_t huge = ~std::size_t{0};
  expect_size(mosaic(filled(1, 2, 2), {.columns = huge, .gap = huge}), 2, 2);
}

TEST(Mosaic, TilesThatDoNotFitAreRejected) {
  expect_rejected({}, {}, "no tiles given");
  std::vector<io::GrayImage> tiles = filled(3, 2, 2);
  tiles[2] = {2, 3, Pixels(6)};
  expect_rejected(tiles, {}, "tile 2 is 2x3, the first one 2x2");
  tiles[2] = {2, 2, Pixels(3)};
  expect_rejected(tiles, {}, "tile 2 of 2x2 has 3 pixels");
  expect_rejected({{0, 0, {}}}, {}, "tile 0 of 0x0 has 0 pixels");
  expect_rejected({{std::size_t{1} << 63, 2, {}}}, {}, "tile 0 of");
}

TEST(Mosaic, PicturesBeyondTheLimitsAreRejected) {
  const std::size_t huge = ~std::size_t{0};
  expect_rejected(filled(2, 1, 1), {.scale = 0}, "scale 0 given");
  expect_rejected(filled(2, 1, 1), {.scale = huge}, "2 tiles of 1x1");
  expect_rejected(filled(2, 1, 1), {.gap = huge}, "2 tiles of 1x1");
  expect_rejected(filled(2, 1, 1), {.columns = 2, .gap = 0, .scale = 8193}, "2 tiles of 1x1");
  expect_rejected(filled(4, 1, 1), {.columns = 2, .gap = 0, .scale = 8192}, "4 tiles of 1x1");
}

}  // namespace
}  // namespace fanin::report
