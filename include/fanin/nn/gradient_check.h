#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "fanin/core/matrix_view.h"
#include "fanin/nn/loss.h"
#include "fanin/nn/network.h"

namespace fanin::nn {

struct GradientCheckOptions {
  double step = 1e-5;              ///< of the central difference, times max(1, |w|)
  std::size_t per_parameter = 64;  ///< elements checked in each parameter; all of a smaller one
  bool training = false;           ///< with dropout's masks
  std::uint64_t seed = 0;          ///< of the choice of elements and of the masks

  /// Throws Error(usage) for a step outside (0, 1e-2] or no element to check.
  void validate() const;
};

struct GradientCheck {
  double worst_error = 0;   ///< max over the elements of |analytic - numeric| / max(|analytic|, |numeric|, floor)
  std::string worst_place;  ///< `0.weight[17]: analytic 0.25, numeric 0.26`
  std::size_t checked = 0;
};

/// Compares the gradient that backward() and gradient() give in float32 with central differences
/// (L(w + h) - L(w - h)) / 2h of the mean loss over the batch x [rows, inputs], computed in float64 by the layers'
/// reference(). The floor is 1e-3 of the largest |analytic|: below it the comparison would measure float32's rounding.
/// A right gradient has a worst_error below about 1e-3. The network's values are unchanged afterwards. Throws
/// Error(usage) for sizes that do not match.
[[nodiscard]] GradientCheck check_gradient(Network& network, LossKind loss, MatrixView<const float> x,
                                           std::span<const std::int32_t> labels,
                                           const GradientCheckOptions& options = {});
/// The same for targets [rows, outputs]; those of an autoencoder are x itself.
[[nodiscard]] GradientCheck check_gradient(Network& network, LossKind loss, MatrixView<const float> x,
                                           MatrixView<const float> targets, const GradientCheckOptions& options = {});

}  // namespace fanin::nn
