// Which elements of a row are not zero, 64 of them in a word; included once per SIMD target.
#include <cstdint>
#include <cstring>

#include "core/simd-inl.h"

#if defined(FANIN_LINALG_NONZERO_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FANIN_LINALG_NONZERO_INL_H_
#undef FANIN_LINALG_NONZERO_INL_H_
#else
#define FANIN_LINALG_NONZERO_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {

constexpr size_t kWordBits = 64;

/// Bit i is set where x[i] is neither 0 nor -0, for i < n <= 64; the bits above are 0.
HWY_INLINE uint64_t nonzero_word(const float* x, size_t n) {
  uint64_t word = 0;
  size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  for (; i + lanes <= n; i += lanes) {
    uint64_t bits = 0;
    hn::StoreMaskBits(d, hn::Ne(hn::LoadU(d, x + i), hn::Zero(d)), reinterpret_cast<uint8_t*>(&bits));
    word |= bits << i;
  }
#endif
  for (; i < n; ++i) word |= uint64_t{x[i] != 0.0F} << i;
  return word;
}

/// Turns a 64 x 64 matrix of bits in place: bit j of word i becomes bit i of word j.
HWY_INLINE void transpose_bits(uint64_t* HWY_RESTRICT words) {
  uint64_t mask = 0x00000000FFFFFFFFU;
  for (size_t half = kWordBits / 2; half != 0; half /= 2, mask ^= mask << half) {
    for (size_t i = 0; i < kWordBits; i = (i + half + 1) & ~half) {
      const uint64_t swapped = ((words[i] >> half) ^ words[i + half]) & mask;
      words[i] ^= swapped << half;
      words[i + half] ^= swapped;
    }
  }
}

}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
