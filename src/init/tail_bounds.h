#pragma once

#include <cstdint>

namespace fanin::init {

/// Limits that a statistic of n independent elements passes with a probability of at most `alpha`, for any n.

/// |mean - mu| in units of s / sqrt(n), for sub-Gaussian elements with variance proxy s^2: sqrt(2 ln(2 / alpha)).
[[nodiscard]] double mean_limit(double alpha);

/// S / (n sigma^2) - 1 for a chi-square S / sigma^2 with n degrees of freedom, above and below 0.
[[nodiscard]] double chi_square_limit_above(double n, double alpha);
[[nodiscard]] double chi_square_limit_below(double n, double alpha);

/// The mean of n variables within [0, most] with the given mean less that mean, in units of the mean, on either side:
/// Bernstein, with their variance bounded by mean * (most - mean) (Bhatia and Davis 2000).
[[nodiscard]] double bounded_mean_limit(double n, double mean, double most, double alpha);

/// The largest |F_n - F|: sqrt(ln(2 / alpha) / (2 n)).
[[nodiscard]] double ks_limit(double n, double alpha);

/// The most successes of n with probability p each: the least k with n KL(k / n || p) >= ln(1 / alpha) and k > n p.
[[nodiscard]] std::uint64_t binomial_limit(std::uint64_t n, double p, double alpha);

}  // namespace fanin::init
