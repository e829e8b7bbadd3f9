#pragma once

#include <array>
#include <cstdint>

namespace fanin::random {

// Salmon et al. 2011, table 2: multipliers and Weyl increments of Philox4x32.
inline constexpr std::uint32_t kPhiloxM0 = 0xD2511F53;
inline constexpr std::uint32_t kPhiloxM1 = 0xCD9E8D57;
inline constexpr std::uint32_t kPhiloxW0 = 0x9E3779B9;
inline constexpr std::uint32_t kPhiloxW1 = 0xBB67AE85;

/// The block with counter {lo, hi of `index`, 0, 0} and key {lo, hi of `key`}.
[[nodiscard]] std::array<std::uint32_t, 4> philox_block(std::uint64_t index, std::uint64_t key) noexcept;

}  // namespace fanin::random
