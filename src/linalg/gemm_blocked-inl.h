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

/// C [m, n] = A [m, depth] B [depth, n] for n up to 64; how C starts, see GemmBlock.
inline HWY_NOINLINE void gemm_panel(const linalg::LeftOperand& a, size_t k, size_t depth, const float* b, size_t b_row,
                                    const float* bias, bool accumulate, const MatrixView<float>& c) {
  const hn::ScalableTag<float> d;
  const size_t width = kMaxTileVectors * hn::Lanes(d);
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
                      accumulate};
    gemm_block(g, c.rows, std::min(width, c.cols - j));
  }
}

}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
