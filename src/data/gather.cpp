#include "data/gather.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "data/gather.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h has to come first.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "core/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {
namespace {

template <bool kUnit, class D>
HWY_INLINE void widen(D d, const std::uint8_t* HWY_RESTRICT in, float* HWY_RESTRICT out) {
  const hn::Rebind<std::int32_t, D> di;
  const hn::Rebind<std::uint8_t, D> db;
  const auto x = hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(db, in)));
  if constexpr (kUnit) {
    // x / 255 correctly rounded for every byte x, without a division: the quotient's remainder, exact in one fused
    // multiply-add, corrects it.
    const auto reciprocal = hn::Set(d, 1.0F / 255.0F);
    const auto quotient = hn::Mul(x, reciprocal);
    const auto remainder = fnma(quotient, hn::Set(d, 255.0F), x);
    hn::StoreU(fma(remainder, reciprocal, quotient), d, out);
  } else {
    hn::StoreU(x, d, out);
  }
}

template <bool kUnit>
void gather_rows(const std::uint8_t* samples, const std::uint32_t* indices, const MatrixView<float>& out) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t features = out.cols;
  constexpr std::size_t kCacheLine = 64;
  for (std::size_t r = 0; r < out.rows; ++r) {
    const std::uint8_t* in = samples + indices[r] * features;
    // The rows lie anywhere in the data set, so no hardware prefetcher foresees the next one.
    if (r + 1 < out.rows) {
      const std::uint8_t* next = samples + indices[r + 1] * features;
      for (std::size_t c = 0; c < features; c += kCacheLine) hwy::Prefetch(next + c);
    }
    float* row = out.row(r);
    std::size_t c = 0;
    for (; c + lanes <= features; c += lanes) widen<kUnit>(d, in + c, row + c);
    for (; c < features; ++c) widen<kUnit>(one, in + c, row + c);
  }
}

void gather_unit(const std::uint8_t* samples, const std::uint32_t* indices, const MatrixView<float>& out) {
  gather_rows<true>(samples, indices, out);
}

void gather_raw(const std::uint8_t* samples, const std::uint32_t* indices, const MatrixView<float>& out) {
  gather_rows<false>(samples, indices, out);
}

}  // namespace
}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin {
HWY_EXPORT(gather_unit);
HWY_EXPORT(gather_raw);

void data::gather_bytes(const std::uint8_t* samples, std::span<const std::uint32_t> indices, MatrixView<float> out,
                        bool unit) {
  if (unit) {
    HWY_DYNAMIC_DISPATCH(gather_unit)(samples, indices.data(), out);
  } else {
    HWY_DYNAMIC_DISPATCH(gather_raw)(samples, indices.data(), out);
  }
}

}  // namespace fanin
#endif
