#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "random/truncated_normal.cpp"
#include <fmt/format.h>
#include <hwy/foreach_target.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

#include "random/gauss.h"
#include "random/normal-inl.h"
#include "random/philox-inl.h"
#include "random/quantile-inl.h"
#include "random/quantile32-inl.h"
#include "random/truncation.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::random::HWY_NAMESPACE {

/// The standard normal of each word in float64, whatever the bounds.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V quantile_of_word(D d, const Truncation& c, hn::VFromD<hn::Rebind<std::uint32_t, D>> word) {
  const hn::RebindToUnsigned<D> du64;
  const V two_to_52 = hn::Set(d, 0x1p52);
  const V w = hn::Sub(hn::BitCast(d, hn::Or(hn::PromoteTo(du64, word), hn::BitCast(du64, two_to_52))),
                      hn::Set(d, 0x1p52 - 0.5));
  const V u = hn::Mul(w, hn::Set(d, 0x1p-32));
  // Whichever tail the number falls in, its probability is measured from that end, where float64 is dense.
  const V p = fma(u, hn::Set(d, c.mass), hn::Set(d, c.below));
  const V q = fma(hn::Sub(hn::Set(d, 1.0), u), hn::Set(d, c.mass), hn::Set(d, c.above));
  const V z = upper_quantile(d, hn::Min(hn::Min(p, q), hn::Set(d, 0.5)));
  return hn::IfThenElse(hn::Lt(p, q), hn::Neg(z), z);
}

/// Turns the words that `values` holds into the numbers, in place.
void truncate_in_place(const Truncation& c, float* values, std::size_t count) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<std::uint32_t, decltype(d)> du;
  const hn::Rebind<float, decltype(d)> df;
  const auto step = [&](float* at) {
    const auto z = quantile_of_word(d, c, hn::BitCast(du, hn::LoadU(df, at)));
    const auto value = hn::DemoteTo(df, fma(z, hn::Set(d, c.std), hn::Set(d, c.mean)));
    hn::StoreU(hn::Min(hn::Max(value, hn::Set(df, c.least)), hn::Set(df, c.greatest)), df, at);
  };
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) step(values + i);
  if (i < count) {
    HWY_ALIGN float part[HWY_MAX_BYTES / sizeof(double)] = {};
    std::memcpy(part, values + i, (count - i) * sizeof(float));
    step(part);
    std::memcpy(values + i, part, (count - i) * sizeof(float));
  }
}

using DF = hn::ScalableTag<float>;
using DU = hn::RebindToUnsigned<DF>;

/// The standard normals of a vector of words in float64, rounded to float32.
HWY_NOINLINE void far_quantiles(const Truncation& c, const std::uint32_t* words, float* z) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<std::uint32_t, decltype(d)> du;
  const hn::Rebind<float, decltype(d)> df;
  for (std::size_t i = 0; i < hn::Lanes(DF()); i += hn::Lanes(d)) {
    hn::StoreU(hn::DemoteTo(df, quantile_of_word(d, c, hn::LoadU(du, words + i))), df, z + i);
  }
}

/// The numbers of a vector of words, where the median is within the bounds.
HWY_INLINE hn::VFromD<DF> truncated(const Truncation& c, hn::VFromD<DU> word) {
  const DF df;
  const DU du;
  using V = hn::VFromD<DF>;
  const auto median = hn::Set(du, c.median);
  const auto upper = hn::Gt(word, median);
  const auto upper_half = hn::RebindMask(df, upper);
  const V step = hn::Set(df, c.step);
  // Counted in words from the nearer end, and from the median: exact, so that both t and q keep all their digits.
  const auto from_end = hn::IfThenElse(upper, hn::Not(word), word);
  const auto from_median = hn::IfThenElse(upper, hn::Sub(word, median), hn::Sub(median, word));
  const V t =
      fma(float_of_word(df, from_end), step, hn::IfThenElse(upper_half, hn::Set(df, c.last), hn::Set(df, c.first)));
  const V q = fma(float_of_word(df, from_median), step,
                  hn::IfThenElse(upper_half, hn::Set(df, -c.past_median), hn::Set(df, c.past_median)));
  V z = upper_quantile32(df, t, q);
  z = hn::IfThenElse(upper_half, z, hn::Neg(z));
  const auto far = hn::Lt(t, hn::Set(df, quantile_table::kLeast));
  // Rare, and for the lanes that need it alone, so no bits depend on the width of a vector.
  if (HWY_UNLIKELY(!hn::AllFalse(df, far))) {
    HWY_ALIGN std::uint32_t words[HWY_MAX_BYTES / sizeof(std::uint32_t)];
    HWY_ALIGN float quantiles[HWY_MAX_BYTES / sizeof(float)];
    hn::Store(word, du, words);
    far_quantiles(c, words, quantiles);
    z = hn::IfThenElse(far, hn::Load(df, quantiles), z);
  }
  const V value = fma(z, hn::Set(df, static_cast<float>(c.std)), hn::Set(df, static_cast<float>(c.mean)));
  return hn::Min(hn::Max(value, hn::Set(df, c.least)), hn::Set(df, c.greatest));
}

struct ToTruncated {
  const Truncation& c;
#if HWY_TARGET == HWY_SCALAR
  void operator()(const std::uint32_t* w, float* out) const {
    for (int i = 0; i < 4; ++i) out[i] = hn::GetLane(truncated(c, hn::Set(DU(), w[i])));
  }
#else
  HWY_INLINE void operator()(const Words& w, float* out) const {
    in_order(w, [&](std::size_t i, V32 v) { hn::StoreU(truncated(c, v), DF(), out + i); });
  }
#endif
};

void truncated_around_median(std::uint64_t seed, std::uint64_t offset, std::uint64_t first, float* out,
                             std::size_t count, const Truncation& c) {
  generate(seed, offset, first, out, count, ToTruncated{c});
}

}  // namespace fanin::random::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::random {

HWY_EXPORT(truncate_in_place);
HWY_EXPORT(truncated_around_median);

void fill_truncated_normal(const Stream& stream, std::uint64_t first, std::span<float> out, double mean, double std,
                           double lo, double hi) {
  check_truncation(lo, hi);
  if (!std::isfinite(static_cast<float>(mean)) || !std::isfinite(static_cast<float>(std)) || std < 0) {
    throw Error(ErrorKind::usage, "random",
                fmt::format("truncated_normal(mean={}, std={}): both must be finite in float32, and std at least 0",
                            mean, std));
  }
  const Truncation constants = truncation(mean, std, lo, hi);
  if (constants.median_within) {
    HWY_DYNAMIC_DISPATCH(truncated_around_median)
    (stream.seed(), stream.offset(), first, out.data(), out.size(), constants);
    return;
  }
  constexpr std::size_t kChunk = 2048;
  std::uint32_t words[kChunk];
  for (std::size_t i = 0; i < out.size(); i += kChunk) {
    const std::size_t n = std::min(kChunk, out.size() - i);
    stream.words(first + i, std::span(words, n));
    std::memcpy(out.data() + i, words, n * sizeof(float));
    HWY_DYNAMIC_DISPATCH(truncate_in_place)(constants, out.data() + i, n);
  }
}

}  // namespace fanin::random
#endif
