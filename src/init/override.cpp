#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/init/infer.h"

namespace fanin::init {
namespace {

const std::vector<std::string>& keys() {
  static const std::vector<std::string> all = {"role",   "kind",    "depth",  "part",  "block",  "stack",
                                               "fan_in", "fan_out", "groups", "state", "tied_to"};
  return all;
}

[[noreturn]] void fail(std::string_view text, std::string_view sentence) {
  throw Error(ErrorKind::usage, "init", fmt::format("override '{}': {}", text.substr(0, 120), sentence));
}

std::size_t count(std::string_view text, std::string_view key, std::string_view value, std::size_t least) {
  constexpr std::size_t kMost = 1U << 30;
  const auto n = parse_unsigned(value);
  if (!n || *n < least || *n > kMost) {
    fail(text, fmt::format("{}={} given, allowed are whole numbers from {} to {}", key, value, least, kMost));
  }
  return *n;
}

double fan_value(std::string_view text, std::string_view key, std::string_view value) {
  const auto x = parse_number(value);
  if (!x || !(*x > 0)) fail(text, fmt::format("{}={} given, allowed are numbers above 0", key, value));
  return *x;
}

void set(Traits& traits, std::string_view text, std::string_view key, std::string_view value) {
  if (key == "role") traits.role = parse_role(value);
  if (key == "kind") traits.kind = parse_layer_kind(value);
  if (key == "depth") traits.depth = count(text, key, value, 0);
  if (key == "part") traits.part = parse_part(value);
  if (key == "block") traits.block = count(text, key, value, 0);
  if (key == "stack") traits.stack = parse_stack(value);
  if (key == "fan_in") traits.fan_in = fan_value(text, key, value);
  if (key == "fan_out") traits.fan_out = fan_value(text, key, value);
  if (key == "groups") traits.groups = count(text, key, value, 1);
  if (key == "tied_to") traits.tied_to = std::string(value);
  if (key == "state") {
    traits.state = parse_state(value);
    if (*traits.state == State::initialized || *traits.state == State::tied) {
      fail(text,
           fmt::format("state={} cannot be said, only raw, loaded and frozen; tied_to=NAME makes it tied", value));
    }
  }
}

}  // namespace

Override Override::parse(std::string_view text) {
  const std::size_t arrow = text.find("->");
  if (arrow == std::string_view::npos)
    fail(text, "there is no '->', as in 'blocks.*.gate -> role=weight, kind=linear'");
  Override result;
  result.glob = std::string(trimmed(text.substr(0, arrow)));
  if (result.glob.empty()) fail(text, "no name stands before '->'");
  std::vector<std::string> seen;
  for (const std::string& part : split_outside_parentheses(text.substr(arrow + 2), ',')) {
    const std::size_t equals = part.find('=');
    const std::string key(trimmed(std::string_view(part).substr(0, equals)));
    if (equals == std::string::npos || std::find(keys().begin(), keys().end(), key) == keys().end()) {
      fail(text,
           fmt::format("unknown key '{}'{} (there are {})", key, did_you_mean(key, keys()), fmt::join(keys(), ", ")));
    }
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) fail(text, fmt::format("{} is given twice", key));
    seen.push_back(key);
    const std::string_view value = trimmed(std::string_view(part).substr(equals + 1));
    if (value.empty()) fail(text, fmt::format("{} has no value", key));
    set(result.traits, text, key, value);
  }
  return result;
}

}  // namespace fanin::init
