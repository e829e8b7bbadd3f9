#pragma once

#include <cstdint>
#include <span>

#include "fanin/random/stream.h"

/// Random numbers from the words of a stream. Every function writes elements first .. first + out.size() - 1 of an
/// endless sequence; element i is a pure function of (stream, i, parameters). The arithmetic uses only +, *, /, sqrt
/// and explicit fused multiply-adds, so the bits are the same for any range, thread, SIMD width, compiler and machine.
namespace fanin::random {

/// U[lo, hi): x = (word(i) & 0xffffff) * 2^-24, value = fma(x, hi - lo, lo), with lo and hi rounded to float32 first
/// and hi - lo a float32 difference; a value that rounding would carry up to hi becomes the largest float32 below it.
/// lo == hi gives that constant. Throws Error(usage) unless lo <= hi and both and their difference are finite in
/// float32.
void fill_uniform(const Stream& stream, std::uint64_t first, std::span<float> out, double lo, double hi);

/// N(mean, std^2) by Box-Muller: elements 2k and 2k+1 come from words 2k and 2k+1,
/// u = fma(word, 2^-32, 2^-33), r = sqrt(-2 log u1), value = fma(r cos 2 pi u2, std, mean) and fma(r sin 2 pi u2, std,
/// mean) (Box and Muller 1958), in float32; mean and std are rounded to it first. |z| reaches 6.76. Throws Error(usage)
/// for a negative std, or one or a mean that is not finite in float32.
void fill_normal(const Stream& stream, std::uint64_t first, std::span<float> out, double mean, double std);

/// N(mean, std^2) restricted to [mean + lo * std, mean + hi * std]: lo and hi in units of std, infinities allowed.
/// By inversion: one word an element, no rejection: p = fma(u, P(hi) - P(lo), P(lo)) with u = (word + 1/2) * 2^-32,
/// value = fma(P^-1(p), std, mean), clamped to the float32 values within the bounds. p is measured from the nearer
/// tail, and from the median beside it, so that no digit of it is lost. Where the median lies within the bounds P^-1 is
/// a table of polynomials in float32, exact to 3 ulps, down to tails of 0.0017, and there mean and std are rounded to
/// float32 first; beyond, and for bounds in one tail, it is worked out in float64 (Wichura 1988, AS 241) and rounded
/// once. The std of the result is smaller than `std`: see truncated_normal_std. Throws Error(usage) unless lo < hi, and
/// for a range that lies wholly beyond 35 standard deviations.
void fill_truncated_normal(const Stream& stream, std::uint64_t first, std::span<float> out, double mean, double std,
                           double lo, double hi);

/// The standard deviation of N(0, 1) restricted to [lo, hi]: 0.87962566103423975 for [-2, 2]. By quadrature around
/// the mode, relatively exact to about 1e-14 for any range, however narrow or far out.
/// Throws Error(usage) as fill_truncated_normal does.
[[nodiscard]] double truncated_normal_std(double lo, double hi);
/// The mean of N(0, 1) restricted to [lo, hi]: 0 for a symmetric range.
[[nodiscard]] double truncated_normal_mean(double lo, double hi);

}  // namespace fanin::random
