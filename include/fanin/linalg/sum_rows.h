#pragma once

#include <span>

#include "fanin/core/matrix_view.h"

namespace fanin::linalg {

/// sums[j] = ((0 + a(0, j)) + a(1, j)) + ...: each column's sum in the order of the rows, so the same bits for every
/// cut of the columns and every SIMD target. Throws Error(usage) unless sums.size() is a.cols.
void sum_rows(MatrixView<const float> a, std::span<float> sums);

}  // namespace fanin::linalg
