#pragma once

#include "fanin/init/model_spec.h"
#include "fanin/nn/network.h"

namespace fanin::nn {

/// The parameters of a network as a plan needs them: names, shapes, roles and fans as they are, linear layers numbered
/// from the input as depths, f32, raw.
[[nodiscard]] init::ModelSpec model_spec(const Network& network);

}  // namespace fanin::nn
