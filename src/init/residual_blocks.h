#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/init/model_spec.h"

namespace fanin::init {

/// One residual block, with the weights and other parameters in it.
struct ResidualBlock {
  std::size_t index = 0;
  std::vector<const ParameterSpec*> parameters{};

  /// Weights of that part.
  [[nodiscard]] std::size_t count(Part part) const;
  /// Residual branches that end here: attentions, one feed-forward branch whatever its experts, others one by one.
  [[nodiscard]] std::size_t branches() const;
};

/// The blocks of a model or of one side of an encoder-decoder model, in their order.
struct BlockStack {
  std::optional<Stack> stack;
  std::vector<ResidualBlock> blocks{};

  [[nodiscard]] std::size_t depth() const noexcept { return blocks.size(); }
  [[nodiscard]] std::size_t branches() const;
  /// ` of the encoder`, or nothing.
  [[nodiscard]] std::string where() const;
  /// `, stack=encoder`: the term of a selector, or nothing.
  [[nodiscard]] std::string term() const;
};

/// The stacks of `spec`: one, or those of encoder and decoder. Throws Error(usage), with the recipe's name, if there is
/// none, for blocks with gaps, and if only some blocks have a stack.
[[nodiscard]] std::vector<BlockStack> blocks_of(std::string_view recipe, const ModelSpec& spec);

/// blocks_of(), and every weight has a part, every weight with a part of a branch has a block, every branch that begins
/// ends, and every block ends at least one: no residual output can be missed. `wanted` (if not empty) are
/// the parts that the recipe has rules for. Throws Error(usage) that names block and parameter.
[[nodiscard]] std::vector<BlockStack> residual_blocks(std::string_view recipe, const ModelSpec& spec,
                                                      std::span<const Part> wanted = {});

/// The axis along which a weight's three projections are joined, each with the fans of one; nothing for another form.
[[nodiscard]] std::optional<std::size_t> fused_axis(const ParameterSpec& p);

/// Those of `candidates` that any weight of the model has, as a selector's alternatives: `attention_out|mlp_out`.
[[nodiscard]] std::string parts_present(const BlockStack& stack, std::span<const Part> candidates);

}  // namespace fanin::init
