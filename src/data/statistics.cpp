#include "fanin/data/statistics.h"

#include <algorithm>
#include <array>
#include <span>

namespace fanin::data {
namespace {

// A cache line of bytes.
constexpr std::size_t kBlock = 64;

// Features [first, first + count) of the samples that `row` gives: sums for mean and variance in units of `scale`.
template <typename Row>
void block_statistics(std::size_t samples, const Row& row, std::size_t first, std::size_t count, double scale,
                      FeatureStatistics& out, std::span<std::uint8_t> is_constant) {
  std::array<double, kBlock> sum{};
  std::array<bool, kBlock> varies{};
  const auto start = row(0).subspan(first, count);
  for (std::size_t i = 0; i < samples; ++i) {
    const auto x = row(i).subspan(first, count);
    for (std::size_t j = 0; j < count; ++j) {
      sum[j] += x[j];
      varies[j] |= x[j] != start[j];
    }
  }
  const auto n = static_cast<double>(samples);
  std::array<double, kBlock> mean{};
  for (std::size_t j = 0; j < count; ++j) mean[j] = varies[j] ? sum[j] / n : static_cast<double>(start[j]);
  std::array<double, kBlock> squares{};
  for (std::size_t i = 0; i < samples; ++i) {
    const auto x = row(i).subspan(first, count);
    for (std::size_t j = 0; j < count; ++j) squares[j] += (x[j] - mean[j]) * (x[j] - mean[j]);
  }
  for (std::size_t j = 0; j < count; ++j) {
    out.mean[first + j] = mean[j] / scale;
    out.variance[first + j] = squares[j] / n / (scale * scale);
    is_constant[first + j] = varies[j] ? 0 : 1;
  }
}

}  // namespace

bool is_binary(const Dataset& data) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    const bool binary = data.is_bytes() ? std::ranges::all_of(data.bytes(i), [](auto x) { return x == 0 || x == 255; })
                                        : std::ranges::all_of(data.floats(i), [](auto x) { return x == 0 || x == 1; });
    if (!binary) return false;
  }
  return true;
}

std::optional<ValueAt> first_outside_unit(const Dataset& data) {
  if (data.is_bytes()) return std::nullopt;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::span<const float> x = data.floats(i);
    const auto bad = std::ranges::find_if(x, [](float v) { return v < 0 || v > 1; });
    if (bad != x.end()) {
      return ValueAt{static_cast<std::uint32_t>(i), static_cast<std::size_t>(bad - x.begin()), *bad};
    }
  }
  return std::nullopt;
}

FeatureStatistics feature_statistics(const Dataset& data, ThreadPool& pool) {
  FeatureStatistics out;
  out.mean.resize(data.features());
  out.variance.resize(data.features());
  std::vector<std::uint8_t> is_constant(data.features());
  parallel_for(pool, data.features(), kBlock, [&](std::size_t first, std::size_t last) {
    if (data.is_bytes()) {
      block_statistics(
          data.size(), [&](std::size_t i) { return data.bytes(i); }, first, last - first, 255, out, is_constant);
    } else {
      block_statistics(
          data.size(), [&](std::size_t i) { return data.floats(i); }, first, last - first, 1, out, is_constant);
    }
  });
  for (std::size_t j = 0; j < is_constant.size(); ++j) {
    if (is_constant[j] != 0) out.constant.push_back(static_cast<std::uint32_t>(j));
  }
  return out;
}

}  // namespace fanin::data
