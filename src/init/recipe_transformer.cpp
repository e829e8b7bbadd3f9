#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "init/expression.h"
#include "init/recipe_definitions.h"
#include "init/residual_blocks.h"

namespace fanin::init {
namespace {

constexpr std::array kOfATransformer = {Part::query,         Part::key,    Part::value,   Part::query_key_value,
                                        Part::attention_out, Part::mlp_in, Part::mlp_out, Part::other};
// What the residual stream passes through linearly; queries and keys only decide where attention looks.
constexpr std::array kScaled = {Part::value, Part::attention_out, Part::mlp_in, Part::mlp_out};

// The sides of a Transformer; the decoder is null for a model of one stack.
struct Sides {
  std::vector<BlockStack> stacks;

  [[nodiscard]] bool both() const { return stacks.size() == 2; }
  [[nodiscard]] std::size_t encoder() const { return stacks.front().depth(); }
  [[nodiscard]] std::size_t decoder() const { return stacks.back().depth(); }
  [[nodiscard]] bool is_encoder(const BlockStack& stack) const { return &stack == &stacks.front(); }
};

Sides sides_of(const RecipeInput& input) {
  Sides sides{residual_blocks(input.recipe, input.spec, kOfATransformer)};
  if (sides.both()) return sides;
  for (const ResidualBlock& block : sides.stacks.front().blocks) {
    if (block.count(Part::attention_out) < 2) continue;
    fail_recipe(
        input.recipe,
        fmt::format("block {}{} ends {} attention branches, one of which attends to an encoder, but no block has "
                    "stack=encoder; its depth counts, too",
                    block.index, sides.stacks.front().where(), block.count(Part::attention_out)));
  }
  return sides;
}

std::size_t wanted_axis(std::string_view recipe, const ParameterSpec& p) {
  if (const auto axis = fused_axis(p)) return *axis;
  fail_recipe(recipe, fmt::format("'{}' {} with fan_in={} and fan_out={} is not three equal blocks of query, key and "
                                  "value, which get different scales here; store them apart, or say the fans of one",
                                  p.name, p.shape.str(), p.fans.in, p.fans.out));
}

// Rules for one stack: `scheme` times the gain for what the stream passes through.
void add_scaled(const RecipeInput& input, RecipeOutcome& outcome, const BlockStack& stack, std::string_view scheme,
                const std::string& gain) {
  const std::string scaled = fmt::format("{}(gain={})", scheme, gain);
  outcome.rules.push_back(
      scaling_rule(fmt::format("role=weight, part={}{}", parts_present(stack, kScaled), stack.term()), scaled));
  std::array<const ParameterSpec*, 2> fused{};
  for (const ResidualBlock& block : stack.blocks) {
    for (const ParameterSpec* p : block.parameters) {
      if (p->role == Role::weight && p->part == Part::query_key_value) fused.at(wanted_axis(input.recipe, *p)) = p;
    }
  }
  if (fused[0] != nullptr && fused[1] != nullptr) {
    fail_recipe(input.recipe, fmt::format("'{}' joins query, key and value along axis 0, '{}' along axis 1; one layout "
                                          "is wanted",
                                          fused[0]->name, fused[1]->name));
  }
  if (fused[0] == nullptr && fused[1] == nullptr) return;
  outcome.rules.push_back(scaling_rule(
      fmt::format("role=weight, part=query_key_value{}", stack.term()),
      fmt::format("query_key_value({0}, {0}, {1}, axis={2})", scheme, scaled, fused[0] != nullptr ? 0 : 1)));
}

double value_of(const std::string& expression) {
  return parse_expression(expression).value_or(0);
}

std::string side_name(const BlockStack& stack, bool both, std::string_view constant) {
  return both ? fmt::format("{}_{}", to_string(*stack.stack), constant) : std::string(constant);
}

RecipeOutcome with_usual_rules(std::string_view scheme) {
  RecipeOutcome outcome;
  outcome.rules.push_back(base_rule("role=weight", scheme));
  add_neutral_rules(outcome.rules);
  return outcome;
}

// N(0, 1 / d), as the authors' code has it.
RecipeRule usual_embedding() {
  return base_rule("role=embedding", "variance_scaling(1, fan_out, normal)");
}

RecipeOutcome deepnorm(const RecipeInput& input) {
  const Sides sides = sides_of(input);
  RecipeOutcome outcome = with_usual_rules("xavier_normal");
  outcome.rules.push_back(usual_embedding());
  for (const BlockStack& stack : sides.stacks) {
    const std::size_t n = sides.encoder();
    const std::size_t m = sides.decoder();
    std::string alpha = fmt::format("root(2*{}, 4)", stack.depth());
    std::string beta = fmt::format("1/root(8*{}, 4)", stack.depth());
    if (sides.both()) {
      const bool encoder = sides.is_encoder(stack);
      alpha = encoder ? fmt::format("0.81*root({0}*{0}*{0}*{0}*{1}, 16)", n, m) : fmt::format("root(3*{}, 4)", m);
      beta = encoder ? fmt::format("0.87/root({0}*{0}*{0}*{0}*{1}, 16)", n, m) : fmt::format("1/root(12*{}, 4)", m);
    }
    add_scaled(input, outcome, stack, "xavier_normal", beta);
    outcome.constants.emplace_back(side_name(stack, sides.both(), "alpha"), value_of(alpha));
    outcome.constants.emplace_back(side_name(stack, sides.both(), "beta"), value_of(beta));
    outcome.architecture.push_back(fmt::format(
        "every residual connection{} is x = norm(alpha x + f(x)), alpha = {} = {:.6g}, norms behind the sum",
        sides.both() ? stack.where() : "", alpha, value_of(alpha)));
  }
  return outcome;
}

RecipeOutcome subln(const RecipeInput& input) {
  const Sides sides = sides_of(input);
  RecipeOutcome outcome = with_usual_rules("xavier_normal");
  outcome.rules.push_back(usual_embedding());
  for (const BlockStack& stack : sides.stacks) {
    std::string gamma = fmt::format("sqrt(log(2*{}))", stack.depth());
    if (sides.both()) {
      const bool encoder = sides.is_encoder(stack);
      gamma = encoder ? fmt::format("sqrt(log(3*{})*log(2*{})/3)", sides.decoder(), sides.encoder())
                      : fmt::format("sqrt(log(3*{}))", sides.decoder());
    }
    add_scaled(input, outcome, stack, "xavier_normal", gamma);
    outcome.constants.emplace_back(side_name(stack, sides.both(), "gamma"), value_of(gamma));
  }
  outcome.architecture.emplace_back(
      "each branch has two norms: one at its beginning, one before its last projection (attention_out, mlp_out)");
  return outcome;
}

void refuse_norms(const RecipeInput& input) {
  for (const ParameterSpec& p : input.spec.parameters()) {
    if (p.role != Role::norm_scale || !p.block) continue;
    fail_recipe(input.recipe, fmt::format("it takes the place of normalization, but '{}' in block {} is a norm's scale",
                                          p.name, *p.block));
  }
}

RecipeOutcome t_fixup(const RecipeInput& input) {
  const Sides sides = sides_of(input);
  if (!sides.both()) {
    fail_recipe(input.recipe,
                "its factors are those of an encoder and a decoder, the model has one stack; say which blocks are "
                "which, as in 'decoder.* -> stack=decoder'");
  }
  refuse_norms(input);
  RecipeOutcome outcome = with_usual_rules("xavier_uniform");
  bool any = false;
  const bool even = sides.encoder() == sides.decoder();
  for (const ParameterSpec& p : input.spec.parameters()) {
    if (p.role != Role::embedding) continue;
    any = true;
    if (p.stack || even) continue;
    fail_recipe(input.recipe,
                fmt::format("embedding '{}' has no stack, and {} layers of the encoder or {} of the decoder "
                            "scale it; say it, as in '{} -> stack=encoder'",
                            p.name, sides.encoder(), sides.decoder(), p.name));
  }
  if (!any) fail_recipe(input.recipe, "it scales the embeddings, but no parameter has role=embedding");
  const auto embedding = [](std::size_t n) {
    return fmt::format("variance_scaling(1/sqrt(9*{}), fan_out, normal)", n);
  };
  for (const BlockStack& stack : sides.stacks) {
    const bool encoder = sides.is_encoder(stack);
    const std::string gain =
        encoder ? fmt::format("0.67/root({}, 4)", stack.depth()) : fmt::format("1/root(9*{}, 4)", stack.depth());
    add_scaled(input, outcome, stack, "xavier_uniform", gain);
    outcome.constants.emplace_back(side_name(stack, true, "gain"), value_of(gain));
    const auto parameters = input.spec.parameters();
    const bool has_own = std::any_of(parameters.begin(), parameters.end(), [&](const ParameterSpec& p) {
      return p.role == Role::embedding && p.stack == stack.stack && p.state == State::raw;
    });
    if (!even && has_own) {
      outcome.rules.push_back(scaling_rule("role=embedding" + stack.term(), embedding(stack.depth())));
    }
  }
  if (even) outcome.rules.push_back(scaling_rule("role=embedding", embedding(sides.encoder())));
  outcome.architecture.emplace_back("no layer normalization, and no warm-up of the learning rate is needed");
  return outcome;
}

}  // namespace

std::vector<RecipeDefinition> transformer_recipes() {
  return {
      {"deepnorm",
       {},
       {},
       deepnorm,
       "value, attention_out, mlp_in and mlp_out xavier_normal(gain=beta), query and key and others gain 1; one "
       "stack of L layers: alpha = (2 L)^(1/4), beta = (8 L)^(-1/4); encoder of N and decoder of M: 0.81 (N^4 "
       "M)^(1/16) and 0.87 (N^4 M)^(-1/16), (3 M)^(1/4) and (12 M)^(-1/4); residual connections alpha x + f(x)",
       "Wang et al. 2022 (DeepNet), figure 2"},
      {"subln",
       {},
       {},
       subln,
       "value, attention_out, mlp_in and mlp_out xavier_normal(gain=gamma), query and key and others gain 1; one "
       "stack: gamma = sqrt(log(2 L)); encoder of N and decoder of M: sqrt(log(3 M) log(2 N) / 3) and sqrt(log(3 "
       "M)); a norm before each branch's last projection",
       "Wang et al. 2022 (Foundation Transformers: Magneto)"},
      {"t_fixup",
       {},
       {},
       t_fixup,
       "xavier_uniform; encoder of N layers: value, attention_out, mlp_in and mlp_out times 0.67 N^(-1/4), decoder "
       "times (9 N)^(-1/4); embeddings N(0, 1 / d) times (9 N)^(-1/4); no layer normalization",
       "Huang et al. 2020 (T-Fixup)"},
  };
}

}  // namespace fanin::init
