#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace fanin::io {

/// The TOML document in `text` as JSON, so that one reader serves both. Throws Error(data, place) `PATH: ...` for text
/// that is no TOML, naming line and column, and for dates and times, which JSON does not have.
[[nodiscard]] nlohmann::ordered_json parse_toml_as_json(std::string_view place, const std::string& path,
                                                        std::string_view text);

}  // namespace fanin::io
