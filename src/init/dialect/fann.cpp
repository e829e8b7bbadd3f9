#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "init/dialect/dialect.h"
#include "init/law.h"
#include "init/portable_math.h"

namespace fanin::init {
namespace {

constexpr Framework kFann = Framework::fann;

// x^(1 / n) for any x > 0.
double root(double x, std::uint64_t n) {
  return x < 1 ? 1 / root_of(1 / x, n) : root_of(x, n);
}

struct InitWeights {
  double range;
  double hidden;
  double inputs;
  bool biases;

  [[nodiscard]] double bound(const Shape& shape, Fans fans) const {
    const double h = hidden > 0 ? hidden : fan_of(shape, fans, FanMode::fan_out);
    const double i = inputs > 0 ? inputs : fan_of(shape, fans, FanMode::fan_in);
    // FANN's 0.7 is a float, as is the result.
    const double x = static_cast<double>(0.7f) * h;
    return static_cast<double>(static_cast<float>(root(x, static_cast<std::uint64_t>(std::max(1.0, i))) / range));
  }
  [[nodiscard]] Law law(const Shape& shape, Fans fans) const {
    const double b = bound(shape, fans);
    return {Law::Kind::uniform, biases ? -b : 0, b};
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const { return expected_of(law(shape, fans)); }
  [[nodiscard]] Elements elements(const Shape& shape, Fans fans) const { return elements_of(law(shape, fans)); }
  friend bool operator==(const InitWeights&, const InitWeights&) = default;
};

}  // namespace

std::vector<Definition> fann_definitions() {
  return {
      {"fann:randomize_weights",
       {},
       {number("min_weight", "-0.1"), number("max_weight", "0.1")},
       [](Arguments a) { return parse_rule(fmt::format("uniform({}, {})", text(a[0].number), text(a[1].number))); },
       "W, b ~ U(min_weight, max_weight)",
       "FANN 2.2, src/fann.c: fann_randomize_weights",
       Dialect{kFann,
               "-",
               "FANN has no defaults; those here are what a new network has.",
               {{"uniform", "fann:randomize_weights", "+-0.1"}}}},
      {"fann:init_weights",
       {},
       {number("range", "1", kPositive), integer("hidden", "0", {0, 1 << 30}), integer("inputs", "0", {0, 1 << 30}),
        choice("of", "weights", {"weights", "biases"})},
       [](Arguments a) {
         return make_rule(InitWeights{a[0].number, a[1].number, a[2].number, a[3].choice == 1});
       },
       "s = (0.7 H)^(1 / I) / range; W ~ U(0, s), b ~ U(-s, s); range = the largest input less the smallest, H = all "
       "hidden units of the network (hidden=0: fan_out), I = its inputs (inputs=0: fan_in)",
       "FANN 2.2, src/fann.c: fann_init_weights",
       Dialect{kFann,
               "fans of the layer",
               "Weights are all positive, 0.7 stands below the root, and no unit's weights are scaled to a length: not "
               "what Nguyen and Widrow 1990 do, which is fanin's nguyen_widrow.",
               {{"nguyen_widrow", "fann:init_weights", "all positive"}}}},
      {"fann:create_standard",
       {},
       {},
       [](Arguments) { return parse_rule("uniform(-0.1, 0.1)"); },
       "W, b ~ U(-0.1, 0.1)",
       "FANN 2.2, src/fann.c: a new network",
       Dialect{kFann, "-", "No fan at all.", {{"linear", "fann:create_standard", "U(+-0.1), biases, too"}}}},
  };
}

}  // namespace fanin::init
