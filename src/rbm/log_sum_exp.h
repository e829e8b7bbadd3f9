#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace fanin::rbm::detail {

/// log sum_i e^x_i, added up in order; -infinity of terms that all are.
[[nodiscard]] inline double log_sum_exp(std::span<const double> x) {
  const double top = *std::max_element(x.begin(), x.end());
  if (!std::isfinite(top)) return top;
  double sum = 0;
  for (const double value : x) sum += std::exp(value - top);
  return top + std::log(sum);
}

}  // namespace fanin::rbm::detail
