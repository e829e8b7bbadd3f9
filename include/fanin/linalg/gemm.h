#pragma once

#include <cstddef>
#include <span>

#include "fanin/core/buffer.h"
#include "fanin/core/matrix_view.h"

/// Matrix products in float32 whose every output element is one chain of fused multiply-adds in the order of the
/// inner index: c = fma(a_ik, b_kj, c) for k = 0, 1, 2, ... The order does not depend on tiles, threads or the SIMD
/// width, so neither do the bits, and skipping products that are exactly zero leaves them unchanged too (for finite
/// factors, up to the sign of a zero). The functions run in the calling thread and allocate nothing: callers cut the
/// rows of C into tasks.
namespace fanin::linalg {

/// What C holds before the first product is added.
enum class Start { zero, accumulate };

/// A of a product: element (i, k) is data[i * row_step + k * k_step]. A row-major matrix and its transpose are both
/// of this form.
struct LeftOperand {
  const float* data = nullptr;
  std::size_t rows = 0;
  std::size_t row_step = 0;
  std::size_t k_step = 1;

  /// A itself.
  static LeftOperand plain(MatrixView<const float> a) { return {a.data, a.rows, a.stride, 1}; }
  /// The transpose of `a`, of which rows [first, first + count) are taken (columns of a).
  static LeftOperand transposed(MatrixView<const float> a, std::size_t first, std::size_t count) {
    return {a.data + first, count, 1, a.stride};
  }
};

/// C [m, n] = A [m, k] B [k, n] (+ C for Start::accumulate), B row-major, k = b.rows.
void gemm(const LeftOperand& a, MatrixView<const float> b, Start start, MatrixView<float> c);

/// The transpose of a weight matrix W [n, k] in panels of 64 columns, each contiguous, so that the forward product
/// X W^T streams through memory. Refreshed row by row of W after an update.
class PackedTranspose {
 public:
  static constexpr std::size_t kPanel = 64;

  PackedTranspose() = default;
  /// Room for W of `rows` x `cols`; the values are zero until refresh().
  PackedTranspose(std::size_t rows, std::size_t cols);

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t cols() const noexcept { return cols_; }

  /// Copies rows [first, first + count) of W. Safe to call from several threads for disjoint rows.
  void refresh(MatrixView<const float> w, std::size_t first, std::size_t count);

  /// Columns [64 p, 64 p + width) of W^T: a [cols, width] matrix with rows width_of(p) apart.
  [[nodiscard]] MatrixView<const float> panel(std::size_t p) const;
  [[nodiscard]] std::size_t panels() const noexcept { return (rows_ + kPanel - 1) / kPanel; }

 private:
  [[nodiscard]] std::size_t width(std::size_t p) const;

  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  Buffer<float> data_;
};

/// Y [m, n] = X [m, k] W^T + bias: every row of Y starts as `bias` (n values, or empty for zeros).
void gemm_transposed(MatrixView<const float> x, const PackedTranspose& w, std::span<const float> bias,
                     MatrixView<float> y);

}  // namespace fanin::linalg
