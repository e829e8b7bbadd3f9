#pragma once

#include <string_view>

#include "fanin/core/shape.h"

namespace fanin::init {

/// How many inputs feed one unit of a layer, and how many units one input feeds. A property of the layer, not of a
/// buffer: the bias of a layer has the fans of its weight.
struct Fans {
  double in = 0;
  double out = 0;
  friend bool operator==(const Fans&, const Fans&) = default;
};

/// The number that a scheme divides its variance by.
enum class FanMode {
  fan_in,       ///< keeps the variance of the signal (He et al. 2015, eq. 10)
  fan_out,      ///< keeps the variance of the gradient (He et al. 2015, eq. 14)
  fan_avg,      ///< (in + out) / 2, a compromise (Glorot and Bengio 2010, eq. 12)
  fan_geo_avg,  ///< sqrt(in * out)
};

/// The fan that `mode` selects.
[[nodiscard]] double fan(Fans fans, FanMode mode);

/// `fan_in`, `fan_out`, `fan_avg` or `fan_geo_avg`.
[[nodiscard]] std::string_view to_string(FanMode mode);

/// The fans of a linear layer's weight [out, in]. Throws Error(usage) unless `shape` has rank 2.
[[nodiscard]] Fans linear_fans(const Shape& shape);

}  // namespace fanin::init
