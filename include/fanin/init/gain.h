#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanin::init {

/// The factor on the standard deviation that makes up for an activation.
///
/// The six names of PyTorch's `calculate_gain` have its values: linear and identity 1, sigmoid 1, tanh 5/3, relu
/// sqrt(2), leaky_relu sqrt(2 / (1 + a^2)), selu 3/4. Those of sigmoid, tanh and selu are conventions, not derivations.
/// Every other activation has the gain that keeps the second moment of a standard normal signal,
/// 1 / sqrt(E f(z)^2), z ~ N(0, 1) (He et al. 2015, section 2.2), exact to float64: elu(alpha), gelu, gelu_tanh,
/// quick_gelu, silu, swish, mish, softplus, softsign, hardtanh, relu6, hardswish, hardsigmoid, erf, sin, arctan,
/// relu_squared.
///
/// `parameter` is leaky_relu's slope for negative inputs (default 0.01) or elu's alpha (default 1).
/// Throws Error(usage) for an unknown name, a parameter that the activation does not have, or one that is not finite.
[[nodiscard]] double gain(std::string_view activation, std::optional<double> parameter = {});

/// True for the activations that take a parameter.
[[nodiscard]] bool has_parameter(std::string_view activation);

/// All names that gain() knows.
[[nodiscard]] const std::vector<std::string>& activation_names();

}  // namespace fanin::init
