#include "fanin/init/fans.h"

#include <fmt/format.h>

#include <cmath>

#include "fanin/core/error.h"

namespace fanin::init {

double fan(Fans fans, FanMode mode) {
  switch (mode) {
    case FanMode::fan_in:
      return fans.in;
    case FanMode::fan_out:
      return fans.out;
    case FanMode::fan_avg:
      return (fans.in + fans.out) / 2;
    case FanMode::fan_geo_avg:
      return std::sqrt(fans.in * fans.out);
  }
  return 0;
}

std::string_view to_string(FanMode mode) {
  switch (mode) {
    case FanMode::fan_in:
      return "fan_in";
    case FanMode::fan_out:
      return "fan_out";
    case FanMode::fan_avg:
      return "fan_avg";
    case FanMode::fan_geo_avg:
      return "fan_geo_avg";
  }
  return "";
}

Fans linear_fans(const Shape& shape) {
  if (shape.rank() != 2) {
    throw Error(
        ErrorKind::usage, "init",
        fmt::format("fans of a linear weight: shape {} has rank {}, [out, in] is wanted", shape.str(), shape.rank()));
  }
  return {static_cast<double>(shape[1]), static_cast<double>(shape[0])};
}

}  // namespace fanin::init
