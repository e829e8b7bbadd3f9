#include "init/portable_math.h"

#include <cmath>

#include "random/gauss.h"

namespace fanin::init {
namespace {

constexpr double kLn2High = 0.6931471803691238;
constexpr double kLn2Low = 1.9082149292705877e-10;
constexpr double kHalfPi = 1.5707963267948966;

// cos x and sin x for x in [0, pi / 4], by their series to the 19th power.
double small_cos(double x) {
  const double z = x * x;
  double sum = 1;
  for (int n = 18; n >= 2; n -= 2) sum = std::fma(-z / (n * (n - 1)), sum, 1);
  return sum;
}

double small_sin(double x) {
  const double z = x * x;
  double sum = 1;
  for (int n = 19; n >= 3; n -= 2) sum = std::fma(-z / (n * (n - 1)), sum, 1);
  return x * sum;
}

double power(double x, std::uint64_t n) {
  double result = 1;
  for (; n > 0; n >>= 1, x *= x) {
    if ((n & 1) != 0) result *= x;
  }
  return result;
}

}  // namespace

double log_of(double x) {
  constexpr double kRootHalf = 0.70710678118654752;
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < kRootHalf) {
    m *= 2;
    --exponent;
  }
  // log m = 2 atanh s; |s| < 0.172, so that 13 terms leave 1e-20.
  const double s = (m - 1) / (m + 1);
  const double z = s * s;
  double sum = 0;
  for (int n = 25; n >= 3; n -= 2) sum = z * (1.0 / n + sum);
  const double k = exponent;
  return std::fma(k, kLn2High, std::fma(2 * s, sum, k * kLn2Low) + 2 * s);
}

double exp_minus_one(double x) {
  if (std::abs(x) < 0.5) {
    double sum = 1;
    for (int n = 16; n >= 2; --n) sum = std::fma(x / n, sum, 1);
    return x * sum;
  }
  const double small = random::exp_of_nonpositive(-std::abs(x));
  return x > 0 ? 1 / small - 1 : small - 1;
}

double inverse_softplus(double x) {
  // For a large x, e^x overflows; log(e^x - 1) = x + log(1 - e^-x).
  return x > 30 ? x - random::exp_of_nonpositive(-x) : log_of(exp_minus_one(x));
}

double cos_of_turns(std::uint64_t k, std::uint64_t n) {
  const std::uint64_t quarters = 4 * (k % n);
  const std::uint64_t rest = quarters % n;
  const auto angle = [n](std::uint64_t part) { return kHalfPi * (static_cast<double>(part) / static_cast<double>(n)); };
  const bool near = 2 * rest <= n;
  const double cosine = near ? small_cos(angle(rest)) : small_sin(angle(n - rest));
  const double sine = near ? small_sin(angle(rest)) : small_cos(angle(n - rest));
  switch (quarters / n) {
    case 0:
      return cosine;
    case 1:
      return 0 - sine;
    case 2:
      return 0 - cosine;
    default:
      return sine;
  }
}

double sin_of_turns(std::uint64_t k, std::uint64_t n) {
  // sin(2 pi k / n) = cos(2 pi (4 k + 3 n) / (4 n)).
  return cos_of_turns(4 * (k % n) + 3 * n, 4 * n);
}

double root_of(double x, std::uint64_t n) {
  double low = 1;
  double high = x;
  for (int step = 0; step < 110; ++step) {
    const double middle = low + (high - low) / 2;
    // An overflow is above x, too.
    (power(middle, n) <= x ? low : high) = middle;
  }
  return low;
}

}  // namespace fanin::init
