#pragma once

#include <string_view>

namespace fanin::init {

/// Whether all of `text` is what `glob` describes: `*` stands for any run of characters, also an empty one and across
/// dots, `?` for one. Everything else stands for itself. Linear memory-free backtracking to the last `*` only.
[[nodiscard]] bool glob_matches(std::string_view glob, std::string_view text) noexcept;

}  // namespace fanin::init
