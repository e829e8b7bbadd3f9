// The normal quantile in float64: included once per SIMD target.
#include "core/simd-inl.h"

#if defined(FANIN_RANDOM_QUANTILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FANIN_RANDOM_QUANTILE_INL_H_
#undef FANIN_RANDOM_QUANTILE_INL_H_
#else
#define FANIN_RANDOM_QUANTILE_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::random::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using fanin::HWY_NAMESPACE::fma;
using fanin::HWY_NAMESPACE::fnma;

/// log(x) for normal positive x: k log 2 + 2 atanh((m - 1) / (m + 1)), m in [sqrt(1/2), sqrt(2)); error below 2 ulp.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V log_double(D d, V x) {
  const hn::RebindToUnsigned<D> du;
  const auto root_half = hn::Set(du, 0x3FE6A09E667F3BCDull);
  // Biased by 1023, so that the exponent stays positive in an unsigned shift.
  const auto bits = hn::Add(hn::Sub(hn::BitCast(du, x), root_half), hn::Set(du, 1023ull << 52));
  const auto mantissa = hn::And(bits, hn::Set(du, (1ull << 52) - 1));
  const V m = hn::BitCast(d, hn::Add(mantissa, root_half));
  // An integer in the low bits of 2^52 is that number itself.
  const V two_to_52 = hn::Set(d, 0x1p52);
  const V k =
      hn::Sub(hn::BitCast(d, hn::Or(hn::ShiftRight<52>(bits), hn::BitCast(du, two_to_52))), hn::Set(d, 0x1p52 + 1023));
  const V f = hn::Sub(m, hn::Set(d, 1.0));
  const V s = hn::Div(f, hn::Add(m, hn::Set(d, 1.0)));
  const V z = hn::Mul(s, s);
  // Minimax over the range of s, error 3e-16 of a term that is at most 1 % of the whole.
  V p = hn::Set(d, 0.14616585424888623);
  p = fma(p, z, hn::Set(d, 0.15331710618210773));
  p = fma(p, z, hn::Set(d, 0.18182889455674947));
  p = fma(p, z, hn::Set(d, 0.22222211130259878));
  p = fma(p, z, hn::Set(d, 0.2857142862600327));
  p = fma(p, z, hn::Set(d, 0.39999999999899444));
  p = fma(p, z, hn::Set(d, 0.666666666666667));
  const V tail = fma(hn::Mul(s, z), p, hn::Mul(k, hn::Set(d, 1.9082149292705877e-10)));
  return fma(k, hn::Set(d, 0.6931471803691238), fma(s, hn::Set(d, 2.0), tail));
}

template <class V>
HWY_INLINE V horner8(V x, V c7, V c6, V c5, V c4, V c3, V c2, V c1, V c0) {
  V y = fma(c7, x, c6);
  y = fma(y, x, c5);
  y = fma(y, x, c4);
  y = fma(y, x, c3);
  y = fma(y, x, c2);
  y = fma(y, x, c1);
  return fma(y, x, c0);
}

/// -P^-1(t) for t in (0, 1/2]: Wichura 1988, algorithm AS 241 (PPND16), relative error below 1e-15.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V upper_quantile(D d, V t) {
  const auto central = hn::Ge(t, hn::Set(d, 0.075));
  const V q = hn::Sub(hn::Set(d, 0.5), t);
  const V root = hn::Sqrt(hn::Neg(log_double(d, t)));
  const V x = hn::IfThenElse(central, fnma(q, q, hn::Set(d, 0.180625)), hn::Sub(root, hn::Set(d, 1.6)));
  const auto c = [&](double in_center, double in_tail) {
    return hn::IfThenElse(central, hn::Set(d, in_center), hn::Set(d, in_tail));
  };
  const V n = horner8(
      x, c(2.5090809287301226727e3, 7.74545014278341407640e-4), c(3.3430575583588128105e4, 2.27238449892691845833e-2),
      c(6.7265770927008700853e4, 2.41780725177450611770e-1), c(4.5921953931549871457e4, 1.27045825245236838258),
      c(1.3731693765509461125e4, 3.64784832476320460504), c(1.9715909503065514427e3, 5.76949722146069140550),
      c(1.3314166789178437745e2, 4.63033784615654529590), c(3.3871328727963666080, 1.42343711074968357734));
  const V m = horner8(
      x, c(5.2264952788528545610e3, 1.05075007164441684324e-9), c(2.8729085735721942674e4, 5.47593808499534494600e-4),
      c(3.9307895800092710610e4, 1.51986665636164571966e-2), c(2.1213794301586595867e4, 1.48103976427480074590e-1),
      c(5.3941960214247511077e3, 6.89767334985100004550e-1), c(6.8718700749205790830e2, 1.67638483018380384940),
      c(4.2313330701600911252e1, 2.05319162663775882187), hn::Set(d, 1.0));
  V z = hn::Div(hn::Mul(n, hn::IfThenElse(central, q, hn::Set(d, 1.0))), m);
  const auto far = hn::Gt(root, hn::Set(d, 5.0));
  // Beyond 6.6 standard deviations: rare, and for the lanes that need it alone, so skipping it changes no bits.
  if (HWY_UNLIKELY(!hn::AllFalse(d, far))) {
    const auto k = [&](double value) { return hn::Set(d, value); };
    const V y = hn::Sub(root, hn::Set(d, 5.0));
    const V n2 = horner8(y, k(2.01033439929228813265e-7), k(2.71155556874348757815e-5), k(1.24266094738807843860e-3),
                         k(2.65321895265761230930e-2), k(2.96560571828504891230e-1), k(1.78482653991729133580),
                         k(5.46378491116411436990), k(6.65790464350110377720));
    const V m2 = horner8(y, k(2.04426310338993978564e-15), k(1.42151175831644588870e-7), k(1.84631831751005468180e-5),
                         k(7.86869131145613259100e-4), k(1.48753612908506148525e-2), k(1.36929880922735805310e-1),
                         k(5.99832206555887937690e-1), k(1.0));
    z = hn::IfThenElse(far, hn::Div(n2, m2), z);
  }
  return z;
}

}  // namespace fanin::random::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
