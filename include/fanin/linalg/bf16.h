#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fanin/core/buffer.h"
#include "fanin/core/matrix_view.h"
#include "fanin/linalg/gemm.h"
#include "fanin/linalg/outer_product.h"

/// Products of factors rounded to bfloat16 with sums in float32, for training on machines whose processors multiply
/// pairs of them at twice the rate of float32 (VDPBF16PS).
///
/// Every output element is one chain over pairs of inner indices in order: for the pair (2q, 2q + 1) first
/// c = fma(a_2q+1, b_2q+1, c), then c = fma(a_2q, b_2q, c), each rounded to nearest even, with numbers below 2^-126 in
/// magnitude taken and given as zeros; a missing partner is zero; at the end + 0. That is what the instruction does, so
/// the portable path gives the same bits, and neither tiles nor threads change them. Operands are float32 and rounded
/// on the way. The functions run in the calling thread and allocate nothing.
namespace fanin::linalg {

/// The upper half of the float32 that is nearest to x among those with 8 bits of precision (ties to even). Below
/// 2^-126 in magnitude a zero with x's sign, for a NaN a quiet one.
[[nodiscard]] std::uint16_t to_bf16(float x);
[[nodiscard]] float from_bf16(std::uint16_t x);

/// Whether this machine has the instruction and the target in use is AVX-512.
[[nodiscard]] bool bf16_is_native();

/// A weight matrix W [n, k] rounded to bfloat16 in the two layouts that products need: W^T in panels of 64 columns, and
/// W itself, both with the inner index in pairs.
class PackedBf16 {
 public:
  static constexpr std::size_t kPanel = 64;

  PackedBf16() = default;
  /// Room for W of `rows` x `cols`; the values are zero until refresh().
  PackedBf16(std::size_t rows, std::size_t cols);

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t cols() const noexcept { return cols_; }

  /// Rounds and copies `block`, which is W's rows from `first_row` and columns from `first_col` on. Both are even, and
  /// so is the number of rows and columns except at the end of W; Error(usage) otherwise. Safe to call from several
  /// threads for disjoint blocks that start at multiples of 64 rows and 16 columns.
  void refresh(MatrixView<const float> block, std::size_t first_row, std::size_t first_col);

  /// Columns [64 p, 64 p + cols) of W^T: rows of pairs of the inner index k.
  [[nodiscard]] MatrixView<const std::uint32_t> transposed_panel(std::size_t p) const;
  /// W: rows of pairs of its rows.
  [[nodiscard]] MatrixView<const std::uint32_t> row_pairs() const;

 private:
  [[nodiscard]] std::size_t width(std::size_t p) const;

  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  Buffer<std::uint32_t> transposed_;
  Buffer<std::uint32_t> row_pairs_;
};

/// Y [m, n] = X [m, k] W^T + bias, see gemm_transposed() of gemm.h.
void gemm_transposed(MatrixView<const float> x, const PackedBf16& w, std::span<const float> bias, MatrixView<float> y,
                     BlockDone done = kNothingFollows);

/// C [m, k] = A [m, n] W.
void gemm(MatrixView<const float> a, const PackedBf16& w, MatrixView<float> c, BlockDone done = kNothingFollows);

/// As outer_product() of outer_product.h; a pair of samples is never of two terms.
void outer_product_bf16(std::span<const OuterTerm> terms, const Block& block, OuterPieceDone done);

}  // namespace fanin::linalg
