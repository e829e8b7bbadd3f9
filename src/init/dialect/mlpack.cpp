#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fanin/core/error.h"

#include "init/dialect/dialect.h"
#include "init/dialect/special.h"
#include "init/law.h"

namespace fanin::init {
namespace {

constexpr Framework kMlpack = Framework::mlpack;
constexpr std::string_view kRules = "mlpack 4, src/mlpack/methods/ann/init_rules, called by network_init.hpp";

RulePtr of_layer(const std::string& plain, double parameters = 0) {
  return with_mlpack_fans(parse_rule(plain), static_cast<std::uint64_t>(parameters));
}

RulePtr uniform(double low, double high) {
  return parse_rule(fmt::format("uniform({}, {})", text(low), text(high)));
}

RulePtr gaussian(Arguments a) {
  const double std = a[2].choice == 1 ? a[1].number : std::sqrt(a[1].number);
  return parse_rule(fmt::format("normal({}, {})", text(a[0].number), text(std)));
}

// The variance 2 / (n + 1), or what was meant for it as the std.
struct VarianceForStd {
  [[nodiscard]] static double std(const Shape& shape, Fans fans) {
    return 2 / (std::max(layer_parameters(shape, fans), 1.0) + 1);
  }
  [[nodiscard]] Law law(const Shape& shape, Fans fans) const {
    const double s = std(shape, fans);
    if (std::isfinite(s)) return {Law::Kind::normal, 0, s};
    throw Error(ErrorKind::usage, "init",
                fmt::format("mlpack: tensor {} with fan_in={}: the number of the layer's parameters is wanted",
                            shape.str(), fans.in));
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const { return expected_of(law(shape, fans)); }
  [[nodiscard]] Elements elements(const Shape& shape, Fans fans) const { return elements_of(law(shape, fans)); }
  friend bool operator==(const VarianceForStd&, const VarianceForStd&) = default;
};

RulePtr nguyen_widrow(Arguments a) {
  // Bounds the wrong way round are errors of uniform.
  (void)uniform(a[0].number, a[1].number);
  if (a[0].number == a[1].number) {
    throw Error(
        ErrorKind::usage, "init",
        fmt::format("mlpack:NguyenWidrowInitialization: lowerBound={} is upperBound, allowed is less", a[0].number));
  }
  return one_column(0.7, a[0].number, a[1].number, static_cast<std::uint64_t>(a[2].number));
}

}  // namespace

std::vector<Definition> mlpack_definitions() {
  const Parameter parameters = integer("parameters", "0", {0, 1 << 30});
  const Parameter variance_is = choice("variance_is", "variance", {"variance", "std"});
  constexpr std::string_view kOneColumn =
      "A network hands its layers' parameters, biases included, to a rule as one column, so that fan_in is the number "
      "n "
      "of all parameters of the layer: for 784 to 100 units He's std is 0.00505 where 0.0505 is right. Biases get the "
      "same numbers. fanin's takes the layer's fans.";
  return {
      {"mlpack:ConstInitialization",
       {},
       {number("initVal", "0")},
       [](Arguments a) { return parse_rule(fmt::format("constant({})", text(a[0].number))); },
       "W = b = initVal",
       kRules,
       Dialect{
           kMlpack, "-", "The same as fanin's constant.", {{"constant", "mlpack:ConstInitialization(1)", "the same"}}}},
      {"mlpack:RandomInitialization",
       {},
       {number("lowerBound", "-1"), number("upperBound", "1")},
       [](Arguments a) { return uniform(a[0].number, a[1].number); },
       "W, b ~ U(lowerBound, upperBound)",
       kRules,
       Dialect{kMlpack,
               "-",
               "+-1 by default, which is also what a network gets without a rule: a std of 0.577, for biases, too.",
               {{"uniform", "mlpack:RandomInitialization", "+-1"}}}},
      {"mlpack:GaussianInitialization",
       {},
       {number("mean", "0"), number("variance", "1", kNotNegative), variance_is},
       gaussian,
       "W, b ~ N(mean, variance)",
       kRules,
       Dialect{
           kMlpack,
           "-",
           "Its parameter is the variance. Versions whose RandNormal(mean, variance) multiplied by the variance took "
           "it for the std: variance_is=std.",
           {{"normal", "mlpack:GaussianInitialization", "given a variance"}}}},
      {"mlpack:HeInitialization",
       {},
       {},
       [](Arguments) { return of_layer("variance_scaling(2, fan_in, normal)"); },
       "W, b ~ N(0, 2 / n), n = all parameters of the layer",
       kRules,
       Dialect{kMlpack,
               "n parameters",
               kOneColumn,
               {{"kaiming_normal", "mlpack:HeInitialization", "fan_in = all parameters of the layer"}}}},
      {"mlpack:LecunNormalInitialization",
       {},
       {},
       [](Arguments) { return of_layer("variance_scaling(1, fan_in, normal)"); },
       "W, b ~ N(0, 1 / n), n = all parameters of the layer",
       kRules,
       Dialect{kMlpack,
               "n parameters",
               "A layer is one column of n parameters, so fan_in is n, as for mlpack:HeInitialization. Not truncated, "
               "where fanin's, Keras' and JAX' lecun_normal is.",
               {{"lecun_normal", "mlpack:LecunNormalInitialization", "fan_in = all parameters of the layer"}}}},
      {"mlpack:GlorotInitialization",
       {},
       {variance_is},
       [](Arguments a) {
         return a[0].choice == 1 ? make_rule(VarianceForStd{}) : of_layer("variance_scaling(1, fan_avg, normal)");
       },
       "W, b ~ N(0, 2 / (n + 1)), n = all parameters of the layer",
       kRules,
       Dialect{
           kMlpack,
           "(n + 1) / 2",
           "A layer is one column of n parameters, so fan_in is n and fan_out 1. The normal one; the uniform one is "
           "XavierInitialization. variance_is=std: versions that took 2 / (n + 1) for the std.",
           {{"xavier_normal", "mlpack:GlorotInitialization", "fan_in = all parameters of the layer"}}}},
      {"mlpack:XavierInitialization",
       {},
       {},
       [](Arguments) { return of_layer("variance_scaling(1, fan_avg, uniform)"); },
       "W, b ~ U(+-sqrt(6 / (n + 1))), n = all parameters of the layer",
       kRules,
       Dialect{kMlpack,
               "(n + 1) / 2",
               "A layer is one column of n parameters, so fan_in is n and fan_out 1: for 784 to 100 units the bound is "
               "0.0087 where 0.0824 is right.",
               {{"xavier_uniform", "mlpack:XavierInitialization", "fan_in = all parameters of the layer"}}}},
      {"mlpack:OrthogonalInitialization",
       {},
       {number("gain", "1", kPositive)},
       [](Arguments a) { return one_column(a[0].number, 0, 1, 0); },
       "W, b = gain u / |u|, u ~ U(0, 1) for all parameters of the layer",
       kRules,
       Dialect{kMlpack,
               "n parameters",
               "The left singular vector of one column is that column over its length: nothing is orthogonal, and all "
               "weights are positive.",
               {{"orthogonal", "mlpack:OrthogonalInitialization", "one positive column"}}}},
      {"mlpack:NguyenWidrowInitialization",
       {},
       {number("lowerBound", "-0.5"), number("upperBound", "0.5"), parameters},
       nguyen_widrow,
       "W, b = 0.7 u / |u|, u ~ U(lowerBound, upperBound) for all parameters of the network",
       kRules,
       Dialect{
           kMlpack,
           "n parameters",
           "The exponent 1 / rows is a division of whole numbers and so 0, and the length 0.7 is that of all "
           "parameters together, not of every unit's weights. The rule is called for the whole network: give "
           "parameters=N, or 0 for a network of this layer alone. fanin's nguyen_widrow has 0.7 H^(1 / I) for every "
           "unit.",
           {{"nguyen_widrow", "mlpack:NguyenWidrowInitialization", "0.7 for all weights together"}}}},
      {"mlpack:OivsInitialization",
       {},
       {number("epsilon", "0.1", {0, 0.5, false, false}), integer("k", "5"), number("gamma", "0.9", {0, 1, false})},
       [](Arguments a) {
         return of_layer(fmt::format("oivs({}, {}, {})", text(a[0].number), text(a[1].number), text(a[2].number)));
       },
       "W, b = w / (k n) sqrt(1 + U(+-gamma)), w = 2 log((1 - epsilon) / epsilon), n = all parameters of the layer",
       kRules,
       Dialect{kMlpack,
               "n parameters",
               "A layer is one column of n parameters, so fan_in is n.",
               {{"oivs", "mlpack:OivsInitialization", "fan_in = all parameters of the layer"}}}},
      {"mlpack:KathirvalavakumarSubavathiInitialization",
       {},
       {number("square", {}, kPositive), number("s", "3", kPositive), parameters},
       [](Arguments a) {
         return of_layer(fmt::format("kathirvalavakumar_subavathi({}, {})", text(a[0].number), text(a[1].number)),
                         a[2].number);
       },
       "W, b ~ U(+-s sqrt(3 / (n square))), square = the largest sum of squares of one input pattern, n = all "
       "parameters "
       "of the network",
       kRules,
       Dialect{kMlpack,
               "n parameters",
               "n stands where the number of inputs belongs. The rule is called for the whole network: give "
               "parameters=N, or 0 for a network of this layer alone. mlpack has no default for s.",
               {{"kathirvalavakumar_subavathi", "mlpack:KathirvalavakumarSubavathiInitialization(100)",
                 "n of the whole network"}}}},
      {"mlpack:Linear",
       {"mlpack:Convolution"},
       {},
       [](Arguments) { return uniform(-1, 1); },
       "W, b ~ U(-1, 1)",
       "mlpack 4, src/mlpack/methods/ann/ffn.hpp: RandomInitialization",
       Dialect{kMlpack, "-", "No fan at all.", {{"linear", "mlpack:Linear", "U(-1, 1), biases, too"}}}},
  };
}

}  // namespace fanin::init
