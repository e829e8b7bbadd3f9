#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "init/recipe_definitions.h"
#include "init/residual_blocks.h"

namespace fanin::init {
namespace {

// Which axes of a parameter grow with the model's width: both, only its outputs, only its inputs, the one it has, none.
enum class Growth { hidden, input, readout, vector, finite };

std::string_view to_string(Growth growth) {
  switch (growth) {
    case Growth::hidden:
      return "hidden";
    case Growth::input:
      return "input";
    case Growth::readout:
      return "readout";
    case Growth::vector:
      return "vector";
    case Growth::finite:
      break;
  }
  return "finite";
}

// A parameter at this width against the base width.
struct Scaling {
  Growth growth = Growth::finite;
  double in = 1;                 ///< its fan_in over that of the base
  double out = 1;                ///< its fan_out, or size, over that of the base
  std::string multiplier = "1";  ///< how the one of the two that counts is written
};

bool is_matrix(const ParameterSpec& p) {
  return p.role == Role::weight && p.shape.rank() >= 2;
}

// From the parts and one multiplier for the whole model.
Scaling by_part(const RecipeInput& input, const ParameterSpec& p, double m, const std::string& written) {
  if (p.role == Role::embedding) return {Growth::input, 1, m, written};
  if (!is_matrix(p)) return p.part == Part::readout ? Scaling{} : Scaling{Growth::vector, 1, m, written};
  if (!p.part) {
    fail_recipe(
        input.recipe,
        fmt::format("the part of weight '{}' is not known, so whether both its axes grow with the width; say it, "
                    "as in '{} -> part=other' for a hidden weight, part=input or part=readout",
                    p.name, p.name));
  }
  if (p.part == Part::input) return {Growth::input, 1, m, written};
  if (p.part == Part::readout) return {Growth::readout, m, 1, written};
  return {Growth::hidden, m, m, written};
}

// The arguments of mup, by name.
struct Options {
  explicit Options(Arguments a)
      : base_width(a[0]),
        width(a[1].number),
        std(a[2].word),
        constant(a[3].word == "constant"),
        readout(a[4].word),
        zero_query(a[5].word == "zeros"),
        by_depth(a[6].word == "scaled") {}

  const Argument& base_width;
  double width;
  std::string std;
  bool constant;
  std::string readout;
  bool zero_query;
  bool by_depth;
};

std::string ratio_text(double a, double b) {
  return fmt::format("{}/{}", a, b);
}

// From the shapes of the base.
Scaling by_base(const RecipeInput& input, const ParameterSpec& p) {
  const ParameterSpec* base = input.base->find(p.name);
  if (base == nullptr) fail_recipe(input.recipe, fmt::format("'{}' is not in the model of the base width", p.name));
  if (base->shape.rank() != p.shape.rank()) {
    fail_recipe(input.recipe, fmt::format("'{}' is {} here and {} at the base width: the ranks differ", p.name,
                                          p.shape.str(), base->shape.str()));
  }
  if (is_matrix(p) || p.role == Role::embedding) {
    if (!(p.fans.in > 0 && p.fans.out > 0 && base->fans.in > 0 && base->fans.out > 0)) {
      fail_recipe(input.recipe, fmt::format("the fans of '{}' are not known{}", p.name,
                                            p.reason.empty() ? "" : fmt::format(" ({})", p.reason)));
    }
    const Scaling s{Growth::finite, p.fans.in / base->fans.in, p.fans.out / base->fans.out,
                    ratio_text(p.fans.in, base->fans.in)};
    if (s.in == 1 && s.out == 1) return {};
    if (s.in == 1) return {Growth::input, 1, s.out, ratio_text(p.fans.out, base->fans.out)};
    return {s.out == 1 ? Growth::readout : Growth::hidden, s.in, s.out, s.multiplier};
  }
  const double size = static_cast<double>(p.shape.elements()) / static_cast<double>(base->shape.elements());
  return size == 1 ? Scaling{} : Scaling{Growth::vector, 1, size};
}

std::vector<Scaling> scalings_of(const RecipeInput& input, const Options& options) {
  const Argument& base_width = options.base_width;
  std::vector<Scaling> all;
  if (input.base != nullptr) {
    if (base_width.number > 0) fail_recipe(input.recipe, "a base model and base_width are given, give one of them");
    for (const ParameterSpec& p : input.spec.parameters()) all.push_back(by_base(input, p));
    return all;
  }
  if (!(base_width.number > 0)) {
    fail_recipe(input.recipe,
                "the width at which its learning rate was found is wanted, as in mup(base_width=256), or a model of "
                "that width");
  }
  const std::size_t width = width_of(input, options.width);
  const std::string written = fmt::format("{}/{}", width, base_width.number);
  const double m = static_cast<double>(width) / base_width.number;
  for (const ParameterSpec& p : input.spec.parameters()) all.push_back(by_part(input, p, m, written));
  return all;
}

// The scheme of a weight or embedding.
class Schemes {
 public:
  Schemes(std::string_view recipe, const Options& options, const std::vector<BlockStack>& stacks)
      : recipe_(recipe), options_(options), stacks_(stacks) {}

