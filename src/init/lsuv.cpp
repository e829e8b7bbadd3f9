#include "fanin/init/lsuv.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "init/layers.h"

namespace fanin::init {
namespace {

double mean_of(std::span<const float> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

struct Wanted {
  const LsuvOptions& options;

  [[nodiscard]] bool std_is_right(const OutputMoments& m) const {
    return std::abs(m.overall_std - options.std) <= options.tolerance * options.std;
  }
  [[nodiscard]] bool mean_is_right(double mean) const {
    return !options.center || std::abs(mean) <= options.tolerance * options.std;
  }
};

// One scaling, and the move of the biases that makes up for the mean that is then expected.
void improve(const Layers& layers, std::size_t k, const OutputMoments& m, const Wanted& wanted) {
  const LayerView& v = layers.view(k);
  const double factor = wanted.std_is_right(m) ? 1 : wanted.options.std / m.overall_std;
  multiply(v.weight, factor);
  if (!wanted.options.center) return;
  const double bias = mean_of(v.bias);
  const double mean = factor * (m.overall_mean - bias) + bias;
  if (wanted.mean_is_right(mean)) return;
  for (float& b : v.bias) b = static_cast<float>(static_cast<double>(b) - mean);
}

// The std of a layer is that of its units' means too, which say nothing about a sample. Layers behind have less of it.
void warn_of_lost_samples(DataReport& report) {
  constexpr double kLittle = 0.1;
  for (const LayerReport& r : report.layers) {
    if (r.unit_std_after >= kLittle * r.std_after) continue;
    report.findings.push_back(
        fmt::format("layer '{}': of the std {:.3g} of its outputs the samples make {:.2g}, the rest is that units have "
                    "different means; weight_norm and krahenbuhl center each unit",
                    r.name, r.std_after, r.unit_std_after));
    return;
  }
}

}  // namespace

void LsuvOptions::validate() const {
  const auto reject = [](std::string_view option, double value, std::string_view allowed) {
    throw Error(ErrorKind::usage, "lsuv", fmt::format("{} is {}, allowed is {}", option, value, allowed));
  };
  if (!(std > 0 && std::isfinite(std))) reject("std", std, "a number above 0");
  if (!(tolerance > 0 && std::isfinite(tolerance))) reject("tolerance", tolerance, "a number above 0");
  if (attempts == 0) reject("attempts", 0, "1 or more");
}

DataReport lsuv(LayerAccess& network, const LsuvOptions& options, ThreadPool& pool) {
  options.validate();
  Layers layers(network, "lsuv", pool);
  const Wanted wanted{options};
  DataReport report = layers.report();
  for (std::size_t k = 0; k < layers.size(); ++k) {
    if (options.center && layers.view(k).bias.empty()) {
      layers.fail(ErrorKind::usage, k, "it has no biases to center its outputs with");
    }
    LayerReport& r = report.layers[k];
    const double size = layers.weight_size(k);
    OutputMoments m = layers.moments(k);
    begin(r, m);
    const auto is_right = [&] { return wanted.std_is_right(m) && wanted.mean_is_right(m.overall_mean); };
    while (!is_right() && r.steps < options.attempts) {
      improve(layers, k, m, wanted);
      ++r.steps;
      layers.changed(k);
      m = layers.moments(k);
    }
    layers.finish(r, m, k, size);
    r.converged = is_right();
    if (r.converged) continue;
    report.findings.push_back(fmt::format(
        "layer '{}': after {} attempts its outputs have mean {:.4g} and std {:.4g}, wanted was a std within "
        "{:g} of {:g}{}",
        r.name, r.steps, r.mean_after, r.std_after, options.tolerance * options.std, options.std,
        options.center ? fmt::format(" and a mean within {:g} of 0", options.tolerance * options.std) : ""));
  }
  warn_of_lost_samples(report);
  return report;
}

}  // namespace fanin::init
