#include "rbm/measure_kernels.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rbm/measure_kernels.cpp"
#include <hwy/foreach_target.h>

#include "linalg/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::rbm::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace vm = fanin::linalg::HWY_NAMESPACE;
using detail::kChains;
using fanin::HWY_NAMESPACE::fma;
using fanin::HWY_NAMESPACE::fnma;
using D = hn::CappedTag<double, 8>;
using DF = hn::Rebind<float, D>;
using V = hn::Vec<D>;
constexpr std::size_t kLanes = hn::MaxLanes(D());
constexpr std::size_t kVectors = kChains / kLanes;
constexpr std::size_t kTerms = 512;  // (1, 2]^512 and [1/2, 1]^512 are well within float64

// The chains of a sum or a product.
struct Accumulators {
  explicit HWY_INLINE Accumulators(double start) {
    FANIN_UNROLL
    for (std::size_t k = 0; k < kVectors; ++k) v[k] = hn::Set(D(), start);
  }
  template <class Combine>
  HWY_INLINE double combined(const Combine& combine) const {
    HWY_ALIGN double all[kChains];
    FANIN_UNROLL
    for (std::size_t k = 0; k < kVectors; ++k) hn::Store(v[k], D(), all + k * kLanes);
    for (std::size_t half = kChains / 2; half > 0; half /= 2) {
      for (std::size_t k = 0; k < half; ++k) all[k] = combine(all[k], all[k + half]);
    }
    return all[0];
  }
  HWY_INLINE double sum() const {
    return combined([](double a, double b) { return a + b; });
  }
  HWY_INLINE double product() const {
    return combined([](double a, double b) { return a * b; });
  }
  V v[kVectors];
};

// e^x to about one unit in the last place, e^-708 below that: x = n ln 2 + r, a Taylor polynomial of degree 13 in r,
// whose remainder is 4e-18.
HWY_INLINE V exp_of(V x) {
  const D d;
  const hn::RebindToSigned<D> di;
  const V bounded = hn::Max(hn::Min(x, hn::Set(d, 709.0)), hn::Set(d, -708.0));
  const V magic = hn::Set(d, 0x1.8p52);
  const V shifted = fma(bounded, hn::Set(d, 0x1.71547652b82fep0), magic);
  const V n = hn::Sub(shifted, magic);
  V r = fnma(n, hn::Set(d, 0x1.62e42feep-1), bounded);
  r = fnma(n, hn::Set(d, 0x1.a39ef35793c76p-33), r);
  V p = hn::Set(d, 1.0 / 6227020800.0);
  for (const double c : {1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
                         1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0}) {
    p = fma(p, r, hn::Set(d, c));
  }
  const auto integer = hn::Sub(hn::BitCast(di, shifted), hn::BitCast(di, magic));
  return hn::Mul(p, hn::BitCast(d, hn::ShiftLeft<52>(hn::Add(integer, hn::Set(di, 1023)))));
}

double add_softplus_sum_all(double* HWY_RESTRICT x, const double* HWY_RESTRICT w, double sign, std::size_t n) {
  const D d;
  const V one = hn::Set(d, 1.0);
  const V factor = hn::Set(d, sign);
  double total = 0;
  for (std::size_t at = 0; at < n; at += kTerms) {
    Accumulators positive(0), product(1);
    const std::size_t end = std::min(n, at + kTerms);
    for (std::size_t i = at; i < end; i += kChains) {
      FANIN_UNROLL
      for (std::size_t k = 0; k < kVectors; ++k) {
        double* to = x + i + k * kLanes;
        const V z = fma(hn::LoadU(d, w + i + k * kLanes), factor, hn::LoadU(d, to));
        hn::StoreU(z, d, to);
        positive.v[k] = hn::Add(positive.v[k], hn::Max(z, hn::Zero(d)));
        product.v[k] = hn::Mul(product.v[k], hn::Add(one, exp_of(hn::Neg(hn::Abs(z)))));
      }
    }
    total += positive.sum() + std::log(product.product());
  }
  return total;
}

