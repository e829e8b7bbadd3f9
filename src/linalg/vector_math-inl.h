// Elementary functions of float32 vectors, included once per target by the sources that use foreach_target.h.
//
// Every function is a fixed sequence of IEEE operations on each element alone: the bits are the same on every target
// and do not depend on an element's neighbours. Every NaN that comes out is the positive quiet NaN 0x7fc00000, since
// the payload that an instruction picks from two NaNs depends on the order in which a compiler places them.
//
// Errors are the largest distance from the exact value, in units in the last place of the result (denormals included),
// measured over all 2^32 arguments against float64. The polynomials are minimax fits of our own, relative to the
// function, their coefficients rounded to float32 one by one from the lowest and refitted after each.
#include "core/simd-inl.h"

#if defined(FANIN_LINALG_VECTOR_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FANIN_LINALG_VECTOR_MATH_INL_H_
#undef FANIN_LINALG_VECTOR_MATH_INL_H_
#else
#define FANIN_LINALG_VECTOR_MATH_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::linalg::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using fanin::HWY_NAMESPACE::fma;
using fanin::HWY_NAMESPACE::fnma;

namespace detail {

template <class V>
HWY_INLINE V constant(V, float value) {
  return hn::Set(hn::DFromV<V>(), value);
}

/// Horner's rule, the highest coefficient first.
template <class V>
HWY_INLINE V polynomial(V, V sum) {
  return sum;
}
template <class V, class... Rest>
HWY_INLINE V polynomial(V x, V sum, float next, Rest... rest) {
  return polynomial(x, fma(sum, x, constant(x, next)), rest...);
}

/// y where x is a number, the one NaN where it is not.
template <class V>
HWY_INLINE V keep_nan(V x, V y) {
  const hn::DFromV<V> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  return hn::IfThenElse(hn::IsNaN(x), hn::BitCast(d, hn::Set(du, 0x7fc00000u)), y);
}

/// 2^n for n in [-126, 127].
template <class VI>
HWY_INLINE auto power_of_two(VI n) {
  const hn::DFromV<VI> di;
  const hn::RebindToFloat<decltype(di)> d;
  return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(n, hn::Set(di, 127))));
}

/// x = n ln 2 + r with |r| <= ln(2)/2, for |x| < 2^15; n twice, as a number and as an integer.
template <class V, class VI>
struct Reduced {
  V r;
  V n;
  VI integer;
};

template <class V>
HWY_INLINE auto reduce_by_ln2(V x) {
  const hn::DFromV<V> d;
  const hn::RebindToSigned<decltype(d)> di;
  // Adding 1.5 * 2^23 rounds to an integer, to even, and leaves it in the low bits.
  const V magic = constant(x, 0x1.8p23f);
  const V shifted = fma(x, constant(x, 0x1.715476p0f), magic);
  const V n = hn::Sub(shifted, magic);
  // ln 2 in two parts; the first has 15 bits, so that its product with n is exact and the first difference too.
  V r = fnma(n, constant(x, 0x1.62e4p-1f), x);
  r = fnma(n, constant(x, 0x1.7f7d1cp-20f), r);
  const auto integer = hn::Sub(hn::BitCast(di, shifted), hn::BitCast(di, magic));
  return Reduced<V, decltype(integer)>{r, n, integer};
}

/// e^r - 1 for |r| <= ln(2)/2.
template <class V>
HWY_INLINE V expm1_reduced(V r) {
  const V q = polynomial(r, constant(r, 0x1.6b8d7ep-10f), 0x1.1226b8p-7f, 0x1.5557p-5f, 0x1.5554b2p-3f, 0x1.fffffep-2f);
  return fma(hn::Mul(r, r), q, r);
}

/// log(1 + f) for f in [sqrt(1/2) - 1, sqrt(2) - 1].
template <class V>
HWY_INLINE V log1p_reduced(V f) {
  const V q = polynomial(f, constant(f, 0x1.147926p-4f), -0x1.de0d0cp-4f, 0x1.e6c376p-4f, -0x1.fc278cp-4f,
                         0x1.233b62p-3f, -0x1.555c48p-3f, 0x1.99a478p-3f, -0x1.000006p-2f, 0x1.555548p-2f, -0.5f);
  return fma(hn::Mul(f, f), q, f);
}

/// x = 2^e m with m in [sqrt(1/2), sqrt(2)), for positive normal x; gives e as an integer, and m.
template <class V, class VI>
struct Split {
  VI e;
  V m;
};

