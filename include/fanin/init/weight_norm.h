#pragma once

#include "fanin/core/thread_pool.h"
#include "fanin/init/data_report.h"
#include "fanin/init/layer_access.h"

namespace fanin::init {

/// What the length of a unit's weights comes from.
enum class WeightNormGain {
  data,             ///< g = 1 / std of the outputs, b = -mean / std: each unit has mean 0 and variance 1 on the batch
  norm_preserving,  ///< g = sqrt(gamma fan_in / fan_out), b = 0: no data is needed
};

struct WeightNormOptions {
  WeightNormGain gain = WeightNormGain::data;
  double gamma = 2;  ///< of norm_preserving: 2 for relu, 1 for linear layers; above 0

  /// Throws Error(usage) naming the option, its value and what is allowed.
  void validate() const;
};

/// The first weights of a network in the parameterization w = g v / |v| for each unit, from the v that are there:
/// Salimans & Kingma 2016 ("Weight normalization", section 3), v ~ N(0, 0.05^2), with g and b from the outputs t of
/// v x / |v|; or Arpit, Campos & Bengio 2019 ("How to initialize your network?"), v orthogonal. The weights become
/// g v / |v|, in a network with weight normalization as without; a unit's g is then the length of its row.
///
/// Findings and errors as krahenbuhl() has them; of norm_preserving, Error(numeric) for a unit whose weights are all
/// zero. Deterministic as lsuv().
DataReport weight_norm(LayerAccess& network, const WeightNormOptions& options, ThreadPool& pool);

}  // namespace fanin::init
