#include "fanin/init/edge_of_chaos.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>

#include "fanin/core/error.h"
#include "fanin/core/function_ref.h"
#include "fanin/init/quadrature.h"

namespace fanin::init {
namespace {

constexpr double kLeastQ = 1e-6;
constexpr double kGreatestQ = 1e6;
constexpr int kSteps = 120;

void check(const ActivationFunction& f, std::string_view name, double value) {
  if (!f.value || !f.slope) {
    throw Error(ErrorKind::usage, "init", "critical point: the activation's value and slope are both wanted");
  }
  if (!(value > 0) || !std::isfinite(value)) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("critical point: {}={} given, allowed are finite numbers above 0", name, value));
  }
}

// Without a judgement of the bias variance, which may come out negative; nothing for a flat function.
std::optional<CriticalPoint> point(const ActivationFunction& f, double q) {
  const double scale = std::sqrt(q);
  const auto mean_square = [scale](const std::function<double(double)>& g) {
    return gaussian_mean([&](double z) {
      const double y = g(scale * z);
      return y * y;
    });
  };
  const double slope = mean_square(f.slope);
  if (!(slope > 0)) return std::nullopt;
  const double bias = q - mean_square(f.value) / slope;
  // Where the two terms are one number, as for relu, their difference is rounding.
  return CriticalPoint{q, 1 / slope, std::abs(bias) < 1e-13 * q ? 0 : bias};
}

// The smallest q where `measure` passes `wanted`: a walk up in steps of 26 %, then bisection of the logarithm.
CriticalPoint solve(const ActivationFunction& f, std::string_view name, double wanted, double CriticalPoint::*measure) {
  check(f, name, wanted);
  const auto excess = [&](double q) {
    const auto p = point(f, q);
    return p ? (*p).*measure - wanted : std::numeric_limits<double>::quiet_NaN();
  };
  const double step = std::pow(kGreatestQ / kLeastQ, 1.0 / kSteps);
  double low = kLeastQ;
  double at_low = excess(low);
  for (int i = 0; i < kSteps; ++i) {
    double high = low * step;
    const double at_high = excess(high);
    if (at_low * at_high > 0 || std::isnan(at_low * at_high)) {
      low = high;
      at_low = at_high;
      continue;
    }
    for (int halving = 0; halving < 45; ++halving) {
      const double middle = std::sqrt(low * high);
      if (at_low * excess(middle) > 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return critical_point(f, std::sqrt(low * high));
  }
  throw Error(ErrorKind::numeric, "init",
              fmt::format("critical point: no q in [{}, {}] has {}={}", kLeastQ, kGreatestQ, name, wanted));
}

}  // namespace

CriticalPoint critical_point(const ActivationFunction& f, double q) {
  check(f, "q", q);
  const auto p = point(f, q);
  if (!p) {
    throw Error(ErrorKind::numeric, "init",
                fmt::format("critical point at q={}: the activation is flat there, so no weights keep a gradient", q));
  }
  if (p->bias_variance < 0) {
    throw Error(ErrorKind::numeric, "init",
                fmt::format("critical point at q={}: it would need the bias variance {}, at least 0 is allowed", q,
                            p->bias_variance));
  }
  return *p;
}

CriticalPoint critical_point_of_bias(const ActivationFunction& f, double bias_variance) {
  return solve(f, "bias_variance", bias_variance, &CriticalPoint::bias_variance);
}

CriticalPoint critical_point_of_weight(const ActivationFunction& f, double weight_variance) {
  return solve(f, "weight_variance", weight_variance, &CriticalPoint::weight_variance);
}

}  // namespace fanin::init
