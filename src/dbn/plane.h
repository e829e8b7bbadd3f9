#pragma once

#include <cstddef>

#include "fanin/core/buffer.h"
#include "fanin/core/matrix_view.h"
#include "fanin/linalg/gemm.h"

namespace fanin::dbn::detail {

/// Rows of a batch; an odd number of cache lines apart, so that they spread over all sets of the first-level cache.
class Plane {
 public:
  Plane(std::size_t rows, std::size_t cols)
      : cols_(cols), stride_(((cols + kLine - 1) / kLine | 1) * kLine), data_(rows * stride_) {}

  [[nodiscard]] MatrixView<float> rows_at(std::size_t first, std::size_t count) {
    return {data_.data() + first * stride_, count, cols_, stride_};
  }
  /// The first `cols` columns alone.
  [[nodiscard]] MatrixView<float> rows_at(std::size_t first, std::size_t count, std::size_t cols) {
    return {data_.data() + first * stride_, count, cols, stride_};
  }

 private:
  static constexpr std::size_t kLine = 16;  // floats in a cache line
  std::size_t cols_;
  std::size_t stride_;
  Buffer<float> data_;
};

}  // namespace fanin::dbn::detail
