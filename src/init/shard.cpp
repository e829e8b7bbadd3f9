#include "fanin/init/shard.h"

#include <fmt/format.h>

#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

namespace fanin::init {
namespace {

// rows * k / parts, rounded down, without the product.
std::size_t cut(std::size_t rows, std::size_t k, std::size_t parts) {
  return rows / parts * k + rows % parts * k / parts;
}

}  // namespace

Shard Shard::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto part = parse_unsigned(text.substr(0, slash));
    const auto parts = parse_unsigned(text.substr(slash + 1));
    if (part && parts && *part >= 1 && *part <= *parts && *parts <= kMostParts) return {*part, *parts};
  }
  throw Error(ErrorKind::usage, "init",
              fmt::format("shard '{}' given, allowed are 1/N to N/N for N up to {}", text.substr(0, 60), kMostParts));
}

std::string Shard::str() const {
  return fmt::format("{}/{}", part, parts);
}

ElementRange elements_of(const Shard& shard, const Shape& shape) {
  if (shape.rank() == 0) return {0, holds(shard, shape) ? 1U : 0U};
  if (shape.elements() == 0) return {};
  const std::size_t row = shape.elements() / shape[0];
  const std::size_t first = cut(shape[0], shard.part - 1, shard.parts);
  return {first * row, (cut(shape[0], shard.part, shard.parts) - first) * row};
}

Shape shape_of(const Shard& shard, const Shape& shape) {
  if (shape.rank() == 0) return shape;
  std::vector<std::size_t> extents(shape.begin(), shape.end());
  extents[0] = cut(shape[0], shard.part, shard.parts) - cut(shape[0], shard.part - 1, shard.parts);
  return Shape(extents);
}

bool holds(const Shard& shard, const Shape& shape) noexcept {
  return shape.rank() > 0 || shard.part == 1;
}

}  // namespace fanin::init
