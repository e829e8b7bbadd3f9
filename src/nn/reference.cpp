#include "nn/reference.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fanin::nn {

double reference_activation(const Activation& f, double x) {
  constexpr double kSeluScale = 1.0507009873554804934193349852946;
  constexpr double kSeluAlpha = 1.6732632423543772848170429916717;
  const double sigmoid = 1 / (1 + std::exp(-x));
  switch (f.kind) {
    case ActivationKind::identity:
      return x;
    case ActivationKind::relu:
      return std::max(x, 0.0);
    case ActivationKind::leaky_relu:
      return x > 0 ? x : f.slope_or_alpha * x;
    case ActivationKind::tanh:
      return std::tanh(x);
    case ActivationKind::sigmoid:
      return sigmoid;
    case ActivationKind::softsign:
      return x / (1 + std::abs(x));
    case ActivationKind::elu:
      return x > 0 ? x : f.slope_or_alpha * std::expm1(x);
    case ActivationKind::selu:
      return kSeluScale * (x > 0 ? x : kSeluAlpha * std::expm1(x));
    case ActivationKind::gelu:
      return x * (1 + std::erf(x / std::numbers::sqrt2)) / 2;
    case ActivationKind::silu:
      return x * sigmoid;
    case ActivationKind::softplus:
      return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
  }
  return std::nan("");
}

double reference_loss(LossKind kind, std::span<const double> outputs, std::int32_t label) {
  const auto target = static_cast<std::size_t>(label);
  double sum = 0;
  if (kind == LossKind::mean_squared_error) {
    for (std::size_t c = 0; c < outputs.size(); ++c) {
      const double error = outputs[c] - (c == target ? 1.0 : 0.0);
      sum += error * error;
    }
    return sum / static_cast<double>(outputs.size());
  }
  const double largest = *std::max_element(outputs.begin(), outputs.end());
  for (const double z : outputs) sum += std::exp(z - largest);
  return largest + std::log(sum) - outputs[target];
}

double reference_loss(LossKind kind, std::span<const double> outputs, std::span<const float> targets) {
  double sum = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const double z = outputs[i];
    const auto t = static_cast<double>(targets[i]);
    sum += kind == LossKind::mean_squared_error ? (z - t) * (z - t) / static_cast<double>(outputs.size())
                                                : std::log1p(std::exp(-std::abs(z))) + std::max(z, 0.0) - t * z;
  }
  return sum;
}

}  // namespace fanin::nn
