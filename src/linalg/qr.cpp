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
void factor(MatrixView<const T> a, double scale, MatrixView<T> q, ThreadPool& pool) {
  if (a.rows < a.cols || a.rows != q.rows || a.cols != q.cols) {
    throw Error(ErrorKind::usage, "qr",
                fmt::format("a is {}x{} and q is {}x{}: they must agree and have at least as many rows as columns",
                            a.rows, a.cols, q.rows, q.cols));
  }
  if (a.cols == 0) return;
  const std::size_t m = a.rows;
  Strips v(m, a.cols);
  const std::size_t count = v.count();
  Buffer<double> t(count * kStrip * kStrip);
  Buffer<double> diagonal(count * kStrip);
  const auto reflector = [&](std::size_t p) {
    return qr::Reflector{v.at(p, p * kStrip), t.data() + p * kStrip * kStrip, m - p * kStrip};
  };

  pool.run(count, [&](std::size_t s) { load(a, v, s); });
  for (std::size_t p = 0; p < count; ++p) {
    const std::size_t top = p * kStrip;
    qr::factor_panel(v.at(p, top), m - top, std::min(kStrip, a.cols - top), t.data() + p * kStrip * kStrip,
                     diagonal.data() + top);
    pool.run(count - p - 1, [&](std::size_t s) { qr::apply(reflector(p), true, v.at(p + 1 + s, top)); });
  }

  // H_0 H_1 ... times the identity, strip by strip: reflectors after a strip's own leave it alone.
  Strips columns(m, a.cols);
  pool.run(count, [&](std::size_t task) {
    // Later strips take more reflectors: pairing the ends evens out the contiguous shares of the threads.
    const std::size_t s = task % 2 == 0 ? task / 2 : count - 1 - task / 2;
    for (std::size_t j = 0; j < std::min(kStrip, a.cols - s * kStrip); ++j) columns.at(s, s * kStrip + j)[j] = 1;
    for (std::size_t p = s + 1; p-- > 0;) qr::apply(reflector(p), false, columns.at(s, p * kStrip));
    store(columns, s, diagonal, scale, q);
  });
}

}  // namespace

void orthonormal_columns(MatrixView<const float> a, double scale, MatrixView<float> q, ThreadPool& pool) {
  factor(a, scale, q, pool);
}

void orthonormal_columns(MatrixView<const double> a, double scale, MatrixView<double> q, ThreadPool& pool) {
  factor(a, scale, q, pool);
}

}  // namespace fanin::linalg
