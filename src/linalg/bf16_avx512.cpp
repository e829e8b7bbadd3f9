// The bfloat16 kernels by VDPBF16PS and VCVTNE2PS2BF16. Only the functions marked FANIN_AVX512_BF16 are such code, and
// none of them is visible outside.
#include <immintrin.h>

#include "linalg/avx512_bf16.h"
#include "linalg/bf16_kernels.h"

namespace fanin::linalg::detail {
namespace {

constexpr std::size_t kLanes = 16;

// MR rows by NV vectors of C stay in registers while the pairs run; `last` masks the last vector.
template <std::size_t MR, std::size_t NV>
FANIN_AVX512_BF16 __attribute__((always_inline)) inline void tile(const std::uint32_t* a, std::size_t a_row,
                                                                  std::size_t a_pair, std::size_t pairs,
                                                                  const std::uint32_t* b, std::size_t b_row,
                                                                  const float* bias, bool accumulate, float* c,
                                                                  std::size_t c_row, __mmask16 last) {
  __m512 acc[MR][NV];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < MR; ++i) {
#pragma GCC unroll 16
    for (std::size_t v = 0; v < NV; ++v) {
      const __mmask16 mask = v + 1 == NV ? last : static_cast<__mmask16>(0xFFFF);
      acc[i][v] = bias != nullptr ? _mm512_maskz_loadu_ps(mask, bias + v * kLanes)
                  : accumulate    ? _mm512_maskz_loadu_ps(mask, c + i * c_row + v * kLanes)
                                  : _mm512_setzero_ps();
    }
  }
  for (; pairs != 0; --pairs) {
    __m512bh bv[NV];
#pragma GCC unroll 16
    for (std::size_t v = 0; v < NV; ++v) {
      const __mmask16 mask = v + 1 == NV ? last : static_cast<__mmask16>(0xFFFF);
      bv[v] = (__m512bh)_mm512_maskz_loadu_epi32(mask, b + v * kLanes);
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < MR; ++i) {
      const auto av = (__m512bh)_mm512_set1_epi32(static_cast<int>(a[i * a_row]));
#pragma GCC unroll 16
      for (std::size_t v = 0; v < NV; ++v) acc[i][v] = _mm512_dpbf16_ps(acc[i][v], av, bv[v]);
    }
    a += a_pair;
    b += b_row;
  }
#pragma GCC unroll 16
  for (std::size_t i = 0; i < MR; ++i) {
#pragma GCC unroll 16
    for (std::size_t v = 0; v < NV; ++v) {
      const __mmask16 mask = v + 1 == NV ? last : static_cast<__mmask16>(0xFFFF);
      const __m512 sum = _mm512_add_ps(acc[i][v], _mm512_setzero_ps());  // -0 becomes +0
      _mm512_mask_storeu_ps(c + i * c_row + v * kLanes, mask, sum);
    }
  }
}

template <std::size_t NV>
FANIN_AVX512_BF16 __attribute__((always_inline)) inline void rows(const std::uint32_t* a, std::size_t a_row,
                                                                  std::size_t a_pair, std::size_t pairs,
                                                                  const std::uint32_t* b, std::size_t b_row,
                                                                  const float* bias, bool accumulate, float* c,
                                                                  std::size_t c_row, std::size_t m, __mmask16 last) {
  constexpr std::size_t kRows = NV == 4 ? 6 : NV == 3 ? 8 : 12;
  std::size_t i = 0;
  for (; m - i >= kRows; i += kRows) {
    tile<kRows, NV>(a + i * a_row, a_row, a_pair, pairs, b, b_row, bias, accumulate, c + i * c_row, c_row, last);
  }
  if (kRows > 4 && m - i >= 4) {
    for (; m - i >= 4; i += 4) {
      tile<4, NV>(a + i * a_row, a_row, a_pair, pairs, b, b_row, bias, accumulate, c + i * c_row, c_row, last);
    }
  }
  if (m - i >= 2) {
    tile<2, NV>(a + i * a_row, a_row, a_pair, pairs, b, b_row, bias, accumulate, c + i * c_row, c_row, last);
    i += 2;
  }
  if (m - i >= 1) {
    tile<1, NV>(a + i * a_row, a_row, a_pair, pairs, b, b_row, bias, accumulate, c + i * c_row, c_row, last);
  }
}

FANIN_AVX512_BF16 void panel(const std::uint32_t* a, std::size_t a_row, std::size_t a_pair, std::size_t pairs,
                             const std::uint32_t* b, std::size_t b_row, const float* bias, bool accumulate,
                             const MatrixView<float>& c) {
  const std::size_t m = c.rows;
  const std::size_t n = c.cols;
  if (n == 0) return;
  const std::size_t vectors = (n + kLanes - 1) / kLanes;
  const auto last = static_cast<__mmask16>(0xFFFFU >> (vectors * kLanes - n));
  switch (vectors) {
    case 4:
      return rows<4>(a, a_row, a_pair, pairs, b, b_row, bias, accumulate, c.data, c.stride, m, last);
    case 3:
      return rows<3>(a, a_row, a_pair, pairs, b, b_row, bias, accumulate, c.data, c.stride, m, last);
    case 2:
      return rows<2>(a, a_row, a_pair, pairs, b, b_row, bias, accumulate, c.data, c.stride, m, last);
    default:
      return rows<1>(a, a_row, a_pair, pairs, b, b_row, bias, accumulate, c.data, c.stride, m, last);
  }
}

FANIN_AVX512_BF16 __attribute__((always_inline)) inline __mmask16 first_lanes(std::size_t n) {
  return static_cast<__mmask16>(n >= kLanes ? 0xFFFFU : (1U << n) - 1);
}

FANIN_AVX512_BF16 void pair_columns(const MatrixView<const float>& x, std::uint32_t* out, std::size_t out_row) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* from = x.data + i * x.stride;
    std::uint32_t* to = out + i * out_row;
    std::size_t j = 0;
    for (; j + 2 * kLanes <= x.cols; j += 2 * kLanes) {
      const __m512bh both = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + j + kLanes), _mm512_loadu_ps(from + j));
      _mm512_storeu_si512(to + j / 2, (__m512i)both);
    }
    if (j == x.cols) continue;
    const std::size_t left = x.cols - j;
    const __m512 first = _mm512_maskz_loadu_ps(first_lanes(left), from + j);
    const __m512 second = _mm512_maskz_loadu_ps(first_lanes(left > kLanes ? left - kLanes : 0), from + j + kLanes);
    _mm512_mask_storeu_epi32(to + j / 2, first_lanes((left + 1) / 2), (__m512i)_mm512_cvtne2ps_pbh(second, first));
  }
}

