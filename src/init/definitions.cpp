#include "init/definitions.h"

#include <fmt/format.h>

#include <optional>

#include "fanin/core/error.h"
#include "fanin/init/gain.h"

namespace fanin::init {
namespace {

using detail::Kind;
using detail::Rule;
using Arguments = std::span<const Argument>;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kMax = std::numeric_limits<float>::max();
constexpr Range kNotNegative{0, kMax};
constexpr Range kPositive{0, kMax, false};
constexpr Range kFraction{0, 1};
constexpr Range kCount{1, 1 << 30};
constexpr Range kWithInfinity{-kInf, kInf};

Rule constant(double value) {
  return {.kind = Kind::constant, .value = value};
}

Rule uniform(Arguments a) {
  if (a[0].number > a[1].number) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("uniform: low={} is above high={}, allowed are low <= high", a[0].number, a[1].number));
  }
  return {.kind = Kind::uniform, .low = a[0].number, .high = a[1].number};
}

Rule truncated_normal(Arguments a) {
  const double low = a[2].number;
  const double high = a[3].number;
  // Further out float64 has no probabilities left to invert.
  if (low >= high || low > 35 || high < -35) {
    throw Error(
        ErrorKind::usage, "init",
        fmt::format("truncated_normal: low={}, high={} given, allowed are low < high with low <= 35 and high >= -35 "
                    "(in standard deviations)",
                    low, high));
  }
  return {.kind = Kind::truncated_normal, .low = low, .high = high, .mean = a[0].number, .std = a[1].number};
}

Rule scaled(double scale, FanMode mode, Distribution distribution) {
  return {.kind = Kind::scaled, .scale = scale, .mode = mode, .distribution = distribution};
}

Rule xavier(Arguments a, Distribution distribution) {
  return scaled(a[0].number * a[0].number, FanMode::fan_avg, distribution);
}

Rule kaiming(Arguments a, std::string_view name, Distribution distribution) {
  const std::string& nonlinearity = a[2].word;
  std::optional<double> parameter;
  if (a[0].given || nonlinearity == "leaky_relu") parameter = a[0].number;
  if (a[0].given && !has_parameter(nonlinearity)) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("{}: a={} has no meaning for nonlinearity={}, only for leaky_relu and elu", name,
                            a[0].number, nonlinearity));
  }
  const double g = gain(nonlinearity, parameter);
  return scaled(g * g, a[1].mode, distribution);
}

const std::vector<Parameter> kGain = {{"gain", ParameterType::number, "1", kNotNegative}};
const std::vector<Parameter> kKaiming = {{"a", ParameterType::number, "0"},
                                         {"mode", ParameterType::mode, "fan_in"},
                                         {"nonlinearity", ParameterType::nonlinearity, "leaky_relu"}};

