#pragma once

#include "fanin/core/function_ref.h"

namespace fanin::init {

/// E f(z), z ~ N(0, 1), for any function: smooth, with kinks (relu) or with jumps, wherever they are.
///
/// Lobatto's rule of ten points against the density on pieces of [-16, 16], one long at first, each halved until the
/// halves agree with the whole to 1e-15 of E |f|. The rule counts the ends of a piece, so that a kink close to one is
/// seen. A Gauss-Hermite rule of n points would err by 1/n at a kink; here the pieces close in on it. Absolute error
/// about 1e-14 E |f|, as the tests show against closed forms.
///
/// f may grow like e^(z^2 / 4); what it does beyond 16 is not seen. About 1000 calls for a smooth function, 2000 more
/// for each kink. Deterministic; the last bits are those of the machine's exp(). Throws Error(numeric) if f is not
/// finite somewhere on the way, naming the place, and if 100 000 pieces do not settle it, as for noise.
[[nodiscard]] double gaussian_mean(FunctionRef<double(double)> f);

}  // namespace fanin::init
