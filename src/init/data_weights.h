#pragma once

#include <cstddef>

#include "fanin/init/krahenbuhl.h"
#include "fanin/random/stream.h"

#include "init/layers.h"

namespace fanin::init {

struct MadeWeights {
  std::size_t directions = 0;  ///< of the inputs that the weights were made of
  bool converged = true;       ///< k-means came to its end
};

/// Writes layer k's weights as `weights` says, anything but DataWeights::given. Throws as krahenbuhl().
MadeWeights make_weights(Layers& layers, std::size_t k, DataWeights weights, const random::Stream& stream);

}  // namespace fanin::init
