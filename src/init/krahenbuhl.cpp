#include "fanin/init/krahenbuhl.h"

#include <fmt/format.h>

#include <cmath>

#include "fanin/random/stream.h"

#include "init/data_weights.h"
#include "init/within_layer.h"

namespace fanin::init {
namespace {

// What the calibration did, on top of what every layer's own step did.
void add(const DataReport& calibration, DataReport& report) {
  report.gradient_rounds = calibration.gradient_rounds;
  for (std::size_t k = 0; k < report.layers.size(); ++k) {
    LayerReport& r = report.layers[k];
    const LayerReport& c = calibration.layers[k];
    r.mean_after = c.mean_after;
    r.std_after = c.std_after;
    r.unit_std_after = c.unit_std_after;
    r.scale *= c.scale;
    r.steps += c.steps;
    r.converged = r.converged && c.converged;
    r.gradient_ratio_before = c.gradient_ratio_before;
    r.gradient_ratio_after = c.gradient_ratio_after;
  }
  report.findings.insert(report.findings.end(), calibration.findings.begin(), calibration.findings.end());
}

}  // namespace

void KrahenbuhlOptions::validate() const {
  ratio.validate();
  if (std::isfinite(bias)) return;
  throw Error(ErrorKind::usage, "krahenbuhl", fmt::format("bias is {}, allowed is a finite number", bias));
}

DataReport krahenbuhl(LayerAccess& network, const KrahenbuhlOptions& options, std::uint64_t seed, ThreadPool& pool) {
  options.validate();
  Layers layers(network, "krahenbuhl", pool);
  DataReport report = layers.report();
  for (std::size_t k = 0; k < layers.size(); ++k) {
    LayerReport& r = report.layers[k];
    if (options.weights != DataWeights::given) {
      const MadeWeights made =
          make_weights(layers, k, options.weights, random::Stream(seed, layers.view(k).name + "/data weights"));
      r.directions = made.directions;
      if (!made.converged) {
        report.findings.push_back(fmt::format("layer '{}': k-means did not come to its end", r.name));
      }
    }
    scale_units(layers, k, options.bias, layers.weight_size(k), report);
  }
  if (options.calibrate) add(calibrate_gradient_ratios(network, options.ratio, pool), report);
  return report;
}

}  // namespace fanin::init
