#pragma once

#include <cstdint>
#include <span>

#include "fanin/random/stream.h"

namespace fanin::random {

/// Fills `order` with a uniformly random permutation of 0 .. order.size() - 1: Fisher-Yates from the back, position
/// i swaps with floor(w * (i + 1) / 2^64) where w is 64-bit word i of the stream (words 2i and 2i + 1).
/// The bias is below 2^-32. Throws Error(usage) for more than 2^32 - 1 elements.
void permutation(const Stream& stream, std::span<std::uint32_t> order);

}  // namespace fanin::random
