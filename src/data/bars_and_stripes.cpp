#include "data/bars_and_stripes.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "fanin/core/error.h"

namespace fanin::data {
namespace {

constexpr std::string_view kName = "bars_and_stripes";

}  // namespace

std::string bars_and_stripes_name(std::size_t side) {
  return fmt::format("{}({})", kName, side);
}

std::optional<std::size_t> bars_and_stripes_side(std::string_view name) {
  if (!name.starts_with(kName)) return std::nullopt;
  for (std::size_t side = kLeastBars; side <= kMostBars; ++side) {
    if (name == bars_and_stripes_name(side)) return side;
  }
  throw Error(ErrorKind::usage, "find",
              fmt::format("'{}' names no side from {} to {}, such as {}", name, kLeastBars, kMostBars,
                          bars_and_stripes_name(3)));
}

Dataset bars_and_stripes(std::size_t side, std::string name) {
  const std::size_t patterns = std::size_t{1} << side;
  std::vector<std::uint8_t> pixels;
  std::vector<std::int32_t> labels;
  for (const bool stripes : {false, true}) {
    for (std::size_t pattern = 0; pattern < patterns; ++pattern) {
      labels.push_back(stripes ? 1 : 0);
      for (std::size_t r = 0; r < side; ++r) {
        for (std::size_t c = 0; c < side; ++c) {
          const bool on = (pattern >> (stripes ? r : c) & 1) != 0;
          pixels.push_back(on ? std::uint8_t{255} : std::uint8_t{0});
        }
      }
    }
  }
  return {std::move(name), Shape{side, side}, std::move(pixels), std::move(labels), 2};
}

}  // namespace fanin::data
