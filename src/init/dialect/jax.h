#pragma once

#include <vector>

#include "init/definitions.h"

namespace fanin::init {

/// jax.nn.initializers, under JAX' name or Flax', which hands them on.
[[nodiscard]] std::vector<Definition> jax_family(Framework framework);

}  // namespace fanin::init
