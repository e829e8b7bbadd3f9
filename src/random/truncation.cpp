#include "random/truncation.h"

#include <cmath>
#include <limits>

#include "random/gauss.h"

namespace fanin::random {
namespace {

double bound(double mean, double std, double sigmas) {
  return std == 0 ? mean : std::fma(std, sigmas, mean);
}

float least_not_below(double x) {
  const float f = static_cast<float>(x);
  return f < x ? std::nextafter(f, std::numeric_limits<float>::infinity()) : f;
}

float greatest_not_above(double x) {
  const float f = static_cast<float>(x);
  return f > x ? std::nextafter(f, -std::numeric_limits<float>::infinity()) : f;
}

}  // namespace

Truncation truncation(double mean, double std, double lo, double hi) {
  Truncation t{};
  t.below = normal_lower(lo);
  t.above = normal_lower(-hi);
  // Taken where the probabilities are small: around the median, or in one of the tails.
  const double down = lo < 0 ? normal_middle(-lo) : 0;
  t.mass = lo >= 0 ? normal_lower(-lo) - t.above : hi <= 0 ? normal_lower(hi) - t.below : down + normal_middle(hi);
  t.mean = mean;
  t.std = std;
  t.least = least_not_below(bound(mean, std, lo));
  t.greatest = greatest_not_above(bound(mean, std, hi));
  // No float32 lies between bounds this close: the one nearest the lower bound stands for all.
  if (t.least > t.greatest) t.least = t.greatest = static_cast<float>(bound(mean, std, lo));

  constexpr double kWords = 0x1p32;
  constexpr double kLeastMass = 0x1p-80;
  const double words = down / t.mass * kWords - 0.5;
  t.median_within = lo < 0 && hi > 0 && t.mass >= kLeastMass && words >= 0 && words < kWords - 1;
  if (!t.median_within) return t;
  const double step = t.mass / kWords;
  t.median = static_cast<std::uint32_t>(words);
  t.step = static_cast<float>(step);
  t.past_median = static_cast<float>((words - std::floor(words)) * step);
  t.first = static_cast<float>(t.below + step / 2);
  t.last = static_cast<float>(t.above + step / 2);
  return t;
}

}  // namespace fanin::random
