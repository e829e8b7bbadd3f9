#include "fanin/linalg/gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/gemm.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>

#include "linalg/gemm_blocked-inl.h"
#include "linalg/sparse_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {
namespace {

using linalg::BlockDone;
using linalg::LeftOperand;
using linalg::PackedTranspose;
using linalg::Start;
using linalg::Zeros;

constexpr size_t kPanel = PackedTranspose::kPanel;
// Panels taken together: their part of C stays in the second-level cache while the inner index advances.
constexpr size_t kPanels = 4;
// Rows of C taken together, for the same reason; a multiple of every tile's rows.
constexpr size_t kRows = 264;

MatrixView<float> columns(const MatrixView<float>& c, size_t row, size_t rows, size_t col, size_t cols) {
  return {c.row(row) + col, rows, cols, c.stride};
}

/// What the columns from `col` on start as when the inner index is at k.
struct From {
  From(const Start& start, size_t k, size_t col)
      : bias(start.bias != nullptr && k == 0 ? start.bias + col : nullptr), accumulates(start.accumulates || k > 0) {}
  const float* bias;
  bool accumulates;
};

/// Whether so many rows of C are worth a copy of the block of B that they use: rows of B that lie far apart are found
/// by no prefetcher, and those a power of two apart share a few sets of the caches, which is several times worse.
bool copy_pays(size_t rows, size_t b_row) {
  constexpr size_t kManyRows = 128;
  constexpr size_t kSomeRows = 16;
  constexpr size_t kShared = 512;
  return b_row > kPanel && (rows >= kManyRows || (rows >= kSomeRows && b_row % kShared == 0));
}

/// C = start + A B, where panel(p) is columns [64 p, 64 p + 64) of B, whose rows are contiguous or not.
template <class Panel>
HWY_INLINE void dense(const LeftOperand& a, size_t depth, Panel panel, const Start& start, const MatrixView<float>& c,
                      BlockDone done) {
  HWY_ALIGN float copy[kMaxDepth * kPanel];
  const size_t part = equal_part(depth, kMaxDepth);
  const size_t panels = (c.cols + kPanel - 1) / kPanel;
  for (size_t i = 0; i < c.rows; i += kRows) {
    const size_t rows = std::min(kRows, c.rows - i);
    const LeftOperand left{a.data + i * a.row_step, rows, a.row_step, a.k_step};
    for (size_t group = 0; group < panels; group += kPanels) {
      const size_t end = std::min(panels, group + kPanels);
      for (size_t k = 0; k < depth; k += part) {
        for (size_t p = group; p < end; ++p) {
          MatrixView<const float> b = panel(p).rows_at(k, std::min(part, depth - k));
          if (copy_pays(rows, b.stride)) {
            copy_rows(b, copy, kPanel);
            b = {copy, b.rows, b.cols, kPanel};
          }
          const From from(start, k, p * kPanel);
          // What comes next: of B the next panel, or the next rows, or the first rows of the next group.
          const bool last_panel = p + 1 == end;
          const bool last_part = k + part >= depth;
          const size_t next_panel = !last_panel ? p + 1 : !last_part ? group : end;
          const size_t next_k = !last_panel ? k : !last_part ? k + part : 0;
          MatrixView<const float> next;
          if (next_panel < panels) next = panel(next_panel).rows_at(next_k, std::min(part, depth - next_k));
          gemm_panel(left, k, b.rows, b.data, b.stride, from.bias, from.accumulates,
                     columns(c, i, rows, p * kPanel, b.cols), next.stride == kPanel ? next : MatrixView<const float>());
          if (k + part >= depth) done({i, rows, p * kPanel, b.cols});
        }
      }
    }
  }
}

/// c += x(:, k ..) B(k .., :) by the non-zero elements of x alone, for the columns of two neighbouring panels of B
/// (or one: `second` has no columns), which start at column `col` of B.
void sparse_panels(const MatrixView<const float>& x, size_t k, const uint64_t* words, const MatrixView<const float>& b,
                   const MatrixView<const float>& second, const From& from, const MatrixView<float>& c) {
  const float* b0 = b.row(k);
  const float* b1 = second.row(k);
  const size_t cols = b.cols + second.cols;
  const size_t step = kSparseVectors * hn::Lanes(hn::ScalableTag<float>());
  for (size_t j = 0; j < cols; j += step) {
    for_width(std::min(step, cols - j), [&](auto nv, auto partial, size_t last) HWY_ATTR {
      const auto row = [&](size_t i, size_t col) HWY_ATTR {
        return col < kPanel ? b0 + i * b.stride + j + col : b1 + i * second.stride + col - kPanel;
      };
      for (size_t r = 0; r < x.rows; ++r) {
        if (words[r] == 0 && from.accumulates) continue;
        const float* xr = x.row(r) + k;
        float* to = c.row(r) + j;
        const float* start = from.bias != nullptr ? from.bias + j : from.accumulates ? to : nullptr;
        sparse_sum<nv.value, partial.value>(
            words[r], [&](size_t i) HWY_ATTR { return xr[i]; }, row, start, to, last);
      }
    });
  }
}

// Rows whose words of non-zero bits lie on the stack.
constexpr size_t kSparseRows = 264;

/// The same as dense(), 64 inner indices at a time: by the non-zero elements of x alone where `always` or their number
/// says so.
template <class Panel>
HWY_INLINE void sparse(const MatrixView<const float>& x, Panel panel, const Start& start, const MatrixView<float>& c,
                       bool always, BlockDone done) {
  // Two panels make enough accumulators where four vectors are one.
  const size_t together = kPanel / hn::Lanes(hn::ScalableTag<float>()) * 2 <= kSparseVectors ? 2 : 1;
  const size_t panels = (c.cols + kPanel - 1) / kPanel;
  uint64_t words[kSparseRows];
  for (size_t i = 0; i < x.rows; i += kSparseRows) {
    const size_t rows = std::min(kSparseRows, x.rows - i);
    const MatrixView<const float> left = x.rows_at(i, rows);
    for (size_t k = 0; k < x.cols; k += kWordBits) {
      const size_t depth = std::min(kWordBits, x.cols - k);
      const size_t count = nonzero_words(left, k, depth, words);
      const bool skips = always || skipping_pays(count, rows * depth, kRowPercent);
      const size_t step = skips ? together : 1;
      for (size_t p = 0; p < panels; p += step) {
        const MatrixView<const float> b = panel(p);
        const From from(start, k, p * kPanel);
        if (skips) {
          const MatrixView<const float> second = step == 2 && p + 1 < panels ? panel(p + 1) : MatrixView<const float>();
          sparse_panels(left, k, words, b, second, from, columns(c, i, rows, p * kPanel, b.cols + second.cols));
        } else {
          gemm_panel(LeftOperand::plain(left), k, depth, b.row(k), b.stride, from.bias, from.accumulates,
                     columns(c, i, rows, p * kPanel, b.cols));
        }
      }
    }
    for (size_t p = 0; p < panels; ++p) done({i, rows, p * kPanel, std::min(kPanel, c.cols - p * kPanel)});
  }
}

template <class Panel>
HWY_INLINE void product(const LeftOperand& a, size_t depth, Panel panel, const Start& start, const MatrixView<float>& c,
                        Zeros zeros, BlockDone done) {
  if (c.rows == 0 || c.cols == 0) return;
  if (depth == 0) {
    for (size_t i = 0; i < c.rows && !start.accumulates; ++i) {
      for (size_t j = 0; j < c.cols; ++j) c(i, j) = start.bias == nullptr ? 0.0F : start.bias[j] + 0.0F;
    }
    return done({0, c.rows, 0, c.cols});
  }
  const MatrixView<const float> x(a.data, c.rows, depth, a.row_step);
  const bool skips =
      a.k_step == 1 && (zeros == Zeros::skip || (zeros == Zeros::automatic && skipping_may_pay(x, kRowPercent)));
  if (skips) return sparse(x, panel, start, c, zeros == Zeros::skip, done);
  dense(a, depth, panel, start, c, done);
}

void gemm_all(const LeftOperand& a, const MatrixView<const float>& b, const Start& start, const MatrixView<float>& c,
              Zeros zeros, BlockDone done) {
  const auto panel = [&](size_t p) HWY_ATTR {
    return MatrixView<const float>(b.data + p * kPanel, b.rows, std::min(kPanel, c.cols - p * kPanel), b.stride);
  };
  product(a, b.rows, panel, start, c, zeros, done);
}

void transposed_all(const MatrixView<const float>& x, const PackedTranspose& w, const float* bias,
                    const MatrixView<float>& y, Zeros zeros, BlockDone done) {
  product(
      LeftOperand::plain(x), w.cols(), [&](size_t p) HWY_ATTR { return w.panel(p); }, Start{false, bias}, y, zeros,
      done);
}

}  // namespace
}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::linalg {
namespace {

HWY_EXPORT(gemm_all);
HWY_EXPORT(transposed_all);

}  // namespace

void gemm(const LeftOperand& a, MatrixView<const float> b, Start start, MatrixView<float> c, Zeros zeros,
          BlockDone done) {
  HWY_DYNAMIC_DISPATCH(gemm_all)(a, b, start, c, zeros, done);
}

void gemm_transposed(MatrixView<const float> x, const PackedTranspose& w, std::span<const float> bias,
                     MatrixView<float> y, Zeros zeros, BlockDone done) {
  HWY_DYNAMIC_DISPATCH(transposed_all)(x, w, bias.empty() ? nullptr : bias.data(), y, zeros, done);
}

}  // namespace fanin::linalg
#endif
