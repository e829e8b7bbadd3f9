#include "fanin/linalg/bf16.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "fanin/core/error.h"

#include "linalg/bf16_kernels.h"
#include "linalg/transpose.h"

namespace fanin::linalg {
namespace {

constexpr std::size_t kPanel = PackedBf16::kPanel;
// Rows of A and pairs of inner indices that are rounded at a time, into memory on the stack.
constexpr std::size_t kRows = 132;
constexpr std::size_t kPairs = 200;
// Pairs of samples of an outer product.
constexpr std::size_t kSamplePairs = 64;
constexpr std::size_t kPieceRows = 64;
constexpr std::size_t kPieceCols = 64;

std::size_t ceil_div(std::size_t a, std::size_t b) {
  return (a + b - 1) / b;
}

const detail::Bf16Kernels& kernels() {
  const detail::Bf16Kernels* native = bf16_is_native() ? detail::native_bf16_kernels() : nullptr;
  return native != nullptr ? *native : detail::portable_bf16_kernels();
}

/// `pairs` in equal parts of at most kPairs.
std::size_t part_of(std::size_t pairs) {
  return ceil_div(pairs, ceil_div(pairs, kPairs));
}

/// C = bias + A B, where panel(p) is columns [64 p, ...) of B in pairs of its rows.
template <class Panel>
void product(MatrixView<const float> a, Panel panel, const float* bias, MatrixView<float> c, BlockDone done) {
  if (c.rows == 0 || c.cols == 0) return;
  const detail::Bf16Kernels& k = kernels();
  alignas(64) std::uint32_t rounded[kRows * kPairs];
  const std::size_t pairs = ceil_div(a.cols, 2);
  const std::size_t part = part_of(std::max<std::size_t>(pairs, 1));
  const std::size_t panels = ceil_div(c.cols, kPanel);
  for (std::size_t i = 0; i < c.rows; i += kRows) {
    const std::size_t rows = std::min(kRows, c.rows - i);
    std::size_t q = 0;
    do {
      const std::size_t n = std::min(part, pairs - q);
      k.pair_columns({a.row(i) + 2 * q, rows, std::min(2 * n, a.cols - 2 * q), a.stride}, rounded, part);
      for (std::size_t p = 0; p < panels; ++p) {
        const MatrixView<const std::uint32_t> b = panel(p);
        const MatrixView<float> to(c.row(i) + p * kPanel, rows, b.cols, c.stride);
        k.panel(rounded, part, 1, n, b.data + q * b.stride, b.stride,
                bias != nullptr && q == 0 ? bias + p * kPanel : nullptr, q > 0, to);
        if (q + n == pairs) done({i, rows, p * kPanel, b.cols});
      }
      q += n;
    } while (q < pairs);
  }
}

/// A block of one piece's width.
void outer_column(std::span<const OuterTerm> terms, const Block& block, OuterPieceDone done) {
  const detail::Bf16Kernels& k = kernels();
  alignas(64) std::uint32_t left[kSamplePairs * kOuterRows];
  alignas(64) std::uint32_t right[kSamplePairs * kPieceCols];
  alignas(64) float sums[kOuterRows * kPieceCols];
  std::size_t samples = 0;
  for (const OuterTerm& term : terms) samples += term.left.rows;
  if (samples == 0) std::fill(std::begin(sums), std::end(sums), 0.0F);
  bool accumulate = false;
  std::size_t seen = 0;
  for (const OuterTerm& term : terms) {
    for (std::size_t s = 0; s < term.left.rows; s += 2 * kSamplePairs) {
      const std::size_t n = std::min(2 * kSamplePairs, term.left.rows - s);
      k.pair_rows({term.left.row(s) + block.row, n, block.rows, term.left.stride}, left, kOuterRows);
      k.pair_rows({term.right.row(s) + block.col, n, block.cols, term.right.stride}, right, kPieceCols);
      seen += n;
      for (std::size_t i = 0; i < block.rows; i += kPieceRows) {
        const std::size_t rows = std::min(kPieceRows, block.rows - i);
        const MatrixView<float> c(sums + i * kPieceCols, rows, block.cols, kPieceCols);
        k.panel(left + i, 1, kOuterRows, ceil_div(n, 2), right, kPieceCols, nullptr, accumulate, c);
        if (seen == samples) done({{block.row + i, rows, block.col, block.cols}, c});
      }
      accumulate = true;
    }
  }
  if (samples != 0) return;
  for (std::size_t i = 0; i < block.rows; i += kPieceRows) {
    const std::size_t rows = std::min(kPieceRows, block.rows - i);
    done({{block.row + i, rows, block.col, block.cols}, {sums + i * kPieceCols, rows, block.cols, kPieceCols}});
  }
}

}  // namespace

std::uint16_t to_bf16(float x) {
  auto bits = std::bit_cast<std::uint32_t>(x);
  if (std::isnan(x)) return static_cast<std::uint16_t>(bits >> 16 | 0x40U);
  if ((bits & 0x7F800000U) == 0) return static_cast<std::uint16_t>(bits >> 16 & 0x8000U);
  bits += 0x7FFFU + (bits >> 16 & 1U);
  return static_cast<std::uint16_t>(bits >> 16);
}

float from_bf16(std::uint16_t x) {
  return std::bit_cast<float>(std::uint32_t{x} << 16);
}

bool bf16_is_native() {
  return detail::target_is_avx512() && detail::native_bf16_kernels() != nullptr;
}

PackedBf16::PackedBf16(std::size_t rows, std::size_t cols)
    : rows_(rows),
      cols_(cols),
      transposed_(ceil_div(rows, 16) * 16 * ceil_div(cols, 2)),
      row_pairs_(ceil_div(rows, 2) * cols) {}

std::size_t PackedBf16::width(std::size_t p) const {
  return std::min(kPanel, ceil_div(rows_ - p * kPanel, 16) * 16);
}

MatrixView<const std::uint32_t> PackedBf16::transposed_panel(std::size_t p) const {
  const std::size_t pairs = ceil_div(cols_, 2);
  return {transposed_.data() + p * kPanel * pairs, pairs, std::min(kPanel, rows_ - p * kPanel), width(p)};
}

MatrixView<const std::uint32_t> PackedBf16::row_pairs() const {
  return {row_pairs_.data(), ceil_div(rows_, 2), cols_, cols_};
}

void PackedBf16::refresh(MatrixView<const float> block, std::size_t first_row, std::size_t first_col) {
  const bool even_rows = first_row % 2 == 0 && (block.rows % 2 == 0 || first_row + block.rows == rows_);
  const bool even_cols = first_col % 2 == 0 && (block.cols % 2 == 0 || first_col + block.cols == cols_);
  if (!even_rows || !even_cols || first_row + block.rows > rows_ || first_col + block.cols > cols_) {
    throw Error(ErrorKind::usage, "bf16",
                fmt::format("a block of {} x {} at {}, {} of weights {} x {}: pairs must not be cut", block.rows,
                            block.cols, first_row, first_col, rows_, cols_));
  }
  const detail::Bf16Kernels& k = kernels();
  k.pair_rows(block, row_pairs_.data() + first_row / 2 * cols_ + first_col, cols_);
  constexpr std::size_t kStripRows = 16;
  constexpr std::size_t kStripPairs = 64;
  alignas(64) std::uint32_t strip[kStripRows * kStripPairs];
  const std::size_t pairs = ceil_div(cols_, 2);
  for (std::size_t j = 0; j < block.cols; j += 2 * kStripPairs) {
    const std::size_t cols = std::min(2 * kStripPairs, block.cols - j);
    for (std::size_t i = 0; i < block.rows;) {
      const std::size_t row = first_row + i;
      const std::size_t p = row / kPanel;
      const std::size_t n = std::min(block.rows - i, kStripRows - row % kStripRows);
      k.pair_columns({block.row(i) + j, n, cols, block.stride}, strip, kStripPairs);
      std::uint32_t* to = transposed_.data() + p * kPanel * pairs + (first_col + j) / 2 * width(p) + row % kPanel;
      detail::transpose({reinterpret_cast<const float*>(strip), n, ceil_div(cols, 2), kStripPairs},
                        reinterpret_cast<float*>(to), width(p));
      i += n;
    }
  }
}

void gemm_transposed(MatrixView<const float> x, const PackedBf16& w, std::span<const float> bias, MatrixView<float> y,
                     BlockDone done) {
  product(
      x, [&](std::size_t p) { return w.transposed_panel(p); }, bias.empty() ? nullptr : bias.data(), y, done);
}

void gemm(MatrixView<const float> a, const PackedBf16& w, MatrixView<float> c, BlockDone done) {
  const MatrixView<const std::uint32_t> all = w.row_pairs();
  const auto panel = [&](std::size_t p) {
    return MatrixView<const std::uint32_t>(all.data + p * kPanel, all.rows, std::min(kPanel, all.cols - p * kPanel),
                                           all.stride);
  };
  product(a, panel, nullptr, c, done);
}

void outer_product_bf16(std::span<const OuterTerm> terms, const Block& block, OuterPieceDone done) {
  for (std::size_t j = 0; j < block.cols; j += kPieceCols) {
    outer_column(terms, {block.row, block.rows, block.col + j, std::min(kPieceCols, block.cols - j)}, done);
  }
}

}  // namespace fanin::linalg
