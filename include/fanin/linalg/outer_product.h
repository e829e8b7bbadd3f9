#pragma once

#include <cstddef>
#include <span>

#include "fanin/core/function_ref.h"
#include "fanin/core/matrix_view.h"
#include "fanin/linalg/gemm.h"
#include "fanin/linalg/zeros.h"

/// Sums of outer products, the form of every weight gradient: C [m, n] = sum over samples s of left_s^T right_s.
namespace fanin::linalg {

/// left [samples, m] and right [samples, n]: row s of both belongs to sample s.
struct OuterTerm {
  MatrixView<const float> left;
  MatrixView<const float> right;
};

/// A finished piece of C: element (i, j) of `values` is element (block.row + i, block.col + j) of C. The values live
/// only during the call.
struct OuterPiece {
  Block block;
  MatrixView<const float> values;
};
using OuterPieceDone = FunctionRef<void(const OuterPiece& piece)>;

/// C is computed in blocks of at most these sizes, all of them of whole cache lines. Small matrices have blocks of
/// fewer columns, so that there are enough for all threads.
inline constexpr std::size_t kOuterRows = 256;
inline constexpr std::size_t kOuterCols = 256;

/// How many blocks a C of `rows` x `cols` has, and which one `index` is: the unit of work for a thread.
[[nodiscard]] std::size_t outer_blocks(std::size_t rows, std::size_t cols);
[[nodiscard]] Block outer_block(std::size_t rows, std::size_t cols, std::size_t index);

/// Computes `block` of C, the sum over all terms (first to last, in each over its samples in order) as one chain of
/// fused multiply-adds per element, see gemm.h, and hands it over in pieces of up to 64 x 64 that are still in the
/// first-level cache (those of large matrices in the second). `zeros` says what becomes of the zeros in the right
/// operands. Allocates nothing; which bits come out depends neither on the blocks nor on `zeros`.
void outer_product(std::span<const OuterTerm> terms, const Block& block, Zeros zeros, OuterPieceDone done);

/// The same sums, handed over transposed: `values` is [block.cols, block.rows], element (j, i) of it is element
/// (block.row + i, block.col + j) of C. Pieces begin at rows block.row + 64 t. Up to the next whole cache line the rows
/// of `values` go on with zeros. It is the order of PackedTranspose, and costs no turning.
void outer_product_transposed(std::span<const OuterTerm> terms, const Block& block, Zeros zeros, OuterPieceDone done);

}  // namespace fanin::linalg
