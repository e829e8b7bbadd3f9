#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "fanin/core/error.h"
#include "fanin/init/gain.h"

#include "init/definitions.h"
#include "init/law.h"

namespace fanin::init {
namespace {

enum class Distribution { uniform, normal, truncated_normal };

// The std of N(0, 1) within [-2, 2], as random::truncated_normal_std(-2, 2) computes it.
constexpr double kTruncatedStd = 0.87962566103423975;

// The variance is scale / fan.
struct Scaled {
  double scale;
  FanMode mode;
  Distribution distribution;

  [[nodiscard]] Law law(const Shape& shape, Fans fans) const {
    const double n = fan_of(shape, fans, mode);
    switch (distribution) {
      case Distribution::uniform: {
        const double bound = std::sqrt(3 * scale / n);
        return {Law::Kind::uniform, -bound, bound};
      }
      case Distribution::normal:
        return {Law::Kind::normal, 0, std::sqrt(scale / n)};
      case Distribution::truncated_normal:
        break;
    }
    return {Law::Kind::truncated_normal, 0, std::sqrt(scale / n) / kTruncatedStd, -2, 2};
  }

  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const { return expected_of(law(shape, fans)); }
  [[nodiscard]] Elements elements(const Shape& shape, Fans fans) const { return elements_of(law(shape, fans)); }
  friend bool operator==(const Scaled&, const Scaled&) = default;
};

RulePtr scaled(double scale, FanMode mode, Distribution distribution) {
  return make_rule(Scaled{scale, mode, distribution});
}

RulePtr xavier(Arguments a, Distribution distribution) {
  return scaled(a[0].number * a[0].number, FanMode::fan_avg, distribution);
}

RulePtr kaiming(Arguments a, std::string_view name, Distribution distribution) {
  const std::string& nonlinearity = a[2].word;
  std::optional<double> parameter;
  if (a[0].given || nonlinearity == "leaky_relu") parameter = a[0].number;
  if (a[0].given && !has_parameter(nonlinearity)) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("{}: a={} has no meaning for nonlinearity={}, only for leaky_relu and elu", name,
                            a[0].number, nonlinearity));
  }
  const double g = gain(nonlinearity, static_cast<GainKind>(a[3].choice), parameter);
  return scaled(g * g, a[1].mode(), distribution);
}

std::vector<Parameter> kaiming_parameters() {
  std::vector<std::string> kinds;
  for (const GainKind kind : kGainKinds) {
    kinds.emplace_back(to_string(kind));
  }
  return {number("a", "0"), fan_mode("fan_in"), choice("nonlinearity", "leaky_relu", activation_names()),
          choice("gain", "usual", std::move(kinds))};
}

}  // namespace

std::vector<Definition> scaled_definitions() {
  const std::vector<Parameter> gain_alone = {number("gain", "1", kNotNegative)};
  return {
      {"variance_scaling",
       {},
       {number("scale", "1", kPositive), fan_mode("fan_in"),
        choice("distribution", "truncated_normal", {"uniform", "normal", "truncated_normal"})},
       [](Arguments a) { return scaled(a[0].number, a[1].mode(), static_cast<Distribution>(a[2].choice)); },
       "Var[W] = scale / fan(mode); a truncated normal ends at 2 sigma and is widened to have this variance",
       "Keras VarianceScaling, JAX variance_scaling"},
      {"xavier_uniform",
       {"glorot_uniform"},
       gain_alone,
       [](Arguments a) { return xavier(a, Distribution::uniform); },
       "Var[W] = 2 gain^2 / (fan_in + fan_out), W ~ U(+-gain sqrt(6 / (fan_in + fan_out)))",
       "Glorot and Bengio 2010, eq. 16"},
      {"xavier_normal",
       {"glorot_normal"},
       gain_alone,
       [](Arguments a) { return xavier(a, Distribution::normal); },
       "Var[W] = 2 gain^2 / (fan_in + fan_out), W normal",
       "Glorot and Bengio 2010, eq. 12"},
      {"kaiming_uniform",
       {"he_uniform"},
       kaiming_parameters(),
       [](Arguments a) { return kaiming(a, "kaiming_uniform", Distribution::uniform); },
       "Var[W] = gain(nonlinearity, a)^2 / fan(mode), W ~ U(+-sqrt(3 Var[W])); gain^2 = 2 / (1 + a^2) for leaky_relu",
       "He et al. 2015, eq. 10 and 14"},
      {"kaiming_normal",
       {"he_normal"},
       kaiming_parameters(),
       [](Arguments a) { return kaiming(a, "kaiming_normal", Distribution::normal); },
       "Var[W] = gain(nonlinearity, a)^2 / fan(mode), W normal (not truncated); gain^2 = 2 / (1 + a^2) for leaky_relu",
       "He et al. 2015, eq. 10 and 14"},
      {"lecun_uniform",
       {},
       {},
       [](Arguments) { return scaled(1, FanMode::fan_in, Distribution::uniform); },
       "Var[W] = 1 / fan_in, W ~ U(+-sqrt(3 / fan_in))",
       "LeCun et al. 1998, eq. 16"},
      {"lecun_normal",
       {},
       {},
       [](Arguments) { return scaled(1, FanMode::fan_in, Distribution::truncated_normal); },
       "Var[W] = 1 / fan_in, W normal truncated at 2 sigma and widened to have this variance, as in Keras and JAX",
       "LeCun et al. 1998, eq. 16; Klambauer et al. 2017"},
      {"pytorch_default",
       {},
       {},
       [](Arguments) { return scaled(1.0 / 3, FanMode::fan_in, Distribution::uniform); },
       "W, b ~ U(+-1 / sqrt(fan_in)), so Var[W] = 1 / (3 fan_in)",
       "torch.nn.Linear, there written kaiming_uniform(a=sqrt(5))"},
  };
}

}  // namespace fanin::init
