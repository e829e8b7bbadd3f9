#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

#include "fanin/core/error.h"
#include "fanin/core/matrix_view.h"

namespace fanin::rbm::detail {

/// Throws Error(data) naming the first of the first `units` elements of a row that is neither 0 nor 1.
inline void require_binary(MatrixView<const float> v, std::size_t units, std::string_view what) {
  for (std::size_t r = 0; r < v.rows; ++r) {
    for (std::size_t i = 0; i < units; ++i) {
      if (v(r, i) == 0 || v(r, i) == 1) continue;
      throw Error(ErrorKind::data, "rbm",
                  fmt::format("{} of row {}: unit {} is {}, allowed are 0 and 1; binarize the data first", what, r, i,
                              v(r, i)));
    }
  }
}

/// Throws Error(usage) unless rows have `visible` columns and there are as many places as rows.
inline void require_shape(MatrixView<const float> v, std::size_t visible, std::size_t places, std::string_view what) {
  if (v.cols != visible) {
    throw Error(ErrorKind::usage, "rbm", fmt::format("rows of {} units for {} visible units", v.cols, visible));
  }
  if (places != v.rows) {
    throw Error(ErrorKind::usage, "rbm", fmt::format("{} {} for {} rows", places, what, v.rows));
  }
}

}  // namespace fanin::rbm::detail
