#include "fanin/report/tile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "fanin/core/error.h"

namespace fanin::report {
namespace {

void check_size(std::size_t rows, std::size_t cols) {
  if (rows == 0 || cols == 0 || rows > io::kMostImageSide || cols > io::kMostImageSide ||
      rows * cols > io::kMostImagePixels) {
    throw Error(ErrorKind::usage, "tile",
                fmt::format("a picture of {}x{} asked for, allowed are sides of 1 to {} and {} pixels", rows, cols,
                            io::kMostImageSide, io::kMostImagePixels));
  }
}

void check(std::span<const float> values, std::size_t rows, std::size_t cols) {
  check_size(rows, cols);
  if (values.size() != rows * cols) {
    throw Error(
        ErrorKind::usage, "tile",
        fmt::format("{} values given for a picture of {}x{}, {} are needed", values.size(), rows, cols, rows * cols));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    throw Error(
        ErrorKind::data, "tile",
        fmt::format("the value in row {}, column {} is {}, allowed are finite numbers", i / cols, i % cols, values[i]));
  }
}

std::uint8_t unit_gray(float value) {
  return static_cast<std::uint8_t>(std::floor(255 * std::clamp(static_cast<double>(value), 0.0, 1.0) + 0.5));
}

}  // namespace

io::GrayImage signed_tile(std::span<const float> values, std::size_t rows, std::size_t cols, double scale) {
  if (!(scale >= 0 && std::isfinite(scale))) {
    throw Error(ErrorKind::usage, "tile",
                fmt::format("scale {} given, allowed are finite numbers from 0 (the largest magnitude)", scale));
  }
  check(values, rows, cols);
  double most = scale;
  if (scale == 0) {
    for (const float v : values) most = std::max(most, std::abs(static_cast<double>(v)));
    if (most == 0) most = 1;
  }
  io::GrayImage image{rows, cols, std::vector<std::uint8_t>(values.size())};
  std::transform(values.begin(), values.end(), image.pixels.begin(), [most](float v) {
    return static_cast<std::uint8_t>(128 + std::lround(127 * std::clamp(static_cast<double>(v) / most, -1.0, 1.0)));
  });
  return image;
}

io::GrayImage unit_tile(std::span<const float> values, std::size_t rows, std::size_t cols) {
  check(values, rows, cols);
  io::GrayImage image{rows, cols, std::vector<std::uint8_t>(values.size())};
  std::transform(values.begin(), values.end(), image.pixels.begin(), unit_gray);
  return image;
}

io::GrayImage activity_map(MatrixView<const float> probabilities) {
  const MatrixView<const float>& p = probabilities;
  check_size(p.rows, p.cols);
  io::GrayImage image{p.rows, p.cols, std::vector<std::uint8_t>(p.rows * p.cols)};
  for (std::size_t r = 0; r < p.rows; ++r) {
    for (std::size_t c = 0; c < p.cols; ++c) {
      const float v = p(r, c);
      // Written so that a NaN fails too.
      if (!(v >= 0 && v <= 1)) {
        throw Error(ErrorKind::data, "tile",
                    fmt::format("the probability of unit {} for case {} is {}, allowed is [0, 1]", c, r, v));
      }
      image.pixels[r * p.cols + c] = unit_gray(v);
    }
  }
  return image;
}

}  // namespace fanin::report
