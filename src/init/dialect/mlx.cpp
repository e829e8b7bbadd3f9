#include <fmt/format.h>

#include "init/dialect/dialect.h"
#include "init/sparse.h"

namespace fanin::init {
namespace {

constexpr Framework kMlx = Framework::mlx;
constexpr std::string_view kInit = "MLX 0.32, mlx/nn/init.py";

RulePtr of_shape(const std::string& plain, const Argument& order) {
  return with_shape_fans(parse_rule(plain), kMlx, order_of(order));
}

RulePtr he(std::string_view distribution, Arguments a) {
  return of_shape(fmt::format("variance_scaling({}, {}, {})", text(a[1].number * a[1].number), a[0].word, distribution),
                  a[2]);
}

RulePtr conv(Arguments a) {
  return layer(of_shape(fmt::format("variance_scaling({}, fan_in, uniform)", text(1.0 / 3 / a[0].number)), a[1]),
               parse_rule("zeros"));
}

RulePtr recurrent(double gates) {
  return with_hidden_fans(parse_rule("pytorch_default"), static_cast<std::size_t>(gates));
}

}  // namespace

std::vector<Definition> mlx_definitions() {
  const Parameter order = shape_order();
  const std::vector<Parameter> gain = {number("gain", "1", kPositive), order};
  const std::vector<Parameter> he_parameters = {choice("mode", "fan_in", {"fan_in", "fan_out"}),
                                                number("gain", "1", kPositive), order};
  constexpr std::string_view kFans =
      "MLX counts the fans of the shape (out, taps..., in): fan_out of a grouped kernel is groups times too large, "
      "fewer "
      "than 2 axes are an error. shape=native reads a shape in this order. fanin's takes the layer's.";
  constexpr std::string_view kGain =
      "The gain is 1 unless one is given when the initializer is called, so this is LeCun's variance under He's name: "
      "half of 2 / fan_in, and a std smaller by sqrt(2). gain=sqrt(2) is He et al. 2015. Fans of the shape, as for "
      "mlx:glorot_uniform.";
  return {
      {"mlx:constant",
       {},
       {number("value")},
       [](Arguments a) { return parse_rule(fmt::format("constant({})", text(a[0].number))); },
       "W = value",
       kInit,
       Dialect{kMlx, "-", "The same as fanin's constant.", {{"constant", "mlx:constant(1)", "the same"}}}},
      {"mlx:uniform",
       {},
       {number("low", "0"), number("high", "1")},
       [](Arguments a) { return parse_rule(fmt::format("uniform({}, {})", text(a[0].number), text(a[1].number))); },
       "W ~ U[low, high)",
       kInit,
       Dialect{kMlx, "-", "The same as fanin's uniform.", {{"uniform", "mlx:uniform", "the same"}}}},
      {"mlx:normal",
       {},
       {number("mean", "0"), number("std", "1", kNotNegative)},
       [](Arguments a) { return parse_rule(fmt::format("normal({}, {})", text(a[0].number), text(a[1].number))); },
       "W ~ N(mean, std^2)",
       kInit,
       Dialect{kMlx, "-", "The same as fanin's normal.", {{"normal", "mlx:normal", "the same"}}}},
      {"mlx:identity",
       {},
       {},
       [](Arguments) {
         return for_ranks(parse_rule("identity"), {"mlx:identity", 2, 2, 0});
       },
       "W[i, i] = 1, 0 elsewhere; square matrices",
       kInit,
       Dialect{
           kMlx, "-", "Square matrices only; fanin's identity fills any.", {{"identity", "mlx:identity", "square"}}}},
      {"mlx:glorot_uniform",
       {},
       gain,
       [](Arguments a) { return of_shape(fmt::format("xavier_uniform({})", text(a[0].number)), a[1]); },
       "W ~ U(+-gain sqrt(6 / (fan_in + fan_out)))",
       kInit,
       Dialect{kMlx, "fan_avg of the shape", kFans, {{"xavier_uniform", "mlx:glorot_uniform", "the same"}}}},
      {"mlx:glorot_normal",
       {},
       gain,
       [](Arguments a) { return of_shape(fmt::format("xavier_normal({})", text(a[0].number)), a[1]); },
       "W ~ N(0, 2 gain^2 / (fan_in + fan_out))",
       kInit,
       Dialect{kMlx, "fan_avg of the shape", kFans, {{"xavier_normal", "mlx:glorot_normal", "the same"}}}},
      {"mlx:he_uniform",
       {},
       he_parameters,
       [](Arguments a) { return he("uniform", a); },
       "W ~ U(+-gain sqrt(3 / fan))",
       kInit,
       Dialect{kMlx,
               "fan(mode) of the shape",
               kGain,
               {{"kaiming_uniform", "mlx:he_uniform", "gain 1: LeCun's variance"},
                {"lecun_uniform", "mlx:he_uniform", "called he_uniform"}}}},
      {"mlx:he_normal",
       {},
       he_parameters,
       [](Arguments a) { return he("normal", a); },
       "W ~ N(0, gain^2 / fan)",
       kInit,
       Dialect{kMlx,
               "fan(mode) of the shape",
               kGain,
               {{"kaiming_normal", "mlx:he_normal", "gain 1: LeCun's variance"},
                {"lecun_normal", "mlx:he_normal", "called he_normal, not truncated"}}}},
      {"mlx:orthogonal",
       {},
       {number("gain", "1", kNotNegative)},
       [](Arguments a) {
         return for_ranks(parse_rule(fmt::format("orthogonal({})", text(a[0].number))), {"mlx:orthogonal", 2, 2});
       },
       "a corner of Q, max(rows, cols) square, times gain; rank 2",
       kInit,
       Dialect{kMlx,
               "-",
               "Matrices only, and always by way of the larger square; the distribution is that of fanin's orthogonal.",
               {{"orthogonal", "mlx:orthogonal", "rank 2"}}}},
      {"mlx:sparse",
       {},
       {number("sparsity", {}, kFraction), number("mean", "0"), number("std", "1", kNotNegative)},
       [](Arguments a) { return sparse_rule(a[0].number, a[1].number, a[2].number, true); },
       "W ~ N(mean, std^2), ceil(sparsity cols) random zeros in every row, which is a unit; rank 2",
       "MLX 0.32, mlx/nn/init.py (zeros by row since mlx#3752)",
       Dialect{
           kMlx,
           "-",
           "Zeros by unit, where PyTorch's and the default of fanin's sparse are by input, and a std of 1 where they "
           "have 0.01: fanin's sparse(sparsity, 1, per=unit).",
           {{"sparse", "mlx:sparse(0.9)", "zeros by unit, std 1"}}}},
      {"mlx:Linear",
       {},
       {},
       [](Arguments) {
         return layer(for_ranks(with_shape_fans(parse_rule("pytorch_default"), kMlx), {"mlx:Linear", 2, 2}),
                      parse_rule("pytorch_default"));
       },
       "W, b ~ U(+-1 / sqrt(in))",
       "MLX 0.32, mlx/nn/layers/linear.py",
       Dialect{kMlx,
               "fan_in of the shape",
               "As PyTorch's: a third of LeCun's variance. Biases take the fan_in of their layer.",
               {{"linear", "mlx:Linear", "biases alike"}, {"pytorch_default", "mlx:Linear", "the same"}}}},
      {"mlx:Conv",
       {},
       {integer("ignored_groups", "1"), order},
       conv,
       "W ~ U(+-1 / sqrt(ignored_groups fan_in)), b = 0",
       "MLX 0.32, mlx/nn/layers/convolution.py; ignored_groups as before mlx#4536",
       Dialect{
           kMlx,
           "fan_in of the shape",
           "Biases are 0, where PyTorch's are random. Until mlx#4536 (2026) the bound counted all inputs of a grouped "
           "convolution: ignored_groups=groups has that std, too small by sqrt(groups).",
           {}}},
      {"mlx:Embedding",
       {},
       {},
       [](Arguments) {
         return with_shape_fans(for_ranks(parse_rule("variance_scaling(1, fan_in, normal)"), {"mlx:Embedding", 2, 2}),
                                kMlx);
       },
       "W ~ N(0, 1 / size), W [entries, size]",
       "MLX 0.32, mlx/nn/layers/embedding.py",
       Dialect{kMlx,
               "size",
               "A std of 1 / sqrt(size), as Flax; PyTorch has 1.",
               {{"embedding", "mlx:Embedding", "1 / sqrt(size)"}}}},
      {"mlx:recurrent",
       {},
       {integer("gates", "1", {1, 64})},
       [](Arguments a) { return recurrent(a[0].number); },
       "W, b ~ U(+-1 / sqrt(hidden)), hidden = the first extent / gates",
       "MLX 0.32, mlx/nn/layers/recurrent.py",
       Dialect{kMlx, "hidden", "As torch:rnn.", {{"recurrent", "mlx:recurrent", "input weights, too"}}}},
  };
}

}  // namespace fanin::init
