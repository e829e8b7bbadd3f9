#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "init/recipe_definitions.h"
#include "init/residual_blocks.h"

namespace fanin::init {
namespace {

constexpr std::array kOfAFixup = {Part::branch_in, Part::branch_out, Part::mlp_in,
                                  Part::mlp_out,   Part::shortcut,   Part::other};

// A kind of residual branch: its weights but the last, and the last.
struct Branch {
  Part in;
  Part out;
};
constexpr std::array kBranches = {Branch{Part::branch_in, Part::branch_out}, Branch{Part::mlp_in, Part::mlp_out}};

// The scale of a variance for m weights in a branch: 2 L^(-2 / (2 m - 2)).
std::string scale_of(std::size_t branches, std::size_t m) {
  if (m == 2) return fmt::format("2/{}", branches);
  if (m == 3) return fmt::format("2/sqrt({})", branches);
  return fmt::format("2/root({}, {})", branches, m - 1);
}

// One rule for each run of blocks whose branches have as many weights; one for all where all have.
void add_branch(const RecipeInput& input, RecipeOutcome& outcome, const BlockStack& stack, Branch branch,
                std::size_t branches, std::string_view mode) {
  std::vector<std::size_t> weights;
  for (const ResidualBlock& block : stack.blocks) {
    const std::size_t in = block.count(branch.in);
    const std::size_t out = block.count(branch.out);
    if (out > 1) {
      fail_recipe(input.recipe, fmt::format("block {}{} has {} weights with part={}, one branch ends once", block.index,
                                            stack.where(), out, to_string(branch.out)));
    }
    if (in + out > 65) {
      fail_recipe(input.recipe, fmt::format("block {}{} has a branch of {} weights, at most 65 are allowed",
                                            block.index, stack.where(), in + out));
    }
    weights.push_back(in + out);
  }
  bool any = false;
  for (std::size_t first = 0; first < weights.size();) {
    std::size_t last = first;
    while (last + 1 < weights.size() && weights[last + 1] == weights[first]) ++last;
    any = any || weights[first] > 0;
    if (weights[first] > 1) {
      const bool all = first == 0 && last + 1 == weights.size();
      const std::string blocks = all ? "" : fmt::format(", block={}..{}", first, last);
      outcome.rules.push_back(
          scaling_rule(fmt::format("role=weight, part={}{}{}", to_string(branch.in), stack.term(), blocks),
                       fmt::format("variance_scaling({}, {}, normal)", scale_of(branches, weights[first]), mode)));
    }
    first = last + 1;
  }
  if (any) {
    outcome.rules.push_back(
        scaling_rule(fmt::format("role=weight, part={}{}", to_string(branch.out), stack.term()), "zeros"));
  }
}

bool has(const ModelSpec& spec, Role role, std::optional<Part> part = {}) {
  const auto all = spec.parameters();
  return std::any_of(all.begin(), all.end(), [&](const ParameterSpec& p) {
    return p.role == role && p.state == State::raw && (!part || p.part == part);
  });
}

RecipeOutcome fixup(const RecipeInput& input) {
  const std::vector<BlockStack> stacks = residual_blocks(input.recipe, input.spec, kOfAFixup);
  for (const ParameterSpec& p : input.spec.parameters()) {
    if (p.role != Role::norm_scale) continue;
    fail_recipe(input.recipe, fmt::format("it takes the place of normalization, but '{}' is a norm's scale", p.name));
  }
  RecipeOutcome outcome;
  const std::string& mode = input.arguments[0].word;
  outcome.rules.push_back(base_rule("role=weight", fmt::format("kaiming_normal(mode={})", mode)));
  outcome.rules.push_back(base_rule("role=bias", "zeros"));
  outcome.rules.push_back(base_rule("role=residual_scale", "ones"));
  std::size_t branches = 0;
  for (const BlockStack& stack : stacks) branches += stack.branches();
  for (const BlockStack& stack : stacks) {
    for (const Branch branch : kBranches) add_branch(input, outcome, stack, branch, branches, mode);
  }
  if (input.arguments[1].word == "zeros") {
    if (!has(input.spec, Role::weight, Part::readout)) {
      fail_recipe(input.recipe,
                  "it sets the output layer to 0, but no weight has part=readout; say which, as in 'fc.weight -> "
                  "part=readout', or fixup(readout=he) for a model without one");
    }
    outcome.rules.push_back(scaling_rule("role=weight, part=readout", "zeros"));
  }
  outcome.constants.emplace_back("branches", static_cast<double>(branches));
  outcome.architecture.emplace_back("no normalization; a scalar bias, 0 at first, before every weight and activation");
  outcome.architecture.emplace_back(
      has(input.spec, Role::residual_scale)
          ? "every residual branch is multiplied by its residual_scale, 1 at first"
          : "every residual branch is multiplied by a scalar, 1 at first (this model has no role=residual_scale)");
  return outcome;
}

// Every block must have one of what a recipe sets.
template <typename Is>
void require_in_every_block(const RecipeInput& input, std::string_view wanted, std::string_view example, Is is) {
  for (const BlockStack& stack : blocks_of(input.recipe, input.spec)) {
    for (const ResidualBlock& block : stack.blocks) {
      if (std::any_of(block.parameters.begin(), block.parameters.end(), [&](const auto* p) { return is(*p); }))
        continue;
      fail_recipe(input.recipe, fmt::format("block {}{} ('{}', ...) has no {}; say which, as in '{}'", block.index,
                                            stack.where(), block.parameters.front()->name, wanted, example));
    }
  }
}

RecipeOutcome rezero(const RecipeInput& input) {
  require_in_every_block(input, "role=residual_scale", "layers.*.alpha -> role=residual_scale",
                         [](const ParameterSpec& p) { return p.role == Role::residual_scale; });
  RecipeOutcome outcome;
  outcome.rules.push_back(scaling_rule("role=residual_scale", "zeros"));
  outcome.architecture.emplace_back("every residual connection is x + alpha f(x), alpha its residual_scale");
  return outcome;
}

RecipeOutcome zero_last_norm(const RecipeInput& input) {
  require_in_every_block(
      input, "norm scale with part=branch_norm", "layer*.bn2.* -> part=branch_norm",
      [](const ParameterSpec& p) { return p.role == Role::norm_scale && p.part == Part::branch_norm; });
  RecipeOutcome outcome;
  outcome.rules.push_back(base_rule("role=norm_scale", "ones"));
  outcome.rules.push_back(base_rule("role=norm_bias", "zeros"));
  outcome.rules.push_back(scaling_rule("role=norm_scale, part=branch_norm", "zeros"));
  return outcome;
}

}  // namespace

std::vector<RecipeDefinition> residual_recipes() {
  return {
      {"fixup",
       {},
       {fan_mode("fan_out"), choice("readout", "zeros", {"zeros", "he"})},
       fixup,
       "kaiming_normal(mode); in residual branches of m weights times L^(-1 / (2 m - 2)), L the residual branches of "
       "the model, the last weight of each 0; the output layer and biases 0, residual scales 1; no normalization",
       "Zhang et al. 2019 (Fixup), section 3; mode=fan_out as in the authors' code"},
      {"rezero",
       {"skipinit"},
       {},
       rezero,
       "residual scales 0, so that every block begins as the identity; nothing else, so it goes over another recipe",
       "Bachlechner et al. 2020 (ReZero); De and Smith 2020 (SkipInit)"},
      {"zero_last_norm",
       {},
       {},
       zero_last_norm,
       "the scale of the norm that ends each residual branch 0, other norms 1, their biases 0; nothing else, so it "
       "goes with another recipe or rules for weights",
       "Goyal et al. 2017, section 5.1"},
  };
}

}  // namespace fanin::init
