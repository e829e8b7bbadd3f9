#include <immintrin.h>

#include "bench/peak.h"
#include "linalg/avx512_bf16.h"

namespace fanin::bench::detail {
namespace {

constexpr std::size_t kChains = 20;
// The latency of the instruction is longer than that of a multiply-add.
constexpr std::size_t kFlops = 64;  // 32 products and 32 sums

volatile float sink;

FANIN_AVX512_BF16 void run_chains(std::size_t rounds) {
  __m512 acc[kChains];
  const auto a = (__m512bh)_mm512_set1_epi32(0x3F003F00 + static_cast<int>(sink * 0));
  const auto b = (__m512bh)_mm512_set1_epi32(0x3F80BF80 + static_cast<int>(sink * 0));
#pragma GCC unroll 32
  for (std::size_t i = 0; i < kChains; ++i) acc[i] = _mm512_set1_ps(static_cast<float>(i));
  for (std::size_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 32
    for (std::size_t i = 0; i < kChains; ++i) acc[i] = _mm512_dpbf16_ps(acc[i], a, b);
  }
  __m512 sum = acc[0];
#pragma GCC unroll 32
  for (std::size_t i = 1; i < kChains; ++i) sum = _mm512_add_ps(sum, acc[i]);
  sink = _mm512_cvtss_f32(sum);
}

}  // namespace

double run_bf16_peak(std::size_t rounds) {
  if (!linalg::detail::has_avx512_bf16()) return 0;
  run_chains(rounds);
  return static_cast<double>(rounds * kChains * kFlops);
}

}  // namespace fanin::bench::detail
