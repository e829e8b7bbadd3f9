#include "init/orthogonal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"
#include "fanin/linalg/qr.h"

#include "init/definitions.h"
#include "init/law.h"

namespace fanin::init {
namespace {

// to[c, r] = from[r, c], in blocks that stay in the cache.
void transpose(std::span<const float> from, std::size_t rows, std::size_t cols, std::span<float> to, ThreadPool& pool) {
  constexpr std::size_t kBlock = 32;
  parallel_for(pool, cols, kBlock, [&](std::size_t c0, std::size_t c1) {
    for (std::size_t r0 = 0; r0 < rows; r0 += kBlock) {
      const std::size_t r1 = std::min(rows, r0 + kBlock);
      for (std::size_t c = c0; c < c1; ++c) {
        for (std::size_t r = r0; r < r1; ++r) to[c * rows + r] = from[r * cols + c];
      }
    }
  });
}

// The axis of the units, which become the rows; a negative one counts from the end.
struct Orthogonal {
  double gain;
  double axis;

  [[nodiscard]] std::size_t unit_axis(const Shape& shape) const {
    return static_cast<std::size_t>(axis < 0 ? axis + static_cast<double>(shape.rank()) : axis);
  }
  void check(const Shape& shape) const {
    want_rank("orthogonal", shape, 2);
    const double rank = static_cast<double>(shape.rank());
    if (axis >= -rank && axis < rank) return;
    throw Error(ErrorKind::usage, "init",
                fmt::format("orthogonal: tensor {} has no axis {}, allowed are -{} to {}", shape.str(), axis,
                            shape.rank(), shape.rank() - 1));
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans) const {
    const double rows = static_cast<double>(shape[unit_axis(shape)]);
    const double longer = std::max({rows, static_cast<double>(shape.elements()) / std::max(rows, 1.0), 1.0});
    return {0, gain / std::sqrt(longer), -gain, gain};
  }
  [[nodiscard]] Promise promise(const Shape& shape, Fans) const {
    if (unit_axis(shape) != 0) return {};
    return {.kind = Promise::Kind::orthogonal, .gain = gain};
  }
  void whole(const Shape& shape, Fans, const random::Stream& stream, std::span<float> out, ThreadPool& pool) const {
    if (out.empty()) return;
    const std::size_t at = unit_axis(shape);
    const std::size_t rows = shape[at];
    if (at == 0) return fill_orthogonal(rows, out.size() / rows, gain, stream, out, pool);
    Buffer<float> matrix(out.size());
    fill_orthogonal(rows, out.size() / rows, gain, stream, matrix.span(), pool);
    std::size_t inner = 1;
    for (std::size_t i = at + 1; i < shape.rank(); ++i) inner *= shape[i];
    // out[o, r, i] = matrix[r, (o, i)].
    const std::size_t outer = out.size() / (rows * inner);
    parallel_for(pool, outer, 1 + 4096 / (rows * inner), [&](std::size_t first, std::size_t last) {
      for (std::size_t o = first; o < last; ++o) {
        for (std::size_t r = 0; r < rows; ++r) {
          const float* from = matrix.data() + (r * outer + o) * inner;
          std::copy(from, from + inner, out.data() + (o * rows + r) * inner);
        }
      }
    });
  }
  friend bool operator==(const Orthogonal&, const Orthogonal&) = default;
};

}  // namespace

void fill_orthogonal(std::size_t rows, std::size_t cols, double gain, const random::Stream& stream,
                     std::span<float> out, ThreadPool& pool) {
  const Elements normal = elements_of({Law::Kind::normal, 0, 1});
  if (rows >= cols) {
    fill_in_parts(normal, stream, out, pool);
    const MatrixView<float> w(out.data(), rows, cols);
    linalg::reflections_of_columns(w, gain, w, pool);
    return;
  }
  Buffer<float> tall(out.size());
  fill_in_parts(normal, stream, tall.span(), pool);
  const MatrixView<float> w(tall.data(), cols, rows);
  linalg::reflections_of_columns(w, gain, w, pool);
  transpose(tall.span(), cols, rows, out, pool);
}

std::vector<Definition> orthogonal_definitions() {
  return {
      {"orthogonal",
       {},
       {number("gain", "1", kNotNegative), integer("axis", "0", {-8, 7})},
       [](Arguments a) {
         return make_rule(Orthogonal{a[0].number, a[1].number});
       },
       "W^T W = gain^2 I or W W^T = gain^2 I, Haar distributed; Var[W] = gain^2 / max(rows, cols), rows = the extent "
       "of "
       "axis (that of the units: -1 for a kernel that ends with its outputs), cols = the rest of the shape",
       "Saxe et al. 2014; Stewart 1980"},
  };
}

}  // namespace fanin::init
