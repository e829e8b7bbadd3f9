#include "bench/peak.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/peak.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>

#include "core/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::bench::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using fanin::HWY_NAMESPACE::fma;

// Two pipes with a latency of four cycles or five need ten chains.
constexpr std::size_t kChains = 12;

volatile float sink;  // results go there, so that none is left out

double fp32_peak(std::size_t rounds) {
  const hn::ScalableTag<float> d;
  using V = hn::VFromD<decltype(d)>;
  V acc[kChains];
  FANIN_UNROLL
  for (std::size_t i = 0; i < kChains; ++i) acc[i] = hn::Set(d, static_cast<float>(i));
  // The sums stay between 0 and 12 for ever; the compiler must not know.
  const V factor = hn::Set(d, 0.75F + sink * 0);
  const V addend = hn::Set(d, 0.5F + sink * 0);
  for (std::size_t r = 0; r < rounds; ++r) {
    FANIN_UNROLL
    for (std::size_t i = 0; i < kChains; ++i) acc[i] = fma(acc[i], factor, addend);
  }
  V sum = acc[0];
  FANIN_UNROLL
  for (std::size_t i = 1; i < kChains; ++i) sum = hn::Add(sum, acc[i]);
  sink = hn::GetLane(sum);
  return 2.0 * static_cast<double>(rounds * kChains * hn::Lanes(d));
}

void read_fast(const float* data, std::size_t n) {
  const hn::ScalableTag<float> d;
  constexpr std::size_t kSums = 8;
  const std::size_t lanes = hn::Lanes(d);
  hn::VFromD<decltype(d)> sums[kSums];
  FANIN_UNROLL
  for (std::size_t v = 0; v < kSums; ++v) sums[v] = hn::Zero(d);
  std::size_t i = 0;
  for (; i + kSums * lanes <= n; i += kSums * lanes) {
    FANIN_UNROLL
    for (std::size_t v = 0; v < kSums; ++v) sums[v] = hn::Add(sums[v], hn::LoadU(d, data + i + v * lanes));
  }
  float rest = 0;
  for (; i < n; ++i) rest += data[i];
  FANIN_UNROLL
  for (std::size_t v = 1; v < kSums; ++v) sums[0] = hn::Add(sums[0], sums[v]);
  sink = rest + hn::GetLane(sums[0]);
}

void store_fast(float* data, std::size_t n) {
  const hn::ScalableTag<float> d;
  const auto value = hn::Set(d, 1.0F);
  for (std::size_t i = 0; i + hn::Lanes(d) <= n; i += hn::Lanes(d)) hn::Stream(value, d, data + i);
  hwy::FlushStream();
}

}  // namespace
}  // namespace fanin::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::bench::detail {
namespace {

HWY_EXPORT(fp32_peak);
HWY_EXPORT(read_fast);
HWY_EXPORT(store_fast);

}  // namespace

double run_fp32_peak(std::size_t rounds) {
  return HWY_DYNAMIC_DISPATCH(fp32_peak)(rounds);
}

void read_all(const float* data, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(read_fast)(data, n);
}

void store_all(float* data, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(store_fast)(data, n);
}

}  // namespace fanin::bench::detail
#endif
