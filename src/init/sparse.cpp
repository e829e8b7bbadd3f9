#include "init/sparse.h"

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

Expected with_zeros(double mean, double std, std::size_t zeros, std::size_t places) {
  const double kept = 1 - static_cast<double>(zeros) / std::max(static_cast<double>(places), 1.0);
  if (mean == 0) return {0, std * std::sqrt(kept), -kInf, kInf};
  return {kept * mean, std::sqrt(kept * (std * std + (1 - kept) * mean * mean)), -kInf, kInf};
}

// Sets `zeros` random places of every column to 0: those of column c from child c of `choices`.
void zero_in_columns(const Shape& shape, std::size_t zeros, const random::Stream& choices, std::span<float> out,
                     ThreadPool& pool) {
  const std::size_t rows = shape[0];
  const std::size_t cols = shape[1];
  // A cache line holds 16 columns of a row, so no two tasks write to the same one.
  parallel_for(pool, rows == 0 ? 0 : cols, 16, [&](std::size_t first, std::size_t last) {
    std::vector<std::uint32_t> order(rows);
    for (std::size_t c = first; c < last; ++c) {
      random::permutation(choices.fold_in(c), order);
      for (std::size_t i = 0; i < zeros; ++i) out[order[i] * cols + c] = 0;
    }
  });
}

void zero_in_rows(const Shape& shape, std::size_t zeros, const random::Stream& choices, std::span<float> out,
                  ThreadPool& pool) {
  const std::size_t cols = shape[1];
  parallel_for(pool, cols == 0 ? 0 : shape[0], 16, [&](std::size_t first, std::size_t last) {
    std::vector<std::uint32_t> order(cols);
    for (std::size_t r = first; r < last; ++r) {
      random::permutation(choices.fold_in(r), order);
      for (std::size_t i = 0; i < zeros; ++i) out[r * cols + order[i]] = 0;
    }
  });
}

// Normals from child 0 of the stream, the choice of zeros from child 1.
struct Sparse {
  double sparsity;
  double std;
  bool per_unit;
  double mean = 0;

  void check(const Shape& shape) const { want_rank("sparse", shape, 2, 2); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans) const {
    const std::size_t places = per_unit ? shape[1] : shape[0];
    return with_zeros(mean, std, zeros_of(sparsity, places), places);
  }
  [[nodiscard]] Promise promise(const Shape& shape, Fans) const {
    const std::size_t places = per_unit ? shape[1] : shape[0];
    if (mean != 0) return {};
    return sparse_promise(std, zeros_of(sparsity, places) * (per_unit ? shape[0] : shape[1]));
  }
  void whole(const Shape& shape, Fans, const random::Stream& stream, std::span<float> out, ThreadPool& pool) const {
    fill_in_parts(elements_of({Law::Kind::normal, mean, std}), stream.fold_in(0), out, pool);
    if (per_unit) return zero_in_rows(shape, zeros_of(sparsity, shape[1]), stream.fold_in(1), out, pool);
    zero_in_columns(shape, zeros_of(sparsity, shape[0]), stream.fold_in(1), out, pool);
  }
  friend bool operator==(const Sparse&, const Sparse&) = default;
};

struct SparseConnections {
  double count;
  double std;

  void check(const Shape& shape) const { want_rank("sparse_connections", shape, 2, 2); }
  [[nodiscard]] std::size_t zeros(const Shape& shape) const {
    return shape[1] - std::min(shape[1], static_cast<std::size_t>(count));
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans) const { return with_zeros(0, std, zeros(shape), shape[1]); }
  [[nodiscard]] Promise promise(const Shape& shape, Fans) const { return sparse_promise(std, zeros(shape) * shape[0]); }
  void whole(const Shape& shape, Fans, const random::Stream& stream, std::span<float> out, ThreadPool& pool) const {
    fill_in_parts(elements_of({Law::Kind::normal, 0, std}), stream.fold_in(0), out, pool);
    zero_in_rows(shape, zeros(shape), stream.fold_in(1), out, pool);
  }
  friend bool operator==(const SparseConnections&, const SparseConnections&) = default;
};

}  // namespace

RulePtr sparse_rule(double sparsity, double mean, double std, bool per_unit) {
  return make_rule(Sparse{sparsity, std, per_unit, mean});
}

std::vector<Definition> sparse_definitions() {
  return {
      {"sparse",
       {},
       {number("sparsity", {}, kFraction), number("std", "0.01", kNotNegative),
        choice("per", "column", {"column", "unit"})},
       [](Arguments a) { return sparse_rule(a[0].number, 0, a[1].number, a[2].choice == 1); },
       "W ~ N(0, std^2), then ceil(sparsity * rows) random zeros in every column (per=column), or ceil(sparsity * "
       "cols) "
       "in every row, which is a unit (per=unit); rank 2",
       "after Martens 2010; per=column is the rule of torch.nn.init.sparse_, per=unit that of MLX"},
      {"sparse_connections",
       {},
       {integer("count", "15"), number("std", "1", kNotNegative)},
       [](Arguments a) {
         return make_rule(SparseConnections{a[0].number, a[1].number});
       },
       "W ~ N(0, std^2) for min(count, cols) random inputs of every unit (row), 0 for the others; rank 2",
       "Martens 2010"},
  };
}

}  // namespace fanin::init
