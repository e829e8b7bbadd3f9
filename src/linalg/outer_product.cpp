#include "fanin/linalg/outer_product.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/outer_product.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>

#include "linalg/gemm_blocked-inl.h"
#include "linalg/sparse_kernel-inl.h"
#include "linalg/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fanin::HWY_NAMESPACE {
namespace {

using linalg::Block;
using linalg::kOuterCols;
using linalg::kOuterRows;
using linalg::LeftOperand;
using linalg::OuterPieceDone;
using linalg::OuterTerm;
using linalg::Zeros;

constexpr size_t kPieceRows = 64;
// At most so many samples at a time: 64 columns of them, and the cache lines of the left operand that a tile touches,
// are the first-level cache.
constexpr size_t kMaxSamples = 128;
static_assert(kOuterRows % kPieceRows == 0 && kOuterCols == kWordBits);

// Samples taken together where zeros are skipped: the rows of the left operand that they visit stay in the first-level
// cache, and a column's bits are one word.
constexpr size_t kSamples = kWordBits;

void dense(std::span<const OuterTerm> terms, const Block& block, OuterPieceDone done) {
  HWY_ALIGN float piece[kPieceRows * kOuterCols];
  for (size_t i = 0; i < block.rows; i += kPieceRows) {
    const size_t rows = std::min(kPieceRows, block.rows - i);
    const MatrixView<float> c(piece, rows, block.cols, kOuterCols);
    bool accumulate = false;
    for (const OuterTerm& term : terms) {
      const size_t samples = term.left.rows;
      const LeftOperand left = LeftOperand::transposed(term.left, block.row + i, rows);
      const size_t part = equal_part(samples, kMaxSamples);
      for (size_t s = 0; s < samples; s += part) {
        gemm_panel(left, s, std::min(part, samples - s), term.right.row(s) + block.col, term.right.stride, nullptr,
                   accumulate, c);
        accumulate = true;
      }
    }
    done({{block.row + i, rows, block.col, block.cols}, c});
  }
}

/// words[j] = the non-zero bits of column col + j of x, which has at most 64 rows; gives their number.
size_t column_words(const MatrixView<const float>& x, size_t col, size_t cols, uint64_t* words) {
  const size_t count = nonzero_words(x, col, cols, words);
  std::fill(words + x.rows, words + kWordBits, 0);
  transpose_bits(words);
  return count;
}

/// turned [cols, rows] += right^T left over the non-zero elements of right alone.
void add_sparse(const OuterTerm& term, const Block& block, const uint64_t* words, bool accumulate, float* turned) {
  const size_t step = kSparseVectors * hn::Lanes(hn::ScalableTag<float>());
  for (size_t j = 0; j < block.rows; j += step) {
    for_width(std::min(step, block.rows - j), [&](auto nv, auto partial, size_t last) HWY_ATTR {
      const float* left = term.left.data + block.row + j;
      const auto row = [&](size_t s, size_t col) HWY_ATTR { return left + s * term.left.stride + col; };
      for (size_t i = 0; i < block.cols; ++i) {
        const float* x = term.right.data + block.col + i;
        float* c = turned + i * kOuterRows + j;
        if (words[i] == 0 && accumulate) continue;
        sparse_sum<nv.value, partial.value>(
            words[i], [&](size_t s) HWY_ATTR { return x[s * term.right.stride]; }, row, accumulate ? c : nullptr, c,
            last);
      }
    });
  }
}

/// The same as dense(), with the sums kept by columns until they are complete.
void sparse(std::span<const OuterTerm> terms, const Block& block, bool always, OuterPieceDone done) {
  HWY_ALIGN float turned[kOuterCols * kOuterRows];
  uint64_t words[kSamples];
  bool accumulate = false;
  for (const OuterTerm& term : terms) {
    for (size_t s = 0; s < term.left.rows; s += kSamples) {
      const size_t samples = std::min(kSamples, term.left.rows - s);
      const OuterTerm part{term.left.rows_at(s, samples), term.right.rows_at(s, samples)};
      const size_t count = column_words(part.right, block.col, block.cols, words);
      if (always || skipping_pays(count, samples * block.cols, kColumnPercent)) {
        add_sparse(part, block, words, accumulate, turned);
      } else {
        const LeftOperand right = LeftOperand::transposed(part.right, block.col, block.cols);
        for (size_t i = 0; i < block.rows; i += kPieceRows) {
          gemm_panel(right, 0, samples, part.left.data + block.row + i, part.left.stride, nullptr, accumulate,
                     {turned + i, block.cols, std::min(kPieceRows, block.rows - i), kOuterRows});
        }
      }
      accumulate = true;
    }
  }
  HWY_ALIGN float piece[kPieceRows * kOuterCols];
  for (size_t i = 0; i < block.rows; i += kPieceRows) {
    const size_t rows = std::min(kPieceRows, block.rows - i);
    transpose({turned + i, block.cols, rows, kOuterRows}, piece, kOuterCols);
    done({{block.row + i, rows, block.col, block.cols}, {piece, rows, block.cols, kOuterCols}});
  }
}

/// A look at a few samples of the block's columns.
bool looks_sparse(std::span<const OuterTerm> terms, const Block& block) {
  for (const OuterTerm& t : terms) {
    if (t.right.rows == 0) continue;
    const MatrixView<const float> part(t.right.data + block.col, t.right.rows, block.cols, t.right.stride);
    if (skipping_may_pay(part, kColumnPercent)) return true;
  }
  return false;
}

void outer_all(std::span<const OuterTerm> terms, const Block& block, Zeros zeros, OuterPieceDone done) {
  size_t samples = 0;
  for (const OuterTerm& term : terms) samples += term.left.rows;
  if (samples == 0) {
    HWY_ALIGN float piece[kPieceRows * kOuterCols] = {};
    for (size_t i = 0; i < block.rows; i += kPieceRows) {
      const size_t rows = std::min(kPieceRows, block.rows - i);
      done({{block.row + i, rows, block.col, block.cols}, {piece, rows, block.cols, kOuterCols}});
    }
    return;
  }
  if (zeros == Zeros::skip || (zeros == Zeros::automatic && looks_sparse(terms, block))) {
    return sparse(terms, block, zeros == Zeros::skip, done);
  }
  dense(terms, block, done);
}

}  // namespace
}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::linalg {
namespace {

HWY_EXPORT(outer_all);

constexpr std::size_t kLine = 16;  // floats in a cache line

std::size_t ceil_div(std::size_t a, std::size_t b) {
  return (a + b - 1) / b;
}

}  // namespace

std::size_t outer_blocks(std::size_t rows, std::size_t cols) {
  return ceil_div(rows, kOuterRows) * ceil_div(cols, kOuterCols);
}

// Columns are cut evenly by cache lines: 784 become 10 blocks of 64 and 3 of 48, not 12 of 64 and one of 16.
Block outer_block(std::size_t rows, std::size_t cols, std::size_t index) {
  const std::size_t across = ceil_div(cols, kOuterCols);
  const std::size_t lines = ceil_div(cols, kLine);
  const std::size_t i = index / across;
  const std::size_t j = index % across;
  const std::size_t first = lines * j / across * kLine;
  const std::size_t last = std::min(cols, lines * (j + 1) / across * kLine);
  return {i * kOuterRows, std::min(kOuterRows, rows - i * kOuterRows), first, last - first};
}

void outer_product(std::span<const OuterTerm> terms, const Block& block, Zeros zeros, OuterPieceDone done) {
  HWY_DYNAMIC_DISPATCH(outer_all)(terms, block, zeros, done);
}

}  // namespace fanin::linalg
#endif