FANIN_AVX512_BF16 void pair_rows(const MatrixView<const float>& x, std::uint32_t* out, std::size_t out_row) {
  // The lower half of both rounded rows is the first one's; now they alternate.
  alignas(64) std::uint16_t order[2 * kLanes];
  for (std::size_t i = 0; i < kLanes; ++i) {
    order[2 * i] = static_cast<std::uint16_t>(i);
    order[2 * i + 1] = static_cast<std::uint16_t>(i + kLanes);
  }
  const __m512i alternate = _mm512_load_si512(order);
  for (std::size_t q = 0; q < (x.rows + 1) / 2; ++q) {
    const float* even = x.data + 2 * q * x.stride;
    const bool has_odd = 2 * q + 1 < x.rows;
    const float* odd = has_odd ? even + x.stride : even;
    const __mmask16 odd_lanes = has_odd ? 0xFFFF : 0;
    std::uint32_t* to = out + q * out_row;
    std::size_t j = 0;
    for (; j + kLanes <= x.cols; j += kLanes) {
      const __m512bh both = _mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(odd_lanes, odd + j), _mm512_loadu_ps(even + j));
      _mm512_storeu_si512(to + j, _mm512_permutexvar_epi16(alternate, (__m512i)both));
    }
    if (j == x.cols) continue;
    const __mmask16 rest = first_lanes(x.cols - j);
    const __m512bh both =
        _mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(rest & odd_lanes, odd + j), _mm512_maskz_loadu_ps(rest, even + j));
    _mm512_mask_storeu_epi32(to + j, rest, _mm512_permutexvar_epi16(alternate, (__m512i)both));
  }
}

}  // namespace

const Bf16Kernels* native_bf16_kernels() {
  static constexpr Bf16Kernels kKernels{panel, pair_columns, pair_rows};
  return has_avx512_bf16() ? &kKernels : nullptr;
}

}  // namespace fanin::linalg::detail