  [[nodiscard]] std::string of(const ParameterSpec& p, const Scaling& s) const {
    const bool hidden = s.growth == Growth::hidden;
    if (s.growth == Growth::readout && options_.readout == "zeros") return "zeros";
    if (hidden && p.part == Part::query && options_.zero_query) return "zeros";
    std::string plain = scheme(p, s, hidden && p.part && ends_a_branch(*p.part) ? depth_factor(p) : "");
    if (hidden && p.part == Part::query_key_value && options_.zero_query) {
      return fmt::format("query_key_value(zeros, {0}, {0}, axis={1})", plain, wanted_axis(p));
    }
    return plain;
  }

 private:
  [[nodiscard]] std::string scheme(const ParameterSpec& p, const Scaling& s, const std::string& depth) const {
    const std::string& std = options_.std;
    const std::string over_depth = depth.empty() ? "" : fmt::format("/sqrt({})", depth);
    if (s.growth == Growth::hidden) {
      if (!options_.constant) {
        return fmt::format("variance_scaling(1{}, fan_in, normal)", depth.empty() ? "" : "/" + depth);
      }
      return fmt::format("normal(0, {}/sqrt({}){})", std, s.multiplier, over_depth);
    }
    if (options_.constant || p.role == Role::embedding) return fmt::format("normal(0, {})", std);
    // The readout keeps the variance that its fan gives at the base width.
    if (s.growth == Growth::readout) return fmt::format("variance_scaling({}, fan_in, normal)", s.multiplier);
    return "variance_scaling(1, fan_in, normal)";
  }

  [[nodiscard]] std::string depth_factor(const ParameterSpec& p) const {
    if (!options_.by_depth) return "";
    for (const BlockStack& stack : stacks_) {
      if (stack.stack == p.stack) return fmt::format("{}", stack.branches());
    }
    return "";
  }

  [[nodiscard]] std::size_t wanted_axis(const ParameterSpec& p) const {
    if (const auto axis = fused_axis(p)) return *axis;
    fail_recipe(recipe_, fmt::format("'{}' {} is not three equal blocks, of which the query's is to be 0; give "
                                     "mup(query=hidden)",
                                     p.name, p.shape.str()));
  }

