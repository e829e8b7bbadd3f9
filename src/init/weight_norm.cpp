#include "fanin/init/weight_norm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "init/layers.h"
#include "init/within_layer.h"

namespace fanin::init {
namespace {

// Every unit's weights get the length g.
void set_lengths(const Layers& layers, std::size_t k, double g) {
  const LayerView& v = layers.view(k);
  const std::size_t fan = layers.fan(k);
  for (std::size_t u = 0; u < layers.units(k); ++u) {
    const std::span<float> w = v.weight.subspan(u * fan, fan);
    double square = 0;
    for (const float x : w) square += static_cast<double>(x) * static_cast<double>(x);
    if (square == 0) layers.fail(ErrorKind::numeric, k, fmt::format("the weights of unit {} are all zero", u));
    multiply(w, g / std::sqrt(square));
  }
}

}  // namespace

void WeightNormOptions::validate() const {
  if (gamma > 0 && std::isfinite(gamma)) return;
  throw Error(ErrorKind::usage, "weight_norm", fmt::format("gamma is {}, allowed is a number above 0", gamma));
}

DataReport weight_norm(LayerAccess& network, const WeightNormOptions& options, ThreadPool& pool) {
  options.validate();
  Layers layers(network, "weight_norm", pool);
  DataReport report = layers.report();
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const LayerView& v = layers.view(k);
    const double size = layers.weight_size(k);
    if (options.gain == WeightNormGain::data) {
      scale_units(layers, k, 0, size, report);
      continue;
    }
    const Fans& fans = v.fans;
    if (!(fans.in > 0 && fans.out > 0)) {
      layers.fail(ErrorKind::usage, k,
                  fmt::format("fan_in is {} and fan_out {}, both must be above 0", fans.in, fans.out));
    }
    LayerReport& r = report.layers[k];
    begin(r, layers.moments(k));
    set_lengths(layers, k, std::sqrt(options.gamma * fans.in / fans.out));
    std::fill(v.bias.begin(), v.bias.end(), 0.0F);
    r.steps = 1;
    layers.changed(k);
    layers.finish(r, layers.moments(k), k, size);
  }
  return report;
}

}  // namespace fanin::init
