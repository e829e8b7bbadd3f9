#include "io/strict_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

#include "io/safetensors_header.h"

namespace fanin::io {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMostDepth = 64;

}  // namespace

Json parse_strict_json(std::string_view place, const std::string& path, std::string_view text) {
  const auto fail = [&](const std::string& sentence) {
    throw Error(ErrorKind::data, place, fmt::format("{}: {}", path, sentence));
  };
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    fail(fmt::format("has a zero byte at {}", zero));
  }
  std::vector<std::set<std::string>> keys;
  const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > kMostDepth) fail(fmt::format("is nested deeper than {} levels", kMostDepth));
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) {
      fail(fmt::format("key '{}' is there twice", shown(value.get<std::string>())));
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::parse_error& e) {
    fail(fmt::format("is not valid JSON at its byte {}", e.byte));
  } catch (const Json::out_of_range&) {
    fail("has a number that is out of range");
  }
  return {};
}

void require_known_keys(std::string_view place, const std::string& path, const std::string& where, const Json& object,
                        std::span<const std::string> known) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    throw Error(ErrorKind::data, place,
                fmt::format("{}: {}: unknown key '{}'{}", path, where, shown(key), did_you_mean(key, known)));
  }
}

}  // namespace fanin::io
