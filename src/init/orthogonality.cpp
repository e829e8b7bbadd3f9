#include "init/orthogonality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "fanin/random/stream.h"

namespace fanin::init {
namespace {

constexpr std::size_t kProbes = 4;
constexpr std::size_t kBlocks = 64;  // of rows; a fixed number, so that sums have one order
using Probe = std::array<double, kProbes>;

std::vector<Probe> random_signs(std::size_t n) {
  const random::Stream stream(0, std::string_view("fanin.verify"));
  std::vector<Probe> signs(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t word = stream.word(i);
    for (std::size_t p = 0; p < kProbes; ++p) signs[i][p] = (word >> p & 1U) != 0 ? 1 : -1;
  }
  return signs;
}

// Calls body(block, row, numbers) for every row, rows of a block one after the other.
template <typename Body>
void each_row(std::size_t rows, std::size_t cols, ValueSource values, ThreadPool& pool, Body&& body) {
  const std::size_t blocks = std::min(rows, kBlocks);
  pool.run(blocks, [&](std::size_t b) {
    std::vector<float> row(cols);
    for (std::size_t r = rows * b / blocks; r < rows * (b + 1) / blocks; ++r) {
      values(r * cols, row);
      body(b, r, row);
    }
  });
}

// Sums the blocks' vectors into the first.
std::vector<Probe> summed(std::vector<std::vector<Probe>>& parts) {
  for (std::size_t b = 1; b < parts.size(); ++b) {
    for (std::size_t i = 0; i < parts[0].size(); ++i) {
      for (std::size_t p = 0; p < kProbes; ++p) parts[0][i][p] += parts[b][i][p];
    }
  }
  return std::move(parts[0]);
}

Probe product(const std::vector<float>& row, const std::vector<Probe>& v) {
  Probe y{};
  for (std::size_t c = 0; c < row.size(); ++c) {
    for (std::size_t p = 0; p < kProbes; ++p) y[p] += static_cast<double>(row[c]) * v[c][p];
  }
  return y;
}

void add_scaled(const std::vector<float>& row, const Probe& y, std::vector<Probe>& sum) {
  for (std::size_t c = 0; c < row.size(); ++c) {
    for (std::size_t p = 0; p < kProbes; ++p) sum[c][p] += static_cast<double>(row[c]) * y[p];
  }
}

double largest_difference(const std::vector<Probe>& mv, const std::vector<Probe>& v, double gain) {
  double largest = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    for (std::size_t p = 0; p < kProbes; ++p) {
      const double difference = gain == 0 ? mv[i][p] : mv[i][p] / (gain * gain) - v[i][p];
      // A NaN compares with nothing and must not pass.
      if (!(std::abs(difference) <= largest)) largest = std::isnan(difference) ? HUGE_VAL : std::abs(difference);
    }
  }
  return largest;
}

}  // namespace

double orthogonality_residual(std::size_t rows, std::size_t cols, double gain, ValueSource values, ThreadPool& pool) {
  const bool tall = rows >= cols;
  const std::vector<Probe> v = random_signs(tall ? cols : rows);
  std::vector<std::vector<Probe>> parts(std::max<std::size_t>(std::min(rows, kBlocks), 1), std::vector<Probe>(cols));
  each_row(rows, cols, values, pool, [&](std::size_t b, std::size_t r, const std::vector<float>& row) {
    add_scaled(row, tall ? product(row, v) : v[r], parts[b]);
  });
  const std::vector<Probe> u = summed(parts);
  if (tall) return largest_difference(u, v, gain);
  std::vector<Probe> mv(rows);
  each_row(rows, cols, values, pool,
           [&](std::size_t, std::size_t r, const std::vector<float>& row) { mv[r] = product(row, u); });
  return largest_difference(mv, v, gain);
}

}  // namespace fanin::init
