#pragma once

#include <cstddef>

namespace fanin {

inline constexpr std::size_t kFloatsInLine = 16;  ///< of a cache line

/// The next whole number of cache lines, in floats.
constexpr std::size_t rounded_to_lines(std::size_t n) {
  return (n + kFloatsInLine - 1) / kFloatsInLine * kFloatsInLine;
}

}  // namespace fanin
