#include "init/law.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

namespace fanin::init {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

}  // namespace

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

Elements elements_of(const Law& law) {
  switch (law.kind) {
    case Law::Kind::constant:
      break;
    case Law::Kind::uniform:
      return [law](const random::Stream& stream, std::uint64_t first, std::span<float> out) {
        random::fill_uniform(stream, first, out, law.mean_or_low, law.std_or_high);
      };
    case Law::Kind::normal:
      return [law](const random::Stream& stream, std::uint64_t first, std::span<float> out) {
        random::fill_normal(stream, first, out, law.mean_or_low, law.std_or_high);
      };
    case Law::Kind::truncated_normal:
      return [law](const random::Stream& stream, std::uint64_t first, std::span<float> out) {
        random::fill_truncated_normal(stream, first, out, law.mean_or_low, law.std_or_high, law.low, law.high);
      };
  }
  return [value = static_cast<float>(law.mean_or_low)](const random::Stream&, std::uint64_t, std::span<float> out) {
    std::fill(out.begin(), out.end(), value);
  };
}

double fan_of(const Shape& shape, Fans fans, FanMode mode) {
  double n = fan(fans, mode);
  if (shape.elements() == 0) n = std::max(n, 1.0);
  if (!(n > 0) || !std::isfinite(n)) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("tensor {} with fan_in={}, fan_out={}: {} is {}, a finite number above 0 is wanted",
                            shape.str(), fans.in, fans.out, to_string(mode), n));
  }
  return n;
}

}  // namespace fanin::init
