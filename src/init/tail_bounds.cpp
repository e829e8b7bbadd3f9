#include "init/tail_bounds.h"

#include <cmath>

namespace fanin::init {
namespace {

// n KL(k / n || p), in natural units.
double divergence(double n, double k, double p) {
  const double first = k == 0 ? 0 : k * std::log(k / (n * p));
  const double second = k == n ? 0 : (n - k) * std::log((n - k) / (n * (1 - p)));
  return first + second;
}

}  // namespace

double mean_limit(double alpha) {
  return std::sqrt(2 * std::log(2 / alpha));
}

double chi_square_limit_above(double n, double alpha) {
  const double x = std::log(2 / alpha);
  return 2 * std::sqrt(x / n) + 2 * x / n;
}

double chi_square_limit_below(double n, double alpha) {
  return 2 * std::sqrt(std::log(2 / alpha) / n);
}

double bounded_mean_limit(double n, double mean, double most, double alpha) {
  const double x = std::log(2 / alpha);
  const double variance = mean * (most - mean);
  return (std::sqrt(2 * variance * x / n) + most * x / (3 * n)) / mean;
}

double ks_limit(double n, double alpha) {
  return std::sqrt(std::log(2 / alpha) / (2 * n));
}

std::uint64_t binomial_limit(std::uint64_t n, double p, double alpha) {
  if (p >= 1) return n;
  const double total = static_cast<double>(n);
  std::uint64_t low = static_cast<std::uint64_t>(std::floor(total * p));
  std::uint64_t high = n;
  // The divergence grows with k above n p.
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (static_cast<double>(middle) > total * p &&
        divergence(total, static_cast<double>(middle), p) >= std::log(1 / alpha)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace fanin::init