  std::string_view recipe_;
  const Options& options_;
  const std::vector<BlockStack>& stacks_;
};

// Rules that give each parameter its scheme: by role and part where that tells them apart, by name where it does not.
std::vector<RecipeRule> rules_of(const std::map<std::string, std::vector<const ParameterSpec*>>& of_scheme) {
  const auto key = [](const ParameterSpec& p) {
    return std::pair(p.role, p.role == Role::embedding ? std::nullopt : p.part);
  };
  std::map<decltype(key(std::declval<ParameterSpec>())), std::set<std::string>> schemes_of_key;
  for (const auto& [scheme, parameters] : of_scheme) {
    for (const ParameterSpec* p : parameters) schemes_of_key[key(*p)].insert(scheme);
  }
  std::vector<RecipeRule> rules;
  for (const auto& [scheme, parameters] : of_scheme) {
    std::set<std::string_view> parts;
    bool embeddings = false;
    std::vector<const ParameterSpec*> by_name;
    for (const ParameterSpec* p : parameters) {
      const bool alone = schemes_of_key.at(key(*p)).size() == 1;
      if (alone && p->role == Role::embedding) {
        embeddings = true;
      } else if (alone && p->part) {
        parts.insert(init::to_string(*p->part));
      } else {
        by_name.push_back(p);
      }
    }
    if (embeddings) rules.push_back(scaling_rule("role=embedding", scheme));
    if (!parts.empty()) {
      rules.push_back(scaling_rule(fmt::format("role=weight, part={}", fmt::join(parts, "|")), scheme));
    }
    for (const ParameterSpec* p : by_name) rules.push_back(scaling_rule("name=" + p->name, scheme));
  }
  return rules;
}

void add_architecture(const RecipeInput& input, RecipeOutcome& outcome, const std::set<std::string>& readouts) {
  for (const std::string& m : readouts) {
    outcome.architecture.push_back(fmt::format("the output is divided by {}: logits = W x / ({})", m, m));
  }
  const auto all = input.spec.parameters();
  if (std::any_of(all.begin(), all.end(), [](const ParameterSpec& p) { return p.part == Part::attention_out; })) {
    outcome.architecture.emplace_back(
        "attention is q . k / d_head times a constant (sqrt(d_head) of the base width), not q . k / sqrt(d_head)");
  }
  outcome.architecture.emplace_back("learning rates differ by parameter; decoupled weight decay keeps lr times decay");
}

RecipeOutcome mup(const RecipeInput& input) {
  std::vector<BlockStack> stacks;
  const Options options(input.arguments);
  const bool tied = options.readout == "tied";
  const auto all = input.spec.parameters();
  const bool has_blocks =
      std::any_of(all.begin(), all.end(), [](const ParameterSpec& p) { return p.block.has_value(); });
  if (has_blocks || options.by_depth) stacks = residual_blocks(input.recipe, input.spec);
  const std::vector<Scaling> scalings = scalings_of(input, options);
  const Schemes schemes(input.recipe, options, stacks);
  RecipeOutcome outcome;
  add_neutral_rules(outcome.rules);
  std::map<std::string, std::vector<const ParameterSpec*>> of_scheme;
  std::set<std::string> readouts;
  bool hidden = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const ParameterSpec& p = all[i];
    const Scaling& s = scalings[i];
    // A tied readout is the embedding's matrix; its output multiplier is all the same wanted.
    if (s.growth == Growth::readout || (tied && p.role == Role::embedding && s.growth == Growth::input)) {
      readouts.insert(s.multiplier);
    }
    if (p.state != State::raw) continue;
    hidden = hidden || s.growth == Growth::hidden;
    // Adam's steps do not see the size of a gradient, so that only what sums over the width needs smaller ones.
    const bool is_hidden = s.growth == Growth::hidden;
    const double width = s.growth == Growth::readout ? s.in : s.out;
    outcome.learning_rates.push_back(
        {p.name, std::string(to_string(s.growth)), is_hidden ? 1 / s.in : 1, is_hidden ? s.out / s.in : width});
    if (is_matrix(p) || p.role == Role::embedding) of_scheme[schemes.of(p, s)].push_back(&p);
  }
  if (!hidden) {
    fail_recipe(input.recipe,
                "no weight has two axes that grow with the width, so there is nothing to transfer; say which, as in "
                "'layers.* -> part=other'");
  }
  if (readouts.empty()) {
    fail_recipe(input.recipe,
                "no weight has part=readout, whose output muP divides by the width; say which, as in 'lm_head.weight "
                "-> part=readout', or mup(readout=tied) if it is the embedding");
  }
  for (RecipeRule& rule : rules_of(of_scheme)) outcome.rules.push_back(std::move(rule));
  add_architecture(input, outcome, readouts);
  return outcome;
}

}  // namespace

std::vector<RecipeDefinition> width_recipes() {
  const Range width{0, 1 << 30};
  return {
      {"mup",
       {},
       {integer("base_width", "0", width), integer("width", "0", width), number("std", "0.02", kPositive),
        choice("hidden", "constant", {"constant", "fan_in"}), choice("readout", "zeros", {"zeros", "normal", "tied"}),
        choice("query", "zeros", {"zeros", "hidden"}), choice("residual", "plain", {"plain", "scaled"})},
       mup,
       "m = width / base_width (0: the embeddings' size), or fan_in over that of a base model: hidden weights N(0, "
       "std^2 / m), or N(0, 1 / fan_in); input weights and embeddings N(0, std^2); readout and query 0 or as at the "
       "base width; residual=scaled: weights that end one of N residual branches by sqrt(N) smaller; Adam's learning "
       "rate of hidden weights / m",
       "Yang et al. 2022 (Tensor Programs V), table 8, as in the package mup",
       true},
  };
}

}  // namespace fanin::init
