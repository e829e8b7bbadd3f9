#pragma once

#include <functional>
#include <optional>
#include <string_view>

namespace fanin::init {

/// An activation as a function of one number, in float64: what gains and critical points are integrals of. The
/// library's networks have their own kernels in float32; these are for constants.
struct ActivationFunction {
  std::function<double(double)> value;
  std::function<double(double)> slope;  ///< the derivative; at a kink either side's, which no integral sees
};

/// The activation called so, of the names that gain() knows: linear, identity (and PyTorch's names of layers, conv1d
/// to conv_transpose3d, which mean it), sigmoid, tanh, relu, relu6, leaky_relu(slope), selu, elu(alpha), gelu,
/// gelu_tanh, quick_gelu (x sigmoid(1.702 x)), silu or swish, mish, softplus, softsign, hardtanh, hardswish,
/// hardsigmoid (clip(x + 3, 0, 6) / 6), erf, sin, arctan, relu_squared. Finite for any finite argument where the
/// function itself is.
///
/// `parameter` is leaky_relu's slope for negative inputs (default 0.01) or elu's alpha (default 1).
/// Throws Error(usage) as gain() does.
[[nodiscard]] ActivationFunction activation_function(std::string_view activation, std::optional<double> parameter = {});

}  // namespace fanin::init
