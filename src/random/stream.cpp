#include "fanin/random/stream.h"

#include "random/philox.h"

namespace fanin::random {
namespace {

std::uint64_t fnv1a(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{kPhiloxM0} * c[0];
    const std::uint64_t p1 = std::uint64_t{kPhiloxM1} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ key[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += kPhiloxW0;
    key[1] += kPhiloxW1;
  }
  return c;
}

std::array<std::uint32_t, 4> philox_block(std::uint64_t index, std::uint64_t key) noexcept {
  return philox4x32_10({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), 0, 0},
                       {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)});
}

Stream::Stream(std::uint64_t seed, std::string_view name) noexcept : Stream(Stream(seed).fold_in(fnv1a(name))) {}

Stream Stream::fold_in(std::uint64_t data) const noexcept {
  const auto w = philox_block(offset_ + data, seed_);
  return {w[0] | std::uint64_t{w[1]} << 32, w[2] | std::uint64_t{w[3]} << 32};
}

std::uint32_t Stream::word(std::uint64_t i) const noexcept {
  return philox_block(offset_ + i / 4, seed_)[i % 4];
}

}  // namespace fanin::random
