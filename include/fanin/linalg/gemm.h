#pragma once

#include <cstddef>
#include <span>

#include "fanin/core/function_ref.h"
#include "fanin/core/matrix_view.h"
#include "fanin/linalg/packed_transpose.h"
#include "fanin/linalg/zeros.h"

/// Matrix products in float32 whose every output element is one chain of fused multiply-adds in the order of the
/// inner index: c = fma(a_ik, b_kj, c) for k = 0, 1, 2, ..., and at its end + 0, so that no element is -0. The order
/// does not depend on tiles, threads or the SIMD width, so neither do the bits, and leaving out products with a zero
/// factor does not change them either as long as the other factor is finite. The functions run in the calling thread
/// and allocate nothing: callers cut the rows of C into tasks.
namespace fanin::linalg {

/// What C holds before the first product is added: nothing, what is there, or in every row the same n values.
struct Start {
  bool accumulates = false;
  const float* bias = nullptr;

  static const Start zero;
  static const Start accumulate;
  static Start row(std::span<const float> bias) { return {false, bias.data()}; }
};
inline constexpr Start Start::zero{};
inline constexpr Start Start::accumulate{true};

/// Rows [row, row + rows) and columns [col, col + cols) of a matrix.
struct Block {
  std::size_t row = 0;
  std::size_t rows = 0;
  std::size_t col = 0;
  std::size_t cols = 0;
};

/// Called with each finished block of C while it is in the cache: the place for what follows element by element, such
/// as an activation. Every element is in exactly one block; it may be changed.
using BlockDone = FunctionRef<void(const Block& block)>;
/// Nothing follows.
inline constexpr auto kNothingFollows = [](const Block&) {};

/// A of a product: element (i, k) is data[i * row_step + k * k_step]. A row-major matrix and its transpose are both
/// of this form.
struct LeftOperand {
  const float* data = nullptr;
  std::size_t rows = 0;
  std::size_t row_step = 0;
  std::size_t k_step = 1;

  /// A itself.
  static LeftOperand plain(MatrixView<const float> a) { return {a.data, a.rows, a.stride, 1}; }
  /// The transpose of `a`, of which rows [first, first + count) are taken (columns of a).
  static LeftOperand transposed(MatrixView<const float> a, std::size_t first, std::size_t count) {
    return {a.data + first, count, 1, a.stride};
  }
};

/// C [m, n] = start + A [m, k] B [k, n], B row-major, k = b.rows. `zeros` says what becomes of the zeros in A, where
/// A is row-major (k_step 1); those of a transposed A are multiplied.
void gemm(const LeftOperand& a, MatrixView<const float> b, Start start, MatrixView<float> c,
          Zeros zeros = Zeros::automatic, BlockDone done = kNothingFollows);

/// Y [m, n] = X [m, k] W^T + bias: every row of Y starts as `bias` (n values, or empty for zeros). `zeros` says what
/// becomes of the zeros in X.
void gemm_transposed(MatrixView<const float> x, const PackedTranspose& w, std::span<const float> bias,
                     MatrixView<float> y, Zeros zeros = Zeros::automatic, BlockDone done = kNothingFollows);

}  // namespace fanin::linalg
