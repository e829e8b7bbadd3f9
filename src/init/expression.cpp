#include "init/expression.h"

#include <cmath>
#include <cstdint>
#include <limits>

#include "fanin/core/text.h"
#include "fanin/init/gain.h"

#include "init/portable_math.h"

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

// What stands between the parentheses of `name(...)`.
std::optional<std::string_view> argument(std::string_view text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return std::nullopt;
  return text.substr(1, text.size() - 2);
}

// No libm: the number becomes a weight.
std::optional<double> root(double value, double degree) {
  constexpr double kMostDegree = 64;
  constexpr double kMost = 0x1p53;
  if (degree < 1 || degree > kMostDegree || degree != std::floor(degree)) return std::nullopt;
  if (!(value >= 0) || value > kMost || (value > 0 && 1 / value > kMost)) return std::nullopt;
  if (value == 0 || degree == 1) return value;
  if (degree == 2) return std::sqrt(value);
  const auto n = static_cast<std::uint64_t>(degree);
  return value >= 1 ? root_of(value, n) : 1 / root_of(1 / value, n);
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
  // The last sign outside parentheses splits the text: a/b*c is (a/b)*c.
  int open = 0;
  for (std::size_t i = text.size(); i-- > 0;) {
    if (text[i] == ')') ++open;
    if (text[i] == '(') --open;
    if ((text[i] != '/' && text[i] != '*') || open != 0) continue;
    const auto left = parse(text.substr(0, i), depth + 1);
    const auto right = parse(text.substr(i + 1), depth + 1);
    if (!left || !right) return std::nullopt;
    const double value = text[i] == '/' ? *left / *right : *left * *right;
    return std::isnan(value) ? std::nullopt : std::optional(value);
  }
  if (const auto inside = argument(text, "")) return parse(*inside, depth + 1);
  if (const auto inside = argument(text, "sqrt")) {
    const auto value = parse(*inside, depth + 1);
    return value && *value >= 0 ? std::optional(std::sqrt(*value)) : std::nullopt;
  }
  if (const auto inside = argument(text, "log")) {
    const auto value = parse(*inside, depth + 1);
    return value && *value > 0 && std::isfinite(*value) ? std::optional(log_of(*value)) : std::nullopt;
  }
  if (const auto inside = argument(text, "root")) {
    const std::vector<std::string> parts = split_outside_parentheses(*inside, ',');
    if (parts.size() != 2) return std::nullopt;
    const auto value = parse(parts[0], depth + 1);
    const auto degree = parse(parts[1], depth + 1);
    return value && degree ? root(*value, *degree) : std::nullopt;
  }
  if (const auto inside = argument(text, "gain")) return parse_gain(*inside);
  if (text == "inf") return std::numeric_limits<double>::infinity();
  return parse_number(text);
}

}  // namespace

std::optional<double> parse_expression(std::string_view text) {
  return parse(text, 0);
}

}  // namespace fanin::init
