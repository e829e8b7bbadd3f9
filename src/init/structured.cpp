#include "init/structured.h"

#include <algorithm>
#include <vector>

#include "fanin/core/buffer.h"
#include "fanin/linalg/qr.h"
#include "fanin/random/distributions.h"
#include "fanin/random/permutation.h"

namespace fanin::init {
namespace {

// Elements a task fills; a multiple of what the generators do at once.
constexpr std::size_t kGrain = 1 << 15;

void fill_normal(const random::Stream& stream, std::span<float> out, double std, ThreadPool& pool) {
  parallel_for(pool, out.size(), kGrain, [&](std::size_t first, std::size_t last) {
    random::fill_normal(stream, first, out.subspan(first, last - first), 0, std);
  });
}

// to[c, r] = from[r, c], in blocks that stay in the cache.
void transpose(std::span<const float> from, std::size_t rows, std::size_t cols, std::span<float> to, ThreadPool& pool) {
  constexpr std::size_t kBlock = 32;
  parallel_for(pool, cols, kBlock, [&](std::size_t c0, std::size_t c1) {
    for (std::size_t r0 = 0; r0 < rows; r0 += kBlock) {
      const std::size_t r1 = std::min(rows, r0 + kBlock);
      for (std::size_t c = c0; c < c1; ++c) {
        for (std::size_t r = r0; r < r1; ++r) to[c * rows + r] = from[r * cols + c];
      }
    }
  });
}

}  // namespace

void fill_identity(const detail::Rule& rule, const Shape& shape, std::uint64_t first, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0f);
  const std::uint64_t step = shape[1] + 1;
  const std::uint64_t ones = std::min(shape[0], shape[1]);
  for (std::uint64_t i = (first + step - 1) / step; i < ones && i * step - first < out.size(); ++i) {
    out[i * step - first] = static_cast<float>(rule.gain);
  }
}

void fill_dirac(const detail::Rule& rule, const Shape& shape, std::uint64_t first, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0f);
  if (out.empty()) return;
  const std::uint64_t channels = shape[1];
  const std::uint64_t per_group = shape[0] / static_cast<std::uint64_t>(rule.groups);
  std::uint64_t taps = 1;
  std::uint64_t middle = 0;
  for (std::size_t axis = 2; axis < shape.rank(); ++axis) {
    taps *= shape[axis];
    middle = middle * shape[axis] + shape[axis] / 2;
  }
  const std::uint64_t unit = channels * taps;
  for (std::uint64_t o = first / unit; o < shape[0] && o * unit < first + out.size(); ++o) {
    const std::uint64_t channel = o % per_group;
    if (channel >= channels) continue;
    const std::uint64_t at = o * unit + channel * taps + middle;
    if (at >= first && at - first < out.size()) out[at - first] = 1;
  }
}

void fill_orthogonal(const detail::Rule& rule, const Shape& shape, const random::Stream& stream, std::span<float> out,
                     ThreadPool& pool) {
  if (out.empty()) return;
  const std::size_t rows = shape[0];
  const std::size_t cols = out.size() / rows;
  if (rows >= cols) {
    fill_normal(stream, out, 1, pool);
    const MatrixView<float> w(out.data(), rows, cols);
    linalg::orthonormal_columns(w, rule.gain, w, pool);
    return;
  }
  Buffer<float> tall(out.size());
  fill_normal(stream, tall.span(), 1, pool);
  const MatrixView<float> w(tall.data(), cols, rows);
  linalg::orthonormal_columns(w, rule.gain, w, pool);
  transpose(tall.span(), cols, rows, out, pool);
}

void fill_sparse(const detail::Rule& rule, const Shape& shape, const random::Stream& stream, std::span<float> out,
                 ThreadPool& pool) {
  fill_normal(stream.fold_in(0), out, rule.std, pool);
  const std::size_t rows = shape[0];
  const std::size_t cols = shape[1];
  const std::size_t zeros = zeros_per_column(rule.sparsity, rows);
  const random::Stream choices = stream.fold_in(1);
  // A cache line holds 16 columns of a row, so no two tasks write to the same one.
  parallel_for(pool, rows == 0 ? 0 : cols, 16, [&](std::size_t first, std::size_t last) {
    std::vector<std::uint32_t> order(rows);
    for (std::size_t c = first; c < last; ++c) {
      random::permutation(choices.fold_in(c), order);
      for (std::size_t i = 0; i < zeros; ++i) out[order[i] * cols + c] = 0;
    }
  });
}

}  // namespace fanin::init
