#include "cli/plan_steps.h"

#include "fanin/core/error.h"

#include "cli/spec_source.h"

namespace fanin::cli {

void PlanSteps::add_to(Command command, const std::string& before) {
  const auto into = [this](std::vector<std::string>& texts, Kind kind) {
    return [this, &texts, kind](const std::string& text) {
      texts.push_back(text);
      order_.push_back(kind);
    };
  };
  command.each_option("--rule", "RULE", into(rules, Kind::rule),
                      before +
                          "'SELECTOR -> SCHEME', one each time: role=weight, kind=conv, part=mlp_out, block=0..3, "
                          "stack=encoder, depth=last, name=GLOB, joined with commas, or * alone");
  command.each_option("--recipe", "RECIPE", into(recipes, Kind::recipe),
                      before +
                          "rules for the whole model by what its layers do and its depth, such as "
                          "'gpt2(std=0.02)' (fanin list --recipes); of rules and recipes the later wins");
  command.option("--base-spec", "SPEC", base_spec,
                 "For the recipe mup: the same model at the width that its rates are for");
}

std::vector<init::PlanStep> PlanSteps::in_order() const {
  std::vector<init::PlanStep> steps;
  std::size_t rule = 0;
  std::size_t recipe = 0;
  for (const Kind kind : order_) {
    if (kind == Kind::rule && rule < rules.size()) steps.emplace_back(init::PlanRule::parse(rules[rule++]));
    if (kind == Kind::recipe && recipe < recipes.size()) steps.emplace_back(init::Recipe::parse(recipes[recipe++]));
  }
  // Rules that no command line gave.
  for (; rule < rules.size(); ++rule) steps.emplace_back(init::PlanRule::parse(rules[rule]));
  return steps;
}

ResolvedPlan PlanSteps::resolve(const init::ModelSpec& spec, bool ordered,
                                const std::vector<std::string>& overrides) const {
  if (recipes.empty()) {
    if (!base_spec.empty()) throw Error(ErrorKind::usage, "cli", "--base-spec goes with --recipe mup");
    std::vector<init::PlanRule> parsed;
    for (const std::string& text : rules) parsed.push_back(init::PlanRule::parse(text));
    return {init::Plan::resolve(spec, std::move(parsed), ordered), {}};
  }
  init::ModelSpec base;
  if (!base_spec.empty()) base = load_spec(base_spec, overrides).spec;
  init::Composition all = init::compose(spec, in_order(), base_spec.empty() ? nullptr : &base);
  return {init::Plan::resolve(spec, std::move(all.rules), true), std::move(all.recipes)};
}

}  // namespace fanin::cli
