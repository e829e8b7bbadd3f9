#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "fanin/core/error.h"
#include "fanin/init/scheme.h"
#include "fanin/random/distributions.h"

#include "init/rule.h"

namespace fanin::init {
namespace {

using detail::Kind;
using detail::Rule;

constexpr double kInf = std::numeric_limits<double>::infinity();
// The std of N(0, 1) within [-2, 2], as random::truncated_normal_std(-2, 2) computes it.
constexpr double kTruncatedStd = 0.87962566103423975;

Law scaled_law(const Rule& rule, const Shape& shape, Fans fans) {
  double n = fan(fans, rule.mode);
  if (shape.elements() == 0) n = std::max(n, 1.0);
  if (!(n > 0) || !std::isfinite(n)) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("tensor {} with fan_in={}, fan_out={}: {} is {}, a finite number above 0 is wanted",
                            shape.str(), fans.in, fans.out, to_string(rule.mode), n));
  }
  const double variance = rule.scale / n;
  switch (rule.distribution) {
    case Distribution::uniform: {
      const double bound = std::sqrt(3 * rule.scale / n);
      return {Law::Kind::uniform, -bound, bound};
    }
    case Distribution::normal:
      return {Law::Kind::normal, 0, std::sqrt(variance)};
    case Distribution::truncated_normal:
      break;
  }
  return {Law::Kind::truncated_normal, 0, std::sqrt(variance) / kTruncatedStd, -2, 2};
}

// Of `total` positions `set` hold `value` and the others 0.
Expected two_values(double value, double set, double total) {
  const double share = total == 0 ? 0 : set / total;
  const double low = share == 1 ? value : std::min(value, 0.0);
  const double high = share == 1 ? value : std::max(value, 0.0);
  return {share * value, std::abs(value) * std::sqrt(share * (1 - share)), low, high};
}

Expected expected_of(const Law& law) {
  switch (law.kind) {
    case Law::Kind::constant:
      return {law.mean_or_low, 0, law.mean_or_low, law.mean_or_low};
    case Law::Kind::uniform: {
      const double width = law.std_or_high - law.mean_or_low;
      return {law.mean_or_low + width / 2, width / std::sqrt(12.0), law.mean_or_low, law.std_or_high};
    }
    case Law::Kind::normal:
      if (law.std_or_high == 0) return {law.mean_or_low, 0, law.mean_or_low, law.mean_or_low};
      return {law.mean_or_low, law.std_or_high, -kInf, kInf};
    case Law::Kind::truncated_normal:
      break;
  }
  const double mean = law.mean_or_low;
  const double std = law.std_or_high;
  if (std == 0) return {mean, 0, mean, mean};
  return {mean + std * random::truncated_normal_mean(law.low, law.high),
          std * random::truncated_normal_std(law.low, law.high), mean + std * law.low, mean + std * law.high};
}

[[noreturn]] void bad_rank(std::string_view scheme, const Shape& shape, std::string_view wanted) {
  throw Error(ErrorKind::usage, "init",
              fmt::format("{}: tensor {} has rank {}, {} is wanted", scheme, shape.str(), shape.rank(), wanted));
}

}  // namespace

Law law_of(const Rule& rule, const Shape& shape, Fans fans) {
  switch (rule.kind) {
    case Kind::uniform:
      return {Law::Kind::uniform, rule.low, rule.high};
    case Kind::normal:
      return {Law::Kind::normal, rule.mean, rule.std};
    case Kind::truncated_normal:
      return {Law::Kind::truncated_normal, rule.mean, rule.std, rule.low, rule.high};
    case Kind::scaled:
      return scaled_law(rule, shape, fans);
    default:
      return {Law::Kind::constant, rule.value, 0};
  }
}

void check_shape(const Rule& rule, const Shape& shape) {
  switch (rule.kind) {
    case Kind::orthogonal:
      if (shape.rank() < 2) bad_rank("orthogonal", shape, "2 or more");
      break;
    case Kind::identity:
      if (shape.rank() != 2) bad_rank("identity", shape, "2");
      break;
    case Kind::sparse:
      if (shape.rank() != 2) bad_rank("sparse", shape, "2");
      break;
    case Kind::dirac:
      if (shape.rank() < 3) bad_rank("dirac", shape, "3 or more");
      if (std::fmod(static_cast<double>(shape[0]), rule.groups) != 0) {
        throw Error(ErrorKind::usage, "init",
                    fmt::format("dirac: tensor {} has {} output channels, a multiple of groups={} is wanted",
                                shape.str(), shape[0], rule.groups));
      }
      break;
    default:
      break;
  }
}

std::size_t zeros_per_column(double sparsity, std::size_t rows) {
  return std::min(rows, static_cast<std::size_t>(std::ceil(sparsity * static_cast<double>(rows))));
}

Expected Scheme::expected(const Shape& shape, Fans fans) const {
  const Rule& r = *rule_;
  check_shape(r, shape);
  const double elements = static_cast<double>(shape.elements());
  const double rows = shape.rank() < 1 ? 1 : static_cast<double>(shape[0]);
  switch (r.kind) {
    case Kind::orthogonal: {
      const double longer = std::max({rows, elements / std::max(rows, 1.0), 1.0});
      return {0, r.gain / std::sqrt(longer), -r.gain, r.gain};
    }
    case Kind::identity:
      return two_values(r.gain, std::min(rows, static_cast<double>(shape[1])), elements);
    case Kind::dirac: {
      const double channels = std::min(rows / r.groups, static_cast<double>(shape[1]));
      return two_values(1, channels * r.groups, elements);
    }
    case Kind::sparse: {
      const double zeros = static_cast<double>(zeros_per_column(r.sparsity, shape[0]));
      return {0, r.std * std::sqrt(1 - zeros / std::max(rows, 1.0)), -kInf, kInf};
    }
    default:
      return expected_of(law_of(r, shape, fans));
  }
}

}  // namespace fanin::init
