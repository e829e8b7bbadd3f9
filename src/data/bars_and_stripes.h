#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "fanin/data/dataset.h"

namespace fanin::data {

inline constexpr std::size_t kLeastBars = 2;
inline constexpr std::size_t kMostBars = 5;

/// `bars_and_stripes(3)`.
[[nodiscard]] std::string bars_and_stripes_name(std::size_t side);

/// The side in `bars_and_stripes(3)`; nothing for a name that does not begin with bars_and_stripes.
/// Throws Error(usage, "find") for a side that is missing, no plain number or outside [2, 5].
[[nodiscard]] std::optional<std::size_t> bars_and_stripes_side(std::string_view name);

/// The patterns as find.h describes them; `name` is the data set's. 2 <= side <= 5, unchecked.
[[nodiscard]] Dataset bars_and_stripes(std::size_t side, std::string name);

}  // namespace fanin::data
