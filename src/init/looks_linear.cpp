#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"

#include "init/definitions.h"
#include "init/orthogonal.h"

namespace fanin::init {
namespace {

// Which of its sides a layer shares with units (relu(x), relu(-x)).
enum class Place { first, middle, last };

struct LooksLinear {
  double gain;
  Place place;

  [[nodiscard]] std::size_t row_copies() const { return place == Place::last ? 1 : 2; }
  [[nodiscard]] std::size_t column_copies() const { return place == Place::first ? 1 : 2; }
  void check(const Shape& shape) const {
    want_rank("looks_linear", shape, 2);
    if (shape[0] % row_copies() == 0 && shape[1] % column_copies() == 0) return;
    throw Error(ErrorKind::usage, "init",
                fmt::format("looks_linear: tensor {} cannot be halved, an even number of {} is wanted", shape.str(),
                            place == Place::first  ? "outputs"
                            : place == Place::last ? "inputs"
                                                   : "outputs and of inputs"));
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans) const {
    const std::size_t whole_rows = shape[0] / row_copies();
    const auto rows = static_cast<double>(whole_rows);
    const double inputs = static_cast<double>(shape.elements()) / std::max(static_cast<double>(shape[0]), 1.0);
    const double longer = std::max({rows, inputs / static_cast<double>(column_copies()), 1.0});
    return {0, gain / std::sqrt(longer), -gain, gain};
  }
  void whole(const Shape& shape, Fans, const random::Stream& stream, std::span<float> out, ThreadPool& pool) const {
    if (out.empty()) return;
    const std::size_t rows = shape[0] / row_copies();
    const std::size_t columns = out.size() / shape[0] / column_copies();
    Buffer<float> matrix(rows * columns);
    fill_orthogonal(rows, columns, gain, stream, matrix.span(), pool);
    for (std::size_t r = 0; r < shape[0]; ++r) {
      for (std::size_t half = 0; half < column_copies(); ++half) {
        const float sign = (r >= rows) == (half == 1) ? 1.0f : -1.0f;
        const float* from = matrix.data() + (r % rows) * columns;
        float* to = out.data() + (r * column_copies() + half) * columns;
        for (std::size_t c = 0; c < columns; ++c) to[c] = sign * from[c];
      }
    }
  }
  friend bool operator==(const LooksLinear&, const LooksLinear&) = default;
};

}  // namespace

std::vector<Definition> looks_linear_definitions() {
  return {
      {"looks_linear",
       {},
       {number("gain", "1", kNotNegative), choice("place", "middle", {"first", "middle", "last"})},
       [](Arguments a) {
         return make_rule(LooksLinear{a[0].number, static_cast<Place>(a[1].choice)});
       },
       "W = [[M, -M], [-M, M]] with M orthogonal times gain, [M; -M] for the first layer, [M, -M] for the last: with "
       "units (relu(x), relu(-x)) a network that is linear at first",
       "Balduzzi et al. 2017"},
  };
}

}  // namespace fanin::init
