#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fanin/init/model_spec.h"

namespace fanin::init {

/// What someone says of a parameter instead of leaving it to be inferred; each may be absent.
struct Traits {
  std::optional<Role> role{};
  std::optional<LayerKind> kind{};
  std::optional<std::size_t> depth{};
  std::optional<Part> part{};
  std::optional<std::size_t> block{};
  std::optional<Stack> stack{};
  std::optional<double> fan_in{};
  std::optional<double> fan_out{};
  std::optional<std::size_t> groups{};  ///< of a convolution: its fan_out is out / groups * taps
  std::optional<State> state{};
  std::optional<std::string> tied_to{};  ///< makes the parameter tied
};

/// A tensor as a file names it.
struct NamedTensor {
  std::string name;
  Shape shape;
  std::optional<FloatType> dtype = FloatType::f32;  ///< nothing for a type that no parameter has, such as I64
  Traits given{};
};

/// Traits for all tensors whose names match a glob.
struct Override {
  std::string glob;
  Traits traits;

  /// From `GLOB -> role=weight, kind=conv, groups=4`; keys are role, kind, depth, part, block, stack, fan_in,
  /// fan_out, groups, state and tied_to. Throws Error(usage) for an unknown or repeated key (naming the nearest) and
  /// for a value that it cannot have.
  [[nodiscard]] static Override parse(std::string_view text);
};

/// The model that tensors of these names and shapes make up, as PyTorch names and stores them.
///
/// What a name and a shape tell is taken, with the reason in ParameterSpec::reason; what they do not tell is not
/// guessed. A weight [out, in] is linear and a weight [out, in / groups, taps...] a convolution; a bias beside it says
/// where the output axis is. A weight of rank 1 beside a bias of its shape is a norm's scale. Fused blocks (in_proj,
/// qkv, the gates of recurrent layers) have the fans of one block; an embedding has fan_in 1, because a look-up sums
/// nothing. Buffers (running_mean, num_batches_tracked, ...) and tensors of other types are State::loaded. A fan that
/// depends on what the shape does not show (groups of a depthwise convolution, a transposed layout) is NaN. The depth
/// is the place of the name's first number among those after the same beginning: `layers.7.mlp.weight` has depth 7.
///
/// The part is taken from the layer's name as GPT-2, Llama, BERT, fairseq, T5, GPT-NeoX, timm, torch.nn.Transformer,
/// torchvision's ResNets and their like spell it. Where parts show that a numbered sequence consists of residual
/// blocks, the block is that number (stages such as `layer1.0`, `layer2.0` count on), and the stack is the word
/// `encoder` or `decoder` before it. Two sequences of the same stack are not put in an order: their blocks stay
/// unknown.
///
/// Overrides apply in their order, later ones win. Throws Error(usage) that lists the tensors whose role is not known
/// and why, for an override that matches nothing, and as ModelSpec does.
[[nodiscard]] ModelSpec infer_spec(std::span<const NamedTensor> tensors, std::span<const Override> overrides = {});

}  // namespace fanin::init
