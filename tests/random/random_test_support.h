#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fanin/core/simd.h"

namespace fanin::random {

/// Runs `body` under every SIMD target of this machine, and leaves the best one in use.
template <class Body>
void for_each_target(const Body& body) {
  for (const std::string& name : simd::targets()) {
    simd::use_target(name);
    body(name);
  }
  simd::use_target("best");
}

inline std::vector<std::uint32_t> bits_of(std::span<const float> values) {
  std::vector<std::uint32_t> bits(values.size());
  std::transform(values.begin(), values.end(), bits.begin(), [](float v) { return std::bit_cast<std::uint32_t>(v); });
  return bits;
}

struct Moments {
  double mean, variance;
};

inline Moments moments_of(std::span<const float> values) {
  double mean = 0;
  for (const float v : values) mean += v;
  mean /= static_cast<double>(values.size());
  double variance = 0;
  for (const float v : values) variance += (v - mean) * (v - mean);
  return {mean, variance / static_cast<double>(values.size())};
}

/// sqrt(n) times the largest distance between the empirical and the given distribution function. Kolmogorov: above
/// 2.23 with probability 1e-4.
template <class Cdf>
double kolmogorov(std::vector<float> values, const Cdf& cdf) {
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size());
  double distance = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double p = cdf(static_cast<double>(values[i]));
    distance = std::max({distance, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
  }
  return std::sqrt(n) * distance;
}

inline double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

inline double correlation(std::span<const float> a, std::span<const float> b) {
  const Moments ma = moments_of(a);
  const Moments mb = moments_of(b);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - ma.mean) * (b[i] - mb.mean);
  return sum / static_cast<double>(a.size()) / std::sqrt(ma.variance * mb.variance);
}

}  // namespace fanin::random
