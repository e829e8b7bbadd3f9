// Element-wise loops over float32 arrays, included once per target by the sources that use foreach_target.h.
#include <cstddef>

#include "core/simd-inl.h"

#if defined(FANIN_LINALG_MAP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FANIN_LINALG_MAP_INL_H_
#undef FANIN_LINALG_MAP_INL_H_
#else
#define FANIN_LINALG_MAP_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::linalg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// y[i] = f(x0[i], x1[i], ...) on whole vectors; what is left goes through a padded copy, so that f is the same code
/// for every element. y may be one of the inputs.
template <class F, class... X>
HWY_INLINE void map(std::size_t count, float* y, F f, const X*... x) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(f(hn::LoadU(d, x + i)...), d, y + i);
  if (i == count) return;
  const std::size_t rest = count - i;
  const auto padded = [&](const float* from) HWY_ATTR {
    HWY_ALIGN float lane[HWY_MAX_BYTES / sizeof(float)] = {};
    for (std::size_t k = 0; k < rest; ++k) lane[k] = from[i + k];
    return hn::Load(d, lane);
  };
  HWY_ALIGN float result[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(f(padded(x)...), d, result);
  for (std::size_t k = 0; k < rest; ++k) y[i + k] = result[k];
}

}  // namespace fanin::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
