#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fanin::io {

/// The document in `text`. Throws Error(data, place) `PATH: ...` for text that is not JSON, and for an object with the
/// same key twice, of which a parser would silently keep one.
[[nodiscard]] nlohmann::ordered_json parse_strict_json(std::string_view place, const std::string& path,
                                                       std::string_view text);

/// Throws Error(data, place) `PATH: WHERE: unknown key 'x', did you mean 'y'?` for a key that is not in `known`.
void require_known_keys(std::string_view place, const std::string& path, const std::string& where,
                        const nlohmann::ordered_json& object, std::span<const std::string> known);

}  // namespace fanin::io
