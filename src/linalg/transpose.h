#pragma once

#include <cstddef>

#include "fanin/core/matrix_view.h"

namespace fanin::linalg::detail {

/// to[j * to_row + i] = from(i, j); moves bits, whatever they mean.
void transpose(MatrixView<const float> from, float* to, std::size_t to_row);

}  // namespace fanin::linalg::detail
