#include "fanin/linalg/outer_product.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "linalg/outer_product.cpp"
#include <hwy/foreach_target.h>

#include <algorithm>
#include <cstring>

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
using linalg::OuterPiece;
using linalg::OuterPieceDone;
using linalg::OuterTerm;
using linalg::Zeros;

constexpr size_t kPieceRows = 64;
constexpr size_t kPieceCols = kWordBits;
// At most so many samples at a time: 64 columns of them, and the cache lines of the left operand that a tile touches,
// are the first-level cache.
constexpr size_t kMaxSamples = 128;
static_assert(kOuterRows % kPieceRows == 0 && kOuterCols % kPieceCols == 0);

// Samples taken together where zeros are skipped: the rows of the left operand that they visit stay in the first-level
// cache, and a column's bits are one word.
constexpr size_t kSamples = kWordBits;

// Of large matrices: samples whose part of both operands is copied, 256 KiB of each, beside as much of C.
constexpr size_t kCopiedSamples = 256;

// Strips of as many columns as a tile has rows, each [samples, kStrip]: a tile reads its part in one stream. The step
// from one to the next is an odd number of cache lines, so that what is written together lies in different sets.
constexpr size_t kStrip = tile_rows(kMaxTileVectors);
constexpr size_t kStrips = (kOuterRows + kStrip - 1) / kStrip;
constexpr size_t kStripStep = (kStrip * kCopiedSamples / kLine | 1) * kLine;
static_assert(kStrip * kCopiedSamples / kLine % 2 == 0);

void copy_strips(const MatrixView<const float>& x, float* HWY_RESTRICT to) {
  const size_t whole = x.cols / kStrip;
  const size_t rest = x.cols % kStrip;
  for (size_t s = 0; s < x.rows; ++s) {
    const float* from = x.row(s);
    float* strip = to + s * kStrip;
    ask_for(x, s + kCopyAhead);
    for (size_t t = 0; t < whole; ++t) std::memcpy(strip + t * kStripStep, from + t * kStrip, sizeof(float) * kStrip);
    std::copy_n(from + whole * kStrip, rest, strip + whole * kStripStep);
  }
}

/// Zeros from the end of each row up to the next whole cache line.
void clear_line_ends(const MatrixView<float>& c) {
  const size_t end = (c.cols + kLine - 1) / kLine * kLine;
  for (size_t i = 0; i < c.rows; ++i) std::fill(c.row(i) + c.cols, c.row(i) + end, 0.0F);
}

/// A block's sums are handed over as pieces [rows, cols] of the rows and columns in which they were made; `kTransposed`
/// says that those are C's columns and rows.
template <bool kTransposed>
OuterPiece piece_of(const Block& made, const MatrixView<const float>& values) {
  if constexpr (kTransposed) return {{made.col, made.cols, made.row, made.rows}, values};
  return {made, values};
}

/// The same as dense() for a block of several pieces side by side, whose sums wait in the second-level cache until all
/// samples are in them: every copied operand is used as often as the block is wide or high.
template <bool kTransposed>
void dense_wide(std::span<const OuterTerm> terms, const Block& block, OuterPieceDone done) {
  HWY_ALIGN float sums[kOuterRows * kOuterCols];
  if (kTransposed && block.cols % kLine != 0) clear_line_ends({sums, block.rows, block.cols, kOuterCols});
  HWY_ALIGN float left[kStrips * kStripStep];
  HWY_ALIGN float right[kPieceCols * kCopiedSamples];
  bool accumulate = false;
  for (const OuterTerm& given : terms) {
    const OuterTerm term = kTransposed ? OuterTerm{given.right, given.left} : given;
    const size_t part = equal_part(term.left.rows, kCopiedSamples);
    for (size_t s = 0; s < term.left.rows; s += part) {
      const size_t samples = std::min(part, term.left.rows - s);
      copy_strips({term.left.row(s) + block.row, samples, block.rows, term.left.stride}, left);
      for (size_t j = 0; j < block.cols; j += kPieceCols) {
        const size_t cols = std::min(kPieceCols, block.cols - j);
        copy_rows({term.right.row(s) + block.col + j, samples, cols, term.right.stride}, right, kPieceCols);
        for (size_t i = 0; i < block.rows; i += kStrip) {
          const size_t rows = std::min(kStrip, block.rows - i);
          gemm_panel({left + i / kStrip * kStripStep, rows, 1, kStrip}, 0, samples, right, kPieceCols, nullptr,
                     accumulate, {sums + i * kOuterCols + j, rows, cols, kOuterCols});
        }
      }
      accumulate = true;
    }
  }
  for (size_t i = 0; i < block.rows; i += kPieceRows) {
    for (size_t j = 0; j < block.cols; j += kPieceCols) {
      const size_t rows = std::min(kPieceRows, block.rows - i);
      const size_t cols = std::min(kPieceCols, block.cols - j);
      done(piece_of<kTransposed>({block.row + i, rows, block.col + j, cols},
                                 {sums + i * kOuterCols + j, rows, cols, kOuterCols}));
    }
  }
}

/// Few samples stay in a cache without copies, unless the block is wide enough to pay for them. The limits are
/// measured.
bool wide_pays(size_t samples, size_t cols) {
  constexpr size_t kManySamples = 512;
  return samples > 0 && (cols > 2 * kPieceCols || (cols > kPieceCols && samples >= kManySamples));
}

