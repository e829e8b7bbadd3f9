#include "fanin/init/data_dependent.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/init/fill.h"

#include "init/arguments.h"
#include "init/definitions.h"

namespace fanin::init {
namespace {

using Method = std::variant<LsuvOptions, KrahenbuhlOptions, WeightNormOptions>;

// `inside` comes first, `samples` and `batch` last.
struct Initializer {
  std::string_view name;
  std::vector<Parameter> parameters;
  Method (*make)(Arguments arguments);
  std::string_view formula;
  std::string_view source;
};

constexpr double kMostRounds = 1000;

Parameter no_or_yes(std::string_view name, std::string_view fallback) {
  return choice(name, fallback, {"no", "yes"});
}

// One that may look at the data: `given` is the scheme that stands there.
Parameter scheme_or_data(std::string_view name, std::string_view fallback) {
  Parameter p = scheme(name, fallback);
  p.choices = {"pca", "zca", "kmeans", "patches"};
  return p;
}

DataWeights weights_of(const Argument& a) {
  return a.scheme ? DataWeights::given : static_cast<DataWeights>(a.choice + 1);
}

std::size_t count(const Argument& a) {
  return static_cast<std::size_t>(a.number);
}

std::vector<Parameter> with_batch(std::vector<Parameter> parameters) {
  parameters.push_back(integer("samples", "1000", {2, 1 << 30}));
  parameters.push_back(choice("batch", "drawn", {"drawn", "first"}));
  return parameters;
}

std::span<const Initializer> initializers() {
  static const std::vector<Initializer> all = {
      {"lsuv",
       with_batch({scheme("inside", "orthogonal"), number("std", "1", kPositive), number("tolerance", "0.1", kPositive),
                   integer("attempts", "10", {1, kMostRounds}), no_or_yes("center", "no")}),
       [](Arguments a) -> Method {
         return LsuvOptions{a[1].number, a[2].number, count(a[3]), a[4].choice == 1};
       },
       "layer by layer, W of the scheme inside becomes W std / s until the std s of the layer's outputs over the batch "
       "is "
       "within the tolerance; center=yes moves the biases so that their mean becomes 0",
       "Mishkin and Matas 2016, algorithm 1 (layer-sequential unit variance)"},
      {"krahenbuhl",
       with_batch({scheme_or_data("inside", "normal"), number("bias", "0.1"), no_or_yes("calibrate", "yes"),
                   integer("rounds", "10", {1, kMostRounds}), number("tolerance", "0.01", kInsideFraction)}),
       [](Arguments a) -> Method {
         return KrahenbuhlOptions{weights_of(a[0]), a[1].number, a[2].choice == 1, {count(a[3]), a[4].number}};
       },
       "layer by layer, W of the scheme inside or of the layer's inputs (pca, zca, kmeans, patches), then W_u / s_u "
       "and "
       "bias - m_u / s_u for every unit with mean m_u and std s_u over the batch; then (calibrate=yes) W_k becomes "
       "W_k sqrt(r_k / R) with r_k = sqrt(mean (dL/dW_k)^2 / mean W_k^2), R their geometric mean",
       "Krähenbühl et al. 2016, algorithms 1 and 2"},
      {"weight_norm",
       with_batch({scheme("inside", "normal(0, 0.05)"), choice("gain", "data", {"data", "norm_preserving"}),
                   number("gamma", "2", kPositive)}),
       [](Arguments a) -> Method {
         return WeightNormOptions{static_cast<WeightNormGain>(a[1].choice), a[2].number};
       },
       "W_u = g v_u / |v_u| with v of the scheme inside; g = 1 / s_u and b = -m_u / s_u over the batch (gain=data), or "
       "g = sqrt(gamma fan_in / fan_out) and b = 0 (gain=norm_preserving)",
       "Salimans and Kingma 2016, section 3; Arpit et al. 2019"},
  };
  return all;
}

const Initializer* find(std::string_view name) {
  const auto found =
      std::find_if(initializers().begin(), initializers().end(), [&](const Initializer& i) { return i.name == name; });
  return found == initializers().end() ? nullptr : &*found;
}

}  // namespace

bool learns_from_data(std::string_view name) {
  return find(name) != nullptr;
}

bool DataDependent::is_meant(std::string_view text) {
  return learns_from_data(name_of(text));
}

DataDependent DataDependent::parse(std::string_view text) {
  text = trimmed(text);
  const Initializer* initializer = find(name_of(text));
  if (initializer == nullptr) {
    std::vector<std::string> names;
    for (const Initializer& i : initializers()) names.emplace_back(i.name);
    throw Error(ErrorKind::usage, "init",
                fmt::format("unknown data-dependent initializer '{}'{}; there are {}", name_of(text),
                            did_you_mean(name_of(text), names), "lsuv, krahenbuhl and weight_norm"));
  }
  const Call call = parse_call("initializer", text, "lsuv(orthogonal)");
  const std::vector<Argument> a = parse_arguments(call.name, initializer->parameters, call.arguments, kDeepestScheme);
  DataDependent made(std::string(text), Scheme::parse(a[0].scheme ? a[0].word : "normal"), initializer->make(a));
  const Argument& samples = a[a.size() - 2];
  made.samples_ = count(samples);
  made.samples_are_a_must_ = samples.given;
  made.drawn_ = a.back().choice == 0;
  return made;
}

void DataDependent::check(std::span<const Shape> shapes, std::size_t rows) const {
  const auto* options = std::get_if<KrahenbuhlOptions>(&method_);
  if (options == nullptr || options->weights == DataWeights::given) return;
  for (const Shape& shape : shapes) {
    const std::size_t units = shape[0];
    const std::size_t inputs = shape.elements() / std::max<std::size_t>(units, 1);
    // The mean takes one direction away.
    const std::size_t most = options->weights == DataWeights::pca   ? std::min(inputs, rows - 1)
                             : options->weights == DataWeights::zca ? inputs
                                                                    : rows;
    if (units <= most) continue;
    throw Error(
        ErrorKind::usage, "init",
        fmt::format("{}: a layer of {} units for {} inputs cannot be made from {} samples, which serve {}{}", text_,
                    units, inputs, rows, most, most < rows ? "; kmeans and patches take more units than inputs" : ""));
  }
}

DataReport DataDependent::run(LayerAccess& network, std::uint64_t seed, ThreadPool& pool) const {
  DataReport report;
  if (const auto* options = std::get_if<LsuvOptions>(&method_)) {
    report = lsuv(network, *options, pool);
  } else if (const auto* weights = std::get_if<KrahenbuhlOptions>(&method_)) {
    report = krahenbuhl(network, *weights, seed, pool);
  } else {
    report = weight_norm(network, std::get<WeightNormOptions>(method_), pool);
  }
  report.method = text_;
  return report;
}

DataReport DataDependent::fill_and_run(LayerAccess& network, std::uint64_t seed, ThreadPool& pool) const {
  for (std::size_t k = 0; k < network.layers(); ++k) {
    const LayerView v = network.layer(k);
    fill(start_, v.shape, v.fans, random::Stream(seed, v.name), v.weight, pool);
    std::fill(v.bias.begin(), v.bias.end(), 0.0F);
    network.changed(k);
  }
  return run(network, seed, pool);
}

std::span<const SchemeInfo> data_dependent_catalogue() {
  static const std::vector<SchemeInfo> all = [] {
    std::vector<SchemeInfo> infos;
    for (const Initializer& i : initializers()) {
      infos.push_back({.name = std::string(i.name),
                       .aliases = {},
                       .parameters = parameters_text(i.parameters),
                       .formula = std::string(i.formula),
                       .source = std::string(i.source)});
    }
    return infos;
  }();
  return all;
}

}  // namespace fanin::init
