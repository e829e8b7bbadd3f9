#include <fmt/format.h>

#include "init/dialect/dialect.h"
#include "init/dialect/special.h"

namespace fanin::init {
namespace {

constexpr Framework kMxnet = Framework::mxnet;
constexpr std::string_view kInitializer = "MXNet 1.9, python/mxnet/initializer.py";

RulePtr scaled(double magnitude, std::string_view rnd_type, std::string_view factor_type) {
  // A uniform bound of sqrt(magnitude / factor) is a variance of a third of it; a normal takes it for the std.
  const bool uniform = rnd_type == "uniform";
  return with_shape_fans(
      parse_rule(fmt::format("variance_scaling({}, fan_{}, {})", text(uniform ? magnitude / 3 : magnitude), factor_type,
                             uniform ? "uniform" : "normal")),
      kMxnet);
}

}  // namespace

std::vector<Definition> mxnet_definitions() {
  const Parameter factor_type = choice("factor_type", "avg", {"avg", "in", "out"});
  return {
      {"mxnet:Zero",
       {"mxnet:zero", "mxnet:zeros"},
       {},
       [](Arguments) { return parse_rule("zeros"); },
       "W = 0",
       kInitializer,
       Dialect{kMxnet, "-", "The same as fanin's zeros.", {{"zeros", "mxnet:Zero", "the same"}}}},
      {"mxnet:One",
       {"mxnet:one", "mxnet:ones"},
       {},
       [](Arguments) { return parse_rule("ones"); },
       "W = 1",
       kInitializer,
       Dialect{kMxnet, "-", "The same as fanin's ones.", {{"ones", "mxnet:One", "the same"}}}},
      {"mxnet:Constant",
       {"mxnet:constant"},
       {number("value")},
       [](Arguments a) { return parse_rule(fmt::format("constant({})", text(a[0].number))); },
       "W = value",
       kInitializer,
       Dialect{kMxnet,
               "-",
               "The same as fanin's constant; MXNet takes arrays, too.",
               {{"constant", "mxnet:Constant(1)", "the same"}}}},
      {"mxnet:Uniform",
       {"mxnet:uniform"},
       {number("scale", "0.07", kNotNegative)},
       [](Arguments a) { return parse_rule(fmt::format("uniform(-{0}, {0})", text(a[0].number))); },
       "W ~ U[-scale, scale)",
       kInitializer,
       Dialect{kMxnet,
               "-",
               "+-0.07 by default, for any layer: a std of 0.0404. JAX' uniform(scale) is 0 to scale.",
               {{"uniform", "mxnet:Uniform", "+-0.07"}}}},
      {"mxnet:Normal",
       {"mxnet:normal"},
       {number("sigma", "0.01", kNotNegative)},
       [](Arguments a) { return parse_rule(fmt::format("normal(0, {})", text(a[0].number))); },
       "W ~ N(0, sigma^2)",
       kInitializer,
       Dialect{kMxnet, "-", "The default std is 0.01; fanin's is 1.", {{"normal", "mxnet:Normal", "std 0.01"}}}},
      {"mxnet:Orthogonal",
       {"mxnet:orthogonal"},
       {number("scale", "1.414", kNotNegative), choice("rand_type", "uniform", {"uniform", "normal"})},
       [](Arguments a) {
         return a[1].word == "uniform" ? singular_vectors(a[0].number)
                                       : parse_rule(fmt::format("orthogonal({})", text(a[0].number)));
       },
       "scale times the singular vectors of A [rows, cols], A ~ U(-1, 1) or N(0, 1); rows = the first extent",
       kInitializer,
       Dialect{kMxnet,
               "-",
               "The default gain is 1.414, for ReLU, where the others have 1. Singular vectors of uniform numbers are "
               "orthogonal, but not Haar distributed; of normals (rand_type=normal) they are, and that is fanin's "
               "orthogonal(1.414). LAPACK chooses the signs of vectors in MXNet.",
               {{"orthogonal", "mxnet:Orthogonal", "gain 1.414, not Haar"}}}},
      {"mxnet:Xavier",
       {"mxnet:xavier"},
       {choice("rnd_type", "uniform", {"uniform", "gaussian"}), factor_type, number("magnitude", "3", kPositive)},
       [](Arguments a) { return scaled(a[2].number, a[0].word, a[1].word); },
       "c = sqrt(magnitude / fan(factor_type)); W ~ U(+-c) for uniform, N(0, c^2) for gaussian",
       kInitializer,
       Dialect{
           kMxnet,
           "fan(factor_type) of the shape",
           "uniform is Glorot and Bengio's: +-sqrt(6 / (fan_in + fan_out)). gaussian takes the bound for the std, so "
           "with the default magnitude=3 it is sqrt(3) too large; magnitude=1 is right. Fans of the shape, as "
           "torch:xavier_uniform; fewer than 2 axes are an error.",
           {{"xavier_uniform", "mxnet:Xavier", "the same"},
            {"xavier_normal", "mxnet:Xavier(gaussian)", "std sqrt(3) too large"},
            {"kaiming_uniform", "mxnet:Xavier(uniform, in, 6)", "by its parameters"},
            {"lecun_uniform", "mxnet:Xavier(uniform, in, 3)", "by its parameters"},
            {"lecun_normal", "mxnet:Xavier(gaussian, in, 1)", "by its parameters, not truncated"}}}},
      {"mxnet:MSRAPrelu",
       {"mxnet:msraprelu"},
       {factor_type, number("slope", "0.25")},
       [](Arguments a) { return scaled(2 / (1 + a[1].number * a[1].number), "gaussian", a[0].word); },
       "W ~ N(0, 2 / ((1 + slope^2) fan(factor_type)))",
       kInitializer,
       Dialect{
           kMxnet,
           "fan(factor_type) of the shape",
           "By default of the mean of both fans and for a slope of 0.25, where He et al. 2015, eq. 15, has one fan: "
           "MSRAPrelu(in, 0) is fanin's kaiming_normal. Fans of the shape, as torch:xavier_uniform.",
           {{"kaiming_normal", "mxnet:MSRAPrelu", "fan_avg, slope 0.25"}}}},
      {"mxnet:Bilinear",
       {"mxnet:bilinear"},
       {},
       [](Arguments) { return fractional_bilinear(); },
       "W[i] = (1 - |x / f - c|) (1 - |y / f - c|), x = i mod width, y = i / width mod height, f = ceil(width / 2), "
       "c = (2 f - 1 - f mod 2) / (2 f); rank 4",
       kInitializer,
       Dialect{
           kMxnet,
           "-",
           "Under Python 3 i / width is a fraction, so rows are not constant in y and the kernel is not symmetric; f "
           "mod 2 stands where the parity of the width belongs. fanin's bilinear is the interpolating one.",
           {{"bilinear", "mxnet:Bilinear", "fractional rows: a wrong filter"}}}},
      {"mxnet:LSTMBias",
       {"mxnet:lstmbias"},
       {number("forget_bias", "1")},
       [](Arguments a) { return parse_rule(fmt::format("forget_gate({}, 1, 4)", text(a[0].number))); },
       "b = forget_bias for the second of four blocks, 0 for the others; rank 1",
       kInitializer,
       Dialect{kMxnet, "-", "The same as fanin's forget_gate.", {{"forget_gate", "mxnet:LSTMBias", "the same"}}}},
      {"mxnet:Dense",
       {"mxnet:Conv"},
       {},
       [](Arguments) { return layer(parse_rule("uniform(-0.07, 0.07)"), parse_rule("zeros")); },
       "W ~ U(+-0.07), b = 0",
       "MXNet 1.9, gluon: Parameter.initialize's default_init",
       Dialect{kMxnet, "-", "No fan at all.", {{"linear", "mxnet:Dense", "U(+-0.07), zero biases"}}}},
  };
}

}  // namespace fanin::init
