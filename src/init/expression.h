#pragma once

#include <optional>
#include <string_view>

namespace fanin::init {

/// The value of `0.1`, `1e-3`, `-2`, `inf`, `1/3`, `0.02/sqrt(2*12)`, `(1/2)/3`, `log(24)` (the natural one),
/// `root(96, 4)` (a whole degree from 1 to 64), `gain(tanh)`; nothing for anything else, or for a result that is not a
/// number. From basic operations alone, the same bits on every machine.
[[nodiscard]] std::optional<double> parse_expression(std::string_view text);

}  // namespace fanin::init
