#pragma once

#include <cstddef>
#include <vector>

#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"

namespace fanin::linalg {

/// Eigenvalues, largest first, and their eigenvectors of length 1 as rows of [values.size(), n]. Of each vector the
/// element of largest magnitude (the first of equals) is positive.
struct Eigenpairs {
  std::vector<double> values;
  std::vector<double> vectors;
};

/// All eigenpairs of the symmetric matrix `a` [n, n], of which only the lower triangle is read: Jacobi's rotations,
/// row by row, until what is off the diagonal is 1e-15 of the whole (Golub and Van Loan, "Matrix Computations",
/// section 8.5). Costs about 50 n^3 operations: for small matrices. Deterministic. Throws Error(usage) for a matrix
/// that is not square, Error(numeric) for one that does not converge, as with a NaN.
[[nodiscard]] Eigenpairs symmetric_eigenpairs(MatrixView<const double> a);

/// The same for matrices of any size: Householder's tridiagonal form, then QL steps with implicit shifts (Golub and Van
/// Loan, sections 8.3.1 and 8.3.3), about 7 n^3 operations: 784 x 784 in half a second. Eigenvalues to about 1e-15
/// of the largest magnitude, vectors orthonormal to about n 1e-16. All sums have a fixed order: the bits do not depend
/// on the threads. Throws as symmetric_eigenpairs().
[[nodiscard]] Eigenpairs all_eigenpairs(MatrixView<const double> a, ThreadPool& pool);

/// The `k` largest eigenpairs of the symmetric matrix `a` [n, n] without negative eigenvalues, such as a covariance.
///
/// Subspace iteration on 2 k + 8 vectors with a Rayleigh-Ritz step in each round (Golub and Van Loan, section 8.2):
/// it converges as (lambda_2k+9 / lambda_k)^rounds, and ends when |A v - lambda v| <= 1e-10 lambda_1 for all k pairs;
/// where 2 k + 8 reaches n / 3, all of them are less work: symmetric_eigenpairs() up to n = 64, all_eigenpairs() above.
/// All sums have a fixed order: the bits do not depend
/// on the threads. Throws Error(usage) for k > n or a matrix that is not square, Error(numeric) if 1000 rounds do not
/// suffice.
[[nodiscard]] Eigenpairs largest_eigenpairs(MatrixView<const double> a, std::size_t k, ThreadPool& pool);

}  // namespace fanin::linalg
