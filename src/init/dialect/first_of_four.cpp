#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "fanin/random/distributions.h"

#include "init/dialect/special.h"

namespace fanin::init {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
// P(|Z| > 2), and E[Z^2 given |Z| > 2] = 1 + 2 * 2 * density(2) / P.
constexpr double kOutside = 0.045500263896358414;
constexpr double kSquareOutside = 1 + 4 * 0.053990966513188063 / kOutside;
constexpr double kTruncatedStd = 0.87962566103423975;

struct FirstOfFour {
  RulePtr inside;

  void check(const Shape& shape) const { inside->check(shape); }
  [[nodiscard]] Law law(const Shape& shape, Fans fans) const {
    // For its error, should a fan be none.
    (void)inside->expected(shape, fans);
    return inside->promise(shape, fans).law;
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    const Law l = law(shape, fans);
    if (l.std_or_high == 0) return {l.mean_or_low, 0, l.mean_or_low, l.mean_or_low};
    constexpr double kNone = kOutside * kOutside * kOutside * kOutside;
    const double square = (1 - kNone) * kTruncatedStd * kTruncatedStd + kNone * kSquareOutside;
    return {l.mean_or_low, l.std_or_high * std::sqrt(square), -kInf, kInf};
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans fans) const {
    return [l = law(shape, fans)](const random::Stream& stream, std::uint64_t first, std::span<float> out) {
      constexpr std::size_t kChunk = 1024;
      std::array<float, kChunk> again{};
      const std::array<random::Stream, 4> tries = {stream.fold_in(0), stream.fold_in(1), stream.fold_in(2),
                                                   stream.fold_in(3)};
      const auto valid = [](float z) { return z > -2 && z < 2; };
      const auto scale = static_cast<float>(l.std_or_high);
      const auto shift = static_cast<float>(l.mean_or_low);
      for (std::size_t begin = 0; begin < out.size(); begin += kChunk) {
        const std::span<float> part = out.subspan(begin, std::min(kChunk, out.size() - begin));
        std::array<float, kChunk> chosen{};
        random::fill_normal(tries[0], first + begin, part, 0, 1);
        std::copy(part.begin(), part.end(), chosen.begin());
        for (std::size_t k = 1; k < tries.size(); ++k) {
          random::fill_normal(tries[k], first + begin, std::span(again).first(part.size()), 0, 1);
          for (std::size_t i = 0; i < part.size(); ++i) {
            if (!valid(chosen[i]) && valid(again[i])) chosen[i] = again[i];
          }
        }
        for (std::size_t i = 0; i < part.size(); ++i) part[i] = chosen[i] * scale + shift;
      }
    };
  }
  friend bool operator==(const FirstOfFour& a, const FirstOfFour& b) noexcept { return a.inside->equals(*b.inside); }
};

}  // namespace

RulePtr first_of_four(RulePtr inside) {
  return make_rule(FirstOfFour{std::move(inside)});
}

}  // namespace fanin::init
