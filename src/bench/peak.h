#pragma once

#include <cstddef>

namespace fanin::bench::detail {

/// Runs `rounds` rounds of independent multiply-adds in registers; gives the floating-point operations done.
double run_fp32_peak(std::size_t rounds);
/// The same for pairs of bfloat16 numbers; 0 where there is no instruction for them.
double run_bf16_peak(std::size_t rounds);
/// Reads all of it.
void read_all(const float* data, std::size_t n);
/// Writes ones past the caches; `data` is aligned to 64 bytes.
void store_all(float* data, std::size_t n);

}  // namespace fanin::bench::detail