double add_half_squares_all(double* HWY_RESTRICT x, const double* HWY_RESTRICT w, double sign, std::size_t n) {
  const D d;
  const V factor = hn::Set(d, sign);
  Accumulators squares(0);
  for (std::size_t i = 0; i < n; i += kChains) {
    FANIN_UNROLL
    for (std::size_t k = 0; k < kVectors; ++k) {
      double* to = x + i + k * kLanes;
      const V z = fma(hn::LoadU(d, w + i + k * kLanes), factor, hn::LoadU(d, to));
      hn::StoreU(z, d, to);
      squares.v[k] = fma(z, z, squares.v[k]);
    }
  }
  return squares.sum() / 2;
}

void add_scaled_all(double* HWY_RESTRICT y, const double* HWY_RESTRICT x, double a, std::size_t n) {
  const D d;
  for (std::size_t i = 0; i < n; i += kLanes) {
    hn::StoreU(fma(hn::Set(d, a), hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, y + i);
  }
}

void sigmoid_f64(const double* x, double* y, std::size_t n) {
  const D d;
  for (std::size_t i = 0; i < n; i += kLanes) {
    const V z = hn::LoadU(d, x + i);
    const V one = hn::Set(d, 1.0);
    const V e = exp_of(hn::Neg(hn::Abs(z)));
    hn::StoreU(hn::Div(hn::IfThenElse(hn::Lt(z, hn::Zero(d)), e, one), hn::Add(one, e)), d, y + i);
  }
}

void exp_f64(const double* x, double* y, std::size_t n) {
  for (std::size_t i = 0; i < n; i += kLanes) hn::StoreU(exp_of(hn::LoadU(D(), x + i)), D(), y + i);
}

double dot_f32(const float* a, const float* b, std::size_t n, double start) {
  const D d;
  const DF df;
  Accumulators sums(0);
  std::size_t i = 0;
  for (; i + kChains <= n; i += kChains) {
    FANIN_UNROLL
    for (std::size_t k = 0; k < kVectors; ++k) {
      const V x = hn::PromoteTo(d, hn::LoadU(df, a + i + k * kLanes));
      sums.v[k] = fma(x, hn::PromoteTo(d, hn::LoadU(df, b + i + k * kLanes)), sums.v[k]);
    }
  }
  double rest = start;  // products of two float32 are exact in float64
  for (; i < n; ++i) rest += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return rest + sums.sum();
}

double dot_mixed(const float* a, const double* b, std::size_t n) {
  const D d;
  Accumulators sums(0);
  for (std::size_t i = 0; i < n; i += kChains) {
    FANIN_UNROLL
    for (std::size_t k = 0; k < kVectors; ++k) {
      const V x = hn::PromoteTo(d, hn::LoadU(DF(), a + i + k * kLanes));
      sums.v[k] = fma(x, hn::LoadU(d, b + i + k * kLanes), sums.v[k]);
    }
  }
  return sums.sum();
}

double log_mixtures_all(const double* q, const double* s, const double* e, std::size_t n, std::size_t terms) {
  const D d;
  double total = 0;
  const std::size_t together = std::max(terms, std::size_t{1}) * kChains;
  for (std::size_t at = 0; at < n; at += together) {
    Accumulators product(1);
    const std::size_t end = std::min(n, at + together);
    for (std::size_t i = at; i < end; i += kChains) {
      FANIN_UNROLL
      for (std::size_t k = 0; k < kVectors; ++k) {
        const std::size_t j = i + k * kLanes;
        const V mixture = fma(hn::LoadU(d, s + j), hn::LoadU(d, e + j), hn::LoadU(d, q + j));
        product.v[k] = hn::Mul(product.v[k], mixture);
      }
    }
    if (terms > 0) {
      total += std::log(product.product());
      continue;
    }
    HWY_ALIGN double all[kChains];
    for (std::size_t k = 0; k < kVectors; ++k) hn::Store(product.v[k], d, all + k * kLanes);
    for (const double p : all) total += std::log(p);
  }
  return total;
}

double softplus_step_all(const float* x, double beta0, double beta1, std::size_t n) {
  const D d;
  const DF df;
  const auto base = hn::Set(df, static_cast<float>(beta0));
  const auto step = hn::Set(df, static_cast<float>(beta1 - beta0));
  const V one = hn::Set(d, 1.0);
  double positives = 0;
  double logs = 0;
  for (std::size_t at = 0; at < n; at += kTerms) {
    Accumulators positive(0), product(1);
    const std::size_t end = std::min(n, at + kTerms);
    for (std::size_t i = at; i < end; i += kChains) {
      FANIN_UNROLL
      for (std::size_t k = 0; k < kVectors; ++k) {
        const auto z = hn::LoadU(df, x + i + k * kLanes);
        const auto size = hn::Neg(hn::Abs(z));
        const auto t = hn::Mul(vm::sigmoid(hn::Mul(size, base)), vm::expm1(hn::Mul(size, step)));
        positive.v[k] = hn::Add(positive.v[k], hn::PromoteTo(d, hn::Max(z, hn::Zero(df))));
        product.v[k] = hn::Mul(product.v[k], hn::Add(one, hn::PromoteTo(d, t)));
      }
    }
    positives += positive.sum();
    logs += std::log(product.product());
  }
  return (beta1 - beta0) * positives + logs;
}

void sample_tempered_all(float* x, float beta, const float* offset, const std::uint32_t* words, std::size_t n) {
  const hn::CappedTag<float, kChains> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::RebindToSigned<decltype(d)> di;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto p = vm::sigmoid(fma(hn::Set(d, beta), hn::LoadU(d, x + i), hn::LoadU(d, offset + i)));
    const auto bits = hn::ShiftRight<8>(hn::LoadU(du, words + i));
    const auto uniform = hn::Mul(hn::ConvertTo(d, hn::BitCast(di, bits)), hn::Set(d, 0x1p-24F));
    hn::StoreU(hn::IfThenElseZero(hn::Lt(uniform, p), hn::Set(d, 1.0F)), d, x + i);
  }
}

}  // namespace
}  // namespace fanin::rbm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::rbm::detail {
namespace {

HWY_EXPORT(add_softplus_sum_all);
HWY_EXPORT(add_half_squares_all);
HWY_EXPORT(add_scaled_all);
HWY_EXPORT(sigmoid_f64);
HWY_EXPORT(exp_f64);
HWY_EXPORT(dot_f32);
HWY_EXPORT(dot_mixed);
HWY_EXPORT(log_mixtures_all);
HWY_EXPORT(softplus_step_all);
HWY_EXPORT(sample_tempered_all);

}  // namespace

