#include "init/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fanin/core/error.h"

namespace fanin::init {

void fill_in_parts(const Elements& elements, const random::Stream& stream, std::span<float> out, ThreadPool& pool) {
  constexpr std::size_t kGrain = 1 << 15;
  parallel_for(pool, out.size(), kGrain,
               [&](std::size_t first, std::size_t last) { elements(stream, first, out.subspan(first, last - first)); });
}

void want_rank(std::string_view scheme, const Shape& shape, std::size_t least, std::size_t most) {
  if (shape.rank() >= least && shape.rank() <= most) return;
  const std::string wanted = most == Shape::kMaxRank ? fmt::format("{} or more", least)
                             : least == most         ? fmt::format("{}", least)
                                                     : fmt::format("{} to {}", least, most);
  throw Error(ErrorKind::usage, "init",
              fmt::format("{}: tensor {} has rank {}, {} is wanted", scheme, shape.str(), shape.rank(), wanted));
}

Expected two_values(double value, double set, double total) {
  const double share = total == 0 ? 0 : set / total;
  const double low = share == 1 ? value : std::min(value, 0.0);
  const double high = share == 1 ? value : std::max(value, 0.0);
  return {share * value, std::abs(value) * std::sqrt(share * (1 - share)), low, high};
}

}  // namespace fanin::init
