#include "fanin/init/gain.h"

#include <fmt/format.h>

#include <cmath>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

namespace fanin::init {
namespace {

struct Entry {
  std::string_view name;
  double gain;
};

// Up to `selu` PyTorch's conventions; the others 1 / sqrt(E f(z)^2), integrated with 30 digits.
constexpr Entry kGains[] = {
    {"linear", 1},
    {"identity", 1},
    {"sigmoid", 1},
    {"tanh", 5.0 / 3},
    {"relu", 1.4142135623730951},
    {"selu", 0.75},
    {"gelu", 1.5335304411955352},
    {"gelu_tanh", 1.5335805216661469},
    {"quick_gelu", 1.5394587622988314},
    {"silu", 1.6765324703310912},
    {"swish", 1.6765324703310912},
    {"mish", 1.4868475812732081},
    {"softplus", 1.0418668355353017},
    {"softsign", 2.3375333631085397},
    {"hardtanh", 1.3920361404483098},
    {"relu6", 1.4142135650950737},
    {"hardswish", 1.7366572127665416},
    {"hardsigmoid", 1.897840424729559},
    {"erf", 1.4671669504891386},
    {"sin", 1.5208666231788149},
    {"arctan", 1.4912076181342091},
    {"relu_squared", 0.81649658092772603},
};

}  // namespace

const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Entry& e : kGains) all.emplace_back(e.name);
    all.insert(all.end(), {"leaky_relu", "elu"});
    return all;
  }();
  return names;
}

bool has_parameter(std::string_view activation) {
  return activation == "leaky_relu" || activation == "elu";
}

double gain(std::string_view activation, std::optional<double> parameter) {
  if (parameter && !std::isfinite(*parameter)) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("gain of {}: parameter {} is not finite", activation, *parameter));
  }
  if (activation == "leaky_relu") {
    const double slope = parameter.value_or(0.01);
    return std::sqrt(2 / (1 + slope * slope));
  }
  if (activation == "elu") {
    // E f(z)^2 = 1/2 + alpha^2 E[(e^z - 1)^2; z < 0].
    const double alpha = parameter.value_or(1);
    return 1 / std::sqrt(0.5 + alpha * alpha * 0.14494541749292386);
  }
  for (const Entry& e : kGains) {
    if (e.name != activation) continue;
    if (parameter) {
      throw Error(ErrorKind::usage, "init",
                  fmt::format("gain of {}: it has no parameter, {} given (leaky_relu and elu have one)", activation,
                              *parameter));
    }
    return e.gain;
  }
  throw Error(ErrorKind::usage, "init",
              fmt::format("unknown activation '{}'{}", activation, did_you_mean(activation, activation_names())));
}

}  // namespace fanin::init