template <class V>
HWY_INLINE auto split_exponent(V x) {
  const hn::DFromV<V> d;
  const hn::RebindToSigned<decltype(d)> di;
  const auto sqrt_half = hn::Set(di, 0x3f3504f3);
  const auto above = hn::Sub(hn::BitCast(di, x), sqrt_half);
  const auto e = hn::ShiftRight<23>(above);
  const V m = hn::BitCast(d, hn::Add(hn::And(above, hn::Set(di, 0x007fffff)), sqrt_half));
  return Split<V, decltype(e)>{e, m};
}

}  // namespace detail

/// e^x: 1.04 ulp. Results below 2^-126 are denormal, rounded twice at most; 0 below -103.97, infinity above 88.72.
template <class V>
HWY_INLINE V exp(V x) {
  const V bounded = hn::Max(hn::Min(x, detail::constant(x, 89.0f)), detail::constant(x, -105.0f));
  const auto reduced = detail::reduce_by_ln2(bounded);
  const V p = hn::Add(detail::expm1_reduced(reduced.r), detail::constant(x, 1.0f));
  // In two factors, for results that are denormal or lie above 2^127.
  const auto half = hn::ShiftRight<1>(reduced.integer);
  const V y = hn::Mul(hn::Mul(p, detail::power_of_two(half)), detail::power_of_two(hn::Sub(reduced.integer, half)));
  return detail::keep_nan(x, y);
}

/// e^x - 1: 1.53 ulp, also near 0. -1 at -infinity; keeps the sign of zero.
template <class V>
HWY_INLINE V expm1(V x) {
  const hn::DFromV<V> d;
  const V bounded = hn::Max(hn::Min(x, detail::constant(x, 89.0f)), detail::constant(x, -30.0f));
  const auto reduced = detail::reduce_by_ln2(bounded);
  const V p = detail::expm1_reduced(reduced.r);
  // Half of the result, as 2^128 is no float: 2^(n-1) p + (2^(n-1) - 1/2).
  const auto below = hn::Sub(reduced.integer, hn::Set(hn::DFromV<decltype(reduced.integer)>(), 1));
  const V scale = detail::power_of_two(below);
  V y = fma(p, scale, hn::Sub(scale, detail::constant(x, 0.5f)));
  y = hn::Add(y, y);
  y = hn::IfThenElse(hn::Eq(reduced.n, hn::Zero(d)), p, y);
  return detail::keep_nan(x, hn::CopySign(y, x));
}

/// Natural logarithm: 0.92 ulp. -infinity at both zeros, NaN below.
template <class V>
HWY_INLINE V log(V x) {
  const hn::DFromV<V> d;
  const V infinity = hn::Inf(d);
  const auto denormal = hn::Lt(x, detail::constant(x, 0x1p-126f));
  const V normal = hn::IfThenElse(denormal, hn::Mul(x, detail::constant(x, 0x1p24f)), x);
  const auto split = detail::split_exponent(normal);
  const V e = hn::Sub(hn::ConvertTo(d, split.e), hn::IfThenElseZero(denormal, detail::constant(x, 24.0f)));
  V y = detail::log1p_reduced(hn::Sub(split.m, detail::constant(x, 1.0f)));
  y = fma(e, detail::constant(x, 0x1.62e43p-1f), y);
  y = hn::IfThenElse(hn::Eq(x, infinity), infinity, y);
  y = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinity), y);
  const V invalid = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::NaN(d), x);
  return detail::keep_nan(invalid, y);
}

/// log(1 + x): 1.43 ulp, also near 0. -infinity at -1, NaN below; keeps the sign of zero.
template <class V>
HWY_INLINE V log1p(V x) {
  const hn::DFromV<V> d;
  const V one = detail::constant(x, 1.0f);
  const V infinity = hn::Inf(d);
  const auto split = detail::split_exponent(hn::Add(one, x));
  using VI = decltype(split.e);
  const hn::DFromV<VI> di;
  // (1 + x) 2^-e - 1 with one rounding, where 2^-e - 1 is exact or far below the result. Beyond e = 24 the 1 + x that
  // was split is itself as good.
  const VI few = hn::Min(split.e, hn::Set(di, 25));
  const V scale = detail::power_of_two(hn::Sub(hn::Zero(di), few));
  V f = fma(x, scale, hn::Sub(scale, one));
  f = hn::IfThenElse(hn::Ge(x, detail::constant(x, 0x1p24f)), hn::Sub(split.m, one), f);
  V y = fma(hn::ConvertTo(d, split.e), detail::constant(x, 0x1.62e43p-1f), detail::log1p_reduced(f));
  y = hn::CopySign(y, x);
  y = hn::IfThenElse(hn::Eq(x, infinity), infinity, y);
  y = hn::IfThenElse(hn::Eq(x, hn::Neg(one)), hn::Neg(infinity), y);
  const V invalid = hn::IfThenElse(hn::Lt(x, hn::Neg(one)), hn::NaN(d), x);
  return detail::keep_nan(invalid, y);
}

