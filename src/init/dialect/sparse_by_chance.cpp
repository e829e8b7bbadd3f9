#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

#include "init/dialect/special.h"

namespace fanin::init {
namespace {

struct SparseByChance {
  double mean;
  double std;
  double count;

  void check(const Shape& shape) const {
    want_rank("caffe:gaussian(sparse=...)", shape, 1);
    if (shape.elements() == 0 || count <= static_cast<double>(shape[0])) return;
    throw Error(ErrorKind::usage, "init",
                fmt::format("caffe:gaussian: tensor {} has {} outputs, at least sparse={} is wanted", shape.str(),
                            shape[0], count));
  }
  [[nodiscard]] double chance(const Shape& shape) const {
    return std::min(1.0, count / std::max(static_cast<double>(shape[0]), 1.0));
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans) const {
    constexpr double kInf = std::numeric_limits<double>::infinity();
    const double p = chance(shape);
    return {p * mean, std::sqrt(p * (std * std + (1 - p) * mean * mean)), -kInf, kInf};
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans) const {
    return [rule = *this, p = chance(shape)](const random::Stream& stream, std::uint64_t first, std::span<float> out) {
      constexpr std::size_t kChunk = 1024;
      std::array<float, kChunk> u{};
      const random::Stream values = stream.fold_in(0);
      const random::Stream choices = stream.fold_in(1);
      for (std::size_t begin = 0; begin < out.size(); begin += kChunk) {
        const std::span<float> part = out.subspan(begin, std::min(kChunk, out.size() - begin));
        random::fill_normal(values, first + begin, part, rule.mean, rule.std);
        random::fill_uniform(choices, first + begin, std::span(u).first(part.size()), 0, 1);
        for (std::size_t i = 0; i < part.size(); ++i) part[i] = u[i] < p ? part[i] : 0;
      }
    };
  }
  friend bool operator==(const SparseByChance&, const SparseByChance&) = default;
};

}  // namespace

RulePtr sparse_by_chance(double mean, double std, double count) {
  return make_rule(SparseByChance{mean, std, count});
}

}  // namespace fanin::init
