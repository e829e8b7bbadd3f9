#include "init/arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

#include "init/expression.h"

namespace fanin::init {
namespace {

[[noreturn]] void fail(std::string_view sentence) {
  throw Error(ErrorKind::usage, "init", sentence);
}

std::string range_text(const Parameter& p) {
  if (p.type == ParameterType::choice) return fmt::format("{}", fmt::join(p.choices, ", "));
  std::string_view kind = p.type == ParameterType::integer ? "whole numbers" : "numbers";
  return fmt::format("{} in {}{}, {}{}", kind, p.range.min_included ? '[' : '(', p.range.min, p.range.max,
                     p.range.max_included ? ']' : ')');
}

[[noreturn]] void fail_choice(std::string_view scheme, const Parameter& p, std::string_view text) {
  fail(fmt::format("{}: {}={} is none of {}{}", scheme, p.name, quoted(text), fmt::join(p.choices, ", "),
                   did_you_mean(text, p.choices)));
}

Argument parse_argument(std::string_view scheme, const Parameter& p, std::string_view text, int depth) {
  Argument a;
  a.word = std::string(text);
  switch (p.type) {
    case ParameterType::number:
    case ParameterType::integer: {
      const auto value = parse_expression(text);
      if (!value)
        fail(fmt::format("{}: {}={} is no number, allowed are {}", scheme, p.name, quoted(text), range_text(p)));
      if (!p.range.holds(*value) || (p.type == ParameterType::integer && *value != std::floor(*value))) {
        fail(fmt::format("{}: {}={} is out of range, allowed are {}", scheme, p.name, quoted(text), range_text(p)));
      }
      // -0 means 0, so that equal rules have equal bits.
      a.number = *value + 0.0;
      return a;
    }
    case ParameterType::choice: {
      const auto found = std::find(p.choices.begin(), p.choices.end(), text);
      if (found == p.choices.end()) fail_choice(scheme, p, text);
      a.choice = static_cast<std::size_t>(found - p.choices.begin());
      return a;
    }
    case ParameterType::scheme:
      if (const auto word = std::find(p.choices.begin(), p.choices.end(), text); word != p.choices.end()) {
        a.choice = static_cast<std::size_t>(word - p.choices.begin());
        return a;
      }
      if (!p.choices.empty() && !find_definition(name_of(text))) {
        std::vector<std::string> names = scheme_names();
        names.insert(names.end(), p.choices.begin(), p.choices.end());
        fail(fmt::format("{}: {}={} is no scheme and none of {}{}", scheme, p.name, quoted(text),
                         fmt::join(p.choices, ", "), did_you_mean(name_of(text), names)));
      }
      if (depth == 0) fail(fmt::format("{}: {}={} nests schemes too deeply", scheme, p.name, quoted(text)));
      a.scheme = parse_scheme(text, depth - 1);
      return a;
  }
  return a;
}

// The text between the parentheses of `name(...)`; nothing if there are none.
std::optional<std::string_view> inside(std::string_view what, std::string_view text, std::size_t open) {
  if (open == std::string_view::npos) return std::nullopt;
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0 && i + 1 != text.size()) {
      fail(fmt::format("{} {}: unexpected text after the closing parenthesis", what, quoted(text)));
    }
    if (depth < 0) break;
  }
  if (depth != 0) fail(fmt::format("{} {}: parentheses do not match", what, quoted(text)));
  return text.substr(open + 1, text.size() - open - 2);
}

}  // namespace

std::string quoted(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  return text.size() <= kLongest ? fmt::format("'{}'", text) : fmt::format("'{}...'", text.substr(0, kLongest));
}

std::string parameters_text(std::span<const Parameter> parameters) {
  std::string text;
  for (const Parameter& p : parameters) {
    if (!text.empty()) text += ", ";
    text += p.fallback.empty() ? std::string(p.name) : fmt::format("{}={}", p.name, p.fallback);
  }
  return text;
}

std::string_view name_of(std::string_view text) {
  return trimmed(text.substr(0, text.find('(')));
}

Call parse_call(std::string_view what, std::string_view text, std::string_view example) {
  const std::size_t open = text.find('(');
  const std::string_view name = name_of(text);
  if (name.empty()) fail(fmt::format("{} {}: a name is wanted, such as {}", what, quoted(text), example));
  return {name, inside(what, text, open).value_or("")};
}

std::vector<Argument> parse_arguments(std::string_view who, std::span<const Parameter> parameters,
                                      std::string_view list, int depth) {
  std::vector<Argument> arguments(parameters.size());
  const auto parts = trimmed(list).empty() ? std::vector<std::string>() : split_outside_parentheses(list, ',');
  std::vector<std::string> names;
  for (const Parameter& p : parameters) names.emplace_back(p.name);
  bool keywords = false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string_view value = parts[i];
    std::size_t index = i;
    // A sign behind a parenthesis belongs to a scheme in this place.
    if (const std::size_t equals = value.substr(0, value.find('(')).find('='); equals != std::string_view::npos) {
      keywords = true;
      const std::string_view name = trimmed(value.substr(0, equals));
      value = trimmed(value.substr(equals + 1));
      index = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
      if (index == names.size()) {
        fail(fmt::format(
            "{}: unknown parameter {}{}{}", who, quoted(name), did_you_mean(name, names),
            names.empty() ? std::string(" (it has none)") : fmt::format(" (it has {})", fmt::join(names, ", "))));
      }
    } else if (keywords) {
      fail(fmt::format("{}: value {} after a named parameter needs a name too", who, quoted(value)));
    } else if (i >= names.size()) {
      fail(fmt::format("{}: {} values given, it takes at most {}", who, parts.size(), names.size()));
    }
    if (arguments[index].given) fail(fmt::format("{}: parameter {} is given twice", who, names[index]));
    if (value.empty()) fail(fmt::format("{}: parameter {} has no value", who, names[index]));
    arguments[index] = parse_argument(who, parameters[index], value, depth);
    arguments[index].given = true;
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].given) continue;
    const Parameter& p = parameters[i];
    if (p.fallback.empty()) {
      fail(fmt::format("{}: parameter {} is missing, allowed are {}", who, p.name, range_text(p)));
    }
    arguments[i] = parse_argument(who, p, p.fallback, depth);
  }
  return arguments;
}

}  // namespace fanin::init
