#pragma once

#include <string_view>

namespace fanin {

/// The version of the compiled library, `MAJOR.MINOR.PATCH`.
[[nodiscard]] std::string_view version() noexcept;

}  // namespace fanin
