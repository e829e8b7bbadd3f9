#include "init/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "fanin/core/error.h"

namespace fanin::init {

void fill_in_parts(const Elements& elements, const random::Stream& stream, std::span<float> out, ThreadPool& pool) {
  constexpr std::size_t kGrain = 1 << 15;
  parallel_for(pool, out.size(), kGrain,
               [&](std::size_t first, std::size_t last) { elements(stream, first, out.subspan(first, last - first)); });
}

void want_rank(std::string_view scheme, const Shape& shape, std::size_t least, std::size_t most) {
  if (shape.rank() >= least && shape.rank() <= most) return;
  const std::string wanted = most == Shape::kMaxRank ? fmt::format("{} or more", least)
                             : least == most         ? fmt::format("{}", least)
                                                     : fmt::format("{} to {}", least, most);
  throw Error(ErrorKind::usage, "init",
              fmt::format("{}: tensor {} has rank {}, {} is wanted", scheme, shape.str(), shape.rank(), wanted));
}

Taps taps_of(const Shape& shape) {
  Taps taps;
  for (std::size_t axis = 2; axis < shape.rank(); ++axis) {
    taps.count *= shape[axis];
    taps.middle = taps.middle * shape[axis] + shape[axis] / 2;
  }
  return taps;
}

Expected two_values(double value, double set, double total) {
  const double share = total == 0 ? 0 : set / total;
  const double low = share == 1 ? value : std::min(value, 0.0);
  const double high = share == 1 ? value : std::max(value, 0.0);
  return {share * value, std::abs(value) * std::sqrt(share * (1 - share)), low, high};
}

Expected measured(const Elements& elements, std::size_t count) {
  if (count == 0) return {0, 0, 0, 0};
  constexpr std::size_t kChunk = 4096;
  std::vector<float> part(std::min(count, kChunk));
  const auto over_all = [&](const auto& body) {
    double sum = 0;
    for (std::size_t first = 0; first < count; first += kChunk) {
      const std::span<float> chunk(part.data(), std::min(kChunk, count - first));
      elements(random::Stream(0), first, chunk);
      for (const float x : chunk) sum += body(static_cast<double>(x));
    }
    return sum;
  };
  Expected e{0, 0, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  e.mean = over_all([&](double x) {
             e.low = std::min(e.low, x);
             e.high = std::max(e.high, x);
             return x;
           }) /
           static_cast<double>(count);
  e.std = std::sqrt(over_all([&](double x) { return (x - e.mean) * (x - e.mean); }) / static_cast<double>(count));
  return e;
}

Elements row_elements(std::uint64_t cols, Row row) {
  return [cols, row = std::move(row)](const random::Stream& stream, std::uint64_t first, std::span<float> out) {
    std::vector<float> partly;
    while (!out.empty()) {
      const std::uint64_t r = first / cols;
      const std::size_t skip = first % cols;
      const std::size_t n = std::min<std::size_t>(cols - skip, out.size());
      if (n == cols) {
        row(stream, r, out.first(n));
      } else {
        partly.resize(cols);
        row(stream, r, partly);
        std::copy_n(partly.data() + skip, n, out.data());
      }
      first += n;
      out = out.subspan(n);
    }
  };
}

void fill_rows(std::uint64_t cols, const Row& row, const random::Stream& stream, std::span<float> out,
               ThreadPool& pool) {
  if (out.empty()) return;
  constexpr std::size_t kGrain = 1 << 15;
  parallel_for(pool, out.size() / cols, 1 + kGrain / cols, [&](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r) row(stream, r, out.subspan(r * cols, cols));
  });
}

}  // namespace fanin::init
