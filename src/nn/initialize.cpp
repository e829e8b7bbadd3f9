#include "fanin/nn/initialize.h"

#include "fanin/init/fill.h"
#include "fanin/random/stream.h"

namespace fanin::nn {

InitRules InitRules::of(const init::Scheme& weights) {
  return {weights, weights, weights.fills_biases() ? weights : init::Scheme::parse("zeros")};
}

InitRules InitRules::parse(std::string_view weights) {
  return of(init::Scheme::parse(weights));
}

void initialize(Network& network, const InitRules& rules, std::uint64_t seed, ThreadPool& pool) {
  const std::size_t last = network.parameters().empty() ? 0 : network.parameters().back().layer;
  for (const Parameter& p : network.parameters()) {
    const init::Scheme& scheme =
        p.role == Role::bias ? rules.biases : (p.layer == last ? rules.output_weights : rules.weights);
    init::fill(scheme, p.shape, p.fans, random::Stream(seed, p.name), network.values(p), pool);
  }
  network.refresh();
}

}  // namespace fanin::nn
