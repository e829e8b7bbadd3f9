#include "fanin/random/permutation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>

#include "fanin/core/error.h"

namespace fanin::random {

void permutation(const Stream& stream, std::span<std::uint32_t> order) {
  if (order.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorKind::usage, "random",
                fmt::format("permutation of {} elements: at most {} are allowed", order.size(),
                            std::numeric_limits<std::uint32_t>::max()));
  }
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  constexpr std::size_t kChunk = 512;
  std::array<std::uint32_t, 2 * kChunk> words;
  for (std::size_t end = order.size(); end > 1;) {
    const std::size_t begin = end > kChunk ? end - kChunk : 0;
    stream.words(2 * begin, std::span(words).first(2 * (end - begin)));
    for (std::size_t i = end; i-- > begin;) {
      const std::size_t k = 2 * (i - begin);
      const std::uint64_t w = words[k] | std::uint64_t{words[k + 1]} << 32;
      // floor(w * (i + 1) / 2^64) in two 64-bit products: i + 1 fits in 32 bits.
      const std::uint64_t low = ((w & 0xFFFFFFFF) * (i + 1)) >> 32;
      std::swap(order[i], order[((w >> 32) * (i + 1) + low) >> 32]);
    }
    end = begin;
  }
}

}  // namespace fanin::random
