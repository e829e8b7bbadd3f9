#include "init/within_layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace fanin::init {
namespace {

// Whether every unit that can be scaled has the std 1, and the mean where there are biases. The products of a network
// in bfloat16 keep three digits.
bool as_promised(const OutputMoments& m, double mean, bool has_bias) {
  constexpr double kEnough = 0.02;
  for (std::size_t u = 0; u < m.mean.size(); ++u) {
    if (!m.is_constant(u) && std::abs(std::sqrt(m.variance[u]) - 1) > kEnough) return false;
    if (has_bias && std::abs(m.mean[u] - mean) > kEnough) return false;
  }
  return true;
}

}  // namespace

void scale_units(Layers& layers, std::size_t k, double mean, double size, DataReport& report) {
  const LayerView& v = layers.view(k);
  LayerReport& r = report.layers[k];
  OutputMoments m = layers.moments(k);
  begin(r, m);
  const std::size_t fan = layers.fan(k);
  for (std::size_t u = 0; u < layers.units(k); ++u) {
    const double s = m.is_constant(u) ? 1 : std::sqrt(m.variance[u]);
    multiply(v.weight.subspan(u * fan, fan), 1 / s);
    if (!v.bias.empty()) v.bias[u] = static_cast<float>((static_cast<double>(v.bias[u]) - m.mean[u]) / s + mean);
  }
  r.steps = 1;
  const std::size_t constant = m.constant;
  layers.changed(k);
  m = layers.moments(k);
  layers.finish(r, m, k, size);
  r.constant = constant;
  r.converged = as_promised(m, mean, !v.bias.empty());
  if (constant > 0) {
    report.findings.push_back(
        fmt::format("layer '{}': {} of {} units have the same output for all {} rows and keep "
                    "their weights",
                    r.name, constant, r.units, r.rows));
  }
  if (v.bias.empty()) {
    report.findings.push_back(fmt::format("layer '{}': it has no biases, so its units keep their means", r.name));
  }
  if (!r.converged) {
    report.findings.push_back(
        fmt::format("layer '{}': some units do not have the std 1 and the mean {:g} after they "
                    "were scaled; all outputs have mean {:.4g} and std {:.4g}",
                    r.name, mean, r.mean_after, r.std_after));
  }
}

}  // namespace fanin::init
