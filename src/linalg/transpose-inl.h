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
constexpr size_t kTransposeRows = 16;

// Sixteen rows of four floats, turned: to(j, i) = from(i, j). Rows i, i + 4, i + 8 and i + 12 share a register, one in
// each 128-bit block, so that turning 4 x 4 within the blocks gives whole rows of the target.
HWY_INLINE void transpose_16x4(const float* HWY_RESTRICT from, size_t from_row, float* HWY_RESTRICT to, size_t to_row) {
  const hn::FixedTag<float, 16> d;
  const hn::Repartition<double, decltype(d)> pairs;
  const auto four_rows = [&](size_t i) HWY_ATTR {
    const auto row = [&](size_t r) HWY_ATTR { return _mm_loadu_ps(from + (i + r) * from_row); };
    // Masked broadcasts from memory leave the shuffle units to the turning.
    __m512 v = _mm512_castps128_ps512(row(0));
    v = _mm512_mask_broadcast_f32x4(v, 0x00F0, row(4));
    v = _mm512_mask_broadcast_f32x4(v, 0x0F00, row(8));
    v = _mm512_mask_broadcast_f32x4(v, 0xF000, row(12));
    return hn::Vec512<float>{v};
  };
  const auto r0 = four_rows(0);
  const auto r1 = four_rows(1);
  const auto r2 = four_rows(2);
  const auto r3 = four_rows(3);
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, to);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, to + to_row);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, to + 2 * to_row);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, to + 3 * to_row);
}
constexpr size_t kTransposeCols = 4;
#define FANIN_TRANSPOSE_TILE transpose_16x4
#elif HWY_TARGET == HWY_AVX2
constexpr size_t kTransposeRows = 8;
constexpr size_t kTransposeCols = 8;

// Eight rows of eight floats, turned. Pairs of 4-byte lanes, pairs of those, then halves.
HWY_INLINE void transpose_8x8(const float* HWY_RESTRICT from, size_t from_row, float* HWY_RESTRICT to, size_t to_row) {
  const hn::FixedTag<float, 8> d;
  const hn::Repartition<double, decltype(d)> pairs;
  using V = hn::VFromD<decltype(d)>;
  V quad[2][4];
  for (size_t h = 0; h < 2; ++h) {
    const float* p = from + 4 * h * from_row;
    const V r0 = hn::LoadU(d, p);
    const V r1 = hn::LoadU(d, p + from_row);
    const V r2 = hn::LoadU(d, p + 2 * from_row);
    const V r3 = hn::LoadU(d, p + 3 * from_row);
    const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
    const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
    const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
    const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
    quad[h][0] = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
    quad[h][1] = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
    quad[h][2] = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
    quad[h][3] = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
  }
  for (size_t j = 0; j < 4; ++j) {
    hn::StoreU(hn::ConcatLowerLower(d, quad[1][j], quad[0][j]), d, to + j * to_row);
    hn::StoreU(hn::ConcatUpperUpper(d, quad[1][j], quad[0][j]), d, to + (j + 4) * to_row);
  }
}
#define FANIN_TRANSPOSE_TILE transpose_8x8
#endif

/// to(j, i) = from(i, j), where rows of `to` are `to_row` floats apart.
HWY_INLINE void transpose(const MatrixView<const float>& from, float* to, size_t to_row) {
  size_t whole_rows = 0;
  size_t whole_cols = 0;
#ifdef FANIN_TRANSPOSE_TILE
  whole_rows = from.rows / kTransposeRows * kTransposeRows;
  whole_cols = from.cols / kTransposeCols * kTransposeCols;
  // Columns outside: a cache line of the target is written whole before the next.
  for (size_t j = 0; j < whole_cols; j += kTransposeCols) {
    for (size_t i = 0; i < whole_rows; i += kTransposeRows) {
      FANIN_TRANSPOSE_TILE(from.row(i) + j, from.stride, to + j * to_row + i, to_row);
    }
  }
#endif
  for (size_t i = 0; i < from.rows; ++i) {
    for (size_t j = i < whole_rows ? whole_cols : 0; j < from.cols; ++j) to[j * to_row + i] = from(i, j);
  }
}
#undef FANIN_TRANSPOSE_TILE

}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
