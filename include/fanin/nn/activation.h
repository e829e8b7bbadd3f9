#pragma once

#include <span>
#include <string>
#include <string_view>

#include "fanin/core/matrix_view.h"

namespace fanin::nn {

/// f of one number. On the right the name of the same function in PyTorch.
enum class ActivationKind {
  identity,    ///< x                                                      nn.Identity
  relu,        ///< max(x, 0), with f'(0) = 0                              nn.ReLU
  leaky_relu,  ///< x above 0, slope * x elsewhere; slope 0.01             nn.LeakyReLU(negative_slope)
  tanh,        ///< (e^x - e^-x) / (e^x + e^-x)                            nn.Tanh
  sigmoid,     ///< 1 / (1 + e^-x)                                         nn.Sigmoid
  softsign,    ///< x / (1 + |x|)                                          nn.Softsign
  elu,         ///< x above 0, alpha * (e^x - 1) elsewhere; alpha 1        nn.ELU(alpha)
  selu,        ///< s * elu(x, a) with s = 1.0507009873554805, a = 1.6732632423543772 (Klambauer et al. 2017, eq. 2)
  gelu,        ///< x * (1 + erf(x / sqrt 2)) / 2                          nn.GELU(approximate='none')
  silu,        ///< x / (1 + e^-x)                                         nn.SiLU
  softplus,    ///< log(1 + e^x)                                           nn.Softplus(beta=1)
};

/// An activation function as a value, spelled as its kind: `tanh`, `leaky_relu(0.2)`, `elu(0.5)`.
struct Activation {
  ActivationKind kind = ActivationKind::identity;
  double slope_or_alpha = 0.0;  ///< of leaky_relu: the slope; of elu: alpha; 0 elsewhere

  /// The kind with its usual parameter.
  Activation(ActivationKind kind_ = ActivationKind::identity);  // NOLINT(google-explicit-constructor)
  Activation(ActivationKind kind_, double slope_or_alpha_) : kind(kind_), slope_or_alpha(slope_or_alpha_) {}

  /// Reads what str() prints. Throws Error(usage) for an unknown name (suggesting the nearest), for a parameter that
  /// the kind does not have, and for one that is no finite number or, of elu, negative.
  static Activation parse(std::string_view text);
  /// The shortest spelling: the parameter only where it is not the usual one.
  [[nodiscard]] std::string str() const;

  /// Whether backward() reads the inputs x; where it does not, they need not be kept and its x may be empty.
  [[nodiscard]] bool backward_reads_input() const;

  friend bool operator==(const Activation&, const Activation&) = default;
};

/// y[i] = f(x[i]), float32, with the right limits at the infinities; NaN gives NaN.
///
/// Each element is computed alone, by the same operations on every SIMD target, so the bits depend neither on the
/// target nor on how an array is cut. y may be x. The relative error against the exact function is at most
/// 3e-7; of gelu, which loses leading digits for negative x as PyTorch's does, the error is at most 1e-7 (1 + |x|).
/// Throws Error(usage) where the lengths differ.
void forward(const Activation& activation, std::span<const float> x, std::span<float> y);

/// dx[i] = dy[i] * f'(x[i]), where y[i] = f(x[i]) is what forward() gave.
///
/// Reads only x or only y: x exactly where activation.backward_reads_input(), y for the others (neither for identity);
/// the one that is not read may be empty. dx may be dy. Determinism as forward(). Throws Error(usage) where lengths
/// differ.
void backward(const Activation& activation, std::span<const float> x, std::span<const float> y,
              std::span<const float> dy, std::span<float> dx);

/// The same for matrices, row by row.
void forward(const Activation& activation, MatrixView<const float> x, MatrixView<float> y);
void backward(const Activation& activation, MatrixView<const float> x, MatrixView<const float> y,
              MatrixView<const float> dy, MatrixView<float> dx);

}  // namespace fanin::nn
