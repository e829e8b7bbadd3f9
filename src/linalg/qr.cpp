#include "fanin/linalg/qr.h"

#include <fmt/format.h>

#include <algorithm>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"

#include "linalg/qr_kernels.h"

namespace fanin::linalg {
namespace {

using qr::kStrip;

class Strips {
 public:
  Strips(std::size_t rows, std::size_t cols)
      : rows_(rows), count_((cols + kStrip - 1) / kStrip), data_(rows * count_ * kStrip) {}

  [[nodiscard]] std::size_t count() const { return count_; }
  /// Row `row` of strip `s`.
  [[nodiscard]] double* at(std::size_t s, std::size_t row) { return data_.data() + (s * rows_ + row) * kStrip; }

 private:
  std::size_t rows_;
  std::size_t count_;
  Buffer<double> data_;
};

template <class T>
void load(MatrixView<const T> a, Strips& strips, std::size_t s) {
  const std::size_t first = s * kStrip;
  const std::size_t width = std::min(kStrip, a.cols - first);
  for (std::size_t i = 0; i < a.rows; ++i) std::copy_n(a.row(i) + first, width, strips.at(s, i));
}

template <class T>
void store(Strips& strips, std::size_t s, const Buffer<double>& diagonal, double scale, MatrixView<T> q) {
  const std::size_t first = s * kStrip;
  const std::size_t width = std::min(kStrip, q.cols - first);
  double factor[kStrip];
  for (std::size_t j = 0; j < width; ++j) factor[j] = diagonal[first + j] < 0 ? -scale : scale;
  for (std::size_t i = 0; i < q.rows; ++i) {
    const double* from = strips.at(s, i);
    T* to = q.row(i) + first;
    for (std::size_t j = 0; j < width; ++j) to[j] = static_cast<T>(factor[j] * from[j]);
  }
}

template <class T>
void require_tall(MatrixView<const T> a, MatrixView<T> q) {
  if (a.rows < a.cols || a.rows != q.rows || a.cols != q.cols) {
    throw Error(ErrorKind::usage, "qr",
                fmt::format("a is {}x{} and q is {}x{}: they must agree and have at least as many rows as columns",
                            a.rows, a.cols, q.rows, q.cols));
  }
}

// Reflectors H_0 H_1 ..., one for each column, in blocks of kStrip.
class Reflectors {
 public:
  template <class T>
  Reflectors(MatrixView<const T> a, ThreadPool& pool)
      : rows_(a.rows),
        cols_(a.cols),
        v_(a.rows, a.cols),
        t_(v_.count() * kStrip * kStrip),
        diagonal_(v_.count() * kStrip) {
    pool.run(v_.count(), [&](std::size_t s) { load(a, v_, s); });
  }

  // Those that bring a to triangular form.
  void factor(ThreadPool& pool) {
    const std::size_t count = v_.count();
    for (std::size_t p = 0; p < count; ++p) {
      const std::size_t top = p * kStrip;
      qr::factor_panel(v_.at(p, top), rows_ - top, width(p), t(p), diagonal_.data() + top);
      pool.run(count - p - 1, [&](std::size_t s) { qr::apply(block(p), true, v_.at(p + 1 + s, top)); });
    }
  }

  // Those of a's columns as they are.
  void take(ThreadPool& pool) {
    pool.run(v_.count(), [&](std::size_t p) {
      qr::reflectors_of_panel(v_.at(p, p * kStrip), rows_ - p * kStrip, width(p), t(p), diagonal_.data() + p * kStrip);
    });
  }

  // scale H_0 H_1 ... times the first columns of the identity, with the signs of the diagonal.
  template <class T>
  void product(double scale, MatrixView<T> q, ThreadPool& pool) {
    const std::size_t count = v_.count();
    Strips columns(rows_, cols_);
    pool.run(count, [&](std::size_t task) {
      // Later strips take more reflectors: pairing the ends evens out the contiguous shares of the threads.
      const std::size_t s = task % 2 == 0 ? task / 2 : count - 1 - task / 2;
      for (std::size_t j = 0; j < width(s); ++j) columns.at(s, s * kStrip + j)[j] = 1;
      // Those behind the strip's own leave it alone.
      for (std::size_t p = s + 1; p-- > 0;) qr::apply(block(p), false, columns.at(s, p * kStrip));
      store(columns, s, diagonal_, scale, q);
    });
  }

 private:
  [[nodiscard]] std::size_t width(std::size_t p) const { return std::min(kStrip, cols_ - p * kStrip); }
  [[nodiscard]] double* t(std::size_t p) { return t_.data() + p * kStrip * kStrip; }
  [[nodiscard]] qr::Reflector block(std::size_t p) { return {v_.at(p, p * kStrip), t(p), rows_ - p * kStrip}; }

  std::size_t rows_;
  std::size_t cols_;
  Strips v_;
  Buffer<double> t_;
  Buffer<double> diagonal_;
};

// `make` is how a becomes reflectors.
template <class T>
void orthonormalize(MatrixView<const T> a, void (Reflectors::*make)(ThreadPool&), double scale, MatrixView<T> q,
                    ThreadPool& pool) {
  require_tall(a, q);
  if (a.cols == 0) return;
  Reflectors reflectors(a, pool);
  (reflectors.*make)(pool);
  reflectors.product(scale, q, pool);
}

}  // namespace

void orthonormal_columns(MatrixView<const float> a, double scale, MatrixView<float> q, ThreadPool& pool) {
  orthonormalize(a, &Reflectors::factor, scale, q, pool);
}

void orthonormal_columns(MatrixView<const double> a, double scale, MatrixView<double> q, ThreadPool& pool) {
  orthonormalize(a, &Reflectors::factor, scale, q, pool);
}

void reflections_of_columns(MatrixView<const float> a, double scale, MatrixView<float> q, ThreadPool& pool) {
  orthonormalize(a, &Reflectors::take, scale, q, pool);
}

}  // namespace fanin::linalg
