// The loops around the register tile, included once per SIMD target.
#include <algorithm>

#include "fanin/linalg/gemm.h"

#include "linalg/gemm_kernel-inl.h"

#if defined(FANIN_LINALG_GEMM_BLOCKED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FANIN_LINALG_GEMM_BLOCKED_INL_H_
#undef FANIN_LINALG_GEMM_BLOCKED_INL_H_
#else
#define FANIN_LINALG_GEMM_BLOCKED_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {

// At most so many rows of B are taken at a time: with as many rows of A and 64 columns they stay in the second-level
// cache, and C is loaded and stored again only once for that many multiply-adds.
constexpr size_t kMaxDepth = 400;

/// `depth` cut into equal parts of at most `most`, each (but the last) a multiple of 16.
inline size_t equal_part(size_t depth, size_t most) {
  const size_t parts = (depth + most - 1) / most;
  return parts == 0 ? 0 : ((depth + parts - 1) / parts + 15) / 16 * 16;
}

// Rows that lie far apart are found by no hardware prefetcher: a copy asks for so many of them ahead.
constexpr size_t kCopyAhead = 8;

inline void ask_for(const MatrixView<const float>& m, size_t row) {
  if (row >= m.rows) return;
  for (size_t j = 0; j < m.cols; j += kLine) __builtin_prefetch(m.row(row) + j);
}

/// Copies the rows of `from` to where they are `to_row` apart.
inline void copy_rows(const MatrixView<const float>& from, float* HWY_RESTRICT to, size_t to_row) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const size_t whole = from.cols / lanes * lanes;
  for (size_t i = 0; i < from.rows; ++i) {
    const float* row = from.row(i);
    ask_for(from, i + kCopyAhead);
    size_t j = 0;
    for (; j < whole; j += lanes) hn::StoreU(hn::LoadU(d, row + j), d, to + i * to_row + j);
    for (; j < from.cols; ++j) to[i * to_row + j] = row[j];
  }
}

/// C [m, n] = A [m, depth] B [depth, n] for n up to 64; how C starts, see GemmBlock. `next` is contiguous memory that
/// is needed after it, or nothing.
inline HWY_NOINLINE void gemm_panel(const linalg::LeftOperand& a, size_t k, size_t depth, const float* b, size_t b_row,
                                    const float* bias, bool accumulate, const MatrixView<float>& c,
                                    const MatrixView<const float>& next = {}) {
  const hn::ScalableTag<float> d;
  const size_t width = kMaxTileVectors * hn::Lanes(d);
  // Without anything to come it is a line of B that is there already.
  Ahead ahead{next.data == nullptr ? b : next.data, 0};
  const size_t turns = (c.rows / tile_rows(kMaxTileVectors) + 1) * ((c.cols + width - 1) / width) * depth;
  if (next.data != nullptr) ahead.step = next.rows * next.stride / turns + 1;
  for (size_t j = 0; j < c.cols; j += width) {
    const GemmBlock g{a.data + k * a.k_step,
                      a.row_step,
                      a.k_step,
                      b + j,
                      b_row,
                      c.data + j,
                      c.stride,
                      depth,
                      bias == nullptr ? nullptr : bias + j,
                      accumulate,
                      ahead};
    ahead.data = gemm_block(g, c.rows, std::min(width, c.cols - j));
  }
}

}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
