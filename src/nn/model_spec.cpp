#include "fanin/nn/model_spec.h"

namespace fanin::nn {

init::ModelSpec model_spec(const Network& network) {
  std::vector<init::ParameterSpec> parameters;
  std::size_t depth = 0;
  const std::size_t last = network.parameters().empty() ? 0 : network.parameters().back().layer;
  const std::size_t first = network.parameters().empty() ? 0 : network.parameters().front().layer;
  const Parameter* before = nullptr;
  for (const Parameter& p : network.parameters()) {
    if (before != nullptr && p.layer != before->layer) ++depth;
    before = &p;
    parameters.push_back({.name = p.name,
                          .shape = p.shape,
                          .role = p.role == Role::bias ? init::Role::bias : init::Role::weight,
                          .kind = init::LayerKind::linear,
                          .depth = depth,
                          .part = p.layer == last    ? init::Part::readout
                                  : p.layer == first ? init::Part::input
                                                     : init::Part::other,
                          .fans = p.fans});
  }
  return init::ModelSpec(std::move(parameters));
}

}  // namespace fanin::nn
