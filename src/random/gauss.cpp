#include "random/gauss.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

namespace fanin::random {
namespace {

constexpr double kInverseRootTwoPi = 0.39894228040143267794;

constexpr std::array<double, 14> kInverseFactorials = [] {
  std::array<double, 14> a{};
  double factorial = 1;
  for (std::size_t n = 0; n < a.size(); ++n) {
    factorial *= n == 0 ? 1.0 : static_cast<double>(n);
    a[n] = 1 / factorial;
  }
  return a;
}();

// e^(-x^2 / 2); the rounding error of x^2 alone would cost 1e-13 at x = 35.
double bell(double x) {
  const double square = x * x;
  const double rest = std::fma(x, x, -square);
  return exp_of_nonpositive(-0.5 * square) * (1 - 0.5 * rest);
}

// Abramowitz and Stegun 26.2.14, from the far end: all terms positive, so stable.
double upper_tail_fraction(double x) {
  const int terms = x < 2 ? 400 : 120;
  double f = x;
  for (int n = terms; n >= 1; --n) f = x + n / f;
  return kInverseRootTwoPi * bell(x) / f;
}

// Abramowitz and Stegun 26.2.11: P(0 <= Z <= x) = density * (x + x^3 / 3 + x^5 / 15 + ...).
double central_part(double x) {
  double term = x;
  double sum = x;
  for (int n = 3; n < 80; n += 2) {
    term *= x * x / n;
    sum += term;
  }
  return kInverseRootTwoPi * bell(x) * sum;
}

// Gauss and Legendre's ten points on [-1, 1], the positive half.
constexpr std::array<double, 5> kNodes = {0.14887433898163122, 0.4333953941292472, 0.6794095682990244,
                                          0.8650633666889845, 0.9739065285171717};
constexpr std::array<double, 5> kWeights = {0.29552422471475287, 0.26926671930999635, 0.21908636251598204,
                                            0.1494513491505806, 0.06667134430868814};

template <class F>
double integral(double lo, double hi, const F& f) {
  constexpr int kPanels = 64;
  const double half = (hi - lo) / (2 * kPanels);
  double sum = 0;
  for (int panel = 0; panel < kPanels; ++panel) {
    const double middle = lo + (2 * panel + 1) * half;
    for (std::size_t i = 0; i < kNodes.size(); ++i) {
      sum += kWeights[i] * (f(middle - half * kNodes[i]) + f(middle + half * kNodes[i]));
    }
  }
  return sum * half;
}

}  // namespace

double exp_of_nonpositive(double x) {
  if (x < -740) return 0;
  if (x == 0) return 1;
  constexpr double kLn2High = 0.6931471803691238;
  constexpr double kLn2Low = 1.9082149292705877e-10;
  // Adding 1.5 * 2^52 rounds to an integer.
  const double k = (x * 1.44269504088896340736 + 0x1.8p52) - 0x1.8p52;
  const double r = std::fma(-k, kLn2Low, std::fma(-k, kLn2High, x));
  double sum = kInverseFactorials.back();
  for (std::size_t n = kInverseFactorials.size() - 1; n-- > 0;) sum = std::fma(sum, r, kInverseFactorials[n]);
  return std::ldexp(sum, static_cast<int>(k));
}

double normal_lower(double x) {
  if (std::isinf(x)) return x < 0 ? 0 : 1;
  if (x < -1) return upper_tail_fraction(-x);
  if (x > 1) return 1 - upper_tail_fraction(x);
  return 0.5 + central_part(x);
}

double normal_middle(double x) {
  return x > 1 ? 0.5 - normal_lower(-x) : central_part(x);
}

TruncatedMoments truncated_moments(double lo, double hi) {
  // Around the mode c, and no further than where the density has fallen by e^-40: no cancellation, no infinities.
  const double c = std::clamp(0.0, lo, hi);
  const double reach = std::sqrt(c * c + 80);
  const double from = std::max(lo - c, -reach + std::max(-c, 0.0));
  const double to = std::min(hi - c, reach - std::max(c, 0.0));
  const auto density = [c](double t) { return exp_of_nonpositive(std::min(-t * (c + 0.5 * t), 0.0)); };
  const double mass = integral(from, to, density);
  const double mean = integral(from, to, [&](double t) { return t * density(t); }) / mass;
  const double variance = integral(from, to, [&](double t) { return (t - mean) * (t - mean) * density(t); }) / mass;
  return {lo == -hi ? 0 : c + mean, std::sqrt(variance)};
}

void check_truncation(double lo, double hi) {
  constexpr double kFarthest = 35;
  if (!(lo < hi) || lo > kFarthest || hi < -kFarthest) {
    throw Error(ErrorKind::usage, "random",
                fmt::format("truncation to [{}, {}]: low must be below high and part of the range within {} standard "
                            "deviations",
                            lo, hi, kFarthest));
  }
}

double truncated_normal_std(double lo, double hi) {
  check_truncation(lo, hi);
  return truncated_moments(lo, hi).std;
}

double truncated_normal_mean(double lo, double hi) {
  check_truncation(lo, hi);
  return truncated_moments(lo, hi).mean;
}

}  // namespace fanin::random
