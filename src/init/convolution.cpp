#include "init/convolution.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"
#include "fanin/linalg/qr.h"
#include "fanin/random/distributions.h"

#include "init/definitions.h"
#include "init/orthogonal.h"

namespace fanin::init {
namespace {

// A convolution keeps the norm of its input only if it has at least as many outputs as inputs.
void want_convolution(std::string_view scheme, const Shape& shape) {
  want_rank(scheme, shape, 3);
  if (shape[1] <= shape[0] || shape.elements() == 0) return;
  throw Error(ErrorKind::usage, "init",
              fmt::format("{}: tensor {} has {} inputs, at most as many as its {} outputs are allowed", scheme,
                          shape.str(), shape[1], shape[0]));
}

struct DeltaOrthogonal {
  double gain;
  Middle place = Middle::upper;

  [[nodiscard]] std::uint64_t middle(const Shape& shape) const {
    std::uint64_t at = 0;
    for (std::size_t axis = 2; axis < shape.rank(); ++axis) {
      at = at * shape[axis] + (place == Middle::upper ? shape[axis] : shape[axis] - 1) / 2;
    }
    return at;
  }

  void check(const Shape& shape) const { want_convolution("delta_orthogonal", shape); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans) const {
    if (shape.elements() == 0) return {0, 0, -gain, gain};
    return {0, gain / std::sqrt(static_cast<double>(shape[0]) * static_cast<double>(taps_of(shape).count)), -gain,
            gain};
  }
  void whole(const Shape& shape, Fans, const random::Stream& stream, std::span<float> out, ThreadPool& pool) const {
    if (out.empty()) return;
    const std::uint64_t taps = taps_of(shape).count;
    Buffer<float> matrix(shape[0] * shape[1]);
    fill_orthogonal(shape[0], shape[1], gain, stream, matrix.span(), pool);
    std::fill(out.begin(), out.end(), 0.0f);
    const std::uint64_t at = middle(shape);
    for (std::size_t i = 0; i < matrix.size(); ++i) out[i * taps + at] = matrix.data()[i];
  }
  friend bool operator==(const DeltaOrthogonal&, const DeltaOrthogonal&) = default;
};

// A random matrix [rows, cols] with orthonormal columns, in float64.
std::vector<double> orthonormal(std::size_t rows, std::size_t cols, const random::Stream& stream, ThreadPool& pool) {
  std::vector<float> normals(rows * cols);
  random::fill_normal(stream, 0, normals, 0, 1);
  std::vector<double> q(normals.begin(), normals.end());
  if (cols > 0) {
    const MatrixView<double> view(q.data(), rows, cols);
    linalg::orthonormal_columns(view, 1, view, pool);
  }
  return q;
}

// c[rows, cols] += a[rows, inner] b[inner, cols], row by row; the order of every sum is that of `inner`.
void add_product(const double* a, const double* b, double* c, std::size_t rows, std::size_t inner, std::size_t cols,
                 ThreadPool& pool) {
  parallel_for(pool, rows, 8, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      for (std::size_t k = 0; k < inner; ++k) {
        const double factor = a[i * inner + k];
        for (std::size_t j = 0; j < cols; ++j) c[i * cols + j] += factor * b[k * cols + j];
      }
    }
  });
}

// P = U U^T, which projects on a random half of the space.
std::vector<double> projection(std::size_t n, const random::Stream& stream, ThreadPool& pool) {
  const std::size_t rank = n / 2;
  const std::vector<double> u = orthonormal(n, rank, stream, pool);
  std::vector<double> transposed(n * rank);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < rank; ++j) transposed[j * n + i] = u[i * rank + j];
  }
  std::vector<double> p(n * n);
  add_product(u.data(), transposed.data(), p.data(), n, rank, n, pool);
  return p;
}

// The taps [outer, length, inner] of matrices [rows, n] become [outer, length + 1, inner]: convolved with
// (P, I - P) along the middle axis.
std::vector<double> longer(const std::vector<double>& kernel, std::size_t length, std::size_t inner, std::size_t rows,
                           const std::vector<double>& p, std::size_t n, ThreadPool& pool) {
  const std::size_t matrix = rows * n;
  const std::size_t outer = kernel.size() / (matrix * length * inner);
  std::vector<double> result(outer * (length + 1) * inner * matrix);
  std::vector<double> projected(matrix);
  for (std::size_t tap = 0; tap < outer * length * inner; ++tap) {
    const double* from = kernel.data() + tap * matrix;
    std::fill(projected.begin(), projected.end(), 0.0);
    add_product(from, p.data(), projected.data(), rows, n, n, pool);
    const std::size_t o = tap / (length * inner);
    const std::size_t at = tap % (length * inner);
    double* to = result.data() + (o * (length + 1) * inner + at) * matrix;
    double* next = to + inner * matrix;
    for (std::size_t i = 0; i < matrix; ++i) {
      to[i] += projected[i];
      next[i] += from[i] - projected[i];
    }
  }
  return result;
}

// Child 0 of the stream makes the matrix, child s the projection of step s.
struct OrthogonalConvolution {
  double gain;

  void check(const Shape& shape) const { want_convolution("orthogonal_convolution", shape); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans) const { return DeltaOrthogonal{gain}.expected(shape, {}); }
  void whole(const Shape& shape, Fans, const random::Stream& stream, std::span<float> out, ThreadPool& pool) const {
    if (out.empty()) return;
    const std::size_t n = shape[1];
    const std::size_t matrix = shape[0] * n;
    std::vector<double> kernel = orthonormal(shape[0], n, stream.fold_in(0), pool);
    std::uint64_t step = 0;
    // The innermost axis first, so that those inside are complete.
    std::size_t inner = 1;
    for (std::size_t axis = shape.rank(); axis-- > 2;) {
      for (std::size_t length = 1; length < shape[axis]; ++length) {
        const std::vector<double> p = projection(n, stream.fold_in(++step), pool);
        kernel = longer(kernel, length, inner, shape[0], p, n, pool);
      }
      inner *= shape[axis];
    }
    for (std::size_t tap = 0; tap < inner; ++tap) {
      for (std::size_t i = 0; i < matrix; ++i) {
        out[i * inner + tap] = static_cast<float>(gain * kernel[tap * matrix + i]);
      }
    }
  }
  friend bool operator==(const OrthogonalConvolution&, const OrthogonalConvolution&) = default;
};

}  // namespace

RulePtr delta_orthogonal_rule(double gain, Middle middle) {
  return make_rule(DeltaOrthogonal{gain, middle});
}

std::vector<Definition> convolution_definitions() {
  return {
      {"delta_orthogonal",
       {},
       {number("gain", "1", kNotNegative)},
       [](Arguments a) { return delta_orthogonal_rule(a[0].number, Middle::upper); },
       "W[:, :, middle...] = gain Q with Q^T Q = I, Haar distributed, 0 elsewhere: a convolution that keeps norms; "
       "rank 3 "
       "or more, [out, in, ...] with in <= out",
       "Xiao et al. 2018 (delta-orthogonal)"},
      {"orthogonal_convolution",
       {},
       {number("gain", "1", kNotNegative)},
       [](Arguments a) { return make_rule(OrthogonalConvolution{a[0].number}); },
       "W = gain Q * (P, I - P) * (P', I - P') * ...: one random projection P for every tap beyond the first of every "
       "axis, so that the whole kernel keeps norms (circular padding); rank 3 or more, [out, in, ...] with in <= out",
       "Kautsky and Turcajova 1994; Xiao et al. 2018"},
  };
}

}  // namespace fanin::init
