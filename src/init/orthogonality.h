#pragma once

#include <cstddef>

#include "fanin/core/thread_pool.h"
#include "fanin/init/verify.h"

namespace fanin::init {

/// The largest element of (M v / gain^2 - v) over four vectors v of random signs, M = Q^T Q for rows >= cols, else
/// Q Q^T, in float64; Q is row-major. For gain 0 the largest element of M v.
[[nodiscard]] double orthogonality_residual(std::size_t rows, std::size_t cols, double gain, ValueSource values,
                                            ThreadPool& pool);

}  // namespace fanin::init