/// `block` has at most 64 columns.
template <bool kTransposed>
void dense(std::span<const OuterTerm> terms, const Block& block, OuterPieceDone done) {
  HWY_ALIGN float piece[kPieceRows * kPieceCols];
  if (kTransposed && block.cols % kLine != 0) clear_line_ends({piece, kPieceRows, block.cols, kPieceCols});
  for (size_t i = 0; i < block.rows; i += kPieceRows) {
    const size_t rows = std::min(kPieceRows, block.rows - i);
    const MatrixView<float> c(piece, rows, block.cols, kPieceCols);
    bool accumulate = false;
    for (const OuterTerm& given : terms) {
      const OuterTerm term = kTransposed ? OuterTerm{given.right, given.left} : given;
      const size_t samples = term.left.rows;
      const LeftOperand left = LeftOperand::transposed(term.left, block.row + i, rows);
      const size_t part = equal_part(samples, kMaxSamples);
      for (size_t s = 0; s < samples; s += part) {
        gemm_panel(left, s, std::min(part, samples - s), term.right.row(s) + block.col, term.right.stride, nullptr,
                   accumulate, c);
        accumulate = true;
      }
    }
    done(piece_of<kTransposed>({block.row + i, rows, block.col, block.cols}, c));
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
template <bool kTransposed>
void sparse(std::span<const OuterTerm> terms, const Block& block, bool always, OuterPieceDone done) {
  HWY_ALIGN float turned[kPieceCols * kOuterRows];
  if (kTransposed && block.rows % kLine != 0) clear_line_ends({turned, block.cols, block.rows, kOuterRows});
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
  HWY_ALIGN float piece[kPieceRows * kPieceCols];
  for (size_t i = 0; i < block.rows; i += kPieceRows) {
    const size_t rows = std::min(kPieceRows, block.rows - i);
    const Block at{block.row + i, rows, block.col, block.cols};
    const MatrixView<const float> made(turned + i, block.cols, rows, kOuterRows);
    if constexpr (kTransposed) {
      done({at, made});
    } else {
      transpose(made, piece, kPieceCols);
      done({at, {piece, rows, block.cols, kPieceCols}});
    }
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

/// The sum over no samples.
template <bool kTransposed>
void nothing(const Block& block, OuterPieceDone done) {
  HWY_ALIGN const float piece[kPieceRows * kPieceCols] = {};
  for (size_t i = 0; i < block.rows; i += kPieceRows) {
    const size_t rows = std::min(kPieceRows, block.rows - i);
    done({{block.row + i, rows, block.col, block.cols},
          {piece, kTransposed ? block.cols : rows, kTransposed ? rows : block.cols, kPieceCols}});
  }
}

template <bool kTransposed>
void outer_block_of(std::span<const OuterTerm> terms, const Block& block, Zeros zeros, OuterPieceDone done) {
  size_t samples = 0;
  for (const OuterTerm& term : terms) samples += term.left.rows;
  const bool skips =
      samples != 0 && (zeros == Zeros::skip || (zeros == Zeros::automatic && looks_sparse(terms, block)));
  if (samples == 0 || skips) {
    for (size_t j = 0; j < block.cols; j += kPieceCols) {
      const Block part{block.row, block.rows, block.col + j, std::min(kPieceCols, block.cols - j)};
      if (skips) {
        sparse<kTransposed>(terms, part, zeros == Zeros::skip, done);
      } else {
        nothing<kTransposed>(part, done);
      }
    }
    return;
  }
  const Block made = kTransposed ? Block{block.col, block.cols, block.row, block.rows} : block;
  if (wide_pays(samples, block.cols)) return dense_wide<kTransposed>(terms, made, done);
  for (size_t j = 0; j < made.cols; j += kPieceCols) {
    dense<kTransposed>(terms, {made.row, made.rows, made.col + j, std::min(kPieceCols, made.cols - j)}, done);
  }
}

void outer_all(std::span<const OuterTerm> terms, const Block& block, Zeros zeros, OuterPieceDone done) {
  outer_block_of<false>(terms, block, zeros, done);
}

void outer_transposed_all(std::span<const OuterTerm> terms, const Block& block, Zeros zeros, OuterPieceDone done) {
  outer_block_of<true>(terms, block, zeros, done);
}

}  // namespace
}  // namespace fanin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fanin::linalg {
namespace {

HWY_EXPORT(outer_all);
HWY_EXPORT(outer_transposed_all);

constexpr std::size_t kLine = 16;  // floats in a cache line

std::size_t ceil_div(std::size_t a, std::size_t b) {
  return (a + b - 1) / b;
}

// A few dozen wide blocks are enough for any machine.
std::size_t block_cols(std::size_t rows, std::size_t cols) {
  constexpr std::size_t kNarrow = 64;
  constexpr std::size_t kEnough = 32;
  const std::size_t wide = ceil_div(rows, kOuterRows) * ceil_div(cols, kOuterCols);
  if (wide >= kEnough) return kOuterCols;
  return 2 * wide >= kEnough ? kOuterCols / 2 : kNarrow;
}

}  // namespace

std::size_t outer_blocks(std::size_t rows, std::size_t cols) {
  return ceil_div(rows, kOuterRows) * ceil_div(cols, block_cols(rows, cols));
}

// Columns are cut evenly by cache lines: 784 become 10 blocks of 64 and 3 of 48, not 12 of 64 and one of 16.
Block outer_block(std::size_t rows, std::size_t cols, std::size_t index) {
  const std::size_t across = ceil_div(cols, block_cols(rows, cols));
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

void outer_product_transposed(std::span<const OuterTerm> terms, const Block& block, Zeros zeros, OuterPieceDone done) {
  HWY_DYNAMIC_DISPATCH(outer_transposed_all)(terms, block, zeros, done);
}

}  // namespace fanin::linalg
#endif
