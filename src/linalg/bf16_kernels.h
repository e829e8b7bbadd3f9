#pragma once

#include <cstddef>
#include <cstdint>

#include "fanin/core/matrix_view.h"

namespace fanin::linalg::detail {

/// What a machine must do for products of bfloat16 numbers, as functions, so that one set or the other is chosen when
/// the program runs. A pair is a word whose lower half is the number with the even inner index.
struct Bf16Kernels {
  /// C [m, n] for n <= 64: start + sum over pairs q of a(i, q) . b(q, j), where a(i, q) is a[i * a_row + q * a_pair]
  /// and row q of b is b + q * b_row. The start is `bias` (n values), C itself or zero.
  void (*panel)(const std::uint32_t* a, std::size_t a_row, std::size_t a_pair, std::size_t pairs,
                const std::uint32_t* b, std::size_t b_row, const float* bias, bool accumulate,
                const MatrixView<float>& c);
  /// out(i, q) = (x(i, 2q), x(i, 2q + 1)); a missing last one is zero.
  void (*pair_columns)(const MatrixView<const float>& x, std::uint32_t* out, std::size_t out_row);
  /// out(q, j) = (x(2q, j), x(2q + 1, j)); a missing last one is zero.
  void (*pair_rows)(const MatrixView<const float>& x, std::uint32_t* out, std::size_t out_row);
};

/// For every machine.
[[nodiscard]] const Bf16Kernels& portable_bf16_kernels();
/// By the processor's own instructions; null where the build or the machine has none.
[[nodiscard]] const Bf16Kernels* native_bf16_kernels();

/// Whether the target in use is AVX-512.
[[nodiscard]] bool target_is_avx512();

}  // namespace fanin::linalg::detail
