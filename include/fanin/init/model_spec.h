#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/core/shape.h"
#include "fanin/init/fans.h"
#include "fanin/init/float_type.h"

namespace fanin::init {

/// What a parameter is for.
enum class Role {
  weight,
  bias,
  norm_scale,
  norm_bias,
  embedding,
  residual_scale,  ///< what a residual branch is multiplied by before it is added: ReZero's alpha, LayerScale's gamma
};

/// What the layer of a parameter computes.
enum class LayerKind { linear, conv, embedding, norm, recurrent, other };

/// What a layer does in its model, as recipes need it; a bias has the part of the weight beside it.
enum class Part {
  query,
  key,
  value,
  query_key_value,  ///< the three of them fused into one tensor
  attention_out,    ///< ends an attention branch
  mlp_in,           ///< widens in a feed-forward branch; its gate too
  mlp_out,          ///< ends a feed-forward branch
  branch_in,        ///< any weight but the last of a residual branch of another kind: convolutions, a Mamba mixer
  branch_out,       ///< ends such a branch
  branch_norm,      ///< the norm behind the last weight of a residual branch, before the addition
  shortcut,         ///< a projection on the skip connection itself
  input,            ///< reads what has the data's size and not the model's width: a stem, patches
  readout,          ///< the output layer: logits, a classifier
  other,            ///< a hidden weight that is none of these and ends no residual branch: a router, a pooler
};

/// The side of an encoder-decoder model.
enum class Stack { encoder, decoder };

/// What has happened to a parameter's values.
enum class State {
  raw,          ///< nothing yet: a rule has to fill it
  initialized,  ///< a rule filled it
  loaded,       ///< they come from elsewhere and stay: the buffers of a checkpoint, pre-trained weights
  tied,         ///< another parameter's memory
  frozen,       ///< set by hand, never to be touched
};

[[nodiscard]] std::string_view to_string(Role role) noexcept;
[[nodiscard]] std::string_view to_string(LayerKind kind) noexcept;
[[nodiscard]] std::string_view to_string(Part part) noexcept;
[[nodiscard]] std::string_view to_string(Stack stack) noexcept;
[[nodiscard]] std::string_view to_string(State state) noexcept;
/// The inverses. Throw Error(usage) for another text, naming all choices and the nearest.
[[nodiscard]] Role parse_role(std::string_view text);
[[nodiscard]] LayerKind parse_layer_kind(std::string_view text);
[[nodiscard]] Part parse_part(std::string_view text);
[[nodiscard]] Stack parse_stack(std::string_view text);
[[nodiscard]] State parse_state(std::string_view text);

/// Whether a weight of that part is the last of a residual branch: what depth-aware recipes scale down.
[[nodiscard]] constexpr bool ends_a_branch(Part part) noexcept {
  return part == Part::attention_out || part == Part::mlp_out || part == Part::branch_out;
}

/// A named tensor of a model and all that decides how it is initialized; no memory.
struct ParameterSpec {
  std::string name;  ///< decides its random numbers, random::Stream(seed, name)
  Shape shape{};     ///< of the whole tensor, whatever part of it a process holds
  FloatType dtype = FloatType::f32;
  Role role = Role::weight;
  LayerKind kind = LayerKind::other;
  /// The layer's place, 0 nearest to the input; nothing where that is not known.
  std::optional<std::size_t> depth{};
  std::optional<Part> part{};          ///< what its layer does; nothing where that is not known
  std::optional<std::size_t> block{};  ///< the residual block (layer) it is in, 0 first; nothing outside of all
  std::optional<Stack> stack{};        ///< in models with an encoder or a decoder; blocks count within it
  Fans fans{};  ///< of the layer; NaN where it is not known, an error only for a rule that needs it
  State state = State::raw;
  std::string tied_to{};  ///< state tied: the parameter whose memory it is
  std::string reason{};   ///< where role, kind and fans were inferred: from what, and what is not known
};

/// The parameters of a model in an order that stays: what a plan is resolved against. A value.
class ModelSpec {
 public:
  ModelSpec() = default;
  /// Throws Error(usage) for an empty or repeated name, one of more than 512 bytes or with control characters, and
  /// for a tied parameter whose partner is missing, tied itself or of another shape.
  explicit ModelSpec(std::vector<ParameterSpec> parameters);

  [[nodiscard]] std::span<const ParameterSpec> parameters() const noexcept { return parameters_; }
  /// Null if there is none of that name. Valid as long as this object.
  [[nodiscard]] const ParameterSpec* find(std::string_view name) const noexcept;
  /// The greatest depth; nothing if none is known.
  [[nodiscard]] std::optional<std::size_t> last_depth() const noexcept { return last_depth_; }
  /// The elements of all parameters that are not tied.
  [[nodiscard]] std::size_t elements() const noexcept;
  /// The same model with every raw parameter stored as `dtype`.
  [[nodiscard]] ModelSpec with_dtype(FloatType dtype) const;

 private:
  std::vector<ParameterSpec> parameters_;
  std::vector<std::size_t> by_name_;  // indices, sorted by name
  std::optional<std::size_t> last_depth_;
};

}  // namespace fanin::init
