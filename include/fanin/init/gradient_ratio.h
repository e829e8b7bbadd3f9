#pragma once

#include <cstddef>

#include "fanin/core/thread_pool.h"
#include "fanin/init/data_report.h"
#include "fanin/init/layer_access.h"

namespace fanin::init {

struct GradientRatioOptions {
  std::size_t rounds = 10;  ///< most changes of the weights, at least 1
  double tolerance = 0.01;  ///< of |ratio / mean ratio - 1|, above 0 and below 1

  /// Throws Error(usage) naming the option, its value and what is allowed.
  void validate() const;
};

/// Makes all layers learn at one rate (Krähenbühl et al. 2016, section 3.2): the ratios
/// r_k = sqrt(mean (dL/dW_k)^2 / mean W_k^2) become equal. In each round, with R their geometric mean and
/// s_k = sqrt(r_k / R), W_k becomes s_k W_k and b_k becomes s_1 ... s_k b_k. The product of all s_k is 1, so a network
/// of homogeneous activations (relu, leaky_relu, identity) remains the same function, and one round is enough for it;
/// for others it is a fixed-point iteration. A round that brings the ratios less than 1 % nearer is taken back and ends
/// it.
///
/// Ratios that do not agree within the tolerance are a finding. Throws as lsuv(), Error(numeric) for a layer without
/// gradient or with weights that are all zero, Error(usage) for callbacks that leave a layer out or give one twice.
DataReport calibrate_gradient_ratios(LayerAccess& network, const GradientRatioOptions& options, ThreadPool& pool);

}  // namespace fanin::init
