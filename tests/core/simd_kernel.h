#pragma once

#include <cstddef>
#include <cstdint>

namespace fanin::testing {

/// What the dispatcher picked: Highway's bit for the target, and its lane count for float.
struct Dispatched {
  std::int64_t bit = 0;
  std::size_t lanes = 0;
};
[[nodiscard]] Dispatched dispatched();

/// sum[i] = a[i] * b[i] + c[i] and difference[i] = c[i] - a[i] * b[i], each with one rounding. `n` is a multiple of 16.
void fma_kernel(const float* a, const float* b, const float* c, float* sum, float* difference, std::size_t n);
void fma_kernel(const double* a, const double* b, const double* c, double* sum, double* difference, std::size_t n);

}  // namespace fanin::testing
