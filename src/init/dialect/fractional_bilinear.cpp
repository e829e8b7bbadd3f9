#include <cmath>

#include "init/dialect/special.h"

namespace fanin::init {
namespace {

struct FractionalBilinear {
  static constexpr bool kExact = true;

  void check(const Shape& shape) const { want_rank("mxnet:Bilinear", shape, 4, 4); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    return measured(elements(shape, fans), shape.elements());
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans) const {
    const auto width = static_cast<double>(shape[3]);
    const auto height = static_cast<double>(shape[2]);
    const double f = std::ceil(width / 2);
    const double c = (2 * f - 1 - std::fmod(f, 2)) / (2 * f);
    return [=](const random::Stream&, std::uint64_t first, std::span<float> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        const auto at = static_cast<double>(first + i);
        const double x = std::fmod(at, width);
        const double y = std::fmod(at / width, height);
        out[i] = static_cast<float>((1 - std::abs(x / f - c)) * (1 - std::abs(y / f - c)));
      }
    };
  }
  friend bool operator==(const FractionalBilinear&, const FractionalBilinear&) = default;
};

}  // namespace

RulePtr fractional_bilinear() {
  return make_rule(FractionalBilinear{});
}

}  // namespace fanin::init
