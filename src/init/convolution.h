#pragma once

#include "init/rule.h"

namespace fanin::init {

/// Which tap of an even kernel is the middle one: k / 2, or (k - 1) / 2.
enum class Middle { upper, lower };

/// An orthogonal matrix in the middle tap, 0 elsewhere.
[[nodiscard]] RulePtr delta_orthogonal_rule(double gain, Middle middle);

}  // namespace fanin::init
