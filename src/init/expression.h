#pragma once

#include <optional>
#include <string_view>

namespace fanin::init {

/// The value of `0.1`, `1e-3`, `-2`, `inf`, `1/3`, `sqrt(5)`, `-2/sqrt(3)`; nothing for anything else, or for a result
/// that is not a number.
[[nodiscard]] std::optional<double> parse_expression(std::string_view text);

}  // namespace fanin::init
