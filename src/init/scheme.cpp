#include "fanin/init/scheme.h"

#include <fmt/format.h>

#include <utility>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

#include "init/arguments.h"
#include "init/definitions.h"

namespace fanin::init {
namespace {

struct Parsed {
  const Definition& definition;
  RulePtr rule;
};

Parsed parse_named(std::string_view text, int depth) {
  const Call call = parse_call("scheme", text, "xavier_uniform");
  const Definition* definition = find_definition(call.name);
  if (!definition && learns_from_data(call.name)) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("'{}' learns from data, and only a scheme that needs none can stand here", call.name));
  }
  if (!definition) {
    throw Error(ErrorKind::usage, "init", fmt::format("unknown scheme {}{}", quoted(call.name), instead_of(call.name)));
  }
  return {*definition, definition->make(parse_arguments(call.name, definition->parameters, call.arguments, depth))};
}

}  // namespace

RulePtr parse_rule(std::string_view text) {
  return parse_scheme(trimmed(text), kDeepestScheme);
}

RulePtr parse_scheme(std::string_view text, int depth) {
  return parse_named(text, depth).rule;
}

Scheme Scheme::parse(std::string_view text) {
  text = trimmed(text);
  Parsed parsed = parse_named(text, kDeepestScheme);
  const bool fills_biases = parsed.definition.formula.starts_with("W, b");
  return {std::string(text), std::string(parsed.definition.name), std::move(parsed.rule), fills_biases};
}

bool Scheme::elementwise() const noexcept {
  return rule_->elementwise();
}

Expected Scheme::expected(const Shape& shape, Fans fans) const {
  rule_->check(shape);
  return rule_->expected(shape, fans);
}

bool operator==(const Scheme& a, const Scheme& b) noexcept {
  return a.rule_->equals(*b.rule_);
}

}  // namespace fanin::init
