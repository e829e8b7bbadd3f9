#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

#include "init/definitions.h"
#include "init/law.h"
#include "init/portable_math.h"

namespace fanin::init {
namespace {

// The length of every unit's weight vector: 0.7 H^(1 / I), for H units of I inputs that reach from -reach to reach.
double nguyen_widrow_length(const Shape& shape, Fans fans, double reach) {
  const double inputs = std::floor(fan_of(shape, fans, FanMode::fan_in));
  const double units = std::max(1.0, fan_of(shape, fans, FanMode::fan_out));
  return 0.7 * root_of(units, static_cast<std::uint64_t>(std::max(1.0, inputs))) / reach;
}

struct NguyenWidrow {
  double reach;

  void check(const Shape& shape) const { want_rank("nguyen_widrow", shape, 2); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    const double length = nguyen_widrow_length(shape, fans, reach);
    const double cols = static_cast<double>(shape.elements()) / std::max(static_cast<double>(shape[0]), 1.0);
    return {0, length / std::sqrt(std::max(cols, 1.0)), -length, length};
  }
  [[nodiscard]] Row row(const Shape& shape, Fans fans) const {
    return [length = nguyen_widrow_length(shape, fans, reach)](const random::Stream& stream, std::uint64_t r,
                                                               std::span<float> out) {
      random::fill_uniform(stream, r * out.size(), out, -0.5, 0.5);
      double squares = 0;
      for (const float x : out) squares += double{x} * x;
      // Only a row of zeros has no direction.
      if (squares == 0) {
        out[0] = 1;
        squares = 1;
      }
      const double scale = length / std::sqrt(squares);
      for (float& x : out) x = static_cast<float>(scale * x);
    };
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans fans) const {
    return row_elements(shape.elements() / std::max<std::size_t>(shape[0], 1), row(shape, fans));
  }
  void whole(const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
             ThreadPool& pool) const {
    fill_rows(shape.elements() / std::max<std::size_t>(shape[0], 1), row(shape, fans), stream, out, pool);
  }
  friend bool operator==(const NguyenWidrow&, const NguyenWidrow&) = default;
};

// A uniform law whose bound the fans give.
template <class Bound>
struct UniformWithin {
  Bound bound;

  [[nodiscard]] Law law(const Shape& shape, Fans fans) const {
    const double b = bound(shape, fans);
    return {Law::Kind::uniform, -b, b};
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const { return expected_of(law(shape, fans)); }
  [[nodiscard]] Elements elements(const Shape& shape, Fans fans) const { return elements_of(law(shape, fans)); }
  friend bool operator==(const UniformWithin&, const UniformWithin&) = default;
};

struct NguyenWidrowBias {
  double operator()(const Shape& shape, Fans fans) const { return nguyen_widrow_length(shape, fans, 1); }
  friend bool operator==(const NguyenWidrowBias&, const NguyenWidrowBias&) = default;
};

struct KathirvalavakumarSubavathi {
  double square;
  double s;
  double operator()(const Shape& shape, Fans fans) const {
    return s * std::sqrt(3 / (fan_of(shape, fans, FanMode::fan_in) * square));
  }
  friend bool operator==(const KathirvalavakumarSubavathi&, const KathirvalavakumarSubavathi&) = default;
};

struct SirenBound {
  double omega;  // 0 for the first layer
  double operator()(const Shape& shape, Fans fans) const {
    const double n = fan_of(shape, fans, FanMode::fan_in);
    return omega == 0 ? 1 / n : std::sqrt(6 / n) / omega;
  }
  friend bool operator==(const SirenBound&, const SirenBound&) = default;
};

// The width of the logistic function's active region, f^-1(1 - epsilon) - f^-1(epsilon), over k inputs' shares of it.
struct Oivs {
  double epsilon;
  double k;
  double gamma;

  [[nodiscard]] double factor(const Shape& shape, Fans fans) const {
    const double width = 2 * std::abs(log_of((1 - epsilon) / epsilon));
    return width / (k * fan_of(shape, fans, FanMode::fan_in));
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const {
    const double c = factor(shape, fans);
    const auto power = [](double x) { return x * std::sqrt(x); };
    // E sqrt(1 + a), and E (1 + a) = 1.
    const double root = (power(1 + gamma) - power(1 - gamma)) / (3 * gamma);
    return {c * root, c * std::sqrt(std::max(0.0, 1 - root * root)), c * std::sqrt(1 - gamma),
            c * std::sqrt(1 + gamma)};
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans fans) const {
    return
        [c = factor(shape, fans), g = gamma](const random::Stream& stream, std::uint64_t first, std::span<float> out) {
          random::fill_uniform(stream, first, out, -g, g);
          for (float& x : out) x = static_cast<float>(c * std::sqrt(1 + double{x}));
        };
  }
  friend bool operator==(const Oivs&, const Oivs&) = default;
};

}  // namespace

std::vector<Definition> classic_definitions() {
  return {
      {"nguyen_widrow",
       {},
       {number("reach", "1", kPositive)},
       [](Arguments a) { return make_rule(NguyenWidrow{a[0].number}); },
       "W ~ U(-1/2, 1/2), then every unit's row scaled to the length 0.7 fan_out^(1 / fan_in) / reach, for inputs "
       "within "
       "+-reach; biases: nguyen_widrow_bias",
       "Nguyen and Widrow 1990"},
      {"nguyen_widrow_bias",
       {},
       {},
       [](Arguments) { return make_rule(UniformWithin<NguyenWidrowBias>{}); },
       "b ~ U(+-0.7 fan_out^(1 / fan_in))",
       "Nguyen and Widrow 1990"},
      {"oivs",
       {},
       {number("epsilon", "0.1", {0, 0.5, false, false}), number("k", "5", kPositive),
        number("gamma", "0.9", {0, 1, false})},
       [](Arguments a) {
         return make_rule(Oivs{a[0].number, a[1].number, a[2].number});
       },
       "W = b / (k fan_in) sqrt(1 + U(+-gamma)), b = 2 log((1 - epsilon) / epsilon), the width of the logistic "
       "function's active region; all weights are positive",
       "Shimodaira 1994 (optimal initial value setting), as in mlpack"},
      {"kathirvalavakumar_subavathi",
       {},
       {number("square", {}, kPositive), number("s", "3", kPositive)},
       [](Arguments a) {
         return make_rule(UniformWithin<KathirvalavakumarSubavathi>{{a[0].number, a[1].number}});
       },
       "W ~ U(+-s sqrt(3 / (fan_in square))), square = the largest sum of squares of one input pattern, s = where the "
       "activation saturates",
       "Kathirvalavakumar and Subavathi 2011"},
      {"siren",
       {},
       {number("omega", "30", kPositive)},
       [](Arguments a) { return make_rule(UniformWithin<SirenBound>{{a[0].number}}); },
       "W ~ U(+-sqrt(6 / fan_in) / omega), for the layers behind the first of a network of sin(omega x)",
       "Sitzmann et al. 2020, section 3.2"},
      {"siren_first",
       {},
       {},
       [](Arguments) { return make_rule(UniformWithin<SirenBound>{{0}}); },
       "W ~ U(+-1 / fan_in), for the first layer of a network of sin(omega x)",
       "Sitzmann et al. 2020"},
  };
}

}  // namespace fanin::init
