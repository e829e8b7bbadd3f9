#include "cli/picture.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "fanin/core/error.h"

namespace fanin::cli {
namespace {

// The side of a square of n, or 0.
std::size_t square_side(std::size_t n) {
  const auto side = static_cast<std::size_t>(std::llround(std::sqrt(static_cast<double>(n))));
  return side * side == n ? side : 0;
}

std::optional<std::pair<std::size_t, std::size_t>> picture_shape(const Shape& shape) {
  constexpr std::size_t kSmallestSide = 8;
  if (shape.rank() == 2) return std::pair{shape[0], shape[1]};
  if (shape.rank() == 3 && shape[0] == 1) return std::pair{shape[1], shape[2]};
  if (shape.rank() == 3 && shape[2] == 1) return std::pair{shape[0], shape[1]};
  const std::size_t side = shape.rank() == 1 ? square_side(shape[0]) : 0;
  if (side >= kSmallestSide) return std::pair{side, side};
  return std::nullopt;
}

std::vector<std::uint8_t> as_bytes(std::span<const float> values) {
  float lo = 0;
  float hi = 1;
  for (const float x : values) {
    lo = std::min(lo, x);
    hi = std::max(hi, x);
  }
  std::vector<std::uint8_t> bytes;
  for (const float x : values) {
    const double share = (static_cast<double>(x) - lo) / (static_cast<double>(hi) - lo);
    bytes.push_back(static_cast<std::uint8_t>(std::lround(255 * share)));
  }
  return bytes;
}

bool mostly_bright_border(const io::GrayImage& image) {
  constexpr std::uint8_t kMiddle = 128;
  std::size_t border = 0;
  std::size_t bright = 0;
  for (std::size_t r = 0; r < image.rows; ++r) {
    const bool whole_row = r == 0 || r + 1 == image.rows;
    const std::size_t step = whole_row || image.cols == 1 ? 1 : image.cols - 1;
    for (std::size_t c = 0; c < image.cols; c += step) {
      ++border;
      bright += image.pixels[r * image.cols + c] >= kMiddle ? 1 : 0;
    }
  }
  return 2 * bright > border;
}

io::GrayImage padded_to_square(const io::GrayImage& image) {
  const std::size_t side = std::max(image.rows, image.cols);
  io::GrayImage square{side, side, std::vector<std::uint8_t>(side * side)};
  const std::size_t top = (side - image.rows) / 2;
  const std::size_t left = (side - image.cols) / 2;
  for (std::size_t r = 0; r < image.rows; ++r) {
    std::copy_n(image.pixels.data() + r * image.cols, image.cols, square.pixels.data() + (top + r) * side + left);
  }
  return square;
}

}  // namespace

report::BitmapOptions bitmap_options() {
  constexpr std::size_t kColumnsOfFiles = 120;
  report::BitmapOptions options{report::BitmapStyle::ascii, kColumnsOfFiles};
  if (isatty(STDOUT_FILENO) == 0) return options;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) options.columns = size.ws_col;
  const char* term = std::getenv("TERM");
  const char* no_color = std::getenv("NO_COLOR");
  const bool plain = term == nullptr || std::string_view(term) == "dumb" || (no_color != nullptr && *no_color != '\0');
  if (!plain) options.style = report::BitmapStyle::ansi;
  return options;
}

std::optional<io::GrayImage> picture_of(const data::Dataset& data, std::size_t i) {
  const auto shape = picture_shape(data.sample_shape());
  if (!shape || shape->first > io::kMostImageSide || shape->second > io::kMostImageSide ||
      data.features() > io::kMostImagePixels) {
    return std::nullopt;
  }
  io::GrayImage image{shape->first, shape->second};
  if (data.is_bytes()) {
    const auto bytes = data.bytes(i);
    image.pixels.assign(bytes.begin(), bytes.end());
  } else {
    image.pixels = as_bytes(data.floats(i));
  }
  return image;
}

NetworkInput prepare(io::GrayImage image, std::size_t inputs, std::optional<bool> invert) {
  const std::size_t side = square_side(inputs);
  if (side == 0 || side > io::kMostImageSide) {
    throw Error(ErrorKind::usage, "predict",
                fmt::format("the network takes {} inputs, which is no square picture; --image needs one such as "
                            "784 = 28x28, other data go in with --images or --csv",
                            inputs));
  }
  NetworkInput input;
  input.inverted = invert.value_or(mostly_bright_border(image));
  if (input.inverted) {
    for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  }
  input.padded = image.rows != image.cols;
  input.image = io::resize_area(input.padded ? padded_to_square(image) : image, side, side);
  return input;
}

}  // namespace fanin::cli
