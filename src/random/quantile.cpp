#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "random/quantile.cpp"
#include "random/quantile.h"

#include <hwy/foreach_target.h>

#include <cstddef>

#include "random/quantile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::random::HWY_NAMESPACE {

void quantiles_in_place(double* t, std::size_t count) {
  const hn::ScalableTag<double> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(upper_quantile(d, hn::LoadU(d, t + i)), d, t + i);
  const hn::CappedTag<double, 1> one;
  for (; i < count; ++i) hn::StoreU(upper_quantile(one, hn::LoadU(one, t + i)), one, t + i);
}

}  // namespace fanin::random::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::random {

HWY_EXPORT(quantiles_in_place);

void upper_quantiles(std::span<double> t) {
  HWY_DYNAMIC_DISPATCH(quantiles_in_place)(t.data(), t.size());
}

}  // namespace fanin::random
#endif
