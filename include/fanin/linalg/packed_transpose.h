#pragma once

#include <cstddef>

#include "fanin/core/buffer.h"
#include "fanin/core/matrix_view.h"

namespace fanin::linalg {

/// The transpose of a weight matrix W [n, k] in panels of 64 columns, each contiguous, so that the forward product
/// X W^T streams through memory. Refreshed block by block of W after an update.
class PackedTranspose {
 public:
  static constexpr std::size_t kPanel = 64;

  PackedTranspose() = default;
  /// Room for W of `rows` x `cols`; the values are zero until refresh().
  PackedTranspose(std::size_t rows, std::size_t cols);

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t cols() const noexcept { return cols_; }

  /// Copies `block`, which is W's rows from `first_row` and columns from `first_col` on. Safe to call from several
  /// threads for disjoint blocks; those that share 16 aligned rows of one column share a cache line.
  void refresh(MatrixView<const float> block, std::size_t first_row, std::size_t first_col = 0);

  /// Columns [64 p, 64 p + width) of W^T: a [cols, width] matrix with rows width(p) apart.
  [[nodiscard]] MatrixView<const float> panel(std::size_t p) const;
  [[nodiscard]] std::size_t panels() const noexcept { return (rows_ + kPanel - 1) / kPanel; }

 private:
  [[nodiscard]] std::size_t width(std::size_t p) const;

  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  Buffer<float> data_;
};

}  // namespace fanin::linalg
