#pragma once

#include <cstdint>

namespace fanin::optim::detail {

/// base^exponent by repeated squaring: the same bits on every machine, which pow() of different C libraries does not
/// promise.
inline double power(double base, std::uint64_t exponent) {
  double result = 1;
  for (; exponent != 0; exponent /= 2) {
    if (exponent % 2 != 0) result *= base;
    base *= base;
  }
  return result;
}

}  // namespace fanin::optim::detail
