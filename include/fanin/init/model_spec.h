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
enum class Role { weight, bias, norm_scale, norm_bias, embedding };

/// What the layer of a parameter computes.
enum class LayerKind { linear, conv, embedding, norm, recurrent, other };

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
[[nodiscard]] std::string_view to_string(State state) noexcept;
/// The inverses. Throw Error(usage) for another text, naming all choices and the nearest.
[[nodiscard]] Role parse_role(std::string_view text);
[[nodiscard]] LayerKind parse_layer_kind(std::string_view text);
[[nodiscard]] State parse_state(std::string_view text);

/// A named tensor of a model and all that decides how it is initialized; no memory.
struct ParameterSpec {
  std::string name;  ///< decides its random numbers, random::Stream(seed, name)
  Shape shape{};     ///< of the whole tensor, whatever part of it a process holds
  FloatType dtype = FloatType::f32;
  Role role = Role::weight;
  LayerKind kind = LayerKind::other;
  /// The layer's place, 0 nearest to the input; nothing where that is not known.
  std::optional<std::size_t> depth{};
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
