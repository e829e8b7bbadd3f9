#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "fanin/random/distributions.h"

#include "init/dialect/special.h"
#include "random/gauss.h"
#include "random/quantile.h"

namespace fanin::init {
namespace {

constexpr std::size_t kChunk = 1024;
constexpr std::uint32_t kSteps = 1U << 24;

struct SaturatingNormal {
  double mean;
  double std;
  double low;
  double high;

  [[nodiscard]] float from() const { return static_cast<float>(2 * random::normal_lower((low - mean) / std) - 1); }
  [[nodiscard]] float to() const { return static_cast<float>(2 * random::normal_lower((high - mean) / std) - 1); }

  // The numbers of uniforms u in [-1, 1), in place; PyTorch's steps, each rounded to float32.
  void transform(std::span<float> u) const {
    const auto scale = static_cast<float>(std * std::sqrt(2.0));
    const auto shift = static_cast<float>(mean);
    const auto least = static_cast<float>(low);
    const auto greatest = static_cast<float>(high);
    std::array<double, kChunk> tails{};
    for (std::size_t first = 0; first < u.size(); first += kChunk) {
      const std::span<float> part = u.subspan(first, std::min(kChunk, u.size() - first));
      for (std::size_t i = 0; i < part.size(); ++i) tails[i] = std::max(0.5 - 0.5 * std::abs(double{part[i]}), 0x1p-40);
      random::upper_quantiles(std::span(tails).first(part.size()));
      for (std::size_t i = 0; i < part.size(); ++i) {
        if (std::abs(part[i]) == 1) {
          part[i] = part[i] < 0 ? least : greatest;
          continue;
        }
        const auto erfinv = static_cast<float>(std::copysign(tails[i] / std::sqrt(2.0), double{part[i]}));
        part[i] = std::min(std::max(erfinv * scale + shift, least), greatest);
      }
    }
  }

  // The uniforms of x in [0, 1), in place; PyTorch's do not keep clear of the upper end, where rounding leads there.
  void widen(std::span<float> x) const {
    const float lo = from();
    const float width = to() - lo;
    for (float& u : x) u = std::fma(u, width, lo);
  }

  // Over all 2^24 numbers that u can be.
  [[nodiscard]] Expected counted() const {
    std::vector<float> u(kChunk);
    double sum = 0;
    double squares = 0;
    Expected e{0, 0, high, low};
    double middle = 0;
    for (std::uint32_t first = 0; first < kSteps; first += kChunk) {
      for (std::uint32_t i = 0; i < kChunk; ++i) u[i] = static_cast<float>(first + i) / kSteps;
      widen(u);
      transform(u);
      if (first == 0) middle = u[kChunk / 2];
      for (const float x : u) {
        sum += x - middle;
        squares += (x - middle) * (x - middle);
        e.low = std::min(e.low, double{x});
        e.high = std::max(e.high, double{x});
      }
    }
    e.mean = middle + sum / kSteps;
    e.std = std::sqrt(std::max(0.0, squares / kSteps - (sum / kSteps) * (sum / kSteps)));
    return e;
  }

  // The shares of the steps of u that round to an end which has saturated: half the distance of two numbers at 1.
  [[nodiscard]] double share_at_low() const {
    constexpr double kHalf = 0x1p-25;
    return from() == -1 ? (std::floor(kHalf * kSteps / (to() - from())) + 1) / kSteps : 0;
  }
  [[nodiscard]] double share_at_high() const {
    const double room = 1 - 0x1p-25 - double{from()};
    return to() == 1 ? std::max(0.0, kSteps - std::ceil(room * kSteps / (to() - from()))) / kSteps : 0;
  }

  [[nodiscard]] Expected expected(const Shape&, Fans) const {
    // In a tail u has few values left: they are counted. Elsewhere its steps change the std by parts in a million.
    constexpr float kNarrow = 1.0f / 64;
    if (to() - from() < kNarrow) return counted();
    const double a = (low - mean) / std;
    const double b = (high - mean) / std;
    const double inner_mean = mean + std * random::truncated_normal_mean(a, b);
    const double inner_std = std * random::truncated_normal_std(a, b);
    const double at_low = share_at_low();
    const double at_high = share_at_high();
    const double inner = 1 - at_low - at_high;
    const double m = inner * inner_mean + at_low * low + at_high * high;
    const auto square = [](double x) { return x * x; };
    const double variance =
        inner * (square(inner_std) + square(inner_mean - m)) + at_low * square(low - m) + at_high * square(high - m);
    return {m, std::sqrt(variance), static_cast<double>(static_cast<float>(low)),
            static_cast<double>(static_cast<float>(high))};
  }
  [[nodiscard]] Elements elements(const Shape&, Fans) const {
    return [rule = *this](const random::Stream& stream, std::uint64_t first, std::span<float> out) {
      random::fill_uniform(stream, first, out, 0, 1);
      rule.widen(out);
      rule.transform(out);
    };
  }
  friend bool operator==(const SaturatingNormal&, const SaturatingNormal&) = default;
};

}  // namespace

RulePtr saturating_normal(double mean, double std, double low, double high) {
  return make_rule(SaturatingNormal{mean, std, low, high});
}

}  // namespace fanin::init