/// Hyperbolic tangent: 1.34 ulp. +-1 beyond 9.02; keeps the sign of zero.
template <class V>
HWY_INLINE V tanh(V x) {
  const V one = detail::constant(x, 1.0f);
  const V a = hn::Abs(x);
  const V s = hn::Mul(a, a);
  const V q = detail::polynomial(s, detail::constant(x, 0x1.1fc462p-9f), -0x1.0db2cep-7f, 0x1.63de6cp-6f,
                                 -0x1.b9f58p-5f, 0x1.111086p-3f, -0x1.555554p-2f);
  const V small = fma(hn::Mul(a, s), q, a);
  // 1 - 2 / (e^2a + 1).
  const V bounded = hn::Min(a, detail::constant(x, 10.0f));
  const auto reduced = detail::reduce_by_ln2(hn::Add(bounded, bounded));
  const V scale = detail::power_of_two(reduced.integer);
  const V e = fma(detail::expm1_reduced(reduced.r), scale, scale);
  const V large = hn::Sub(one, hn::Div(detail::constant(x, 2.0f), hn::Add(e, one)));
  const V y = hn::IfThenElse(hn::Lt(a, detail::constant(x, 0.6f)), small, large);
  return detail::keep_nan(x, hn::CopySign(y, x));
}

/// 1 / (1 + e^-x): 1.50 ulp, also where the result is denormal. 0 and 1 at the infinities.
template <class V>
HWY_INLINE V sigmoid(V x) {
  const hn::DFromV<V> d;
  const V one = detail::constant(x, 1.0f);
  const V e = exp(hn::Neg(hn::Abs(x)));
  const V numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
  // One Newton step on the quotient, which also restores what 1 + e lost to rounding.
  const V sum = hn::Add(one, e);
  const V lost = hn::Sub(e, hn::Sub(sum, one));
  const V inverse = hn::Div(one, sum);
  V y = hn::Mul(numerator, inverse);
  y = fma(fnma(y, lost, fnma(y, sum, numerator)), inverse, y);
  return detail::keep_nan(x, y);
}

/// Error function: 1.11 ulp. +-1 beyond 3.92; keeps the sign of zero.
template <class V>
HWY_INLINE V erf(V x) {
  const V a = hn::Abs(x);
  const V s = hn::Mul(a, a);
  const V p = detail::polynomial(s, detail::constant(x, 0x1.4fa924p-14f), -0x1.a61810p-11f, 0x1.544b08p-8f,
                                 -0x1.b80124p-6f, 0x1.ce2d64p-4f, -0x1.812740p-2f, 0x1.06eba8p-3f);
  const V small = fma(a, p, a);
  // 1 - e^q with q = log erfc(a).
  const V t = hn::Min(a, detail::constant(x, 4.0f));
  const V q = detail::polynomial(t, detail::constant(x, -0x1.5d8706p-16f), 0x1.c4656ep-12f, -0x1.106546p-8f,
                                 0x1.9aed2ep-6f, -0x1.bb45b4p-4f, -0x1.444d16p-1f, -0x1.212628p+0f, 0x1.62daf4p-13f);
  const auto reduced = detail::reduce_by_ln2(q);
  const V scale = detail::power_of_two(reduced.integer);
  const V large = hn::Sub(detail::constant(x, 1.0f), fma(detail::expm1_reduced(reduced.r), scale, scale));
  const V y = hn::IfThenElse(hn::Lt(a, detail::constant(x, 0.92f)), small, large);
  return detail::keep_nan(x, hn::CopySign(y, x));
}

/// log(1 + e^x): 1.71 ulp, also where the result is denormal. 0 and infinity at the infinities.
template <class V>
HWY_INLINE V softplus(V x) {
  const hn::DFromV<V> d;
  const V y = hn::Add(log1p(exp(hn::Neg(hn::Abs(x)))), hn::Max(x, hn::Zero(d)));
  return detail::keep_nan(x, y);
}

}  // namespace fanin::linalg::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
