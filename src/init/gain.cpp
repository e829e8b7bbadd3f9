#include "fanin/init/gain.h"

#include <fmt/format.h>

#include <cmath>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/init/quadrature.h"

namespace fanin::init {
namespace {

// 0 where PyTorch has no number.
struct Entry {
  std::string_view name;
  double torch;
  double second_moment;
  double variance;
  double backward;
};

constexpr double kRoot2 = 1.4142135623730951;

// The integrals with 40 digits, rounded once; `torch` as PyTorch 2.11 has it.
constexpr Entry kGains[] = {
    {"linear", 1, 1, 1, 1},
    {"identity", 1, 1, 1, 1},
    {"sigmoid", 1, 1.8462285453386054, 4.8013133720399622, 4.7226460859379743},
    {"tanh", 5.0 / 3, 1.5925374197228314, 1.5925374197228314, 1.4674135916307951},
    {"relu", kRoot2, kRoot2, 1.7128585504496627, kRoot2},
    {"selu", 0.75, 1, 1, 0.96602577697390117},
    {"gelu", 0, 1.5335304411955352, 1.7009262433633331, 1.4811144127083482},
    {"gelu_tanh", 0, 1.5335805216661469, 1.7009165616954504, 1.4811680580933506},
    {"quick_gelu", 0, 1.5394587622988314, 1.7093585898912748, 1.4914592267500511},
    {"silu", 0, 1.6765324703310912, 1.787187222100442, 1.6233202579524973},
    {"swish", 0, 1.6765324703310912, 1.787187222100442, 1.6233202579524973},
    {"mish", 0, 1.4868475812732081, 1.5920253810994462, 1.4447552325473195},
    {"softplus", 0, 1.0418668355353017, 1.9191259801076564, 1.8462285453386054},
    {"softsign", 0, 2.3375333631085397, 2.3375333631085397, 2.095780608943311},
    {"hardtanh", 0, 1.3920361404483098, 1.3920361404483098, 1.2102870624325223},
    {"relu6", 0, 1.4142135650950737, 1.7128585549723953, 1.4142135637683407},
    {"hardswish", 0, 1.7366572127665416, 1.8138714738131827, 1.6700763674413823},
    {"hardsigmoid", 0, 1.897840424729559, 6.0150344866370971, 6.0081158251966812},
    {"erf", 0, 1.4671669504891386, 1.4671669504891386, 1.3252183528612112},
    {"sin", 0, 1.5208666231788149, 1.5208666231788149, 1.3272506002845751},
    {"arctan", 0, 1.4912076181342091, 1.4912076181342091, kRoot2},
    {"relu_squared", 0, 0.81649658092772603, 0.89442719099991588, 0.70710678118654752},
    {"conv1d", 1, 1, 1, 1},
    {"conv2d", 1, 1, 1, 1},
    {"conv3d", 1, 1, 1, 1},
    {"conv_transpose1d", 1, 1, 1, 1},
    {"conv_transpose2d", 1, 1, 1, 1},
    {"conv_transpose3d", 1, 1, 1, 1},
};

// Of z below 0, z ~ N(0, 1): E[z], E[e^z - 1], E[(e^z - 1)^2], E[e^2z].
constexpr double kHalfMean = 0.39894228040143267794;
constexpr double kEluMean = -0.23842170813487662832;
constexpr double kEluSquare = 0.14494541749292386;
constexpr double kEluSlopeSquare = 0.16810200122317060643;

double leaky_relu_gain(GainKind kind, double slope) {
  if (kind != GainKind::variance) return std::sqrt(2 / (1 + slope * slope));
  const double mean = kHalfMean * (1 - slope);
  return 1 / std::sqrt((1 + slope * slope) / 2 - mean * mean);
}

double elu_gain(GainKind kind, double alpha) {
  const double square = 0.5 + alpha * alpha * kEluSquare;
  if (kind == GainKind::backward) return 1 / std::sqrt(0.5 + alpha * alpha * kEluSlopeSquare);
  if (kind != GainKind::variance) return 1 / std::sqrt(square);
  const double mean = kHalfMean + alpha * kEluMean;
  return 1 / std::sqrt(square - mean * mean);
}

double choose(const Entry& e, GainKind kind) {
  switch (kind) {
    case GainKind::usual:
      return e.torch != 0 ? e.torch : e.second_moment;
    case GainKind::torch:
      return e.torch;
    case GainKind::second_moment:
      return e.second_moment;
    case GainKind::variance:
      return e.variance;
    case GainKind::backward:
      return e.backward;
  }
  return 0;
}

const Entry* find(std::string_view activation) {
  for (const Entry& e : kGains) {
    if (e.name == activation) return &e;
  }
  return nullptr;
}

[[noreturn]] void fail(std::string_view sentence) {
  throw Error(ErrorKind::usage, "init", sentence);
}

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

bool has_gain(std::string_view activation, GainKind kind) {
  if (activation == "leaky_relu") return true;
  if (activation == "elu") return kind != GainKind::torch;
  const Entry* entry = find(activation);
  return entry != nullptr && (kind != GainKind::torch || entry->torch != 0);
}

double gain(std::string_view activation, std::optional<double> parameter) {
  return gain(activation, GainKind::usual, parameter);
}

double gain(std::string_view activation, GainKind kind, std::optional<double> parameter) {
  if (parameter && !std::isfinite(*parameter)) {
    fail(fmt::format("gain of {}: parameter {} is not finite", activation, *parameter));
  }
  if (activation == "leaky_relu") return leaky_relu_gain(kind, parameter.value_or(0.01));
  const Entry* entry = find(activation);
  if (!has_gain(activation, GainKind::usual)) {
    fail(fmt::format("unknown activation '{}'{}", activation, did_you_mean(activation, activation_names())));
  }
  if (!has_gain(activation, kind)) {
    fail(fmt::format("gain of {}: PyTorch's table has none, other kinds are usual, second_moment, variance, backward",
                     activation));
  }
  if (entry == nullptr) return elu_gain(kind, parameter.value_or(1));
  if (parameter) {
    fail(
        fmt::format("gain of {}: it has no parameter, {} given (leaky_relu and elu have one)", activation, *parameter));
  }
  return choose(*entry, kind);
}

double gain_of(const ActivationFunction& f, GainKind kind) {
  if (kind == GainKind::usual || kind == GainKind::torch) {
    fail(fmt::format("gain of a function: {} is a table of names, allowed are second_moment, variance, backward",
                     to_string(kind)));
  }
  const auto& integrand = kind == GainKind::backward ? f.slope : f.value;
  if (!integrand) {
    fail(fmt::format("gain of a function: its {} is not given, {} needs it",
                     kind == GainKind::backward ? "slope" : "value", to_string(kind)));
  }
  const double mean = kind == GainKind::variance ? gaussian_mean(integrand) : 0;
  const double square = gaussian_mean([&](double z) {
    const double y = integrand(z) - mean;
    return y * y;
  });
  // What is left of a constant's variance is the square of a rounding.
  if (!(square > 1e-28 * mean * mean)) {
    throw Error(ErrorKind::numeric, "init",
                fmt::format("gain of a function: {} of it is {}, a number above 0 is wanted",
                            kind == GainKind::variance ? "the variance" : "the mean square", square));
  }
  return 1 / std::sqrt(square);
}

std::string_view to_string(GainKind kind) {
  switch (kind) {
    case GainKind::usual:
      return "usual";
    case GainKind::torch:
      return "torch";
    case GainKind::second_moment:
      return "second_moment";
    case GainKind::variance:
      return "variance";
    case GainKind::backward:
      return "backward";
  }
  return "";
}

std::optional<GainKind> gain_kind(std::string_view name) {
  for (const GainKind kind : kGainKinds) {
    if (to_string(kind) == name) return kind;
  }
  return std::nullopt;
}

}  // namespace fanin::init
