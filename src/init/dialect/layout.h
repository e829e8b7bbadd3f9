#pragma once

#include <vector>

#include "fanin/init/dialect_fans.h"

namespace fanin::init {

/// Where a framework keeps outputs and inputs in a weight of some rank >= 2.
struct Axes {
  std::size_t out = 0;
  std::size_t in = 0;
};
[[nodiscard]] Axes axes_of(Framework framework, std::size_t rank);

/// For every axis of the framework's order the one of [out, in, taps...] that it is.
[[nodiscard]] std::vector<std::size_t> fanin_axes(Framework framework, std::size_t rank);

}  // namespace fanin::init
