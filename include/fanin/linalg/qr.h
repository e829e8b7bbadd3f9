#pragma once

#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"

namespace fanin::linalg {

/// q = scale * Q of the thin factorization a = Q R with R's diagonal >= 0 (0 counts as positive), so Q is unique for a
/// matrix of full rank. a and q are rows x cols with rows >= cols and may be the same memory. Columns of Q are
/// orthonormal to about 1e-14 even if a is singular.
///
/// Blocked Householder reflections (Schreiber and Van Loan 1989) in float64 whatever the element type; q is rounded
/// once. Every sum has a fixed order: the bits depend on neither threads nor SIMD width. Costs 4 rows cols^2 - 4/3
/// cols^3 operations and 16 bytes an element of working memory. Elements beyond about 1e140 overflow. Throws
/// Error(usage) for rows < cols or shapes that differ.
void orthonormal_columns(MatrixView<const float> a, double scale, MatrixView<float> q, ThreadPool& pool);
void orthonormal_columns(MatrixView<const double> a, double scale, MatrixView<double> q, ThreadPool& pool);

/// q = scale * H_0 H_1 ... H_(cols - 1) [I; 0] D, where the Householder reflection H_j takes a_j, column j of a from
/// row j on, to the first axis, and D has the signs of what becomes of a_j there. Haar distributed if a's elements on
/// and below the diagonal are independent N(0, 1), as Q of a = Q R would be (Stewart 1980, "The efficient generation of
/// random orthogonal matrices", section 3), but with nothing to factor: half the operations. What is above a's diagonal
/// is not read. Precision, determinism, memory and errors as for orthonormal_columns().
void reflections_of_columns(MatrixView<const float> a, double scale, MatrixView<float> q, ThreadPool& pool);

}  // namespace fanin::linalg
