#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "fanin/core/error.h"

#include "init/definitions.h"

namespace fanin::init {
namespace {

constexpr std::size_t kBlocks = 3;

// Three equal matrices stored as one along an axis, each by its own scheme and from a stream of its own.
struct QueryKeyValue {
  std::array<RulePtr, kBlocks> inside;
  std::size_t axis;

  // Of the elements in row-major order, runs of `run` belong to one block after the other.
  [[nodiscard]] std::uint64_t run(const Shape& shape) const {
    const std::uint64_t n = axis == 0 ? shape.elements() / kBlocks : shape[1] / kBlocks;
    return std::max<std::uint64_t>(n, 1);
  }
  [[nodiscard]] Shape part(const Shape& shape) const {
    std::vector<std::size_t> extents(shape.begin(), shape.end());
    extents[axis] /= kBlocks;
    return Shape(std::span<const std::size_t>(extents));
  }
  void check(const Shape& shape) const {
    want_rank("query_key_value", shape, 2, 2);
    if (shape[axis] % kBlocks != 0) {
      throw Error(ErrorKind::usage, "init",
                  fmt::format("query_key_value: tensor {} has {} along axis {}, a multiple of 3 is wanted", shape.str(),
                              shape[axis], axis));
    }
    for (const RulePtr& rule : inside) rule->check(part(shape));
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    Expected all{0, 0, 0, 0};
    double square = 0;
    for (std::size_t k = 0; k < kBlocks; ++k) {
      const Expected e = inside[k]->expected(part(shape), fans);
      all.mean += e.mean / kBlocks;
      square += (e.std * e.std + e.mean * e.mean) / kBlocks;
      all.low = k == 0 ? e.low : std::min(all.low, e.low);
      all.high = k == 0 ? e.high : std::max(all.high, e.high);
    }
    all.std = std::sqrt(std::max(0.0, square - all.mean * all.mean));
    return all;
  }
  [[nodiscard]] bool elementwise() const noexcept {
    return std::all_of(inside.begin(), inside.end(), [](const RulePtr& rule) { return rule->elementwise(); });
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans fans) const {
    std::array<Elements, kBlocks> of;
    for (std::size_t k = 0; k < kBlocks; ++k) of[k] = inside[k]->elements(part(shape), fans);
    return [of, n = run(shape)](const random::Stream& stream, std::uint64_t first, std::span<float> out) {
      while (!out.empty()) {
        const std::uint64_t round = first / n / kBlocks;
        const std::uint64_t k = first / n % kBlocks;
        const std::size_t count = std::min<std::uint64_t>(n - first % n, out.size());
        of[k](stream.fold_in(k), round * n + first % n, out.first(count));
        first += count;
        out = out.subspan(count);
      }
    };
  }
  void whole(const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
             ThreadPool& pool) const {
    if (elementwise()) {
      fill_in_parts(elements(shape, fans), stream, out, pool);
      return;
    }
    const std::size_t n = run(shape);
    std::vector<float> values(out.size() / kBlocks);
    for (std::size_t k = 0; k < kBlocks; ++k) {
      inside[k]->fill(part(shape), fans, stream.fold_in(k), values, pool);
      for (std::size_t i = 0; i < values.size(); i += n) {
        std::copy_n(values.data() + i, n, out.data() + (i * kBlocks + k * n));
      }
    }
  }
  friend bool operator==(const QueryKeyValue& a, const QueryKeyValue& b) noexcept {
    return a.axis == b.axis && std::equal(a.inside.begin(), a.inside.end(), b.inside.begin(),
                                          [](const RulePtr& x, const RulePtr& y) { return x->equals(*y); });
  }
};

}  // namespace

std::vector<Definition> query_key_value_definitions() {
  return {
      {"query_key_value",
       {},
       {scheme("query", "xavier_uniform"), scheme("key", "xavier_uniform"), scheme("value", "xavier_uniform"),
        integer("axis", "0", {0, 1})},
       [](Arguments a) {
         return make_rule(
             QueryKeyValue{{a[0].scheme, a[1].scheme, a[2].scheme}, static_cast<std::size_t>(a[3].number)});
       },
       "W = [Q; K; V], three equal blocks along axis, each by its own scheme with the fans of one and from a stream "
       "of its own; rank 2",
       "fused attention projections"},
  };
}

}  // namespace fanin::init
