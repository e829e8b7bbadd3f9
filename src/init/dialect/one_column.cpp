#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

#include "init/dialect/dialect.h"
#include "init/dialect/special.h"

namespace fanin::init {
namespace {

struct OneColumn {
  double length;
  double low;
  double high;
  std::uint64_t parameters;

  [[nodiscard]] double total(const Shape& shape, Fans fans) const {
    const double all = parameters > 0 ? static_cast<double>(parameters) : layer_parameters(shape, fans);
    // Beyond that nobody counts, and an unknown fan is no number at all.
    constexpr double kMost = 0x1p48;
    if (!(all <= kMost)) {
      throw Error(
          ErrorKind::usage, "init",
          fmt::format("tensor {} with fan_in={}: the parameters of its layer are {}, a number up to 2^48 is wanted",
                      shape.str(), fans.in, all));
    }
    return std::max(all, static_cast<double>(shape.elements()));
  }

  // E[u / |u|] of n independent u: 1 / |u| is the integral of t^(-1/2) e^(-t |u|^2) / sqrt(pi) over t > 0.
  [[nodiscard]] double mean_share(double n) const {
    if (low + high == 0) return 0;
    if (n == 1) return low >= 0 ? 1 : high <= 0 ? -1 : (high + low) / (high - low);
    constexpr double kStep = 0.05;
    const double width = high - low;
    double sum = 0;
    for (int i = -900; i <= 900; ++i) {
      const double t = std::exp(kStep * i);
      const double root = std::sqrt(t);
      // E[e^(-t u^2)] and E[u e^(-t u^2)].
      const double bell =
          std::sqrt(std::acos(-1.0)) / 2 * (std::erf(root * high) - std::erf(root * low)) / (root * width);
      const double first = std::exp(-t * low * low) * -std::expm1(-t * (high * high - low * low)) / (2 * t * width);
      sum += root * first * std::exp((n - 1) * std::log(bell));
    }
    return kStep * sum / std::sqrt(std::acos(-1.0));
  }

  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    const double n = std::max(total(shape, fans), 1.0);
    const double mean = length * mean_share(n);
    return {mean, std::sqrt(std::max(0.0, length * length / n - mean * mean)), low >= 0 ? 0 : -length,
            high <= 0 ? 0 : length};
  }
  void whole(const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
             ThreadPool& pool) const {
    if (out.empty()) return;
    const auto uniform = [this](const random::Stream& s, std::uint64_t first, std::span<float> part) {
      random::fill_uniform(s, first, part, low, high);
    };
    fill_in_parts(uniform, stream, out, pool);
    double squares = 0;
    for (const float x : out) squares += double{x} * x;
    std::vector<float> others(4096);
    const auto all = static_cast<std::uint64_t>(total(shape, fans));
    for (std::uint64_t first = out.size(); first < all; first += others.size()) {
      const std::span<float> part = std::span(others).first(std::min<std::uint64_t>(others.size(), all - first));
      uniform(stream, first, part);
      for (const float x : part) squares += double{x} * x;
    }
    // Only a column of zeros has no direction.
    if (squares == 0) {
      out[0] = 1;
      squares = 1;
    }
    const double scale = length / std::sqrt(squares);
    for (float& x : out) x = static_cast<float>(scale * x);
  }
  friend bool operator==(const OneColumn&, const OneColumn&) = default;
};

}  // namespace

RulePtr one_column(double length, double low, double high, std::uint64_t parameters) {
  return make_rule(OneColumn{length, low, high, parameters});
}

}  // namespace fanin::init
