#include "fanin/init/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

#include "init/arguments.h"
#include "init/recipe_definitions.h"

namespace fanin::init {

namespace detail {

struct RecipeCall {
  const RecipeDefinition* definition;
  std::vector<Argument> arguments;
};

}  // namespace detail

namespace {

const std::vector<RecipeDefinition>& definitions_of_recipes() {
  static const std::vector<RecipeDefinition> all = [] {
    std::vector<RecipeDefinition> list;
    for (const auto& family : {language_recipes, transformer_recipes, residual_recipes, width_recipes}) {
      std::vector<RecipeDefinition> part = family();
      std::move(part.begin(), part.end(), std::back_inserter(list));
    }
    return list;
  }();
  return all;
}

const RecipeDefinition& find(std::string_view name) {
  std::vector<std::string> names;
  for (const RecipeDefinition& d : definitions_of_recipes()) {
    if (d.name == name || std::find(d.aliases.begin(), d.aliases.end(), name) != d.aliases.end()) return d;
    names.emplace_back(d.name);
    names.insert(names.end(), d.aliases.begin(), d.aliases.end());
  }
  throw Error(ErrorKind::usage, "init", fmt::format("unknown recipe {}{}", quoted(name), did_you_mean(name, names)));
}

// A rule of the composition, and the recipe that it comes from.
struct Origin {
  std::optional<std::size_t> recipe{};
  bool base = false;
};

// Which parameters each rule would fill, and which it does when later ones win.
struct Matches {
  std::size_t matched = 0;
  std::size_t kept = 0;
};

std::vector<Matches> matches_of(const ModelSpec& spec, const std::vector<PlanRule>& rules) {
  std::vector<Matches> all(rules.size());
  for (const ParameterSpec& p : spec.parameters()) {
    if (p.state != State::raw) continue;
    std::size_t last = rules.size();
    for (std::size_t r = 0; r < rules.size(); ++r) {
      if (!rules[r].selector.matches(p, spec.last_depth())) continue;
      ++all[r].matched;
      last = r;
    }
    if (last < rules.size()) ++all[last].kept;
  }
  return all;
}

}  // namespace

RecipeRule scaling_rule(std::string_view selector, std::string_view scheme) {
  return {{Selector::parse(selector), Scheme::parse(scheme)}, false};
}

RecipeRule base_rule(std::string_view selector, std::string_view scheme) {
  return {{Selector::parse(selector), Scheme::parse(scheme)}, true};
}

void add_neutral_rules(std::vector<RecipeRule>& rules) {
  rules.push_back(base_rule("role=bias|norm_bias", "zeros"));
  rules.push_back(base_rule("role=norm_scale", "ones"));
  rules.push_back(base_rule("role=residual_scale", "ones"));
}

void fail_recipe(std::string_view recipe, std::string_view sentence) {
  throw Error(ErrorKind::usage, "init", fmt::format("recipe {}: {}", recipe, sentence));
}

std::size_t width_of(const RecipeInput& input, double given) {
  if (given > 0) return static_cast<std::size_t>(given);
  const ParameterSpec* first = nullptr;
  const auto size_of = [](const ParameterSpec& p) { return p.shape[p.shape.rank() - 1]; };
  for (const ParameterSpec& p : input.spec.parameters()) {
    if (p.role != Role::embedding || p.shape.elements() == 0 || p.shape.rank() == 0) continue;
    if (first != nullptr && size_of(*first) != size_of(p)) {
      fail_recipe(input.recipe,
                  fmt::format("embeddings '{}' and '{}' have sizes {} and {}, so the width is not known; say it, as in "
                              "{}(width={})",
                              first->name, p.name, size_of(*first), size_of(p), input.recipe, size_of(*first)));
    }
    first = first == nullptr ? &p : first;
  }
  if (first == nullptr) {
    fail_recipe(input.recipe,
                fmt::format("no embedding shows the width of the model; say it, as in {}(width=768)", input.recipe));
  }
  return size_of(*first);
}

Recipe Recipe::parse(std::string_view text) {
  text = trimmed(text);
  const Call call = parse_call("recipe", text, "gpt2");
  const RecipeDefinition& definition = find(call.name);
  auto parsed = std::make_shared<detail::RecipeCall>();
  parsed->definition = &definition;
  parsed->arguments = parse_arguments(call.name, definition.parameters, call.arguments, kDeepestScheme);
  return {std::string(text), std::string(definition.name), std::move(parsed)};
}

bool Recipe::takes_base() const noexcept {
  return call_->definition->takes_base;
}

RecipeOutcome Recipe::resolve(const ModelSpec& spec, const ModelSpec* base) const {
  if (base != nullptr && !call_->definition->takes_base) {
    fail_recipe(name_, "a model at its base width is given, but only mup compares with one");
  }
  RecipeOutcome outcome = call_->definition->make({name_, spec, call_->arguments, base});
  outcome.recipe = text_;
  return outcome;
}

Composition compose(const ModelSpec& spec, std::span<const PlanStep> steps, const ModelSpec* base) {
  Composition result;
  std::vector<PlanRule> rules;
  std::vector<Origin> origins;
  bool base_used = false;
  for (const PlanStep& step : steps) {
    if (const auto* rule = std::get_if<PlanRule>(&step)) {
      rules.push_back(*rule);
      origins.emplace_back();
      continue;
    }
    const auto& recipe = std::get<Recipe>(step);
    base_used = base_used || recipe.takes_base();
    RecipeOutcome outcome = recipe.resolve(spec, recipe.takes_base() ? base : nullptr);
    for (const RecipeRule& r : outcome.rules) {
      rules.push_back(r.rule);
      origins.push_back({result.recipes.size(), r.base});
    }
    result.recipes.push_back(std::move(outcome));
  }
  if (base != nullptr && !base_used) {
    throw Error(ErrorKind::usage, "init",
                "a model at its base width is given, but no recipe is mup, which compares with one");
  }
  const std::vector<Matches> matches = matches_of(spec, rules);
  for (std::size_t r = 0; r < rules.size(); ++r) {
    if (origins[r].base && matches[r].kept == 0) continue;
    const std::size_t lost = matches[r].matched - matches[r].kept;
    if (origins[r].recipe && !origins[r].base && lost > 0 && matches[r].kept > 0) {
      result.recipes[*origins[r].recipe].architecture.push_back(
          fmt::format("later rules take {} of the {} parameters of '{}'", lost, matches[r].matched, rules[r].str()));
    }
    result.rules.push_back(std::move(rules[r]));
  }
  return result;
}

std::span<const RecipeInfo> recipes() {
  static const std::vector<RecipeInfo> all = [] {
    std::vector<RecipeInfo> infos;
    for (const RecipeDefinition& d : definitions_of_recipes()) {
      infos.push_back({.name = std::string(d.name),
                       .aliases = {d.aliases.begin(), d.aliases.end()},
                       .parameters = parameters_text(d.parameters),
                       .formula = std::string(d.formula),
                       .source = std::string(d.source)});
    }
    return infos;
  }();
  return all;
}

}  // namespace fanin::init