const std::vector<Definition>& table() {
  static const std::vector<Definition> all = {
      {"zeros", {}, {}, [](Arguments) { return constant(0); }, "W = 0", "elementary"},
      {"ones", {}, {}, [](Arguments) { return constant(1); }, "W = 1", "elementary"},
      {"constant",
       {},
       {{"value", ParameterType::number, ""}},
       [](Arguments a) { return constant(a[0].number); },
       "W = value",
       "elementary"},
      {"uniform",
       {},
       {{"low", ParameterType::number, "0"}, {"high", ParameterType::number, "1"}},
       uniform,
       "W ~ U[low, high), Var[W] = (high - low)^2 / 12",
       "elementary; the defaults of torch.nn.init.uniform_"},
      {"normal",
       {},
       {{"mean", ParameterType::number, "0"}, {"std", ParameterType::number, "1", kNotNegative}},
       [](Arguments a) { return Rule{.kind = Kind::normal, .mean = a[0].number, .std = a[1].number}; },
       "W ~ N(mean, std^2)",
       "elementary; the defaults of torch.nn.init.normal_"},
      {"truncated_normal",
       {},
       {{"mean", ParameterType::number, "0"},
        {"std", ParameterType::number, "1", kNotNegative},
        {"low", ParameterType::number, "-2", kWithInfinity},
        {"high", ParameterType::number, "2", kWithInfinity}},
       truncated_normal,
       "W ~ N(mean, std^2) given mean + low std <= W <= mean + high std; std is that before truncation",
       "elementary; bounds in standard deviations as in Keras and JAX, absolute in PyTorch"},
      {"variance_scaling",
       {},
       {{"scale", ParameterType::number, "1", kPositive},
        {"mode", ParameterType::mode, "fan_in"},
        {"distribution", ParameterType::distribution, "truncated_normal"}},
       [](Arguments a) { return scaled(a[0].number, a[1].mode, a[2].distribution); },
       "Var[W] = scale / fan(mode); a truncated normal ends at 2 sigma and is widened to have this variance",
       "Keras VarianceScaling, JAX variance_scaling"},
      {"xavier_uniform",
       {"glorot_uniform"},
       kGain,
       [](Arguments a) { return xavier(a, Distribution::uniform); },
       "Var[W] = 2 gain^2 / (fan_in + fan_out), W ~ U(+-gain sqrt(6 / (fan_in + fan_out)))",
       "Glorot and Bengio 2010, eq. 16"},
      {"xavier_normal",
       {"glorot_normal"},
       kGain,
       [](Arguments a) { return xavier(a, Distribution::normal); },
       "Var[W] = 2 gain^2 / (fan_in + fan_out), W normal",
       "Glorot and Bengio 2010, eq. 12"},
      {"kaiming_uniform",
       {"he_uniform"},
       kKaiming,
       [](Arguments a) { return kaiming(a, "kaiming_uniform", Distribution::uniform); },
       "Var[W] = gain(nonlinearity, a)^2 / fan(mode), W ~ U(+-sqrt(3 Var[W])); gain^2 = 2 / (1 + a^2) for leaky_relu",
       "He et al. 2015, eq. 10 and 14"},
      {"kaiming_normal",
       {"he_normal"},
       kKaiming,
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
      {"orthogonal",
       {},
       kGain,
       [](Arguments a) { return Rule{.kind = Kind::orthogonal, .gain = a[0].number}; },
       "W^T W = gain^2 I or W W^T = gain^2 I, Haar distributed; Var[W] = gain^2 / max(rows, cols), cols = the rest of "
       "the shape",
       "Saxe et al. 2014; Mezzadri 2007"},
      {"identity",
       {"eye"},
       {{"gain", ParameterType::number, "1"}},
       [](Arguments a) { return Rule{.kind = Kind::identity, .gain = a[0].number}; },
       "W[i, i] = gain, 0 elsewhere; rank 2",
       "Le et al. 2015"},
      {"dirac",
       {},
       {{"groups", ParameterType::integer, "1", kCount}},
       [](Arguments a) { return Rule{.kind = Kind::dirac, .groups = a[0].number}; },
       "W[g * out / groups + c, c, middle...] = 1, 0 elsewhere: each channel passes unchanged; rank 3 or more",
       "Zagoruyko and Komodakis 2017"},
      {"sparse",
       {},
       {{"sparsity", ParameterType::number, "", kFraction}, {"std", ParameterType::number, "0.01", kNotNegative}},
       [](Arguments a) { return Rule{.kind = Kind::sparse, .std = a[1].number, .sparsity = a[0].number}; },
       "W ~ N(0, std^2), then ceil(sparsity * rows) random zeros in every column; rank 2",
       "Martens 2010; the rule of torch.nn.init.sparse_"},
      {"pytorch_default",
       {},
       {},
       [](Arguments) { return scaled(1.0 / 3, FanMode::fan_in, Distribution::uniform); },
       "Var[W] = 1 / (3 fan_in), W ~ U(+-1 / sqrt(fan_in)), weights and biases alike",
       "torch.nn.Linear, there written kaiming_uniform(a=sqrt(5))"},
  };
  return all;
}

}  // namespace

std::span<const Definition> definitions() {
  return table();
}

const Definition* find_definition(std::string_view name) {
  for (const Definition& d : table()) {
    if (d.name == name) return &d;
    for (const std::string_view alias : d.aliases) {
      if (alias == name) return &d;
    }
  }
  return nullptr;
}

const std::vector<std::string>& scheme_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Definition& d : table()) {
      all.emplace_back(d.name);
      all.insert(all.end(), d.aliases.begin(), d.aliases.end());
    }
    return all;
  }();
  return names;
}

}  // namespace fanin::init
