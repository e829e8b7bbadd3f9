// Philox4x32-10 over vectors, and the loop that hands its words to a transform: included once per SIMD target.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/simd-inl.h"
#include "random/philox.h"

#if defined(FANIN_RANDOM_PHILOX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FANIN_RANDOM_PHILOX_INL_H_
#undef FANIN_RANDOM_PHILOX_INL_H_
#else
#define FANIN_RANDOM_PHILOX_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::random::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
constexpr std::size_t kBlocks = 1;
#else
using D64 = hn::ScalableTag<std::uint64_t>;
using V64 = hn::VFromD<D64>;
using D32 = hn::Repartition<std::uint32_t, D64>;
using V32 = hn::VFromD<D32>;
constexpr std::size_t kBlocks = HWY_MAX_BYTES / sizeof(std::uint64_t);

/// Word j of one block per 64-bit lane, in its low half; the high half is noise, which the multiplications ignore.
struct Words {
  V64 w0, w1, w2, w3;
};

/// The counters of consecutive blocks, permuted so that unpacking within 128-bit parts restores their order.
HWY_INLINE V64 block_counters(std::uint64_t base) {
  const D64 d;
  const V64 lane = hn::Iota(d, 0);
  const V64 odd = hn::And(lane, hn::Set(d, 1));
  const V64 half = hn::IfThenElse(hn::Eq(odd, hn::Set(d, 1)), hn::Set(d, kBlocks / 2), hn::Zero(d));
  return hn::Add(hn::Set(d, base), hn::Add(hn::ShiftRight<1>(lane), half));
}

HWY_INLINE Words philox_blocks(V64 counter, std::uint64_t key) {
  const D64 d;
  const D32 d32;
  const V32 m0 = hn::BitCast(d32, hn::Set(d, kPhiloxM0));
  const V32 m1 = hn::BitCast(d32, hn::Set(d, kPhiloxM1));
  std::uint32_t k0 = static_cast<std::uint32_t>(key);
  std::uint32_t k1 = static_cast<std::uint32_t>(key >> 32);
  // The first round has zeros for words 2 and 3.
  const V64 first = hn::MulEven(hn::BitCast(d32, counter), m0);
  V64 c0 = hn::Xor(hn::ShiftRight<32>(counter), hn::Set(d, k0));
  V64 c1 = hn::Zero(d);
  V64 c2 = hn::Xor(hn::ShiftRight<32>(first), hn::Set(d, k1));
  V64 c3 = first;
  HWY_UNROLL(9)
  for (int round = 1; round < 10; ++round) {
    k0 += kPhiloxW0;
    k1 += kPhiloxW1;
    const V64 p0 = hn::MulEven(hn::BitCast(d32, c0), m0);
    const V64 p1 = hn::MulEven(hn::BitCast(d32, c2), m1);
    c0 = hn::Xor3(hn::ShiftRight<32>(p1), c1, hn::Set(d, k0));
    c1 = p1;
    c2 = hn::Xor3(hn::ShiftRight<32>(p0), c3, hn::Set(d, k1));
    c3 = p0;
  }
  return {c0, c1, c2, c3};
}

/// low | high << 32 of each lane.
HWY_INLINE V32 pack(V64 low, V64 high) {
  const D32 d32;
  return hn::OddEven(hn::BitCast(d32, hn::ShiftLeft<32>(high)), hn::BitCast(d32, low));
}

/// Calls store(i, v) with the words of the blocks in their order, two vectors of them.
template <class Store>
HWY_INLINE void in_order(const Words& w, const Store& store) {
  const D64 d;
  const D32 d32;
  const V64 a = hn::BitCast(d, pack(w.w0, w.w1));
  const V64 b = hn::BitCast(d, pack(w.w2, w.w3));
  store(0, hn::BitCast(d32, hn::InterleaveLower(d, a, b)));
  store(hn::Lanes(d32), hn::BitCast(d32, hn::InterleaveUpper(d, a, b)));
}
#endif

/// Elements first .. first + count - 1 of `transform` applied to the stream's words, four to a block.
template <class T, class Transform>
void generate(std::uint64_t seed, std::uint64_t offset, std::uint64_t first, T* out, std::size_t count,
              const Transform& transform) {
  constexpr std::size_t kGroup = 4 * kBlocks;
  std::uint64_t block = offset + first / 4;
#if HWY_TARGET == HWY_SCALAR
  const auto group = [&](std::uint64_t b, T* to) {
    const auto w = philox_block(b, seed);
    transform(w.data(), to);
  };
#else
  const auto group = [&](std::uint64_t b, T* to) { transform(philox_blocks(block_counters(b), seed), to); };
#endif
  HWY_ALIGN T part[kGroup];
  if (const std::size_t skip = first % 4; skip != 0 && count > 0) {
    const std::size_t n = count < kGroup - skip ? count : kGroup - skip;
    group(block, part);
    std::memcpy(out, part + skip, n * sizeof(T));
    block += kBlocks;
    out += n;
    count -= n;
  }
  // Two independent groups at a time hide the latency of the ten dependent rounds.
  for (; count >= 2 * kGroup; count -= 2 * kGroup, out += 2 * kGroup, block += 2 * kBlocks) {
    group(block, out);
    group(block + kBlocks, out + kGroup);
  }
  for (; count >= kGroup; count -= kGroup, out += kGroup, block += kBlocks) group(block, out);
  if (count > 0) {
    group(block, part);
    std::memcpy(out, part, count * sizeof(T));
  }
}

}  // namespace fanin::random::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
