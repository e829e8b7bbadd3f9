#pragma once

#include <string>
#include <string_view>

namespace fanin::nn {

/// In which numbers a network's products are computed. Weights, activations, gradients and the optimizer are float32 in
/// every case, and so are the sums.
enum class Precision {
  fp32,  ///< factors as they are
  bf16,  ///< factors rounded to bfloat16, 8 bits of precision, see linalg/bf16.h
};

/// `fp32`, `bf16`. Throws Error(usage) for another name and suggests the nearest.
[[nodiscard]] Precision parse_precision(std::string_view text);
[[nodiscard]] std::string str(Precision precision);

}  // namespace fanin::nn
