#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace fanin::random {

/// One block of Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a pure function
/// from a 128-bit counter and a 64-bit key to four 32-bit words. Philox of all zeros begins 6627e8d5 e169c58d.
[[nodiscard]] std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter,
                                                         std::array<std::uint32_t, 2> key) noexcept;

/// The random words of one purpose: of one parameter, of one epoch's shuffle, of one layer's dropout.
///
/// Word i is word i % 4 of the Philox block with counter {lo, hi of offset + i / 4, 0, 0} and key {lo, hi of seed}.
/// So each word depends on (seed, offset, i) alone: any range of a stream can be had without the rest, on any
/// thread, in any order. The layout is the one of PyTorch's stateless `torch.func._random`.
class Stream {
 public:
  /// The stream that belongs to `seed` itself: `torch.func._random.key(seed)`.
  explicit Stream(std::uint64_t seed) noexcept : seed_(seed) {}
  Stream(std::uint64_t seed, std::uint64_t offset) noexcept : seed_(seed), offset_(offset) {}
  /// The stream of the parameter `name` under `seed`: fold_in(FNV-1a hash of the name's bytes, 64 bits).
  Stream(std::uint64_t seed, std::string_view name) noexcept;

  /// The stream keyed by block `data` of this one: its words w0..w3 give seed w0 | w1 << 32 and offset w2 | w3 << 32.
  [[nodiscard]] Stream fold_in(std::uint64_t data) const noexcept;

  /// Word i.
  [[nodiscard]] std::uint32_t word(std::uint64_t i) const noexcept;
  /// Words first .. first + out.size() - 1, by the widest SIMD of this machine; the same bits as word().
  void words(std::uint64_t first, std::span<std::uint32_t> out) const;

  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  friend bool operator==(const Stream&, const Stream&) = default;

 private:
  std::uint64_t seed_;
  std::uint64_t offset_ = 0;
};

}  // namespace fanin::random
