#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "init/definitions.h"

namespace fanin::init {

/// `name` of the text `name(...)` or `name`.
[[nodiscard]] std::string_view name_of(std::string_view text);

/// The arguments of `name(...)` by the grammar of schemes, those that are not given by their fallbacks. Throws
/// Error(usage) as Scheme::parse().
[[nodiscard]] std::vector<Argument> arguments_of(std::string_view text, std::span<const Parameter> parameters);

}  // namespace fanin::init
