#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fanin/core/thread_pool.h"
#include "fanin/init/scheme.h"
#include "fanin/nn/network.h"

namespace fanin::nn {

/// Which scheme fills which parameters of a network: weights of hidden layers, weights of the last layer, biases.
struct InitRules {
  init::Scheme weights;
  init::Scheme output_weights;
  init::Scheme biases;

  /// `weights` for every weight and zero biases; `pytorch_default` brings its own biases, U(+-1/sqrt(fan_in)).
  static InitRules of(const init::Scheme& weights);
  /// of(Scheme::parse(weights)). Throws Error(usage) for a text that is no scheme.
  static InitRules parse(std::string_view weights);
};

/// Fills every parameter. Its values depend on (seed, its name, its rule) alone: another layer more or less changes
/// nothing in the others. Ends with network.refresh(). Deterministic for any number of threads.
void initialize(Network& network, const InitRules& rules, std::uint64_t seed, ThreadPool& pool);

}  // namespace fanin::nn
