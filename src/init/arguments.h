#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "init/definitions.h"

namespace fanin::init {

/// What schemes and recipes have in common: `name(value, parameter=value, ...)`. Every error is an Error(usage) that
/// names who, the parameter, the value and what is allowed.

/// `name` and what stands between its parentheses.
struct Call {
  std::string_view name;
  std::string_view arguments;
};
/// `what` and `example` are for the sentences: `scheme`, `xavier_uniform`. Throws for parentheses that do not match.
[[nodiscard]] Call parse_call(std::string_view what, std::string_view text, std::string_view example);

/// `name` of the text `name(...)` or `name`, whatever stands between the parentheses.
[[nodiscard]] std::string_view name_of(std::string_view text);

/// One argument for each parameter, given or its default. `depth`: how deep schemes may nest.
[[nodiscard]] std::vector<Argument> parse_arguments(std::string_view who, std::span<const Parameter> parameters,
                                                    std::string_view list, int depth);

/// Nobody nests schemes; a text from outside must not decide how deep the stack grows.
inline constexpr int kDeepestScheme = 4;
[[nodiscard]] RulePtr parse_scheme(std::string_view text, int depth);

/// The parameters as one writes them, with defaults: `gain=1`.
[[nodiscard]] std::string parameters_text(std::span<const Parameter> parameters);

/// What a message repeats of a text that may come from anywhere.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace fanin::init
