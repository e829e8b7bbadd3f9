#pragma once

#include <cstdint>
#include <span>

#include "fanin/core/matrix_view.h"

namespace fanin::data {

/// out(r, c) = samples[indices[r] * out.cols + c], divided by 255 with one rounding where `unit` is set.
/// Checks nothing.
void gather_bytes(const std::uint8_t* samples, std::span<const std::uint32_t> indices, MatrixView<float> out,
                  bool unit);

}  // namespace fanin::data
