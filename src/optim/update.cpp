#include "optim/update.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optim/update.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>

#include "core/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::optim::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using detail::Update;
using fanin::HWY_NAMESPACE::fma;
using fanin::HWY_NAMESPACE::fnma;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// Runs rule(w, m, v, g), which changes its first arguments, over all elements; m and v only where kSlots has them.
template <int kSlots, class Rule>
HWY_INLINE void each(const Update& u, Rule rule) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const auto one = [&](float* pw, float* pm, float* pv, const float* pg, std::size_t i) HWY_ATTR {
    V w = hn::LoadU(d, pw + i);
    V m = hn::Zero(d);
    V v = hn::Zero(d);
    if constexpr (kSlots > 0) m = hn::LoadU(d, pm + i);
    if constexpr (kSlots > 1) v = hn::LoadU(d, pv + i);
    rule(w, m, v, hn::LoadU(d, pg + i));
    hn::StoreU(w, d, pw + i);
    if constexpr (kSlots > 0) hn::StoreU(m, d, pm + i);
    if constexpr (kSlots > 1) hn::StoreU(v, d, pv + i);
  };
  // The rest goes through padded copies, so that it is the same code for every element.
  const auto rest = [&](float* pw, float* pm, float* pv, const float* pg, std::size_t i) HWY_ATTR {
    struct Padded {
      HWY_ALIGN float lane[HWY_MAX_BYTES / sizeof(float)];
    };
    Padded w{}, m{}, v{}, g{};
    const std::size_t count = u.count - i;
    for (std::size_t k = 0; k < count; ++k) {
      w.lane[k] = pw[i + k];
      g.lane[k] = pg[i + k];
      if constexpr (kSlots > 0) m.lane[k] = pm[i + k];
      if constexpr (kSlots > 1) v.lane[k] = pv[i + k];
    }
    one(w.lane, m.lane, v.lane, g.lane, 0);
    for (std::size_t k = 0; k < count; ++k) {
      pw[i + k] = w.lane[k];
      if constexpr (kSlots > 0) pm[i + k] = m.lane[k];
      if constexpr (kSlots > 1) pv[i + k] = v.lane[k];
    }
  };
  const std::size_t whole = u.count / lanes * lanes;
  // Short pieces of rows that lie far apart are found by no hardware prefetcher.
  constexpr std::size_t kAhead = 256;
  const std::size_t rows_ahead = (kAhead + u.count - 1) / std::max<std::size_t>(1, u.count);
  for (std::size_t r = 0; r < u.rows; ++r) {
    float* w = u.w + r * u.stride;
    float* m = kSlots > 0 ? u.m + r * u.stride : nullptr;
    float* v = kSlots > 1 ? u.v + r * u.stride : nullptr;
    const float* g = u.g + r * u.g_stride;
    const std::size_t ahead = r + rows_ahead < u.rows ? rows_ahead * u.stride : 0;
    for (std::size_t i = 0; i < whole; i += lanes) {
      __builtin_prefetch(w + ahead + i);
      if constexpr (kSlots > 0) __builtin_prefetch(m + ahead + i);
      if constexpr (kSlots > 1) __builtin_prefetch(v + ahead + i);
      one(w, m, v, g, i);
    }
    if (whole != u.count) rest(w, m, v, g, whole);
  }
}

/// Zero instead of a denormal number. Without gradients a moment shrinks by the same factor each step until it is
/// denormal, and stays so for hundreds of steps in which it moves no weight but costs ten times the time.
HWY_INLINE V flushed(V x) {
  const D d;
  constexpr float kSmallestNormal = 0x1p-126F;
  return hn::IfThenZeroElse(hn::Lt(hn::Abs(x), hn::Set(d, kSmallestNormal)), x);
}

void sgd_range(const Update& u) {
  const D d;
  const V rate = hn::Set(d, u.rate);
  const V momentum = hn::Set(d, u.momentum);
  // Without decay 0 * w would turn an infinite weight's gradient into NaN; the branch is the same for all elements.
  const bool decays = u.decay != 0;
  const V decay = hn::Set(d, u.decay);
  if (u.m == nullptr) {
    return each<0>(u, [&](V& w, V&, V&, V g) HWY_ATTR { w = fnma(rate, decays ? fma(decay, w, g) : g, w); });
  }
  each<1>(u, [&](V& w, V& m, V&, V g) HWY_ATTR {
    if (decays) g = fma(decay, w, g);
    m = flushed(fma(momentum, m, g));
    w = fnma(rate, u.nesterov ? fma(momentum, m, g) : m, w);
  });
}

template <bool kDecays, bool kDecoupled>
HWY_INLINE void adam_rule(const Update& u) {
  const D d;
  const V rate = hn::Set(d, u.rate);
  const V decay = hn::Set(d, kDecoupled ? u.decay_factor : u.decay);
  const V one_minus_beta1 = hn::Set(d, u.one_minus_beta1);
  const V beta2 = hn::Set(d, u.beta2);
  const V one_minus_beta2 = hn::Set(d, u.one_minus_beta2);
  const V root_scale = hn::Set(d, u.root_scale);
  const V epsilon = hn::Set(d, u.epsilon);
  each<2>(u, [&](V& w, V& m, V& v, V g) HWY_ATTR {
    if constexpr (kDecays && kDecoupled) w = hn::Mul(w, decay);
    if constexpr (kDecays && !kDecoupled) g = fma(decay, w, g);
    m = flushed(fma(one_minus_beta1, hn::Sub(g, m), m));
    v = flushed(fma(beta2, v, hn::Mul(one_minus_beta2, hn::Mul(g, g))));
    w = fnma(rate, hn::Div(m, fma(hn::Sqrt(v), root_scale, epsilon)), w);
  });
}

void adam_range(const Update& u) {
  if (u.decay == 0) return adam_rule<false, false>(u);
  return u.decoupled ? adam_rule<true, true>(u) : adam_rule<true, false>(u);
}

}  // namespace fanin::optim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::optim {

HWY_EXPORT(sgd_range);
HWY_EXPORT(adam_range);

namespace detail {

void sgd(const Update& update) {
  HWY_DYNAMIC_DISPATCH(sgd_range)(update);
}
void adam(const Update& update) {
  HWY_DYNAMIC_DISPATCH(adam_range)(update);
}

}  // namespace detail
}  // namespace fanin::optim
#endif
