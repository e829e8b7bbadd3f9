#include "fanin/init/gradient_ratio.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "init/layers.h"
#include "init/portable_math.h"

namespace fanin::init {
namespace {

// Taken from the smallest one, so that no digit is lost where all are tiny.
double geometric_mean(const std::vector<double>& values) {
  const double smallest = *std::min_element(values.begin(), values.end());
  double sum = 0;
  for (const double x : values) sum += log_of(x / smallest);
  return smallest * (exp_minus_one(sum / static_cast<double>(values.size())) + 1);
}

// The largest |ratio / mean - 1|.
double disagreement(const std::vector<double>& ratios) {
  const double mean = geometric_mean(ratios);
  double worst = 0;
  for (const double r : ratios) worst = std::max(worst, std::abs(r / mean - 1));
  return worst;
}

std::vector<std::vector<float>> copy_of(const Layers& layers) {
  std::vector<std::vector<float>> kept;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    kept.emplace_back(layers.view(k).weight.begin(), layers.view(k).weight.end());
    kept.emplace_back(layers.view(k).bias.begin(), layers.view(k).bias.end());
  }
  return kept;
}

void restore(Layers& layers, const std::vector<std::vector<float>>& kept) {
  for (std::size_t k = 0; k < layers.size(); ++k) {
    std::copy(kept[2 * k].begin(), kept[2 * k].end(), layers.view(k).weight.begin());
    std::copy(kept[2 * k + 1].begin(), kept[2 * k + 1].end(), layers.view(k).bias.begin());
    layers.changed(k);
  }
}

void balance(Layers& layers, const std::vector<double>& ratios) {
  const double mean = geometric_mean(ratios);
  // Of the outputs of the layers so far, if activations are homogeneous.
  double outputs = 1;
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const double scale = std::sqrt(ratios[k] / mean);
    outputs *= scale;
    multiply(layers.view(k).weight, scale);
    multiply(layers.view(k).bias, outputs);
    layers.changed(k);
  }
}

}  // namespace

void GradientRatioOptions::validate() const {
  if (rounds == 0) throw Error(ErrorKind::usage, "gradient_ratio", "0 rounds given, at least 1 is needed");
  if (tolerance > 0 && tolerance < 1) return;
  throw Error(ErrorKind::usage, "gradient_ratio",
              fmt::format("tolerance is {}, allowed is 0 < tolerance < 1", tolerance));
}

DataReport calibrate_gradient_ratios(LayerAccess& network, const GradientRatioOptions& options, ThreadPool& pool) {
  options.validate();
  Layers layers(network, "gradient_ratio", pool);
  DataReport report = layers.report();
  std::vector<double> sizes(layers.size());
  for (std::size_t k = 0; k < layers.size(); ++k) {
    sizes[k] = layers.weight_size(k);
    begin(report.layers[k], layers.moments(k));
  }
  std::vector<double> ratios = layers.gradient_ratios();
  for (std::size_t k = 0; k < layers.size(); ++k) report.layers[k].gradient_ratio_before = ratios[k];
  double off = disagreement(ratios);
  while (off > options.tolerance && report.gradient_rounds < options.rounds) {
    const std::vector<std::vector<float>> kept = copy_of(layers);
    balance(layers, ratios);
    std::vector<double> next = layers.gradient_ratios();
    const double next_off = disagreement(next);
    constexpr double kProgress = 0.99;
    if (!(next_off < kProgress * off)) {
      restore(layers, kept);
      break;
    }
    ratios = std::move(next);
    off = next_off;
    ++report.gradient_rounds;
  }
  for (std::size_t k = 0; k < layers.size(); ++k) {
    LayerReport& r = report.layers[k];
    layers.finish(r, layers.moments(k), k, sizes[k]);
    r.steps = report.gradient_rounds;
    r.gradient_ratio_after = ratios[k];
    r.converged = off <= options.tolerance;
  }
  if (off > options.tolerance) {
    report.findings.push_back(
        fmt::format("after {} rounds gradient ratios still differ by {:.3g} % from their mean, "
                    "wanted was {:g} %",
                    report.gradient_rounds, 100 * off, 100 * options.tolerance));
  }
  return report;
}

}  // namespace fanin::init
