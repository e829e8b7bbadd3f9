#include <fmt/format.h>

#include "init/dialect/dialect.h"

namespace fanin::init {
namespace {

constexpr Framework kTinyDnn = Framework::tiny_dnn;
constexpr std::string_view kSource = "tiny-dnn 1.0, tiny_dnn/util/weight_init.h";

RulePtr xavier(double scale) {
  return parse_rule(fmt::format("variance_scaling({}, fan_avg, uniform)", text(scale / 6)));
}

}  // namespace

// The layers give fan_in_size() and fan_out_size(), so these take the fans of the layer.
std::vector<Definition> tiny_dnn_definitions() {
  return {
      {"tiny_dnn:constant",
       {},
       {number("value", "0")},
       [](Arguments a) { return parse_rule(fmt::format("constant({})", text(a[0].number))); },
       "W = value",
       kSource,
       Dialect{kTinyDnn, "-", "Without a value it is 0.", {{"constant", "tiny_dnn:constant(1)", "default value 0"}}}},
      {"tiny_dnn:gaussian",
       {},
       {number("sigma", "1", kNotNegative)},
       [](Arguments a) { return parse_rule(fmt::format("normal(0, {})", text(a[0].number))); },
       "W ~ N(0, sigma^2)",
       kSource,
       Dialect{kTinyDnn, "-", "The same as fanin's normal.", {{"normal", "tiny_dnn:gaussian", "the same"}}}},
      {"tiny_dnn:xavier",
       {},
       {number("scale", "6", kPositive)},
       [](Arguments a) { return xavier(a[0].number); },
       "W ~ U(+-sqrt(scale / (fan_in + fan_out)))",
       kSource,
       Dialect{kTinyDnn,
               "fan_avg of the layer",
               "The same as fanin's xavier_uniform; fan_out of a strided convolution is that of taps / stride rounded "
               "down, of a transposed one taps times stride.",
               {{"xavier_uniform", "tiny_dnn:xavier", "the same"}}}},
      {"tiny_dnn:lecun",
       {},
       {number("scale", "1", kPositive)},
       [](Arguments a) {
         return parse_rule(fmt::format("variance_scaling({}, fan_in, uniform)", text(a[0].number * a[0].number / 3)));
       },
       "W ~ U(+-scale / sqrt(fan_in))",
       kSource,
       Dialect{kTinyDnn,
               "fan_in of the layer",
               "The bound is what LeCun et al. 1998 have for the std: the variance is 1 / (3 fan_in), a third of "
               "lecun_uniform's. scale=sqrt(3) is right.",
               {{"lecun_uniform", "tiny_dnn:lecun", "a third of the variance"}}}},
      {"tiny_dnn:he",
       {},
       {number("scale", "2", kPositive)},
       [](Arguments a) { return parse_rule(fmt::format("variance_scaling({}, fan_in, normal)", text(a[0].number))); },
       "W ~ N(0, scale / fan_in)",
       kSource,
       Dialect{kTinyDnn,
               "fan_in of the layer",
               "The same as fanin's kaiming_normal.",
               {{"kaiming_normal", "tiny_dnn:he", "the same"}}}},
      {"tiny_dnn:fully_connected_layer",
       {"tiny_dnn:convolutional_layer"},
       {},
       [](Arguments) { return layer(xavier(6), parse_rule("zeros")); },
       "W ~ U(+-sqrt(6 / (fan_in + fan_out))), b = 0",
       "tiny-dnn 1.0, tiny_dnn/layers/layer.h",
       Dialect{kTinyDnn,
               "fan_avg of the layer",
               "tiny_dnn:xavier for weights, zeros for biases.",
               {{"linear", "tiny_dnn:fully_connected_layer", "Glorot, zero biases"}}}},
  };
}

}  // namespace fanin::init
