#include "fanin/core/shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "fanin/core/error.h"

namespace fanin {

Shape::Shape(std::initializer_list<std::size_t> extents)
    : Shape(std::span<const std::size_t>(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const std::size_t> extents) : rank_(extents.size()) {
  if (rank_ > kMaxRank) {
    throw Error(ErrorKind::usage, "shape", fmt::format("{} dimensions given, at most {} are allowed", rank_, kMaxRank));
  }
  constexpr std::size_t kLimit = std::numeric_limits<std::ptrdiff_t>::max();
  std::copy(extents.begin(), extents.end(), extents_.begin());
  const bool empty = std::find(begin(), end(), 0U) != end();
  for (const std::size_t n : extents) {
    if (!empty && n > kLimit / elements_) {
      throw Error(ErrorKind::usage, "shape", fmt::format("{} has more than 2^63-1 elements", str()));
    }
    elements_ = empty ? 0 : elements_ * n;
  }
}

std::string Shape::str() const {
  return fmt::format("[{}]", fmt::join(begin(), end(), ", "));
}

bool operator==(const Shape& a, const Shape& b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace fanin
