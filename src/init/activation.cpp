#include "fanin/init/activation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "fanin/init/gain.h"

namespace fanin::init {
namespace {

// Klambauer et al. 2017, "Self-normalizing neural networks", eq. 14.
constexpr double kSeluScale = 1.0507009873554804934;
constexpr double kSeluAlpha = 1.6732632423543772848;

double density(double x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
}

double below(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

double sigmoid_slope(double x) {
  // Even, and from the side where exp() is small.
  const double e = std::exp(-std::abs(x));
  return e / ((1 + e) * (1 + e));
}

double tanh_slope(double x) {
  return 4 * sigmoid_slope(2 * x);
}

double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

double hardsigmoid(double x) {
  return std::clamp(x + 3, 0.0, 6.0) / 6;
}

// x sigmoid(c x) and its derivative.
double swish(double x, double c) {
  return x * sigmoid(c * x);
}
double swish_slope(double x, double c) {
  return sigmoid(c * x) + c * x * sigmoid_slope(c * x);
}

// Hendrycks and Gimpel 2016, "Gaussian error linear units", section 2: the argument of the tanh.
double gelu_inner(double x) {
  return std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
}

double gelu_tanh_slope(double x) {
  const double inner_slope = std::sqrt(2 / std::numbers::pi) * (1 + 3 * 0.044715 * x * x);
  return 0.5 * (1 + std::tanh(gelu_inner(x))) + 0.5 * x * tanh_slope(gelu_inner(x)) * inner_slope;
}

double mish_slope(double x) {
  return std::tanh(softplus(x)) + x * tanh_slope(softplus(x)) * sigmoid(x);
}

ActivationFunction leaky(double slope) {
  return {[slope](double x) { return x > 0 ? x : slope * x; }, [slope](double x) { return x > 0 ? 1 : slope; }};
}

ActivationFunction elu(double scale, double alpha) {
  return {[=](double x) { return scale * (x > 0 ? x : alpha * std::expm1(x)); },
          [=](double x) { return scale * (x > 0 ? 1 : alpha * std::exp(x)); }};
}

struct Entry {
  std::string_view name;
  double (*value)(double);
  double (*slope)(double);
};

constexpr Entry kFunctions[] = {
    {"sigmoid", sigmoid, sigmoid_slope},
    {"tanh", [](double x) { return std::tanh(x); }, tanh_slope},
    {"relu", [](double x) { return std::max(x, 0.0); }, [](double x) { return x > 0 ? 1.0 : 0.0; }},
    {"relu6", [](double x) { return std::clamp(x, 0.0, 6.0); }, [](double x) { return x > 0 && x < 6 ? 1.0 : 0.0; }},
    {"gelu", [](double x) { return x * below(x); }, [](double x) { return below(x) + x * density(x); }},
    {"gelu_tanh", [](double x) { return 0.5 * x * (1 + std::tanh(gelu_inner(x))); }, gelu_tanh_slope},
    {"quick_gelu", [](double x) { return swish(x, 1.702); }, [](double x) { return swish_slope(x, 1.702); }},
    {"silu", [](double x) { return swish(x, 1); }, [](double x) { return swish_slope(x, 1); }},
    {"swish", [](double x) { return swish(x, 1); }, [](double x) { return swish_slope(x, 1); }},
    {"mish", [](double x) { return x * std::tanh(softplus(x)); }, mish_slope},
    {"softplus", softplus, sigmoid},
    {"softsign", [](double x) { return x / (1 + std::abs(x)); },
     [](double x) { return 1 / ((1 + std::abs(x)) * (1 + std::abs(x))); }},
    {"hardtanh", [](double x) { return std::clamp(x, -1.0, 1.0); },
     [](double x) { return std::abs(x) < 1 ? 1.0 : 0.0; }},
    {"hardswish", [](double x) { return x * hardsigmoid(x); },
     [](double x) { return x <= -3  ? 0
                           : x >= 3 ? 1
                                    : (2 * x + 3) / 6; }},
    {"hardsigmoid", hardsigmoid, [](double x) { return std::abs(x) < 3 ? 1.0 / 6 : 0.0; }},
    {"erf", [](double x) { return std::erf(x); },
     [](double x) { return 2 / std::sqrt(std::numbers::pi) * std::exp(-x * x); }},
    {"sin", [](double x) { return std::sin(x); }, [](double x) { return std::cos(x); }},
    {"arctan", [](double x) { return std::atan(x); }, [](double x) { return 1 / (1 + x * x); }},
    {"relu_squared", [](double x) { return x > 0 ? x * x : 0; }, [](double x) { return x > 0 ? 2 * x : 0; }},
};

}  // namespace

ActivationFunction activation_function(std::string_view activation, std::optional<double> parameter) {
  // Knows every name and says what is wrong with one or with its parameter.
  (void)gain(activation, parameter);
  if (activation == "leaky_relu") return leaky(parameter.value_or(0.01));
  if (activation == "elu") return elu(1, parameter.value_or(1));
  if (activation == "selu") return elu(kSeluScale, kSeluAlpha);
  for (const Entry& e : kFunctions) {
    if (e.name == activation) return {e.value, e.slope};
  }
  return {[](double x) { return x; }, [](double) { return 1.0; }};
}

}  // namespace fanin::init
