#include <algorithm>
#include <cmath>
#include <vector>

#include "fanin/random/permutation.h"

#include "init/definitions.h"
#include "init/law.h"

namespace fanin::init {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

std::size_t zeros_of(double sparsity, std::size_t places) {
  return std::min(places, static_cast<std::size_t>(std::ceil(sparsity * static_cast<double>(places))));
}

// Normals from child 0 of the stream; the zeros of column c from child c of its child 1.
struct Sparse {
  double sparsity;
  double std;

  void check(const Shape& shape) const { want_rank("sparse", shape, 2, 2); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans) const {
    const double zeros = static_cast<double>(zeros_of(sparsity, shape[0]));
    return {0, std * std::sqrt(1 - zeros / std::max(static_cast<double>(shape[0]), 1.0)), -kInf, kInf};
  }
  void whole(const Shape& shape, Fans, const random::Stream& stream, std::span<float> out, ThreadPool& pool) const {
    fill_in_parts(elements_of({Law::Kind::normal, 0, std}), stream.fold_in(0), out, pool);
    const std::size_t rows = shape[0];
    const std::size_t cols = shape[1];
    const std::size_t zeros = zeros_of(sparsity, rows);
    const random::Stream choices = stream.fold_in(1);
    // A cache line holds 16 columns of a row, so no two tasks write to the same one.
    parallel_for(pool, rows == 0 ? 0 : cols, 16, [&](std::size_t first, std::size_t last) {
      std::vector<std::uint32_t> order(rows);
      for (std::size_t c = first; c < last; ++c) {
        random::permutation(choices.fold_in(c), order);
        for (std::size_t i = 0; i < zeros; ++i) out[order[i] * cols + c] = 0;
      }
    });
  }
  friend bool operator==(const Sparse&, const Sparse&) = default;
};

}  // namespace

std::vector<Definition> sparse_definitions() {
  return {
      {"sparse",
       {},
       {number("sparsity", {}, kFraction), number("std", "0.01", kNotNegative)},
       [](Arguments a) {
         return make_rule(Sparse{a[0].number, a[1].number});
       },
       "W ~ N(0, std^2), then ceil(sparsity * rows) random zeros in every column; rank 2",
       "Martens 2010; the rule of torch.nn.init.sparse_"},
  };
}

}  // namespace fanin::init
