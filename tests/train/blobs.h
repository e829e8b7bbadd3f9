#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "fanin/data/dataset.h"
#include "fanin/random/stream.h"

namespace fanin::test {

/// `n` byte images of 4x4 in three classes that a small network tells apart: class c is bright in rows c and c + 1,
/// noise everywhere.
inline data::Dataset blobs(std::size_t n, std::uint64_t seed) {
  constexpr std::size_t kSide = 4;
  constexpr std::size_t kClasses = 3;
  const random::Stream noise(seed, "blobs");
  std::vector<std::uint8_t> bytes(n * kSide * kSide);
  std::vector<std::int32_t> labels(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t c = noise.word(1000000 + i) % kClasses;
    labels[i] = static_cast<std::int32_t>(c);
    for (std::size_t p = 0; p < kSide * kSide; ++p) {
      const bool bright = p / kSide == c || p / kSide == c + 1;
      bytes[i * kSide * kSide + p] = static_cast<std::uint8_t>((bright ? 90 : 0) + noise.word(i * 16 + p) % 160);
    }
  }
  return {"blobs", Shape{kSide, kSide}, std::move(bytes), std::move(labels), kClasses};
}

}  // namespace fanin::test
