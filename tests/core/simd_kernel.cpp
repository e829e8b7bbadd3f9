#include "tests/core/simd_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/core/simd_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {

void target_kernel(testing::Dispatched& out) {
  out.bit = HWY_TARGET;
  out.lanes = hn::Lanes(hn::ScalableTag<float>());
}

template <typename T>
void fma_all(const T* a, const T* b, const T* c, T* sum, T* difference, std::size_t n) {
  const hn::ScalableTag<T> d;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto x = hn::LoadU(d, a + i);
    const auto y = hn::LoadU(d, b + i);
    const auto z = hn::LoadU(d, c + i);
    hn::StoreU(fma(x, y, z), d, sum + i);
    hn::StoreU(fnma(x, y, z), d, difference + i);
  }
}

void fma_float(const float* a, const float* b, const float* c, float* sum, float* difference, std::size_t n) {
  fma_all(a, b, c, sum, difference, n);
}

void fma_double(const double* a, const double* b, const double* c, double* sum, double* difference, std::size_t n) {
  fma_all(a, b, c, sum, difference, n);
}

}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin {

HWY_EXPORT(target_kernel);
HWY_EXPORT(fma_float);
HWY_EXPORT(fma_double);

namespace testing {

Dispatched dispatched() {
  Dispatched result;
  HWY_DYNAMIC_DISPATCH(target_kernel)(result);
  return result;
}

void fma_kernel(const float* a, const float* b, const float* c, float* sum, float* difference, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(fma_float)(a, b, c, sum, difference, n);
}

void fma_kernel(const double* a, const double* b, const double* c, double* sum, double* difference, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(fma_double)(a, b, c, sum, difference, n);
}

}  // namespace testing
}  // namespace fanin
#endif
