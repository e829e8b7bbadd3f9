#include "fanin/linalg/eigen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "fanin/core/error.h"
#include "fanin/linalg/qr.h"

namespace fanin::linalg {
namespace {

using Matrix = std::vector<double>;

void require_square(MatrixView<const double> a) {
  if (a.rows == a.cols) return;
  throw Error(ErrorKind::usage, "eigen",
              fmt::format("a matrix of {}x{} given, a square one is needed", a.rows, a.cols));
}

// Rotates rows p and q of m [rows of n] as (p, q) = (c p - s q, s p + c q).
void rotate_rows(Matrix& m, std::size_t n, std::size_t p, std::size_t q, double c, double s) {
  for (std::size_t i = 0; i < n; ++i) {
    const double x = m[p * n + i];
    const double y = m[q * n + i];
    m[p * n + i] = c * x - s * y;
    m[q * n + i] = s * x + c * y;
  }
}

void rotate_columns(Matrix& m, std::size_t n, std::size_t p, std::size_t q, double c, double s) {
  for (std::size_t i = 0; i < n; ++i) {
    const double x = m[i * n + p];
    const double y = m[i * n + q];
    m[i * n + p] = c * x - s * y;
    m[i * n + q] = s * x + c * y;
  }
}

// Sum of squares off the diagonal, and of all.
std::pair<double, double> squares(const Matrix& m, std::size_t n) {
  double off = 0;
  double all = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const double square = m[i * n + j] * m[i * n + j];
      all += square;
      if (i != j) off += square;
    }
  }
  return {off, all};
}

void sweep(Matrix& m, Matrix& vectors, std::size_t n) {
  for (std::size_t p = 0; p + 1 < n; ++p) {
    for (std::size_t q = p + 1; q < n; ++q) {
      const double off = m[p * n + q];
      if (off == 0) continue;
      // The smaller of the two angles that make element (p, q) zero.
      const double theta = (m[q * n + q] - m[p * n + p]) / (2 * off);
      const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
      const double c = 1 / std::sqrt(t * t + 1);
      const double s = t * c;
      rotate_columns(m, n, p, q, c, s);
      rotate_rows(m, n, p, q, c, s);
      rotate_rows(vectors, n, p, q, c, s);
      m[p * n + q] = m[q * n + p] = 0;
    }
  }
}

void fix_sign(double* v, std::size_t n) {
  const double* largest = std::max_element(v, v + n, [](double x, double y) { return std::abs(x) < std::abs(y); });
  if (*largest >= 0) return;
  for (std::size_t i = 0; i < n; ++i) v[i] = -v[i];
}

// y [rows of k] = a x for x [n, k], every element summed in the order of a's columns.
void multiply(MatrixView<const double> a, const Matrix& x, std::size_t k, Matrix& y, ThreadPool& pool) {
  constexpr std::size_t kRows = 16;
  parallel_for(pool, a.rows, kRows, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      double* out = y.data() + i * k;
      std::fill_n(out, k, 0.0);
      for (std::size_t l = 0; l < a.cols; ++l) {
        const double factor = a(i, l);
        const double* row = x.data() + l * k;
        for (std::size_t j = 0; j < k; ++j) out[j] += factor * row[j];
      }
    }
  });
}

// x^T y for matrices [n, k].
Matrix inner_products(const Matrix& x, const Matrix& y, std::size_t n, std::size_t k) {
  Matrix b(k * k);
  for (std::size_t l = 0; l < n; ++l) {
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = 0; j < k; ++j) b[i * k + j] += x[l * k + i] * y[l * k + j];
    }
  }
  return b;
}

// x [n, k] times the transpose of v [k, k].
Matrix turned(const Matrix& x, const Matrix& v, std::size_t n, std::size_t k) {
  Matrix out(n * k);
  for (std::size_t l = 0; l < n; ++l) {
    for (std::size_t i = 0; i < k; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < k; ++j) sum += x[l * k + j] * v[i * k + j];
      out[l * k + i] = sum;
    }
  }
  return out;
}

// Numbers in [-0.5, 0.5) without a pattern that eigenvectors might be orthogonal to.
double scrambled(std::uint64_t i) {
  i = (i + 1) * 0x9E3779B97F4A7C15U;
  i = (i ^ (i >> 30)) * 0xBF58476D1CE4E5B9U;
  i = (i ^ (i >> 27)) * 0x94D049BB133111EBU;
  return static_cast<double>((i ^ (i >> 31)) >> 11) * 0x1p-53 - 0.5;
}

