#pragma once

#include <cstdint>

/// Functions whose results become weights: from +, *, / and fused multiply-adds alone, so the same bits on every
/// machine, which no libm promises.
namespace fanin::init {

/// The natural logarithm of a finite x > 0, within 2 ulp.
[[nodiscard]] double log_of(double x);
/// e^x - 1 for x in [-700, 700], relatively exact to about 4e-16 also near 0.
[[nodiscard]] double exp_minus_one(double x);
/// log(e^x - 1) for x > 0: the bias that softplus turns into x.
[[nodiscard]] double inverse_softplus(double x);
/// cos(2 pi k / n) and sin(2 pi k / n), n in [1, 2^61], within an ulp or so; exactly 0 and +-1 where they are.
[[nodiscard]] double cos_of_turns(std::uint64_t k, std::uint64_t n);
[[nodiscard]] double sin_of_turns(std::uint64_t k, std::uint64_t n);
/// x^(1/n) for x in [1, 2^53] and a whole n >= 1, to about 1e-15.
[[nodiscard]] double root_of(double x, std::uint64_t n);

}  // namespace fanin::init
