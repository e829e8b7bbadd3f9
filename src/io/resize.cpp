#include <fmt/format.h>

#include <algorithm>

#include "fanin/core/error.h"
#include "fanin/io/png.h"

#include "io/image_limits.h"

namespace fanin::io {
namespace {

// Along one axis, in units of 1 / (from * to) of its length: old pixel i is [i * to, (i + 1) * to), new pixel o is
// [o * from, (o + 1) * from). All overlaps are integers, and those of one new pixel add up to `from`.
struct Axis {
  std::size_t from;
  std::size_t to;

  [[nodiscard]] std::size_t first(std::size_t o) const { return o * from / to; }
  [[nodiscard]] std::size_t last(std::size_t o) const { return ((o + 1) * from - 1) / to; }
  [[nodiscard]] std::uint64_t overlap(std::size_t o, std::size_t i) const {
    return std::min((o + 1) * from, (i + 1) * to) - std::max(o * from, i * to);
  }
};

void sum_across(const std::uint8_t* row, const Axis& axis, std::vector<std::uint64_t>& sums) {
  for (std::size_t o = 0; o < axis.to; ++o) {
    std::uint64_t sum = 0;
    for (std::size_t i = axis.first(o); i <= axis.last(o); ++i) sum += axis.overlap(o, i) * row[i];
    sums[o] = sum;
  }
}

}  // namespace

GrayImage resize_area(const GrayImage& image, std::size_t rows, std::size_t cols) {
  require_valid(image, "resize");
  if (!image_size_is_allowed(rows, cols)) {
    throw Error(ErrorKind::usage, "resize",
                fmt::format("to {}x{}: each side must be in 1..{}, the pixels at most {}", rows, cols, kMostImageSide,
                            kMostImagePixels));
  }
  const Axis down{image.rows, rows};
  const Axis across{image.cols, cols};
  const std::uint64_t area = std::uint64_t{image.rows} * image.cols;
  GrayImage result{.rows = rows, .cols = cols, .pixels = std::vector<std::uint8_t>(rows * cols)};
  std::vector<std::uint64_t> line(cols);
  std::vector<std::uint64_t> sums(cols);
  std::size_t summed = image.rows;  // the old row that `line` holds; none at first
  for (std::size_t r = 0; r < rows; ++r) {
    std::fill(sums.begin(), sums.end(), 0);
    for (std::size_t i = down.first(r); i <= down.last(r); ++i) {
      if (i != summed) sum_across(image.pixels.data() + i * image.cols, across, line);
      summed = i;
      const std::uint64_t weight = down.overlap(r, i);
      for (std::size_t c = 0; c < cols; ++c) sums[c] += weight * line[c];
    }
    for (std::size_t c = 0; c < cols; ++c) {
      result.pixels[r * cols + c] = static_cast<std::uint8_t>((sums[c] + area / 2) / area);
    }
  }
  return result;
}

}  // namespace fanin::io
