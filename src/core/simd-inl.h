// Per-target helpers on top of Highway: included once per target by the sources that use foreach_target.h.
// Only operations that give the same bits on every target belong here.
#include <hwy/highway.h>

#include <cmath>

// Before a loop over a constant number of registers: without it GCC 12 keeps some of them in memory.
#ifndef FANIN_UNROLL
#define FANIN_UNROLL _Pragma("GCC unroll 16")
#endif

#if defined(FANIN_CORE_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FANIN_CORE_SIMD_INL_H_
#undef FANIN_CORE_SIMD_INL_H_
#else
#define FANIN_CORE_SIMD_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// a * b + c with one rounding, also where the machine has no such instruction.
template <class V>
HWY_INLINE V fma(V a, V b, V c) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(a, b, c);
#else
  const hn::DFromV<V> d;
  using T = hn::TFromD<decltype(d)>;
  HWY_ALIGN T x[HWY_MAX_BYTES / sizeof(T)];
  HWY_ALIGN T y[HWY_MAX_BYTES / sizeof(T)];
  HWY_ALIGN T z[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(a, d, x);
  hn::Store(b, d, y);
  hn::Store(c, d, z);
  for (size_t i = 0; i < hn::Lanes(d); ++i) x[i] = std::fma(x[i], y[i], z[i]);
  return hn::Load(d, x);
#endif
}

/// c - a * b with one rounding.
template <class V>
HWY_INLINE V fnma(V a, V b, V c) {
  return fma(hn::Neg(a), b, c);
}

}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
