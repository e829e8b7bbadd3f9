#pragma once

#include "init/rule.h"

namespace fanin::init {

/// A distribution of independent elements, with its numbers. Bounds of a truncated normal are in units of std.
struct Law {
  enum class Kind { constant, uniform, normal, truncated_normal } kind;
  double mean_or_low;
  double std_or_high;
  double low = 0;
  double high = 0;
  friend bool operator==(const Law&, const Law&) = default;
};

[[nodiscard]] Expected expected_of(const Law& law);
[[nodiscard]] Elements elements_of(const Law& law);

/// A rule whose law knows neither shape nor fans: `constant(0)` and `zeros` are the same.
struct Plain {
  Law law;

  [[nodiscard]] Expected expected(const Shape&, Fans) const { return expected_of(law); }
  [[nodiscard]] Elements elements(const Shape&, Fans) const { return elements_of(law); }
  friend bool operator==(const Plain&, const Plain&) = default;
};

/// The fan that `mode` selects for a tensor that is to be filled. Throws Error(usage) unless it is finite and above 0;
/// a tensor without elements has one of at least 1.
[[nodiscard]] double fan_of(const Shape& shape, Fans fans, FanMode mode);

}  // namespace fanin::init
