// The normal quantile in float32, from a table of polynomials: included once per SIMD target.
#include <cstdint>

#include "core/simd-inl.h"
#include "random/quantile_table.h"

#if defined(FANIN_RANDOM_QUANTILE32_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FANIN_RANDOM_QUANTILE32_INL_H_
#undef FANIN_RANDOM_QUANTILE32_INL_H_
#else
#define FANIN_RANDOM_QUANTILE32_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::random::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using fanin::HWY_NAMESPACE::fma;

/// table[index] of 32 numbers, for each lane.
template <class DF, class VI = hn::VFromD<hn::RebindToSigned<DF>>>
HWY_INLINE hn::VFromD<DF> entry_of(DF df, const float* table, VI index) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  // The whole table in two registers.
  return hn::VFromD<DF>{
      _mm512_permutex2var_ps(hn::Load(df, table).raw, index.raw, hn::Load(df, table + hn::Lanes(df)).raw)};
#else
  return hn::GatherIndex(df, table, index);
#endif
}

/// -P^-1(t) for t in [quantile_table::kLeast, 1/2], q = 1/2 - t: within 1 ulp for exact t and q. Which of the two is
/// used depends on t alone: q where it is the smaller one, and so the more exact. Lanes outside of the range hold
/// numbers without meaning.
template <class DF, class V = hn::VFromD<DF>>
HWY_INLINE V upper_quantile32(DF df, V t, V q) {
  namespace table = quantile_table;
  const hn::RebindToSigned<DF> di;
  constexpr int kQuarterOctave = 21;                               // bits below the exponent and two of the mantissa
  constexpr std::int32_t kCentral = 0x3EC00000 >> kQuarterOctave;  // of t = 3/8
  const auto central = hn::Ge(t, hn::Set(df, 0.375f));
  const auto piece = hn::ShiftRight<kQuarterOctave>(hn::BitCast(di, t));
  const auto index =
      hn::Min(hn::Max(hn::Sub(hn::Set(di, kCentral), piece), hn::Zero(di)), hn::Set(di, table::kPieces - 1));
  const V x = hn::Sub(hn::IfThenElse(hn::Ge(t, hn::Set(df, 0.25f)), q, t), entry_of(df, table::y0, index));
  const V s = hn::IfThenElse(central, hn::Mul(x, x), x);
  V p = entry_of(df, table::c5, index);
  p = fma(p, s, entry_of(df, table::c4, index));
  p = fma(p, s, entry_of(df, table::c3, index));
  p = fma(p, s, entry_of(df, table::c2, index));
  p = fma(p, s, entry_of(df, table::c1, index));
  return fma(p, x, entry_of(df, table::c0, index));
}

}  // namespace fanin::random::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
