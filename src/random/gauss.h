#pragma once

namespace fanin::random {

/// e^x for x <= 0 within an ulp or so, 0 below -740: from +, * and fused multiply-adds alone, so the same bits
/// everywhere.
[[nodiscard]] double exp_of_nonpositive(double x);

/// P(Z <= x) for a standard normal Z, relatively exact to about 1e-15 in the lower tail; infinities allowed.
[[nodiscard]] double normal_lower(double x);

/// P(0 <= Z <= x) for x >= 0, relatively exact to about 1e-15 however small x is.
[[nodiscard]] double normal_middle(double x);

/// Mean and standard deviation of a standard normal restricted to [lo, hi], lo < hi, infinities allowed.
struct TruncatedMoments {
  double mean;
  double std;
};
[[nodiscard]] TruncatedMoments truncated_moments(double lo, double hi);

/// Throws Error(usage) unless lo < hi and part of [lo, hi] lies within 35 standard deviations.
void check_truncation(double lo, double hi);

}  // namespace fanin::random
