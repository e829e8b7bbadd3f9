#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "fanin/init/model_spec.h"
#include "fanin/init/plan.h"

namespace fanin::init {

namespace detail {
struct RecipeCall;
}

/// A factor for the learning rate of one parameter, relative to that of the same model at its base width.
struct LearningRate {
  std::string parameter;
  std::string of;   ///< hidden, input, readout, vector, finite: what grows with the model's width
  double adam = 1;  ///< Adam and AdamW
  double sgd = 1;
};

/// A rule of a recipe. A base rule sets what the recipe has no word of its own for (other weights, biases, norms):
/// later rules may take all of its parameters. The others are what makes the recipe, and are never dropped silently.
struct RecipeRule {
  PlanRule rule;
  bool base = false;
};

/// What a recipe makes of a model.
struct RecipeOutcome {
  std::string recipe;             ///< its text
  std::vector<RecipeRule> rules;  ///< in their order, later ones win
  /// Its numbers, such as alpha of DeepNorm.
  std::vector<std::pair<std::string, double>> constants{};
  /// What the architecture must do besides, one sentence each: the weights alone are not the recipe.
  std::vector<std::string> architecture{};
  std::vector<LearningRate> learning_rates{};  ///< muP's, in the order of the model's parameters
};

/// A published way to initialize a whole model by what its layers do and how deep it is: a function from a model to
/// rules. A value.
///
/// Written `name` or `name(argument, ...)` as schemes are: `gpt2(std=0.02)`, `mup(base_width=256)`. It looks at the
/// data of the spec (role, part, block, stack, fans) and never at names.
class Recipe {
 public:
  /// Throws Error(usage) as Scheme::parse() does.
  [[nodiscard]] static Recipe parse(std::string_view text);
  [[nodiscard]] const std::string& str() const noexcept { return text_; }
  /// The canonical name: `rezero` for `skipinit`.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// Whether it compares with the same model at its base width, as mup does.
  [[nodiscard]] bool takes_base() const noexcept;

  /// `base` is that model; Error(usage) for a recipe that takes none.
  ///
  /// Throws Error(usage), naming block or parameter and what to say of it, where the recipe would miss what it is for:
  /// no blocks, blocks with gaps, a weight whose part is not known, a block that ends no residual branch, a
  /// part that the recipe has no rule for, no embedding or readout where one is wanted.
  [[nodiscard]] RecipeOutcome resolve(const ModelSpec& spec, const ModelSpec* base = nullptr) const;

 private:
  Recipe(std::string text, std::string name, std::shared_ptr<const detail::RecipeCall> call)
      : text_(std::move(text)), name_(std::move(name)), call_(std::move(call)) {}

  std::string text_;
  std::string name_;
  std::shared_ptr<const detail::RecipeCall> call_;
};

/// A rule, or the rules of a recipe.
using PlanStep = std::variant<PlanRule, Recipe>;

/// Steps in their order, later ones win: rules for Plan::resolve(spec, rules, ordered = true).
struct Composition {
  std::vector<PlanRule> rules;
  std::vector<RecipeOutcome> recipes;
};

/// Base rules of recipes that decide nothing are left out; where a later step takes a part of what a recipe scales, its
/// outcome says so under `architecture`. Throws as Recipe::resolve() does.
[[nodiscard]] Composition compose(const ModelSpec& spec, std::span<const PlanStep> steps,
                                  const ModelSpec* base = nullptr);

/// One recipe, for people: what `fanin list --recipes` prints.
struct RecipeInfo {
  std::string name;
  std::vector<std::string> aliases;
  std::string parameters;  ///< as one writes them, with defaults: `std=0.02`
  std::string formula;
  std::string source;  ///< authors, year
};

/// All recipes that Recipe::parse knows.
[[nodiscard]] std::span<const RecipeInfo> recipes();

}  // namespace fanin::init
