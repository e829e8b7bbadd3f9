#include <fmt/format.h>

#include <array>

#include "init/recipe_definitions.h"
#include "init/residual_blocks.h"

namespace fanin::init {
namespace {

constexpr std::array kEnds = {Part::attention_out, Part::mlp_out, Part::branch_out};

// What ends a residual branch in each stack, filled by `scheme` of the stack.
template <typename SchemeOf>
void add_residual_outputs(RecipeOutcome& outcome, const std::vector<BlockStack>& stacks, SchemeOf scheme) {
  for (const BlockStack& stack : stacks) {
    outcome.rules.push_back(
        scaling_rule(fmt::format("role=weight, part={}{}", parts_present(stack, kEnds), stack.term()), scheme(stack)));
  }
}

RecipeOutcome normal_of(const std::string& std) {
  RecipeOutcome outcome;
  outcome.rules.push_back(base_rule("role=weight|embedding", fmt::format("normal(0, {})", std)));
  add_neutral_rules(outcome.rules);
  return outcome;
}

RecipeOutcome gpt2(const RecipeInput& input) {
  const std::string& std = input.arguments[0].word;
  RecipeOutcome outcome = normal_of(std);
  add_residual_outputs(outcome, residual_blocks(input.recipe, input.spec), [&](const BlockStack& stack) {
    const std::size_t n = stack.branches();
    const std::size_t each = n / stack.depth();
    const bool even = each > 1 && each * stack.depth() == n;
    return fmt::format("normal(0, {}/sqrt({}))", std,
                       even ? fmt::format("{}*{}", each, stack.depth()) : fmt::format("{}", n));
  });
  return outcome;
}

RecipeOutcome megatron(const RecipeInput& input) {
  const std::string& std = input.arguments[0].word;
  RecipeOutcome outcome = normal_of(std);
  add_residual_outputs(outcome, residual_blocks(input.recipe, input.spec), [&](const BlockStack& stack) {
    return fmt::format("normal(0, {}/sqrt({}*{}))", std, input.arguments[1].word, stack.depth());
  });
  return outcome;
}

RecipeOutcome small_init(const RecipeInput& input) {
  return normal_of(fmt::format("sqrt(2/(5*{}))", width_of(input, input.arguments[0].number)));
}

RecipeOutcome wang_init(const RecipeInput& input) {
  RecipeOutcome outcome;
  const std::size_t width = width_of(input, input.arguments[0].number);
  add_residual_outputs(outcome, residual_blocks(input.recipe, input.spec), [&](const BlockStack& stack) {
    return fmt::format("normal(0, 2/{}/sqrt({}))", stack.depth(), width);
  });
  return outcome;
}

}  // namespace

std::vector<RecipeDefinition> language_recipes() {
  const Parameter std = number("std", "0.02", kPositive);
  const Parameter width = integer("width", "0", {0, 1 << 30});
  return {
      {"gpt2",
       {},
       {std},
       gpt2,
       "weights and embeddings N(0, std^2); weights that end a residual branch N(0, std^2 / N), N the residual "
       "branches of the model (2 in each layer of GPT-2); biases 0, norms 1",
       "Radford et al. 2019 (GPT-2), section 2.3"},
      {"megatron",
       {},
       {std, integer("multiplier", "2", {1, 64})},
       megatron,
       "as gpt2 with N = multiplier L, L the layers; multiplier 1 for layers of one branch (Mamba, hybrids)",
       "Shoeybi et al. 2019 (Megatron-LM)"},
      {"small_init",
       {},
       {width},
       small_init,
       "weights and embeddings N(0, 2 / (5 d)), d the width (0: the size of the embeddings); biases 0, norms 1",
       "Nguyen and Salazar 2019 (SmallInit)"},
      {"wang_init",
       {},
       {width},
       wang_init,
       "weights that end a residual branch N(0, (2 / (L sqrt(d)))^2), L the layers, d the width; nothing else, so it "
       "goes over another recipe: small_init, wang_init are GPT-NeoX-20B's",
       "Wang and Komatsuzaki 2021 (GPT-J); Black et al. 2022 (GPT-NeoX)"},
  };
}

}  // namespace fanin::init
