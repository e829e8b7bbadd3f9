#pragma once

#include <string_view>
#include <vector>

#include "fanin/init/recipe.h"

#include "init/definitions.h"

namespace fanin::init {

/// What a recipe is made from: a model, the arguments of its text, and for mup the model at its base width.
struct RecipeInput {
  std::string_view recipe;  ///< its name, for sentences
  const ModelSpec& spec;
  Arguments arguments;
  const ModelSpec* base;
};

struct RecipeDefinition {
  std::string_view name;
  std::vector<std::string_view> aliases;
  std::vector<Parameter> parameters;
  RecipeOutcome (*make)(const RecipeInput& input);
  std::string_view formula;
  std::string_view source;
  bool takes_base = false;
};

/// The recipes of each family, each in the source of its name.
[[nodiscard]] std::vector<RecipeDefinition> language_recipes();
[[nodiscard]] std::vector<RecipeDefinition> transformer_recipes();
[[nodiscard]] std::vector<RecipeDefinition> residual_recipes();
[[nodiscard]] std::vector<RecipeDefinition> width_recipes();

/// `SELECTOR -> SCHEME` with a part in it that makes the recipe.
[[nodiscard]] RecipeRule scaling_rule(std::string_view selector, std::string_view scheme);
/// One for what the recipe has no word of its own for.
[[nodiscard]] RecipeRule base_rule(std::string_view selector, std::string_view scheme);
/// Zero biases, norms that begin as the identity, residual branches that are added whole.
void add_neutral_rules(std::vector<RecipeRule>& rules);

/// Throws Error(usage) with the recipe's name before the sentence.
[[noreturn]] void fail_recipe(std::string_view recipe, std::string_view sentence);

/// The width of the model: `given` unless it is 0, otherwise the size that all embeddings have. Throws if they differ
/// and if there is none.
[[nodiscard]] std::size_t width_of(const RecipeInput& input, double given);

}  // namespace fanin::init
