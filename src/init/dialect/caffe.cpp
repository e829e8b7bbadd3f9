#include <fmt/format.h>

#include "init/dialect/dialect.h"
#include "init/dialect/special.h"

namespace fanin::init {
namespace {

constexpr Framework kCaffe = Framework::caffe;
constexpr std::string_view kFiller = "Caffe 1.0, include/caffe/filler.hpp";

RulePtr scaled(double scale, const Argument& norm, std::string_view distribution) {
  const std::string_view mode = norm.word == "FAN_IN" ? "fan_in" : norm.word == "FAN_OUT" ? "fan_out" : "fan_avg";
  return with_shape_fans(parse_rule(fmt::format("variance_scaling({}, {}, {})", text(scale), mode, distribution)),
                         kCaffe);
}

RulePtr gaussian(Arguments a) {
  if (a[2].number < 0) return parse_rule(fmt::format("normal({}, {})", text(a[0].number), text(a[1].number)));
  return sparse_by_chance(a[0].number, a[1].number, a[2].number);
}

}  // namespace

std::vector<Definition> caffe_definitions() {
  const Parameter norm = choice("variance_norm", "FAN_IN", {"FAN_IN", "FAN_OUT", "AVERAGE"});
  return {
      {"caffe:constant",
       {},
       {number("value", "0")},
       [](Arguments a) { return parse_rule(fmt::format("constant({})", text(a[0].number))); },
       "W = value",
       kFiller,
       Dialect{kCaffe, "-", "Without a value it is 0.", {{"constant", "caffe:constant(1)", "default value 0"}}}},
      {"caffe:uniform",
       {},
       {number("min", "0"), number("max", "1")},
       [](Arguments a) { return parse_rule(fmt::format("uniform({}, {})", text(a[0].number), text(a[1].number))); },
       "W ~ U[min, max)",
       kFiller,
       Dialect{kCaffe, "-", "The same as fanin's uniform.", {{"uniform", "caffe:uniform", "the same"}}}},
      {"caffe:gaussian",
       {},
       {number("mean", "0"), number("std", "1", kNotNegative), integer("sparse", "-1", {-1, 1 << 30})},
       gaussian,
       "W ~ N(mean, std^2); with sparse >= 0 each stays with the probability sparse / outputs and is 0 otherwise",
       kFiller,
       Dialect{
           kCaffe,
           "-",
           "sparse is divided by the outputs, so it is the mean number of weights that each input keeps, though the "
           "comment beside it says inputs of each output; fanin's sparse_connections keeps count inputs of every "
           "unit, exactly.",
           {{"normal", "caffe:gaussian", "the same"}, {"sparse", "caffe:gaussian(0, 0.01, 25)", "zeros by chance"}}}},
      {"caffe:positive_unitball",
       {},
       {},
       [](Arguments) { return parse_rule("positive_unit_ball"); },
       "W ~ U(0, 1), every row (a unit) divided by its sum",
       kFiller,
       Dialect{kCaffe,
               "-",
               "The same as fanin's positive_unit_ball.",
               {{"positive_unit_ball", "caffe:positive_unitball", "the same"}}}},
      {"caffe:xavier",
       {},
       {norm},
       [](Arguments a) { return scaled(1, a[0], "uniform"); },
       "W ~ U(+-sqrt(3 / fan)), fan = count / shape(0) for FAN_IN, count / shape(1) for FAN_OUT, their mean for "
       "AVERAGE",
       kFiller,
       Dialect{
           kCaffe,
           "fan(variance_norm) of the shape",
           "By default of fan_in alone: LeCun's uniform under Xavier's name; variance_norm=AVERAGE is Glorot and "
           "Bengio 2010. Fans of the shape as PyTorch's, swapped for transposed kernels, which Caffe stores [in, out "
           "/ groups, taps]; rank 1 counts fan_in 1.",
           {{"xavier_uniform", "caffe:xavier", "fan_in alone: LeCun's uniform"},
            {"xavier_uniform", "caffe:xavier(AVERAGE)", "the same"},
            {"lecun_uniform", "caffe:xavier", "called xavier"}}}},
      {"caffe:msra",
       {},
       {norm},
       [](Arguments a) { return scaled(2, a[0], "normal"); },
       "W ~ N(0, 2 / fan), fan as for caffe:xavier",
       kFiller,
       Dialect{kCaffe,
               "fan(variance_norm) of the shape",
               "The same as fanin's kaiming_normal but for the fans of the shape, as for caffe:xavier.",
               {{"kaiming_normal", "caffe:msra", "the same"}}}},
      {"caffe:bilinear",
       {},
       {},
       [](Arguments) {
         return for_ranks(parse_rule("bilinear(all)"), {"caffe:bilinear", 4, 4, 2});
       },
       "W[a, b, y, x] = t(y) t(x), t(i) = 1 - |i / f - (k - 1) / (2 f)|, f = ceil(k / 2); rank 4, square kernels",
       kFiller,
       Dialect{
           kCaffe,
           "-",
           "Every pair of channels gets the kernel, so it is meant for groups = channels; fanin's bilinear sets the "
           "matching ones. Square kernels of rank 4 only.",
           {{"bilinear", "caffe:bilinear", "all pairs of channels"}}}},
      {"caffe:InnerProduct",
       {"caffe:Convolution"},
       {},
       [](Arguments) { return parse_rule("zeros"); },
       "W = 0, b = 0",
       "Caffe 1.0, caffe.proto: the filler's type is \"constant\" and its value 0 unless a net says otherwise",
       Dialect{kCaffe,
               "-",
               "Weights of 0: a layer without a weight_filler never learns, since all of its units stay one.",
               {{"linear", "caffe:InnerProduct", "zeros: cannot learn"}}}},
  };
}

}  // namespace fanin::init
