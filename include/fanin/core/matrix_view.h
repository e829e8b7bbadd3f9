#pragma once

#include <cstddef>
#include <type_traits>

namespace fanin {

/// A borrowed row-major matrix: element (r, c) is data[r * stride + c]. Owns nothing, checks nothing.
template <typename T>
struct MatrixView {
  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t stride = 0;  ///< elements from one row to the next, at least cols

  MatrixView() = default;
  MatrixView(T* data_, std::size_t rows_, std::size_t cols_) : MatrixView(data_, rows_, cols_, cols_) {}
  MatrixView(T* data_, std::size_t rows_, std::size_t cols_, std::size_t stride_)
      : data(data_), rows(rows_), cols(cols_), stride(stride_) {}
  /// A view of mutable elements reads as a view of constant ones.
  // NOLINTNEXTLINE(google-explicit-constructor): as a pointer does
  operator MatrixView<const T>() const requires(!std::is_const_v<T>) { return {data, rows, cols, stride}; }

  [[nodiscard]] T* row(std::size_t r) const { return data + r * stride; }
  [[nodiscard]] T& operator()(std::size_t r, std::size_t c) const { return data[r * stride + c]; }
  /// Rows [first, first + count) of this view.
  [[nodiscard]] MatrixView rows_at(std::size_t first, std::size_t count) const {
    return {row(first), count, cols, stride};
  }
};

}  // namespace fanin
