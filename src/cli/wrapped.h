#pragma once

#include <string>
#include <string_view>

namespace fanin::cli {

/// The characters of a text, not its bytes.
[[nodiscard]] std::size_t width(std::string_view text);

/// `text` behind `head`, broken at spaces to lines of at most 100 characters; later lines begin below the first word.
[[nodiscard]] std::string wrapped(const std::string& head, const std::string& text);

}  // namespace fanin::cli
