#pragma once

#include <string>
#include <vector>

#include "fanin/init/recipe.h"

#include "cli/command.h"

namespace fanin::cli {

/// A plan and what its recipes say besides.
struct ResolvedPlan {
  init::Plan plan;
  std::vector<init::RecipeOutcome> recipes;
};

/// The flags --rule, --recipe and --base-spec: rules and recipes in the order of the command line.
class PlanSteps {
 public:
  std::vector<std::string> rules;
  std::vector<std::string> recipes;
  std::string base_spec;

  /// `before` begins the help texts. This object stays where it is until the command line is read.
  void add_to(Command command, const std::string& before);
  [[nodiscard]] bool empty() const { return rules.empty() && recipes.empty(); }
  /// Without recipes as Plan::resolve() does; with them later steps win. `overrides` are for --base-spec, too.
  [[nodiscard]] ResolvedPlan resolve(const init::ModelSpec& spec, bool ordered,
                                     const std::vector<std::string>& overrides) const;

 private:
  [[nodiscard]] std::vector<init::PlanStep> in_order() const;

  enum class Kind { rule, recipe };

  std::vector<Kind> order_;
};

}  // namespace fanin::cli
