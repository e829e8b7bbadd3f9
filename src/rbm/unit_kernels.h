#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fanin/core/matrix_view.h"

namespace fanin::rbm::detail {

/// x = sigmoid(x), in place.
void sigmoid(MatrixView<float> x);
/// p = scale * sigmoid(p), in place, and, unless `states` has no data, states = 1 where the words' upper 24 bits, times
/// 2^-24, are below the sigmoid, otherwise 0. `words` has the shape of p.
void sigmoid_and_sample(MatrixView<float> p, float scale, MatrixView<const std::uint32_t> words,
                        MatrixView<float> states);
/// The sum over a row of (a - b)^2 and of a b, in 16 interleaved sums that are added up in a fixed order.
[[nodiscard]] float squared_distance(const float* a, const float* b, std::size_t n);
[[nodiscard]] float dot(const float* a, const float* b, std::size_t n);

}  // namespace fanin::rbm::detail
