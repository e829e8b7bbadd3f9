#include "io/toml_json.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include "fanin/core/error.h"

namespace fanin::io {
namespace {

using Json = nlohmann::ordered_json;

struct Document {
  std::string_view place;
  const std::string& path;

  [[noreturn]] void fail(const toml::source_position& at, std::string_view sentence) const {
    throw Error(ErrorKind::data, place, fmt::format("{} line {}, column {}: {}", path, at.line, at.column, sentence));
  }

  // Of values toml++ allows 256 levels, of keys require_few_dots() as many, so the stack is safe.
  [[nodiscard]] Json json_of(const toml::node& node) const {  // NOLINT(misc-no-recursion)
    switch (node.type()) {
      case toml::node_type::table: {
        Json object = Json::object();
        for (const auto& [key, value] : *node.as_table()) object[std::string(key.str())] = json_of(value);
        return object;
      }
      case toml::node_type::array: {
        Json list = Json::array();
        for (const toml::node& value : *node.as_array()) list.push_back(json_of(value));
        return list;
      }
      case toml::node_type::string:
        return node.as_string()->get();
      case toml::node_type::integer: {
        // As JSON has them: whole numbers are unsigned unless they have a sign.
        const std::int64_t value = node.as_integer()->get();
        return value < 0 ? Json(value) : Json(static_cast<std::uint64_t>(value));
      }
      case toml::node_type::floating_point:
        return node.as_floating_point()->get();
      case toml::node_type::boolean:
        return node.as_boolean()->get();
      default:
        fail(node.source().begin, "a date or time, which nothing here is");
    }
  }
};

// A key a.b.c is a table in a table in a table. Dots in texts count, too: nobody has that many.
void require_few_dots(const Document& document, std::string_view text) {
  constexpr std::size_t kMost = 256;
  std::size_t dots = 0;
  toml::source_position at{1, 1};
  for (const char c : text) {
    if (c == '.' && ++dots > kMost) document.fail(at, fmt::format("more than {} dots in a key or value", kMost));
    if (std::string_view("=,[]{}\n").find(c) != std::string_view::npos) dots = 0;
    ++at.column;
    if (c == '\n') at = {at.line + 1, 1};
  }
}

}  // namespace

Json parse_toml_as_json(std::string_view place, const std::string& path, std::string_view text) {
  const Document document{place, path};
  require_few_dots(document, text);
  try {
    return document.json_of(toml::parse(text, path));
  } catch (const toml::parse_error& e) {
    document.fail(e.source().begin, fmt::format("is not valid TOML: {}", e.description()));
  }
}

}  // namespace fanin::io
