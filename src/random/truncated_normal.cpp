#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "random/truncated_normal.cpp"
#include <fmt/format.h>
#include <hwy/foreach_target.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

#include "random/gauss.h"
#include "random/quantile-inl.h"

#ifndef FANIN_RANDOM_TRUNCATION_
#define FANIN_RANDOM_TRUNCATION_
namespace fanin::random {
/// The constants of one truncated normal, worked out once for a fill.
struct Truncation {
  double below;  ///< P(Z < lo)
  double above;  ///< P(Z > hi)
  double mass;   ///< P(lo < Z < hi)
  double mean, std;
  float least, greatest;  ///< the float32 values nearest the bounds and within them
};
}  // namespace fanin::random
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::random::HWY_NAMESPACE {

/// Turns the words that `values` holds into the numbers, in place.
void truncate_in_place(const Truncation& c, float* values, std::size_t count) {
  const hn::ScalableTag<double> d;
  const hn::RebindToUnsigned<decltype(d)> du64;
  const hn::Rebind<std::uint32_t, decltype(d)> du;
  const hn::Rebind<float, decltype(d)> df;
  using V = hn::VFromD<decltype(d)>;
  const V half = hn::Set(d, 0.5);
  const auto step = [&](float* at) {
    const auto word = hn::BitCast(du, hn::LoadU(df, at));
    const V two_to_52 = hn::Set(d, 0x1p52);
    const V w = hn::Sub(hn::BitCast(d, hn::Or(hn::PromoteTo(du64, word), hn::BitCast(du64, two_to_52))),
                        hn::Set(d, 0x1p52 - 0.5));
    const V u = hn::Mul(w, hn::Set(d, 0x1p-32));
    // Whichever tail the number falls in, its probability is measured from that end, where float64 is dense.
    const V p = fma(u, hn::Set(d, c.mass), hn::Set(d, c.below));
    const V q = fma(hn::Sub(hn::Set(d, 1.0), u), hn::Set(d, c.mass), hn::Set(d, c.above));
    const V z = upper_quantile(d, hn::Min(hn::Min(p, q), half));
    const V value = fma(hn::IfThenElse(hn::Lt(p, q), hn::Neg(z), z), hn::Set(d, c.std), hn::Set(d, c.mean));
    const auto rounded = hn::DemoteTo(df, value);
    hn::StoreU(hn::Min(hn::Max(rounded, hn::Set(df, c.least)), hn::Set(df, c.greatest)), df, at);
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

}  // namespace fanin::random::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::random {

HWY_EXPORT(truncate_in_place);

namespace {

double bound(double mean, double std, double sigmas) {
  return std == 0 ? mean : std::fma(std, sigmas, mean);
}

float least_not_below(double x) {
  const float f = static_cast<float>(x);
  return f < x ? std::nextafter(f, std::numeric_limits<float>::infinity()) : f;
}

float greatest_not_above(double x) {
  const float f = static_cast<float>(x);
  return f > x ? std::nextafter(f, -std::numeric_limits<float>::infinity()) : f;
}

Truncation truncation(double mean, double std, double lo, double hi) {
  Truncation t{};
  t.below = normal_lower(lo);
  t.above = normal_lower(-hi);
  // The difference is taken on the side where both probabilities are small.
  t.mass = lo >= 0 ? normal_lower(-lo) - t.above : hi <= 0 ? normal_lower(hi) - t.below : (1 - t.below) - t.above;
  t.mean = mean;
  t.std = std;
  t.least = least_not_below(bound(mean, std, lo));
  t.greatest = greatest_not_above(bound(mean, std, hi));
  // No float32 lies between bounds this close: the nearest one to the middle stands for all.
  if (t.least > t.greatest) t.least = t.greatest = static_cast<float>(bound(mean, std, lo));
  return t;
}

}  // namespace

void fill_truncated_normal(const Stream& stream, std::uint64_t first, std::span<float> out, double mean, double std,
                           double lo, double hi) {
  check_truncation(lo, hi);
  if (!std::isfinite(static_cast<float>(mean)) || !std::isfinite(static_cast<float>(std)) || std < 0) {
    throw Error(ErrorKind::usage, "random",
                fmt::format("truncated_normal(mean={}, std={}): both must be finite in float32, and std at least 0",
                            mean, std));
  }
  const Truncation constants = truncation(mean, std, lo, hi);
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
