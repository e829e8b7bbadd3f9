#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

#include "init/definitions.h"
#include "init/law.h"

namespace fanin::init {
namespace {

// Further out float64 has no probabilities left to invert.
constexpr double kFarthest = 35;

[[noreturn]] void fail(std::string_view sentence) {
  throw Error(ErrorKind::usage, "init", sentence);
}

RulePtr law(double mean, double std, double low, double high) {
  return make_rule(Plain{{Law::Kind::truncated_normal, mean, std, low, high}});
}

RulePtr truncated_normal(Arguments a) {
  const double low = a[2].number;
  const double high = a[3].number;
  if (low >= high || low > kFarthest || high < -kFarthest) {
    fail(
        fmt::format("truncated_normal: low={}, high={} given, allowed are low < high with low <= 35 and high >= -35 "
                    "(in standard deviations)",
                    low, high));
  }
  const bool after = a[4].choice == 1;
  return law(a[0].number, after ? a[1].number / random::truncated_normal_std(low, high) : a[1].number, low, high);
}

// The std before truncation that leaves `wanted` after it; it grows with the std before.
double std_before(double mean, double wanted, double low, double high) {
  const auto after = [&](double s) { return s * random::truncated_normal_std((low - mean) / s, (high - mean) / s); };
  const double outside = std::max({low - mean, mean - high, 0.0});
  double least = outside > 0 ? outside / kFarthest * (1 + 1e-12) : wanted;
  double most = std::max(2 * wanted, least);
  // The interval's uniform distribution is the limit.
  const double limit = (high - low) / std::sqrt(12.0);
  while (after(most) < wanted && most < 1e5 * limit && std::isfinite(most)) most *= 2;
  if (!(after(most) >= wanted) || (outside > 0 && after(least) > wanted)) {
    fail(
        fmt::format("truncated_normal_absolute: no normal of mean {} has the std {} within [{}, {}], allowed are {} to "
                    "less than {}",
                    mean, wanted, low, high, outside > 0 ? after(least) : 0, limit));
  }
  for (int step = 0; step < 200; ++step) {
    const double middle = least + (most - least) / 2;
    (after(middle) < wanted ? least : most) = middle;
  }
  return most;
}

RulePtr truncated_normal_absolute(Arguments a) {
  const double mean = a[0].number;
  const double std = a[1].number;
  const double low = a[2].number;
  const double high = a[3].number;
  if (low >= high) {
    fail(fmt::format("truncated_normal_absolute: low={}, high={} given, allowed are low < high", low, high));
  }
  if (std == 0) {
    if (mean < low || mean > high) {
      fail(fmt::format("truncated_normal_absolute: mean={} with std=0 given, allowed are {} to {}", mean, low, high));
    }
    return make_rule(Plain{{Law::Kind::constant, mean, 0}});
  }
  const double before = a[4].choice == 1 ? std_before(mean, std, low, high) : std;
  const double from = (low - mean) / before;
  const double to = (high - mean) / before;
  if (from > kFarthest || to < -kFarthest) {
    fail(
        fmt::format("truncated_normal_absolute: [{}, {}] begins {} standard deviations from the mean, at most 35 are "
                    "allowed",
                    low, high, from > 0 ? from : -to));
  }
  return law(mean, before, from, to);
}

}  // namespace

std::vector<Definition> truncated_definitions() {
  const Parameter std_is = choice("std_is", "before", {"before", "after"});
  return {
      {"truncated_normal",
       {},
       {number("mean", "0"), number("std", "1", kNotNegative), number("low", "-2", kWithInfinity),
        number("high", "2", kWithInfinity), std_is},
       truncated_normal,
       "W ~ N(mean, s^2) given mean + low s <= W <= mean + high s; s = std (std_is=before the truncation), or such "
       "that "
       "W has the std given (std_is=after); mean is that of the normal",
       "elementary; bounds in standard deviations as in Keras and JAX"},
      {"truncated_normal_absolute",
       {},
       {number("mean", "0"), number("std", "1", kNotNegative), number("low", "-2", kWithInfinity),
        number("high", "2", kWithInfinity), std_is},
       truncated_normal_absolute,
       "W ~ N(mean, s^2) given low <= W <= high, bounds that do not scale with std; s as for truncated_normal",
       "elementary; bounds as in torch.nn.init.trunc_normal_, where std=0.02 means no truncation at all"},
  };
}

}  // namespace fanin::init
