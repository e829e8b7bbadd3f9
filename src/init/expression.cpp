#include "init/expression.h"

#include <cmath>
#include <limits>

#include "fanin/core/text.h"
#include "fanin/init/gain.h"

namespace fanin::init {
namespace {

// Nobody nests roots; a text from outside must not decide how deep the stack grows.
constexpr int kDeepest = 8;

// gain(ACTIVATION), then its kind or its parameter or both: what stands between the parentheses.
std::optional<double> parse_gain(std::string_view inside) {
  const std::vector<std::string> parts = split_outside_parentheses(inside, ',');
  GainKind kind = GainKind::usual;
  std::optional<double> parameter;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (const auto named = gain_kind(parts[i]); named && i == 1) {
      kind = *named;
    } else if (!parameter && i + 1 == parts.size()) {
      parameter = parse_number(parts[i]);
      if (!parameter) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return gain(parts[0], kind, parameter);
}

std::optional<double> parse(std::string_view text, int depth) {
  text = trimmed(text);
  if (depth > kDeepest || text.empty()) return std::nullopt;
  if (text.front() == '-') {
    text.remove_prefix(1);
    if (text.empty() || text.front() == '-') return std::nullopt;
    const auto value = parse(text, depth + 1);
    return value ? std::optional(-*value) : std::nullopt;
  }
  // The last division outside parentheses splits the text: a/b/c is (a/b)/c.
  int open = 0;
  for (std::size_t i = text.size(); i-- > 0;) {
    if (text[i] == ')') ++open;
    if (text[i] == '(') --open;
    if (text[i] != '/' || open != 0) continue;
    const auto numerator = parse(text.substr(0, i), depth + 1);
    const auto denominator = parse(text.substr(i + 1), depth + 1);
    if (!numerator || !denominator || std::isnan(*numerator / *denominator)) return std::nullopt;
    return *numerator / *denominator;
  }
  if (text.starts_with("sqrt(") && text.ends_with(')')) {
    const auto value = parse(text.substr(5, text.size() - 6), depth + 1);
    return value && *value >= 0 ? std::optional(std::sqrt(*value)) : std::nullopt;
  }
  if (text.starts_with("gain(") && text.ends_with(')')) return parse_gain(text.substr(5, text.size() - 6));
  if (text == "inf") return std::numeric_limits<double>::infinity();
  return parse_number(text);
}

}  // namespace

std::optional<double> parse_expression(std::string_view text) {
  return parse(text, 0);
}

}  // namespace fanin::init
