// Logarithm, sine and cosine in float32 for Box-Muller: included once per SIMD target.
#include "core/simd-inl.h"

#if defined(FANIN_RANDOM_NORMAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FANIN_RANDOM_NORMAL_INL_H_
#undef FANIN_RANDOM_NORMAL_INL_H_
#else
#define FANIN_RANDOM_NORMAL_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::random::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using fanin::HWY_NAMESPACE::fma;
using fanin::HWY_NAMESPACE::fnma;

/// The word as a float32, rounded once.
template <class DF, class DU = hn::RebindToUnsigned<DF>>
HWY_INLINE hn::VFromD<DF> float_of_word(DF df, hn::VFromD<DU> word) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  return hn::ConvertTo(df, word);
#else
  const DU du;
  const hn::RebindToSigned<DF> di;
  // Both halves convert exactly, and only the last operation rounds.
  const auto high = hn::ConvertTo(df, hn::BitCast(di, hn::ShiftRight<16>(word)));
  const auto low = hn::ConvertTo(df, hn::BitCast(di, hn::And(word, hn::Set(du, 0xFFFF))));
  return fma(high, hn::Set(df, 65536.0f), low);
#endif
}

/// (word + 1/2) * 2^-32 with two roundings, in [2^-33, 1].
template <class DF, class DU = hn::RebindToUnsigned<DF>>
HWY_INLINE hn::VFromD<DF> open_uniform(DF df, hn::VFromD<DU> word) {
  return fma(float_of_word(df, word), hn::Set(df, 0x1p-32f), hn::Set(df, 0x1p-33f));
}

/// -2 log(x) for normal positive x: the polynomial of cephes' logf (S. Moshier), argument in [sqrt(1/2), sqrt(2)). The
/// factor is exact and rides along in the constants.
template <class DF, class V = hn::VFromD<DF>>
HWY_INLINE V minus_two_log(DF df, V x) {
  const hn::RebindToSigned<DF> di;
  const auto root_half = hn::Set(di, 0x3f3504f3);
  const auto bits = hn::Sub(hn::BitCast(di, x), root_half);
  const V e = hn::ConvertTo(df, hn::ShiftRight<23>(bits));
  const V r = hn::Sub(hn::BitCast(df, hn::Add(hn::And(bits, hn::Set(di, 0x7fffff)), root_half)), hn::Set(df, 1.0f));
  const V z = hn::Mul(r, r);
  V y = hn::Set(df, -2 * 7.0376836292E-2f);
  y = fma(y, r, hn::Set(df, 2 * 1.1514610310E-1f));
  y = fma(y, r, hn::Set(df, -2 * 1.1676998740E-1f));
  y = fma(y, r, hn::Set(df, 2 * 1.2420140846E-1f));
  y = fma(y, r, hn::Set(df, -2 * 1.4249322787E-1f));
  y = fma(y, r, hn::Set(df, 2 * 1.6668057665E-1f));
  y = fma(y, r, hn::Set(df, -2 * 2.0000714765E-1f));
  y = fma(y, r, hn::Set(df, 2 * 2.4999993993E-1f));
  y = fma(y, r, hn::Set(df, -2 * 3.3333331174E-1f));
  y = hn::Mul(y, r);
  // log 2 = 0.693359375 - 2.12194440e-4, the first part exact in few bits.
  y = fma(y, z, hn::Mul(e, hn::Set(df, 2 * 2.12194440e-4f)));
  y = hn::Add(z, y);
  return fma(e, hn::Set(df, -2 * 0.693359375f), fnma(r, hn::Set(df, 2.0f), y));
}

/// cos and sin of 2 pi t, t in [0, 1]: cephes' sinf and cosf polynomials after an exact reduction to |t| <= 1/8.
template <class DF, class V = hn::VFromD<DF>>
HWY_INLINE void cos_sin_turn(DF df, V t, V& cosine, V& sine) {
  const hn::RebindToUnsigned<DF> du;
  // Adding 1.5 * 2^23 leaves the nearest integer in the low bits of the sum.
  const V magic = hn::Set(df, 12582912.0f);
  const V shifted = fma(t, hn::Set(df, 4.0f), magic);
  const auto quarter = hn::BitCast(du, shifted);
  const V x = hn::Mul(fnma(hn::Sub(shifted, magic), hn::Set(df, 0.25f), t), hn::Set(df, 6.28318530718f));
  const V z = hn::Mul(x, x);
  V a = fma(hn::Set(df, 2.443315711809948E-5f), z, hn::Set(df, -1.388731625493765E-3f));
  a = fma(a, z, hn::Set(df, 4.166664568298827E-2f));
  a = fma(a, hn::Mul(z, z), fma(hn::Set(df, -0.5f), z, hn::Set(df, 1.0f)));
  V b = fma(hn::Set(df, -1.9515295891E-4f), z, hn::Set(df, 8.3321608736E-3f));
  b = fma(b, z, hn::Set(df, -1.6666654611E-1f));
  b = fma(hn::Mul(b, z), x, x);
  const auto swap = hn::RebindMask(df, hn::TestBit(quarter, hn::Set(du, 1)));
  const auto two = hn::Set(du, 2);
  const auto sine_sign = hn::ShiftLeft<30>(hn::And(quarter, two));
  const auto cosine_sign = hn::ShiftLeft<30>(hn::And(hn::Add(quarter, hn::Set(du, 1)), two));
  sine = hn::Xor(hn::IfThenElse(swap, a, b), hn::BitCast(df, sine_sign));
  cosine = hn::Xor(hn::IfThenElse(swap, b, a), hn::BitCast(df, cosine_sign));
}

/// Box and Muller 1958: two independent normals from each pair of words.
template <class DF, class V = hn::VFromD<DF>, class VU = hn::VFromD<hn::RebindToUnsigned<DF>>>
HWY_INLINE void box_muller(DF df, VU word0, VU word1, V mean, V std, V& normal0, V& normal1) {
  const V r = hn::Sqrt(minus_two_log(df, open_uniform(df, word0)));
  V cosine;
  V sine;
  cos_sin_turn(df, open_uniform(df, word1), cosine, sine);
  normal0 = fma(hn::Mul(r, cosine), std, mean);
  normal1 = fma(hn::Mul(r, sine), std, mean);
}

}  // namespace fanin::random::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
