#pragma once

#include <string>
#include <string_view>

namespace fanin::data {

/// Text from a file made fit for an error message: at most 40 characters, everything but printable ASCII escaped.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace fanin::data
