#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/gemm.cpp"
#include "fanin/linalg/gemm.h"

#include <hwy/foreach_target.h>

#include <algorithm>
#include <type_traits>

#include "linalg/gemm_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {

// Rows of B taken at a time: 128 x 64 floats are the first-level cache, and C is loaded and stored again only once
// for that many multiply-adds.
constexpr size_t kDepth = 128;

void gemm_all(const linalg::LeftOperand& a, MatrixView<const float> b, const float* bias, bool accumulate,
              MatrixView<float> c) {
  const hn::ScalableTag<float> d;
  const size_t panel = kMaxTileVectors * hn::Lanes(d);
  if (b.rows == 0) {
    for (size_t i = 0; i < c.rows && !accumulate; ++i) {
      for (size_t j = 0; j < c.cols; ++j) c(i, j) = bias != nullptr ? bias[j] : 0.0F;
    }
    return;
  }
  for (size_t k = 0; k < b.rows; k += kDepth) {
    const size_t depth = std::min(kDepth, b.rows - k);
    // A panel of B stays in the first-level cache while all rows of A pass over it.
    for (size_t j = 0; j < c.cols; j += panel) {
      const GemmBlock g{a.data + k * a.k_step,
                        a.row_step,
                        a.k_step,
                        b.row(k) + j,
                        b.stride,
                        c.data + j,
                        c.stride,
                        depth,
                        bias != nullptr && k == 0 ? bias + j : nullptr,
                        accumulate || k > 0};
      gemm_block(g, c.rows, std::min(panel, c.cols - j));
    }
  }
}

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
// Eight rows of eight floats, turned: to(j, i) = from(i, j). Pairs of 4-byte lanes, pairs of those, then halves.
HWY_INLINE void transpose_8x8(const float* from, size_t from_row, float* to, size_t to_row) {
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
#endif

// Copies w [rows, cols], at most 16 rows, to the first `rows` columns of `to`, whose rows are `width` apart.
void pack_rows(MatrixView<const float> w, float* to, size_t width) {
  size_t i = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  if (w.rows == 16) {
    // All 16 rows at once, so that a cache line of the target is written whole.
    const size_t whole = w.cols / 8 * 8;
    for (size_t j = 0; j < whole; j += 8) {
      transpose_8x8(w.data + j, w.stride, to + j * width, width);
      transpose_8x8(w.row(8) + j, w.stride, to + j * width + 8, width);
    }
    for (; i < w.rows; ++i) {
      for (size_t j = whole; j < w.cols; ++j) to[j * width + i] = w(i, j);
    }
  }
#endif
  for (; i < w.rows; ++i) {
    for (size_t j = 0; j < w.cols; ++j) to[j * width + i] = w(i, j);
  }
}

}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::linalg {

HWY_EXPORT(gemm_all);
HWY_EXPORT(pack_rows);

void gemm(const LeftOperand& a, MatrixView<const float> b, Start start, MatrixView<float> c) {
  HWY_DYNAMIC_DISPATCH(gemm_all)(a, b, nullptr, start == Start::accumulate, c);
}

PackedTranspose::PackedTranspose(std::size_t rows, std::size_t cols)
    : rows_(rows), cols_(cols), data_((rows + 15) / 16 * 16 * cols) {}

std::size_t PackedTranspose::width(std::size_t p) const {
  return std::min(kPanel, (rows_ - p * kPanel + 15) / 16 * 16);
}

MatrixView<const float> PackedTranspose::panel(std::size_t p) const {
  return {data_.data() + p * kPanel * cols_, cols_, std::min(kPanel, rows_ - p * kPanel), width(p)};
}

void PackedTranspose::refresh(MatrixView<const float> w, std::size_t first, std::size_t count) {
  constexpr std::size_t kStrip = 16;
  for (std::size_t i = first; i < first + count;) {
    const std::size_t p = i / kPanel;
    const std::size_t n = std::min(first + count, (i / kStrip + 1) * kStrip) - i;
    float* to = data_.data() + p * kPanel * cols_ + i % kPanel;
    HWY_DYNAMIC_DISPATCH(pack_rows)(w.rows_at(i, n), to, width(p));
    i += n;
  }
}

void gemm_transposed(MatrixView<const float> x, const PackedTranspose& w, std::span<const float> bias,
                     MatrixView<float> y) {
  const LeftOperand a = LeftOperand::plain(x);
  for (std::size_t p = 0; p < w.panels(); ++p) {
    const MatrixView<const float> b = w.panel(p);
    const std::size_t first = p * PackedTranspose::kPanel;
    HWY_DYNAMIC_DISPATCH(gemm_all)
    (a, b, bias.empty() ? nullptr : bias.data() + first, false, {y.data + first, y.rows, b.cols, y.stride});
  }
}

}  // namespace fanin::linalg
#endif
