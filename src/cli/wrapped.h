#pragma once

#include <string>

namespace fanin::cli {

/// `text` behind `head`, broken at spaces to 100 columns; later lines begin below the first word. Ends with a line
/// break.
[[nodiscard]] std::string wrapped(const std::string& head, const std::string& text);

}  // namespace fanin::cli
