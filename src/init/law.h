#pragma once

#include "init/promise.h"
#include "init/rule.h"

namespace fanin::init {

[[nodiscard]] Expected expected_of(const Law& law);
[[nodiscard]] Elements elements_of(const Law& law);

/// A rule whose law knows neither shape nor fans: `constant(0)` and `zeros` are the same.
struct Plain {
  Law law;

  [[nodiscard]] Expected expected(const Shape&, Fans) const { return expected_of(law); }
  [[nodiscard]] Elements elements(const Shape&, Fans) const { return elements_of(law); }
  [[nodiscard]] Promise promise(const Shape&, Fans) const { return promise_of(law); }
  friend bool operator==(const Plain&, const Plain&) = default;
};

/// The fan that `mode` selects for a tensor that is to be filled. Throws Error(usage) unless it is finite and above 0;
/// a tensor without elements has one of at least 1.
[[nodiscard]] double fan_of(const Shape& shape, Fans fans, FanMode mode);

}  // namespace fanin::init
