#pragma once

#include <cstdint>
#include <span>

#include "fanin/nn/activation.h"
#include "fanin/nn/loss.h"

/// The slow twins: activations and losses by their plain formulas in float64 with the C library's functions.
namespace fanin::nn {

/// f(x).
[[nodiscard]] double reference_activation(const Activation& f, double x);

/// The loss of one row for a class label.
[[nodiscard]] double reference_loss(LossKind kind, std::span<const double> outputs, std::int32_t label);
/// The loss of one row for targets.
[[nodiscard]] double reference_loss(LossKind kind, std::span<const double> outputs, std::span<const float> targets);

}  // namespace fanin::nn