double add_softplus_sum(double* x, const double* w, double sign, std::size_t padded) {
  return HWY_DYNAMIC_DISPATCH(add_softplus_sum_all)(x, w, sign, padded);
}

double add_half_squares(double* x, const double* w, double sign, std::size_t padded) {
  return HWY_DYNAMIC_DISPATCH(add_half_squares_all)(x, w, sign, padded);
}

void add_scaled(double* y, const double* x, double a, std::size_t padded) {
  HWY_DYNAMIC_DISPATCH(add_scaled_all)(y, x, a, padded);
}

void sigmoid(const double* x, double* y, std::size_t padded) {
  HWY_DYNAMIC_DISPATCH(sigmoid_f64)(x, y, padded);
}

void exp(const double* x, double* y, std::size_t padded) {
  HWY_DYNAMIC_DISPATCH(exp_f64)(x, y, padded);
}

double dot(const float* a, const float* b, std::size_t n, double start) {
  return HWY_DYNAMIC_DISPATCH(dot_f32)(a, b, n, start);
}

double dot(const float* a, const double* b, std::size_t padded) {
  return HWY_DYNAMIC_DISPATCH(dot_mixed)(a, b, padded);
}

double log_mixtures(const double* q, const double* s, const double* e, std::size_t padded, std::size_t terms) {
  return HWY_DYNAMIC_DISPATCH(log_mixtures_all)(q, s, e, padded, terms);
}

double softplus_step(const float* x, double beta0, double beta1, std::size_t padded) {
  return HWY_DYNAMIC_DISPATCH(softplus_step_all)(x, beta0, beta1, padded);
}

void sample_tempered(float* x, float beta, const float* offset, const std::uint32_t* words, std::size_t padded) {
  HWY_DYNAMIC_DISPATCH(sample_tempered_all)(x, beta, offset, words, padded);
}

}  // namespace fanin::rbm::detail
#endif
