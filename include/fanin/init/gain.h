#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/init/activation.h"

namespace fanin::init {

/// What a gain is to keep from layer to layer: definitions that are often mixed up, and differ. z ~ N(0, 1).
enum class GainKind {
  usual,          ///< torch where PyTorch has a number, second_moment elsewhere: what gain(name) always meant
  torch,          ///< the table of PyTorch's calculate_gain and nothing else
  second_moment,  ///< 1 / sqrt(E f(z)^2), the signal's size (He et al. 2015, section 2.2)
  variance,       ///< 1 / sqrt(Var f(z)), the signal's spread around its mean
  backward,       ///< 1 / sqrt(E f'(z)^2), the gradient's size (He et al. 2015, section 2.2, backward case)
};

/// The factor on the standard deviation that makes up for an activation.
///
/// The names of PyTorch's `calculate_gain` have its values: linear, identity and conv1d to conv_transpose3d 1, sigmoid
/// 1, tanh 5/3, relu sqrt(2), leaky_relu sqrt(2 / (1 + a^2)), selu 3/4. Those of sigmoid, tanh and selu are
/// conventions, not derivations. Every other activation has the gain that keeps the second moment of a standard normal
/// signal, 1 / sqrt(E f(z)^2), z ~ N(0, 1) (He et al. 2015, section 2.2), exact to float64: elu(alpha), gelu,
/// gelu_tanh, quick_gelu, silu, swish, mish, softplus, softsign, hardtanh, relu6, hardswish, hardsigmoid, erf, sin,
/// arctan, relu_squared.
///
/// `parameter` is leaky_relu's slope for negative inputs (default 0.01) or elu's alpha (default 1).
/// Throws Error(usage) for an unknown name, a parameter that the activation does not have, or one that is not finite.
[[nodiscard]] double gain(std::string_view activation, std::optional<double> parameter = {});

/// The gain of the kind asked for: constants worked out with 40 digits, so the same bits on every machine. Throws as
/// gain(activation, parameter), and Error(usage) where `kind` is torch and PyTorch has no number.
[[nodiscard]] double gain(std::string_view activation, GainKind kind, std::optional<double> parameter = {});

/// The gain of any activation, by quadrature: second_moment, variance (which need its value) or backward (which needs
/// its slope). Relative error about 1e-13; the last bits are those of the machine's exp() and of `f`.
/// Throws Error(usage) for another kind or a function that the kind needs and is empty, and Error(numeric) where `f`
/// is not finite or has no such gain because it is constant.
[[nodiscard]] double gain_of(const ActivationFunction& f, GainKind kind);

/// `usual`, `torch`, `second_moment`, `variance` or `backward`.
[[nodiscard]] std::string_view to_string(GainKind kind);
/// The kind called so; nothing for any other text.
[[nodiscard]] std::optional<GainKind> gain_kind(std::string_view name);
/// All kinds, in the order of their declaration.
inline constexpr GainKind kGainKinds[] = {GainKind::usual, GainKind::torch, GainKind::second_moment, GainKind::variance,
                                          GainKind::backward};

/// True where gain(activation, kind) has a number: false for torch and a name that PyTorch's table lacks, and for a
/// name that gain() does not know.
[[nodiscard]] bool has_gain(std::string_view activation, GainKind kind);

/// True for the activations that take a parameter.
[[nodiscard]] bool has_parameter(std::string_view activation);

/// All names that gain() knows.
[[nodiscard]] const std::vector<std::string>& activation_names();

}  // namespace fanin::init
