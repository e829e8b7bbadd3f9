#pragma once

#include <cstddef>

#include "fanin/core/buffer.h"
#include "fanin/core/matrix_view.h"

namespace fanin::rbm::detail {

/// Rows of a batch; an odd number of cache lines apart, so that they spread over all sets of the first-level cache.
struct Plane {
  static constexpr std::size_t kLine = 16;  // floats in a cache line

  Plane(std::size_t rows_, std::size_t cols_)
      : rows(rows_), cols(cols_), stride(((cols_ + kLine - 1) / kLine | 1) * kLine), data(rows_ * stride) {}
  [[nodiscard]] MatrixView<float> rows_at(std::size_t first, std::size_t count) {
    return {data.data() + first * stride, count, cols, stride};
  }
  [[nodiscard]] MatrixView<const float> rows_at(std::size_t first, std::size_t count) const {
    return {data.data() + first * stride, count, cols, stride};
  }
  /// The first `columns` columns alone.
  [[nodiscard]] MatrixView<float> rows_at(std::size_t first, std::size_t count, std::size_t columns) {
    return {data.data() + first * stride, count, columns, stride};
  }
  [[nodiscard]] MatrixView<float> all() { return rows_at(0, rows); }

  std::size_t rows;
  std::size_t cols;
  std::size_t stride;
  Buffer<float> data;
};

}  // namespace fanin::rbm::detail
