#pragma once

#include <span>

namespace fanin::random {

/// Replaces every tail probability t in (0, 1/2] by the x >= 0 with P(Z > x) = t, relatively exact to about 1e-15
/// (Wichura 1988, AS 241): the same bits on every machine.
void upper_quantiles(std::span<double> t);

}  // namespace fanin::random
