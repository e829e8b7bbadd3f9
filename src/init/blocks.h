#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/init/model_spec.h"

namespace fanin::init {

/// What is said of a parameter's place, against what its name tells.
struct GivenPlace {
  std::optional<std::size_t> block{};
  std::optional<Stack> stack{};
};

/// Whether a word of the name is a number, as those of layers in a sequence are.
[[nodiscard]] bool has_a_number(std::string_view name);

/// Sets block and stack of all parameters, and says so in their reasons; `given` (one for each parameter) wins.
///
/// A sequence is what stands before a name's first number. It consists of residual blocks if any parameter of it has a
/// part of a residual branch. `layer1.0`, `layer2.0`, ... and `layers.0.blocks.0`, `layers.1.blocks.0`, ... are stages
/// of one sequence: their blocks count on. Where two sequences have the same stack, no block is set in either.
void place_in_blocks(std::vector<ParameterSpec>& parameters, std::span<const GivenPlace> given);

}  // namespace fanin::init
