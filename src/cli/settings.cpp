#include "cli/settings.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <limits>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/io/atomic_file.h"

namespace fanin::cli {
namespace {

[[noreturn]] void reject(const std::string& name, const std::string& text, std::string_view allowed) {
  throw Error(ErrorKind::usage, "cli", fmt::format("{}: '{}' given, allowed is {}", name, text, allowed));
}

// A TOML value as the text that its flag would have had.
std::string flag_text(const toml::node& node) {
  if (const auto* s = node.as_string()) return s->get();
  if (const auto* i = node.as_integer()) return fmt::format("{}", i->get());
  if (const auto* f = node.as_floating_point()) return fmt::format("{}", f->get());
  if (const auto* b = node.as_boolean()) return b->get() ? "true" : "false";
  return {};
}

std::string with_dashes(std::string_view key) {
  std::string name(key);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

}  // namespace

std::string toml_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\u{:04X}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

Setting text_setting(std::string name, std::string type, std::string help, std::string& value) {
  return {std::move(name), std::move(type), std::move(help), [&value](const std::string& text) { value = text; },
          [&value] { return toml_quoted(value); }};
}

Setting number_setting(std::string name, std::string help, double& value) {
  auto set = [&value, name](const std::string& text) {
    const auto number = parse_number(text);
    if (!number) reject(name, text, "a number");
    value = *number;
  };
  return {std::move(name), "X", std::move(help), set, [&value] {
            const std::string text = fmt::format("{}", value);
            return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
          }};
}

Setting seed_setting(std::string name, std::string help, std::uint64_t& value) {
  auto set = [&value, name](const std::string& text) {
    const auto number = parse_unsigned(text);
    if (!number) reject(name, text, "a whole number from 0 to 2^64-1");
    value = *number;
  };
  // TOML's integers end at 2^63-1; beyond that the same digits as text.
  auto get = [&value] {
    const bool fits = value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return fits ? fmt::format("{}", value) : fmt::format("\"{}\"", value);
  };
  return {std::move(name), "N", std::move(help), set, get};
}

Setting count_setting(std::string name, std::string help, std::size_t& value) {
  static_assert(sizeof(std::size_t) == sizeof(std::uint64_t));
  auto set = [&value, name](const std::string& text) {
    const auto number = parse_unsigned(text);
    if (!number) reject(name, text, "a whole number, 0 or more");
    value = *number;
  };
  return {std::move(name), "N", std::move(help), set, [&value] { return fmt::format("{}", value); }};
}

Setting bool_setting(std::string name, std::string help, bool& value) {
  auto set = [&value, name](const std::string& text) {
    if (text != "true" && text != "false") reject(name, text, "true or false");
    value = text == "true";
  };
  return {std::move(name), "", std::move(help), set, [&value] { return std::string(value ? "true" : "false"); }};
}

// Both are heard in their order, so that the last of --x and --no-x wins.
void Settings::add_switch(Command command, const Setting& setting) {
  const auto store = [this, name = setting.name](const std::string& text) { flags_[name] = text; };
  const auto store_opposite = [store](const std::string& text) {
    store(text == "true" ? "false" : text == "false" ? "true" : text);
  };
  const std::string help = setting.help + (setting.get() == "true" ? " [on]" : "");
  command.each_flag("--" + setting.name, store, help);
  command.each_flag("--no-" + setting.name, store_opposite, "");
}

void Settings::add_to(Command command) {
  for (const Setting& s : settings_) {
    if (s.type.empty()) {
      add_switch(command, s);
    } else {
      std::string shown = s.get();
      shown.erase(std::remove(shown.begin(), shown.end(), '"'), shown.end());
      command.each_option(
          s.name == "output" ? "-o,--output" : "--" + s.name, s.type,
          [this, name = s.name](const std::string& text) { flags_[name] = text; }, s.help, shown);
    }
  }
  command.option("--config", "FILE", config_,
                 "Read settings from a TOML file with the flags' names as keys; flags win");
  command.flag("--print-config", print_config_, "Print all settings as TOML and stop");
}

std::vector<std::string> Settings::names() const {
  std::vector<std::string> all;
  for (const Setting& s : settings_) all.push_back(s.name);
  return all;
}

void Settings::apply_file() {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  const std::string text = io::read_text_file(config_, kMaxBytes);
  toml::table table;
  try {
    table = toml::parse(text, config_);
  } catch (const toml::parse_error& e) {
    throw Error(ErrorKind::data, "config",
                fmt::format("{} line {}: {}", config_, e.source().begin.line, e.description()));
  }
  for (const auto& [key, node] : table) {
    const std::string name = with_dashes(key.str());
    const auto place = fmt::format("{} line {}", config_, node.source().begin.line);
    const auto at = std::find_if(settings_.begin(), settings_.end(), [&](const Setting& s) { return s.name == name; });
    if (at == settings_.end()) {
      throw Error(ErrorKind::data, "config",
                  fmt::format("{}: unknown key '{}'{}", place, key.str(), did_you_mean(name, names())));
    }
    if (!node.is_value() || node.is_date() || node.is_time() || node.is_date_time()) {
      throw Error(ErrorKind::data, "config",
                  fmt::format("{}: '{}' is a {}, allowed are text, numbers, true and false", place, key.str(),
                              node.is_array()   ? "list"
                              : node.is_table() ? "table"
                                                : "date or time"));
    }
    try {
      at->set(flag_text(node));
    } catch (const Error& e) {
      throw Error(ErrorKind::data, "config", fmt::format("{}: {}", place, e.what()));
    }
    given_[at->name] = true;
  }
}

void Settings::apply() {
  if (!config_.empty()) apply_file();
  for (const Setting& s : settings_) {
    const auto flag = flags_.find(s.name);
    if (flag == flags_.end()) continue;
    s.set(flag->second);
    given_[s.name] = true;
  }
}

std::string Settings::toml() const {
  std::string text;
  for (const Setting& s : settings_) text += fmt::format("{} = {}\n", s.name, s.get());
  return text;
}

bool Settings::given(std::string_view name) const {
  return given_.find(name) != given_.end();
}

bool Settings::given_by_flag(std::string_view name) const {
  return flags_.find(name) != flags_.end();
}

}  // namespace fanin::cli
