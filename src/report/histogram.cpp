#include "fanin/report/histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fanin/core/error.h"

namespace fanin::report {
namespace {

constexpr std::size_t kMostBins = 4096;

[[noreturn]] void fail(ErrorKind kind, const std::string& sentence) {
  throw Error(kind, "histogram", sentence);
}

std::uint64_t fullest(const Histogram& h) {
  const auto most = std::max_element(h.counts.begin(), h.counts.end());
  if (most == h.counts.end() || *most == 0) fail(ErrorKind::usage, "no counts given, at least one value is needed");
  return *most;
}

// round(most * count / fullest), but 1 at least for what is there.
std::size_t length(std::uint64_t count, std::uint64_t fullest, std::size_t most) {
  if (count == 0) return 0;
  const double exact = static_cast<double>(most) * (static_cast<double>(count) / static_cast<double>(fullest));
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::floor(exact + 0.5)), 1, most);
}

}  // namespace

Histogram histogram(std::span<const float> values, std::size_t bins) {
  if (values.empty()) fail(ErrorKind::usage, "no values given, at least one is needed");
  if (bins == 0 || bins > kMostBins) {
    fail(ErrorKind::usage, fmt::format("{} bins given, allowed are 1 to {}", bins, kMostBins));
  }
  Histogram h;
  h.values = values.size();
  h.counts.assign(bins, 0);
  h.min = h.max = values[0];
  double sum = 0;
  std::uint64_t zeros = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double v = values[i];
    if (!std::isfinite(v)) {
      fail(ErrorKind::data, fmt::format("value {} of {} is {}, allowed are finite numbers", i, values.size(), v));
    }
    h.min = std::min(h.min, v);
    h.max = std::max(h.max, v);
    sum += v;
    zeros += v == 0 ? 1 : 0;
  }
  const auto n = static_cast<double>(values.size());
  h.mean = sum / n;
  h.zeros = static_cast<double>(zeros) / n;
  double squares = 0;
  for (const float v : values) {
    squares += (v - h.mean) * (v - h.mean);
    const auto at =
        h.max > h.min ? static_cast<std::size_t>((v - h.min) / (h.max - h.min) * static_cast<double>(bins)) : bins / 2;
    ++h.counts[std::min(at, bins - 1)];
  }
  h.std = std::sqrt(squares / n);
  return h;
}

std::string text(const Histogram& histogram, std::size_t columns) {
  constexpr std::size_t kLeast = 40;
  constexpr std::size_t kMost = 1000;
  if (columns < kLeast || columns > kMost) {
    fail(ErrorKind::usage, fmt::format("{} columns given, allowed are {} to {}", columns, kLeast, kMost));
  }
  const Histogram& h = histogram;
  const std::uint64_t most = fullest(h);
  constexpr std::size_t kEdge = 10;  // the longest that {:.4g} makes of a float: -1.234e-38
  const std::size_t digits = fmt::formatted_size("{}", most);
  const std::size_t room = columns - std::min(columns - 1, kEdge + digits + 4);
  const double width = (h.max - h.min) / static_cast<double>(h.counts.size());
  std::string out;
  for (std::size_t b = 0; b < h.counts.size(); ++b) {
    std::string line =
        fmt::format("{:>{}.4g}  {:>{}}", h.min + static_cast<double>(b) * width, kEdge, h.counts[b], digits);
    if (h.counts[b] > 0) line += "  " + std::string(length(h.counts[b], most, room), '#');
    out += line + "\n";
  }
  return out + fmt::format("{} values from {:.4g} to {:.4g}, mean {:.4g}, std {:.4g}, exact zeros {:.4g} %\n", h.values,
                           h.min, h.max, h.mean, h.std, 100 * h.zeros);
}

io::GrayImage picture(const Histogram& histogram, std::size_t rows, std::size_t bar) {
  const std::uint64_t most = fullest(histogram);
  const std::size_t bins = histogram.counts.size();
  constexpr std::size_t kSide = io::kMostImageSide;
  if (rows == 0 || rows > kSide || bar == 0 || bar > kSide / bins || rows * bins * bar > io::kMostImagePixels) {
    fail(ErrorKind::usage,
         fmt::format("a picture of {} rows and {} bars of {} columns asked for, allowed are sides of 1 to {} and {} "
                     "pixels",
                     rows, bins, bar, kSide, io::kMostImagePixels));
  }
  io::GrayImage image{rows, bins * bar, std::vector<std::uint8_t>(rows * bins * bar, 0)};
  for (std::size_t b = 0; b < bins; ++b) {
    const std::size_t height = length(histogram.counts[b], most, rows);
    for (std::size_t r = rows - height; r < rows; ++r) {
      std::fill_n(image.pixels.begin() + static_cast<std::ptrdiff_t>(r * image.cols + b * bar), bar, std::uint8_t{255});
    }
  }
  return image;
}

}  // namespace fanin::report
