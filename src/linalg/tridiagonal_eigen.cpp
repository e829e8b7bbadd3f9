#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/linalg/eigen.h"

namespace fanin::linalg {
namespace {

using Vector = std::vector<double>;

// Four sums side by side hide the latency of the additions; their order is fixed.
double dot(const double* x, const double* y, std::size_t n) {
  double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    s0 += x[i] * y[i];
    s1 += x[i + 1] * y[i + 1];
    s2 += x[i + 2] * y[i + 2];
    s3 += x[i + 3] * y[i + 3];
  }
  for (; i < n; ++i) s0 += x[i] * y[i];
  return (s0 + s1) + (s2 + s3);
}

// The diagonal, what stands beside it, and the reflections I - factor v v^T that made it: v of step k in row k, from
// element k + 1 on.
struct Tridiagonal {
  Vector diagonal, beside, reflections, factors;
};

// m [n, n] is symmetric, whole, and lost.
Tridiagonal tridiagonal_form(Vector& m, std::size_t n, ThreadPool& pool) {
  constexpr std::size_t kRows = 32;
  Tridiagonal t{Vector(n), Vector(n), Vector(n * n), Vector(n)};
  Vector w(n);
  for (std::size_t k = 0; k + 1 < n; ++k) {
    const std::size_t first = k + 1;
    const std::size_t rest = n - first;
    t.diagonal[k] = m[k * n + k];
    double* v = t.reflections.data() + k * n + first;
    std::copy_n(m.data() + k * n + first, rest, v);
    const double length = std::sqrt(dot(v, v, rest));
    // Elements are of size 1: squares of what is left out here would vanish.
    constexpr double kNothing = 1e-145;
    const bool done = rest == 1 || length < kNothing;
    t.beside[k] = done ? v[0] : (v[0] > 0 ? -length : length);
    if (done) continue;
    v[0] -= t.beside[k];
    const double factor = 2 / dot(v, v, rest);
    t.factors[k] = factor;
    parallel_for(pool, rest, kRows, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) w[i] = factor * dot(m.data() + (first + i) * n + first, v, rest);
    });
    const double half = factor / 2 * dot(w.data(), v, rest);
    for (std::size_t i = 0; i < rest; ++i) w[i] -= half * v[i];
    parallel_for(pool, rest, kRows, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        double* row = m.data() + (first + i) * n + first;
        for (std::size_t j = 0; j < rest; ++j) row[j] -= v[i] * w[j] + w[i] * v[j];
      }
    });
  }
  if (n > 0) t.diagonal[n - 1] = m[n * n - 1];
  return t;
}

struct Rotation {
  std::size_t row;  // and the one behind it
  double c, s;
};

// One QL step with Wilkinson's shift on rows [l, m] of the tridiagonal matrix.
void ql_step(Tridiagonal& t, std::size_t l, std::size_t m, std::vector<Rotation>& rotations) {
  Vector& d = t.diagonal;
  Vector& e = t.beside;
  double g = (d[l + 1] - d[l]) / (2 * e[l]);
  double r = std::sqrt(g * g + 1);
  g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r));
  double s = 1, c = 1, p = 0;
  for (std::size_t i = m; i-- > l;) {
    double f = s * e[i];
    const double b = c * e[i];
    r = std::sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r == 0) {
      // The matrix has split: what is left of the step would divide by 0.
      d[i + 1] -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - p;
    r = (d[i] - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    rotations.push_back({i, c, s});
  }
  d[l] -= p;
  e[l] = g;
  e[m] = 0;
}

// Rows i and i + 1 of z [n, n] turn; columns do not see each other.
void turn_rows(Vector& z, std::size_t n, const std::vector<Rotation>& rotations, ThreadPool& pool) {
  constexpr std::size_t kCols = 64;
  parallel_for(pool, n, kCols, [&](std::size_t begin, std::size_t end) {
    for (const Rotation& q : rotations) {
      double* x = z.data() + q.row * n;
      double* y = x + n;
      for (std::size_t j = begin; j < end; ++j) {
        const double f = y[j];
        y[j] = q.s * x[j] + q.c * f;
        x[j] = q.c * x[j] - q.s * f;
      }
    }
  });
}

