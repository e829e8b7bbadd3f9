#include "fanin/init/selector.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

#include "init/glob.h"

namespace fanin::init {
namespace {

const std::vector<std::string>& keys() {
  static const std::vector<std::string> all = {"role", "kind", "part", "stack", "depth", "block", "name"};
  return all;
}

[[noreturn]] void fail(std::string_view selector, std::string_view sentence) {
  throw Error(ErrorKind::usage, "init", fmt::format("selector '{}': {}", selector.substr(0, 120), sentence));
}

// Each value once, in the order in which it first appears.
template <typename Of>
std::string present(const ModelSpec& spec, Of of) {
  std::vector<std::string> values;
  for (const ParameterSpec& p : spec.parameters()) {
    const std::string value = of(p);
    if (!value.empty() && std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
  return values.empty() ? "none" : fmt::format("{}", fmt::join(values, ", "));
}

// The bit of each alternative of `a|b|c`.
template <typename Parse>
std::uint64_t choices_of(std::string_view value, Parse parse) {
  std::uint64_t bits = 0;
  for (const std::string& one : split_outside_parentheses(value, '|')) {
    bits |= std::uint64_t{1} << static_cast<unsigned>(parse(one));
  }
  return bits;
}

template <typename Choice>
bool is_among(std::uint64_t bits, std::optional<Choice> choice) {
  return choice && (bits >> static_cast<unsigned>(*choice) & 1) != 0;
}

}  // namespace

Selector::Term Selector::parse_term(std::string_view text, std::string_view part) {
  const std::size_t equals = part.find('=');
  const std::string key(trimmed(part.substr(0, equals)));
  const auto at = std::find(keys().begin(), keys().end(), key);
  if (equals == std::string_view::npos || at == keys().end()) {
    fail(text, fmt::format("unknown term '{}'{} (there are role=, kind=, part=, stack=, depth=, block=, name=, "
                           "and * alone)",
                           part, did_you_mean(key, keys())));
  }
  Term term{static_cast<Key>(at - keys().begin()), std::string(trimmed(part.substr(equals + 1)))};
  if (term.value.empty()) fail(text, fmt::format("{} has no value", key));
  switch (term.key) {
    case Key::role:
      term.choices = choices_of(term.value, parse_role);
      return term;
    case Key::kind:
      term.choices = choices_of(term.value, parse_layer_kind);
      return term;
    case Key::part:
      term.choices = choices_of(term.value, parse_part);
      return term;
    case Key::stack:
      term.choices = choices_of(term.value, parse_stack);
      return term;
    case Key::name:
      return term;
    case Key::depth:
    case Key::block:
      break;
  }
  if (term.key == Key::depth && term.value == "last") {
    term.last = true;
    return term;
  }
  const std::size_t dots = term.value.find("..");
  const std::string_view value = term.value;
  const auto from = parse_unsigned(value.substr(0, dots));
  const auto to = dots == std::string::npos ? from : parse_unsigned(value.substr(dots + 2));
  if (!from || !to || *from > *to) {
    fail(text, fmt::format("{}={} given, allowed are a whole number{}", key, term.value,
                           term.key == Key::depth ? ", FIRST..LAST and last" : " and FIRST..LAST"));
  }
  term.from = *from;
  term.to = *to;
  return term;
}

Selector Selector::parse(std::string_view text) {
  Selector selector;
  selector.text_ = std::string(trimmed(text));
  if (selector.text_.empty()) fail(text, "it is empty, * selects everything");
  if (selector.text_ == "*") return selector;
  for (const std::string& part : split_outside_parentheses(selector.text_, ',')) {
    Term term = parse_term(selector.text_, part);
    for (const Term& other : selector.terms_) {
      if (other.key == term.key)
        fail(text, fmt::format("'{}' is there twice", keys()[static_cast<std::size_t>(term.key)]));
    }
    selector.terms_.push_back(std::move(term));
  }
  return selector;
}

bool Selector::holds(const Term& term, const ParameterSpec& parameter, std::optional<std::size_t> last) {
  const auto within = [&](std::optional<std::size_t> n) { return n && *n >= term.from && *n <= term.to; };
  switch (term.key) {
    case Key::role:
      return is_among<Role>(term.choices, parameter.role);
    case Key::kind:
      return is_among<LayerKind>(term.choices, parameter.kind);
    case Key::part:
      return is_among(term.choices, parameter.part);
    case Key::stack:
      return is_among(term.choices, parameter.stack);
    case Key::name:
      return glob_matches(term.value, parameter.name);
    case Key::block:
      return within(parameter.block);
    case Key::depth:
      break;
  }
  return term.last ? parameter.depth && parameter.depth == last : within(parameter.depth);
}

bool Selector::matches(const ParameterSpec& parameter, std::optional<std::size_t> last) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& t) { return holds(t, parameter, last); });
}

std::string Selector::instead(const ModelSpec& spec) const {
  const auto parameters = spec.parameters();
  for (const Term& term : terms_) {
    const bool alone = std::any_of(parameters.begin(), parameters.end(),
                                   [&](const ParameterSpec& p) { return holds(term, p, spec.last_depth()); });
    if (alone) continue;
    switch (term.key) {
      case Key::role:
        return "roles in this model: " + present(spec, [](const auto& p) { return std::string(to_string(p.role)); });
      case Key::kind:
        return "kinds in this model: " + present(spec, [](const auto& p) { return std::string(to_string(p.kind)); });
      case Key::part:
        return "parts in this model: " +
               present(spec, [](const auto& p) { return p.part ? std::string(to_string(*p.part)) : std::string(); });
      case Key::stack:
        return "stacks in this model: " +
               present(spec, [](const auto& p) { return p.stack ? std::string(to_string(*p.stack)) : std::string(); });
      case Key::block: {
        std::optional<std::size_t> last;
        for (const ParameterSpec& p : parameters) {
          if (p.block) last = std::max(last.value_or(0), *p.block);
        }
        return last ? fmt::format("blocks in this model: 0..{}", *last) : "no block is known in this model";
      }
      case Key::depth:
        return spec.last_depth() ? fmt::format("depths in this model: 0..{}", *spec.last_depth())
                                 : "no depth is known in this model";
      case Key::name: {
        std::vector<std::string> names;
        for (const ParameterSpec& p : parameters) names.push_back(p.name);
        return fmt::format("no name is like '{}'{}", term.value, did_you_mean(term.value, names));
      }
    }
  }
  return terms_.empty() ? "this model has no parameter to initialize"
                        : "each of its terms matches some, none matches all of them";
}

}  // namespace fanin::init
