#pragma once

#include "init/rule.h"

namespace fanin::init {

/// Normals, then ceil(sparsity * places) random zeros in every column, or in every row (per_unit); rank 2.
[[nodiscard]] RulePtr sparse_rule(double sparsity, double mean, double std, bool per_unit);

}  // namespace fanin::init
