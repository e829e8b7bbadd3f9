// Transposition of float32 blocks, included once per SIMD target.
#include <algorithm>

#include "fanin/core/matrix_view.h"

#include "core/simd-inl.h"

#if defined(FANIN_LINALG_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FANIN_LINALG_TRANSPOSE_INL_H_
#undef FANIN_LINALG_TRANSPOSE_INL_H_
#else
#define FANIN_LINALG_TRANSPOSE_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3
constexpr size_t kTransposeTile = 16;

/// The halves of a and b (of four blocks of 128 bits each) that have even numbers, or odd ones.
template <bool kOdd, class V>
HWY_INLINE V alternate_blocks(V a, V b) {
  return V{_mm512_shuffle_f32x4(a.raw, b.raw, kOdd ? 0xDD : 0x88)};
}

// Sixteen whole cache lines in and out: 4 x 4 floats are turned within blocks of 128 bits, then the 4 x 4 blocks.
HWY_INLINE void transpose_tile(const float* HWY_RESTRICT from, size_t from_row, float* HWY_RESTRICT to, size_t to_row) {
  const hn::FixedTag<float, 16> d;
  const hn::Repartition<double, decltype(d)> pairs;
  using V = hn::VFromD<decltype(d)>;
  V quad[4][4];  // [rows 4 r to 4 r + 3][column j of each block]
  FANIN_UNROLL
  for (size_t r = 0; r < 4; ++r) {
    const float* p = from + 4 * r * from_row;
    const V r0 = hn::LoadU(d, p);
    const V r1 = hn::LoadU(d, p + from_row);
    const V r2 = hn::LoadU(d, p + 2 * from_row);
    const V r3 = hn::LoadU(d, p + 3 * from_row);
    const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
    const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
    const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
    const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
    quad[r][0] = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
    quad[r][1] = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
    quad[r][2] = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
    quad[r][3] = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
  }
  FANIN_UNROLL
  for (size_t j = 0; j < 4; ++j) {
    const V even01 = alternate_blocks<false>(quad[0][j], quad[1][j]);
    const V even23 = alternate_blocks<false>(quad[2][j], quad[3][j]);
    const V odd01 = alternate_blocks<true>(quad[0][j], quad[1][j]);
    const V odd23 = alternate_blocks<true>(quad[2][j], quad[3][j]);
    hn::StoreU(alternate_blocks<false>(even01, even23), d, to + j * to_row);
    hn::StoreU(alternate_blocks<false>(odd01, odd23), d, to + (4 + j) * to_row);
    hn::StoreU(alternate_blocks<true>(even01, even23), d, to + (8 + j) * to_row);
    hn::StoreU(alternate_blocks<true>(odd01, odd23), d, to + (12 + j) * to_row);
  }
}
#elif HWY_TARGET == HWY_AVX2
constexpr size_t kTransposeTile = 8;

// Eight rows of eight floats. Rows i and i + 4 are the halves of a register from the load on, which leaves the shuffle
// units to the turning of 4 x 4 floats within the halves.
HWY_INLINE void transpose_tile(const float* HWY_RESTRICT from, size_t from_row, float* HWY_RESTRICT to, size_t to_row) {
  const hn::FixedTag<float, 8> d;
  const hn::FixedTag<float, 4> half;
  const hn::Repartition<double, decltype(d)> pairs;
  FANIN_UNROLL
  for (size_t j = 0; j < 8; j += 4) {
    const auto two_rows = [&](size_t i) HWY_ATTR {
      return hn::Combine(d, hn::LoadU(half, from + (i + 4) * from_row + j), hn::LoadU(half, from + i * from_row + j));
    };
    const auto r0 = two_rows(0);
    const auto r1 = two_rows(1);
    const auto r2 = two_rows(2);
    const auto r3 = two_rows(3);
    const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
    const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
    const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
    const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, to + j * to_row);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, to + (j + 1) * to_row);
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, to + (j + 2) * to_row);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, to + (j + 3) * to_row);
  }
}
#endif

/// to(j, i) = from(i, j), where rows of `to` are `to_row` floats apart.
HWY_INLINE void transpose(const MatrixView<const float>& from, float* to, size_t to_row) {
  size_t whole_rows = 0;
  size_t whole_cols = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  whole_rows = from.rows / kTransposeTile * kTransposeTile;
  whole_cols = from.cols / kTransposeTile * kTransposeTile;
  for (size_t j = 0; j < whole_cols; j += kTransposeTile) {
    for (size_t i = 0; i < whole_rows; i += kTransposeTile) {
      transpose_tile(from.row(i) + j, from.stride, to + j * to_row + i, to_row);
    }
  }
#endif
  for (size_t i = 0; i < from.rows; ++i) {
    for (size_t j = i < whole_rows ? whole_cols : 0; j < from.cols; ++j) to[j * to_row + i] = from(i, j);
  }
}

}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
