#pragma once

#include <cstddef>

#include "fanin/core/buffer.h"
#include "fanin/core/matrix_view.h"

namespace fanin::linalg {

/// The transpose of a weight matrix W [n, k] in panels of 64 columns, each contiguous, so that the forward product
/// X W^T streams through memory. Either a copy that is refreshed block by block after an update of W, or the place
/// where W itself lives: then updates go to the panels, and unpack() gives W's own order back.
class PackedTranspose {
 public:
  static constexpr std::size_t kPanel = 64;

  PackedTranspose() = default;
  /// Room for W of `rows` x `cols`; the values are zero until refresh().
  PackedTranspose(std::size_t rows, std::size_t cols);
  /// The panels of W are the size(rows, cols) floats at `panels`, on a cache-line boundary, which belong to the caller;
  /// columns beyond W are left alone.
  PackedTranspose(std::size_t rows, std::size_t cols, float* panels) noexcept;
  /// The floats of all panels: the columns of W^T filled up to whole cache lines.
  [[nodiscard]] static std::size_t size(std::size_t rows, std::size_t cols) noexcept;

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t cols() const noexcept { return cols_; }

  /// Copies `block`, which is W's rows from `first_row` and columns from `first_col` on. Safe to call from several
  /// threads for disjoint blocks; those that share 16 aligned rows of one column share a cache line.
  void refresh(MatrixView<const float> block, std::size_t first_row, std::size_t first_col = 0);

  /// The reverse: `block` becomes W's rows from `first_row` and columns from `first_col` on.
  void unpack(MatrixView<float> block, std::size_t first_row, std::size_t first_col = 0) const {
    unpack(data(), rows_, cols_, block, first_row, first_col);
  }
  /// The same from the panels of a `rows` x `cols` matrix anywhere.
  static void unpack(const float* panels, std::size_t rows, std::size_t cols, MatrixView<float> block,
                     std::size_t first_row, std::size_t first_col = 0);

  /// Where element (row, col) of W is, counted from the start of all panels.
  [[nodiscard]] std::size_t offset(std::size_t row, std::size_t col) const noexcept {
    return offset(rows_, cols_, row, col);
  }
  /// The floats from one row of panel p to the next: 64, or what is left at the end in whole cache lines.
  [[nodiscard]] std::size_t width(std::size_t p) const noexcept { return width(rows_, p); }

  /// Columns [64 p, 64 p + width) of W^T: a [cols, width] matrix with rows width(p) apart.
  [[nodiscard]] MatrixView<const float> panel(std::size_t p) const;
  [[nodiscard]] std::size_t panels() const noexcept { return (rows_ + kPanel - 1) / kPanel; }

 private:
  static std::size_t width(std::size_t rows, std::size_t p) noexcept;
  static std::size_t offset(std::size_t rows, std::size_t cols, std::size_t row, std::size_t col) noexcept {
    const std::size_t p = row / kPanel;
    return p * kPanel * cols + col * width(rows, p) + row % kPanel;
  }
  [[nodiscard]] const float* data() const noexcept { return outside_ != nullptr ? outside_ : data_.data(); }
  [[nodiscard]] float* data() noexcept { return outside_ != nullptr ? outside_ : data_.data(); }

  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  float* outside_ = nullptr;
  Buffer<float> data_;
};

}  // namespace fanin::linalg
