#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "fanin/init/recipe.h"

namespace fanin::cli {

/// What the recipes of a plan say besides their rules: numbers, what the architecture must do, learning rates of equal
/// factors together. Empty without recipes.
[[nodiscard]] std::string recipes_text(std::span<const init::RecipeOutcome> recipes);
/// The same as a JSON array, with the learning rate of every parameter.
[[nodiscard]] nlohmann::ordered_json recipes_json(std::span<const init::RecipeOutcome> recipes);

/// `fanin list --recipes`.
[[nodiscard]] std::string recipe_list_text();
[[nodiscard]] nlohmann::ordered_json recipe_list_json();

}  // namespace fanin::cli
