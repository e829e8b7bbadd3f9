#pragma once

#include <cstddef>

#include "fanin/core/thread_pool.h"
#include "fanin/init/data_report.h"
#include "fanin/init/layer_access.h"

namespace fanin::init {

struct LsuvOptions {
  double std = 1;             ///< that the outputs of every layer shall have, above 0
  double tolerance = 0.1;     ///< |std of the outputs / std - 1| that is good enough, above 0
  std::size_t attempts = 10;  ///< most scalings of a layer, at least 1
  bool center = false;        ///< the mean of each layer's outputs shall be 0 within the tolerance too

  /// Throws Error(usage) naming the option, its value and what is allowed.
  void validate() const;
};

/// Layer-sequential unit-variance initialization (Mishkin & Matas 2016, "All you need is a good init", algorithm 1) of
/// weights that are there already, orthogonal ones in the paper: for each layer from the first to the last, while the
/// std s of its outputs (all units, all rows) is out of tolerance, W becomes W std / s. With `center` all biases of the
/// layer move by one number so that the mean of its outputs becomes 0.
///
/// A layer that does not come within the tolerance is a finding, and so is the first one where the samples make less
/// than a tenth of the std: the means of units spread instead (LayerReport::unit_std_after). Throws Error(usage) for
/// options out of range, for a layer without biases where `center` asks for them, and for callbacks that give wrong
/// sizes; Error(numeric) for outputs that are not finite and for a layer whose outputs do not depend on the data,
/// naming the layer. Deterministic: sums are float64 in a fixed order, whatever the number of threads.
DataReport lsuv(LayerAccess& network, const LsuvOptions& options, ThreadPool& pool);

}  // namespace fanin::init
