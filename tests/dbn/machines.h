#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/dbn/stack.h"
#include "fanin/init/scheme.h"
#include "fanin/random/distributions.h"
#include "fanin/rbm/rbm.h"

namespace fanin::test {

/// Weights and biases of every sign.
inline rbm::Rbm machine(const rbm::RbmSpec& spec, std::uint64_t seed, double std = 0.5) {
  rbm::Rbm rbm(spec);
  ThreadPool pool(1);
  rbm.initialize(init::Scheme::parse("normal(0, 1)"), seed, pool);
  for (float& w : rbm.values()) w *= static_cast<float>(std);
  random::fill_normal(random::Stream(seed, "b"), 0, rbm.values().subspan(rbm.visible_bias_offset(), rbm.visible()), 0,
                      std);
  random::fill_normal(random::Stream(seed, "c"), 0, rbm.values().subspan(rbm.hidden_bias_offset(), rbm.hidden()), 0,
                      std);
  rbm.refresh();
  return rbm;
}

inline dbn::Stack stack_of(const std::vector<rbm::RbmSpec>& specs, double std = 0.5) {
  std::vector<rbm::Rbm> layers;
  for (std::size_t l = 0; l < specs.size(); ++l) layers.push_back(machine(specs[l], l + 1, std));
  return dbn::Stack(std::move(layers));
}

inline std::vector<float> uniform(std::size_t n, std::uint64_t seed) {
  std::vector<float> x(n);
  random::fill_uniform(random::Stream(seed, "x"), 0, x, 0, 1);
  return x;
}

}  // namespace fanin::test
