#include "fanin/report/mosaic.h"

#include <fmt/format.h>

#include <algorithm>

#include "fanin/core/error.h"

namespace fanin::report {
namespace {

[[noreturn]] void fail(const std::string& sentence) {
  throw Error(ErrorKind::usage, "mosaic", sentence);
}

void check(std::span<const io::GrayImage> tiles) {
  if (tiles.empty()) fail("no tiles given, at least 1 is needed");
  const io::GrayImage& first = tiles.front();
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const io::GrayImage& tile = tiles[i];
    if (tile.rows != first.rows || tile.cols != first.cols) {
      fail(fmt::format("tile {} is {}x{}, the first one {}x{}; all must have one size", i, tile.rows, tile.cols,
                       first.rows, first.cols));
    }
    if (tile.rows == 0 || tile.cols == 0 || tile.rows > io::kMostImageSide || tile.cols > io::kMostImageSide ||
        tile.pixels.size() != tile.rows * tile.cols) {
      fail(fmt::format("tile {} of {}x{} has {} pixels, allowed are rows * cols and sides of 1 to {}", i, tile.rows,
                       tile.cols, tile.pixels.size(), io::kMostImageSide));
    }
  }
}

// The fewest columns for which the tiles are at least as wide as high in all.
std::size_t square_columns(std::size_t tiles, std::size_t rows, std::size_t cols) {
  std::size_t columns = 1;
  while (columns < tiles && columns * columns * cols < tiles * rows) ++columns;
  return columns;
}

// count * tile * scale + (count - 1) * gap, or a number beyond the limit where that is beyond it.
std::size_t side(std::size_t count, std::size_t tile, std::size_t scale, std::size_t gap) {
  constexpr std::size_t kMost = io::kMostImageSide;
  if (count > kMost || scale > kMost || (count > 1 && gap > kMost)) return kMost + 1;
  return count * tile * scale + (count - 1) * gap;
}

}  // namespace

io::GrayImage mosaic(std::span<const io::GrayImage> tiles, const MosaicOptions& options) {
  check(tiles);
  if (options.scale == 0) fail("scale 0 given, at least 1 is needed");
  const std::size_t h = tiles.front().rows;
  const std::size_t w = tiles.front().cols;
  const std::size_t columns =
      options.columns == 0 ? square_columns(tiles.size(), h, w) : std::min(options.columns, tiles.size());
  const std::size_t lines = tiles.size() / columns + (tiles.size() % columns == 0 ? 0 : 1);
  const std::size_t gap = options.gap;
  const std::size_t scale = options.scale;
  io::GrayImage image{side(lines, h, scale, gap), side(columns, w, scale, gap), {}};
  if (image.rows > io::kMostImageSide || image.cols > io::kMostImageSide ||
      image.rows * image.cols > io::kMostImagePixels) {
    fail(
        fmt::format("{} tiles of {}x{} in {} columns with scale {} and gap {} are too much for a picture, allowed are "
                    "sides of {} and {} pixels",
                    tiles.size(), h, w, columns, scale, gap, io::kMostImageSide, io::kMostImagePixels));
  }
  image.pixels.assign(image.rows * image.cols, options.gap_gray);
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const std::size_t top = i / columns * (h * scale + gap);
    const std::size_t left = i % columns * (w * scale + gap);
    for (std::size_t r = 0; r < h * scale; ++r) {
      std::uint8_t* out = image.pixels.data() + (top + r) * image.cols + left;
      const std::uint8_t* in = tiles[i].pixels.data() + r / scale * w;
      for (std::size_t c = 0; c < w * scale; ++c) out[c] = in[c / scale];
    }
  }
  return image;
}

}  // namespace fanin::report