// Makes t diagonal; the rows of z are then its eigenvectors in the basis that they were given in.
void diagonalize(Tridiagonal& t, Vector& z, std::size_t n, ThreadPool& pool) {
  constexpr std::size_t kMostSteps = 60;
  constexpr double kRounding = 0x1p-53;
  double norm = 0;
  for (std::size_t i = 0; i < n; ++i) norm = std::max(norm, std::abs(t.diagonal[i]) + std::abs(t.beside[i]));
  std::vector<Rotation> rotations;
  for (std::size_t l = 0; l < n; ++l) {
    for (std::size_t steps = 0;; ++steps) {
      std::size_t m = l;
      while (m + 1 < n && std::abs(t.beside[m]) > kRounding * norm) ++m;
      if (m == l) break;
      if (steps == kMostSteps) {
        throw Error(ErrorKind::numeric, "eigen",
                    fmt::format("eigenvalue {} of a matrix of {}x{} did not converge in {} steps", l, n, n, steps));
      }
      rotations.clear();
      ql_step(t, l, m, rotations);
      turn_rows(z, n, rotations, pool);
    }
  }
}

void turn_back(const Tridiagonal& t, Vector& z, std::size_t n, ThreadPool& pool) {
  constexpr std::size_t kRows = 8;
  parallel_for(pool, n, kRows, [&](std::size_t begin, std::size_t end) {
    for (std::size_t k = n; k-- > 0;) {
      if (t.factors[k] == 0) continue;
      const double* v = t.reflections.data() + k * n + k + 1;
      const std::size_t rest = n - k - 1;
      for (std::size_t i = begin; i < end; ++i) {
        double* row = z.data() + i * n + k + 1;
        const double s = t.factors[k] * dot(row, v, rest);
        for (std::size_t j = 0; j < rest; ++j) row[j] -= s * v[j];
      }
    }
  });
}

}  // namespace

Eigenpairs all_eigenpairs(MatrixView<const double> a, ThreadPool& pool) {
  if (a.rows != a.cols) {
    throw Error(ErrorKind::usage, "eigen",
                fmt::format("a matrix of {}x{} given, a square one is needed", a.rows, a.cols));
  }
  const std::size_t n = a.rows;
  Vector m(n * n);
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const double x = a(std::max(i, j), std::min(i, j));
      if (!std::isfinite(x)) {
        throw Error(ErrorKind::numeric, "eigen",
                    fmt::format("element ({}, {}) of a matrix of {}x{} is {}", i, j, n, n, x));
      }
      m[i * n + j] = x;
      largest = std::max(largest, std::abs(x));
    }
  }
  // A power of two changes no digit, and squares then neither overflow nor vanish.
  const double scale = largest > 0 ? std::ldexp(1.0, std::ilogb(largest)) : 1;
  for (double& x : m) x /= scale;
  Tridiagonal t = tridiagonal_form(m, n, pool);
  Vector& z = m;
  std::fill(z.begin(), z.end(), 0.0);
  for (std::size_t i = 0; i < n; ++i) z[i * n + i] = 1;
  diagonalize(t, z, n, pool);
  turn_back(t, z, n, pool);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return t.diagonal[i] > t.diagonal[j]; });
  Eigenpairs pairs{{}, Vector(n * n)};
  for (std::size_t i = 0; i < n; ++i) {
    pairs.values.push_back(t.diagonal[order[i]] * scale);
    const double* from = z.data() + order[i] * n;
    const double* most = std::max_element(from, from + n, [](double x, double y) { return std::abs(x) < std::abs(y); });
    const double sign = *most < 0 ? -1 : 1;
    std::transform(from, from + n, pairs.vectors.begin() + static_cast<std::ptrdiff_t>(i * n),
                   [&](double x) { return sign * x; });
  }
  return pairs;
}

}  // namespace fanin::linalg
