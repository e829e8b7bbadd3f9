#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fanin {

/// The candidate with the smallest edit distance to `name`, ignoring case, or nothing if none is near enough to be
/// a likely slip (a third of the longer word).
[[nodiscard]] std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> candidates);

/// `, did you mean 'xavier_uniform'?` for the nearest candidate, otherwise an empty string: the end of a sentence
/// about an unknown name.
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

/// The whole of `text` as a number; nothing if anything is left over, or for an empty text, an infinity or
/// a NaN, or a magnitude that a double does not hold.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

/// The whole of `text` as a decimal integer without sign.
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text);

/// `text` without white space at its ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// Splits at `separator` outside parentheses and trims each part: `a, f(1, 2)` gives `a` and `f(1, 2)`. An empty text
/// is one empty part; nothing is split after a parenthesis without its partner.
[[nodiscard]] std::vector<std::string> split_outside_parentheses(std::string_view text, char separator);

}  // namespace fanin
