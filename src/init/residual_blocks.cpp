#include "init/residual_blocks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "init/recipe_definitions.h"

namespace fanin::init {
namespace {

// Buffers are loaded, too, but have no part.
bool is_weight(const ParameterSpec& p) {
  return p.role == Role::weight && (p.state != State::loaded || p.part);
}

std::string block_name(const BlockStack& stack, std::size_t index) {
  return fmt::format("block {}{}", index, stack.where());
}

void require_parts(std::string_view recipe, const std::vector<BlockStack>& stacks) {
  const ParameterSpec* first = nullptr;
  std::string where;
  std::size_t more = 0;
  for (const BlockStack& stack : stacks) {
    for (const ResidualBlock& block : stack.blocks) {
      for (const ParameterSpec* p : block.parameters) {
        if (!is_weight(*p) || p->part) continue;
        if (first != nullptr) {
          ++more;
          continue;
        }
        first = p;
        where = block_name(stack, block.index);
      }
    }
  }
  if (first == nullptr) return;
  fail_recipe(
      recipe,
      fmt::format("{}: the part of weight '{}' is not known{}, so it may end a residual branch; say it, "
                  "as in '{} -> part=mlp_out', or part=other if it ends none",
                  where, first->name, more == 0 ? "" : fmt::format(" (nor that of {} more)", more), first->name));
}

std::string reason_of(const ParameterSpec& p) {
  return p.reason.empty() ? "" : fmt::format(" ({})", p.reason);
}

void require_blocks(std::string_view recipe, const ModelSpec& spec) {
  for (const ParameterSpec& p : spec.parameters()) {
    if (!is_weight(p) || p.block || !p.part || *p.part > Part::branch_out) continue;
    fail_recipe(recipe, fmt::format("weight '{}' has part={} but no block{}; say it, as in '{} -> block=0'", p.name,
                                    to_string(*p.part), reason_of(p), p.name));
  }
}

// What is outside of blocks may be in one that nobody sees.
void require_parts_outside(std::string_view recipe, const ModelSpec& spec) {
  for (const ParameterSpec& p : spec.parameters()) {
    if (!is_weight(p) || p.block || p.part) continue;
    fail_recipe(recipe, fmt::format("weight '{}' has neither block nor part{}, so it may end a residual branch; say "
                                    "both, or that it ends none, as in '{} -> part=other'",
                                    p.name, reason_of(p), p.name));
  }
}

void require_wanted(std::string_view recipe, const std::vector<BlockStack>& stacks, std::span<const Part> wanted) {
  for (const BlockStack& stack : stacks) {
    for (const ResidualBlock& block : stack.blocks) {
      for (const ParameterSpec* p : block.parameters) {
        if (!is_weight(*p) || std::find(wanted.begin(), wanted.end(), *p->part) != wanted.end()) continue;
        std::vector<std::string_view> names;
        for (const Part part : wanted) names.push_back(to_string(part));
        fail_recipe(recipe,
                    fmt::format("{}: weight '{}' has part={}, there are rules for {} alone",
                                block_name(stack, block.index), p->name, to_string(*p->part), fmt::join(names, ", ")));
      }
    }
  }
}

// Every branch that begins must end, and each block must end one.
void require_ends(std::string_view recipe, const BlockStack& stack, const ResidualBlock& block) {
  const std::string where = block_name(stack, block.index);
  const auto missing = [&](std::string_view begins, std::string_view part, std::string_view count) {
    fail_recipe(recipe, fmt::format("{}: {} but {} part={}; say which one, as in '{} -> part={}'", where, begins, count,
                                    part, block.parameters.front()->name, part));
  };
  const std::size_t attentions = block.count(Part::query) + block.count(Part::query_key_value);
  const std::size_t ends = block.count(Part::attention_out);
  if (attentions > ends) {
    missing(fmt::format("{} attention branch{} begin{}", attentions, attentions == 1 ? "" : "es",
                        attentions == 1 ? "s" : ""),
            "attention_out", ends == 0 ? "no weight has" : fmt::format("only {} of its weights has", ends));
  }
  if (block.count(Part::mlp_in) > 0 && block.count(Part::mlp_out) == 0) {
    missing("a feed-forward branch begins", "mlp_out", "no weight has");
  }
  if (block.count(Part::branch_in) > 0 && block.count(Part::branch_out) == 0) {
    missing("a residual branch begins", "branch_out", "no weight has");
  }
  if (block.branches() == 0) {
    fail_recipe(
        recipe,
        fmt::format("{}: no weight has part=attention_out, mlp_out or branch_out, so it ends no residual branch; "
                    "say which one, as in '{} -> part=mlp_out'",
                    where, block.parameters.front()->name));
  }
}

}  // namespace

std::size_t ResidualBlock::count(Part part) const {
  return static_cast<std::size_t>(std::count_if(
      parameters.begin(), parameters.end(), [&](const ParameterSpec* p) { return is_weight(*p) && p->part == part; }));
}

std::size_t ResidualBlock::branches() const {
  return count(Part::attention_out) + std::min<std::size_t>(count(Part::mlp_out), 1) + count(Part::branch_out);
}

std::size_t BlockStack::branches() const {
  std::size_t sum = 0;
  for (const ResidualBlock& block : blocks) sum += block.branches();
  return sum;
}

std::string BlockStack::where() const {
  return stack ? fmt::format(" of the {}", to_string(*stack)) : "";
}

std::string BlockStack::term() const {
  return stack ? fmt::format(", stack={}", to_string(*stack)) : "";
}

std::vector<BlockStack> blocks_of(std::string_view recipe, const ModelSpec& spec) {
  std::map<std::optional<Stack>, std::map<std::size_t, ResidualBlock>> found;
  for (const ParameterSpec& p : spec.parameters()) {
    if (!p.block) continue;
    ResidualBlock& block = found[p.stack][*p.block];
    block.index = *p.block;
    block.parameters.push_back(&p);
  }
  if (found.empty()) {
    fail_recipe(recipe, "no parameter has a block, so the model has no depth; say it, as in 'layers.0.* -> block=0'");
  }
  if (found.size() > 1 && found.contains(std::nullopt)) {
    const ParameterSpec& one = *found[std::nullopt].begin()->second.parameters.front();
    fail_recipe(recipe, fmt::format("'{}' is in a block of no stack, others are in the {}; say it, as in '{} -> "
                                    "stack=encoder'",
                                    one.name, to_string(*found.rbegin()->first), one.name));
  }
  std::vector<BlockStack> stacks;
  for (auto& [stack, blocks] : found) {
    BlockStack all{stack};
    for (auto& [index, block] : blocks) {
      if (index != all.blocks.size()) {
        fail_recipe(recipe, fmt::format("block {}{} has no parameter, but '{}' is in block {}: blocks count from 0 "
                                        "without gaps",
                                        all.blocks.size(), all.where(), block.parameters.front()->name, index));
      }
      all.blocks.push_back(std::move(block));
    }
    stacks.push_back(std::move(all));
  }
  return stacks;
}

std::vector<BlockStack> residual_blocks(std::string_view recipe, const ModelSpec& spec, std::span<const Part> wanted) {
  require_blocks(recipe, spec);
  std::vector<BlockStack> stacks = blocks_of(recipe, spec);
  require_parts(recipe, stacks);
  require_parts_outside(recipe, spec);
  for (const BlockStack& stack : stacks) {
    for (const ResidualBlock& block : stack.blocks) require_ends(recipe, stack, block);
  }
  if (!wanted.empty()) require_wanted(recipe, stacks, wanted);
  return stacks;
}

std::optional<std::size_t> fused_axis(const ParameterSpec& p) {
  if (p.shape.rank() != 2) return std::nullopt;
  const auto rows = static_cast<double>(p.shape[0]);
  const auto cols = static_cast<double>(p.shape[1]);
  if (rows == 3 * p.fans.out && cols == p.fans.in) return 0;
  if (cols == 3 * p.fans.out && rows == p.fans.in) return 1;
  return std::nullopt;
}

std::string parts_present(const BlockStack& stack, std::span<const Part> candidates) {
  std::vector<std::string_view> names;
  for (const Part part : candidates) {
    const bool any =
        std::any_of(stack.blocks.begin(), stack.blocks.end(), [&](const auto& b) { return b.count(part) > 0; });
    if (any) names.push_back(to_string(part));
  }
  return fmt::format("{}", fmt::join(names, "|"));
}

}  // namespace fanin::init
