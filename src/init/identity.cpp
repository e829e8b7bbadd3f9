#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fanin/core/error.h"

#include "init/definitions.h"

namespace fanin::init {
namespace {

struct Identity {
  static constexpr bool kExact = true;
  double gain;

  void check(const Shape& shape) const { want_rank("identity", shape, 2, 2); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans) const {
    return two_values(gain, static_cast<double>(std::min(shape[0], shape[1])), static_cast<double>(shape.elements()));
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans) const {
    return [value = static_cast<float>(gain), step = std::uint64_t{shape[1]} + 1,
            ones = std::uint64_t{std::min(shape[0], shape[1])}](const random::Stream&, std::uint64_t first,
                                                                std::span<float> out) {
      std::fill(out.begin(), out.end(), 0.0f);
      for (std::uint64_t i = (first + step - 1) / step; i < ones && i * step - first < out.size(); ++i) {
        out[i * step - first] = value;
      }
    };
  }
  friend bool operator==(const Identity&, const Identity&) = default;
};

struct Dirac {
  static constexpr bool kExact = true;
  double groups;

  void check(const Shape& shape) const {
    want_rank("dirac", shape, 3);
    if (std::fmod(static_cast<double>(shape[0]), groups) != 0) {
      throw Error(ErrorKind::usage, "init",
                  fmt::format("dirac: tensor {} has {} output channels, a multiple of groups={} is wanted", shape.str(),
                              shape[0], groups));
    }
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans) const {
    const double channels = std::min(static_cast<double>(shape[0]) / groups, static_cast<double>(shape[1]));
    return two_values(1, channels * groups, static_cast<double>(shape.elements()));
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans) const {
    const std::uint64_t taps = taps_of(shape).count;
    const std::uint64_t middle = taps_of(shape).middle;
    const std::uint64_t outputs = shape[0];
    const std::uint64_t channels = shape[1];
    const std::uint64_t per_group = outputs / static_cast<std::uint64_t>(groups);
    return [=](const random::Stream&, std::uint64_t first, std::span<float> out) {
      std::fill(out.begin(), out.end(), 0.0f);
      if (out.empty()) return;
      const std::uint64_t unit = channels * taps;
      for (std::uint64_t o = first / unit; o < outputs && o * unit < first + out.size(); ++o) {
        const std::uint64_t channel = o % per_group;
        if (channel >= channels) continue;
        const std::uint64_t at = o * unit + channel * taps + middle;
        if (at >= first && at - first < out.size()) out[at - first] = 1;
      }
    };
  }
  friend bool operator==(const Dirac&, const Dirac&) = default;
};

}  // namespace

std::vector<Definition> identity_definitions() {
  return {
      {"identity",
       {"eye"},
       {number("gain", "1")},
       [](Arguments a) { return make_rule(Identity{a[0].number}); },
       "W[i, i] = gain, 0 elsewhere; rank 2",
       "Le et al. 2015"},
      {"dirac",
       {},
       {integer("groups", "1")},
       [](Arguments a) { return make_rule(Dirac{a[0].number}); },
       "W[g * out / groups + c, c, middle...] = 1, 0 elsewhere: each channel passes unchanged; rank 3 or more",
       "Zagoruyko and Komodakis 2017"},
  };
}

}  // namespace fanin::init