double worst_residual(const Matrix& x, const Matrix& ax, const std::vector<double>& values, std::size_t n,
                      std::size_t block, std::size_t k) {
  double worst = 0;
  for (std::size_t j = 0; j < k; ++j) {
    double square = 0;
    for (std::size_t l = 0; l < n; ++l) {
      const double off = ax[l * block + j] - values[j] * x[l * block + j];
      square += off * off;
    }
    // Not max(): a NaN must not be lost.
    if (!(std::sqrt(square) <= worst)) worst = std::sqrt(square);
  }
  return worst;
}

Eigenpairs first(Eigenpairs all, std::size_t k, std::size_t n) {
  all.values.resize(k);
  all.vectors.resize(k * n);
  return all;
}

}  // namespace

Eigenpairs symmetric_eigenpairs(MatrixView<const double> a) {
  require_square(a);
  constexpr double kSmall = 1e-30;  // of squares
  constexpr std::size_t kSweeps = 60;
  const std::size_t n = a.rows;
  Matrix m(n * n);
  Matrix v(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    v[i * n + i] = 1;
    for (std::size_t j = 0; j < n; ++j) m[i * n + j] = a(std::max(i, j), std::min(i, j));
  }
  for (std::size_t round = 0;; ++round) {
    const auto [off, all] = squares(m, n);
    if (off <= kSmall * all) break;
    if (round == kSweeps) {
      throw Error(ErrorKind::numeric, "eigen",
                  fmt::format("a matrix of {}x{} is not diagonal after {} sweeps: squares off the diagonal sum to {} "
                              "of {}",
                              n, n, kSweeps, off, all));
    }
    sweep(m, v, n);
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return m[i * n + i] > m[j * n + j]; });
  Eigenpairs pairs;
  for (const std::size_t i : order) {
    pairs.values.push_back(m[i * n + i]);
    fix_sign(v.data() + i * n, n);
    pairs.vectors.insert(pairs.vectors.end(), v.begin() + static_cast<std::ptrdiff_t>(i * n),
                         v.begin() + static_cast<std::ptrdiff_t>((i + 1) * n));
  }
  return pairs;
}

Eigenpairs largest_eigenpairs(MatrixView<const double> a, std::size_t k, ThreadPool& pool) {
  require_square(a);
  const std::size_t n = a.rows;
  if (k > n) {
    throw Error(ErrorKind::usage, "eigen", fmt::format("{} eigenpairs of a matrix of {}x{} asked for", k, n, n));
  }
  constexpr std::size_t kMore = 8;
  constexpr std::size_t kRounds = 1000;
  constexpr double kTolerance = 1e-10;
  const std::size_t block = 2 * k + kMore;
  if (k == 0) return {};
  // A round costs several products with a and the eigenpairs of a block: there are soon more of them than of n.
  constexpr std::size_t kSmall = 64;
  if (block >= n && n <= kSmall) return first(symmetric_eigenpairs(a), k, n);
  if (3 * block >= n && n > kSmall) return first(all_eigenpairs(a, pool), k, n);
  Matrix x(n * block);
  Matrix ax(n * block);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = scrambled(i);
  for (std::size_t round = 0; round < kRounds; ++round) {
    orthonormal_columns(MatrixView<const double>(x.data(), n, block), 1, MatrixView<double>(x.data(), n, block), pool);
    multiply(a, x, block, ax, pool);
    const Matrix b = inner_products(x, ax, n, block);
    const Eigenpairs ritz = symmetric_eigenpairs({b.data(), block, block});
    x = turned(x, ritz.vectors, n, block);
    ax = turned(ax, ritz.vectors, n, block);
    if (worst_residual(x, ax, ritz.values, n, block, k) <= kTolerance * std::abs(ritz.values.front())) {
      Eigenpairs pairs{{ritz.values.begin(), ritz.values.begin() + static_cast<std::ptrdiff_t>(k)}, Matrix(k * n)};
      for (std::size_t i = 0; i < k; ++i) {
        for (std::size_t l = 0; l < n; ++l) pairs.vectors[i * n + l] = x[l * block + i];
        fix_sign(pairs.vectors.data() + i * n, n);
      }
      return pairs;
    }
    std::swap(x, ax);
  }
  throw Error(ErrorKind::numeric, "eigen",
              fmt::format("{} eigenpairs of a matrix of {}x{} did not converge in {} rounds", k, n, n, kRounds));
}

}  // namespace fanin::linalg
