#include <fmt/format.h>

#include "fanin/init/gain.h"

#include "init/dialect/dialect.h"
#include "init/dialect/special.h"

namespace fanin::init {
namespace {

constexpr Framework kTorch = Framework::torch;
constexpr std::string_view kInit = "PyTorch 2.15, torch/nn/init.py";

RulePtr of_shape(const std::string& plain) {
  return with_shape_fans(parse_rule(plain), kTorch);
}

std::string kaiming(std::string_view name, Arguments a) {
  // PyTorch reads a for leaky_relu alone and silently forgets it for the others.
  const std::string slope = a[2].word == "leaky_relu" ? fmt::format("a={}, ", text(a[0].number)) : std::string();
  return fmt::format("{}({}mode={}, nonlinearity={}, gain=torch)", name, slope, a[1].word, a[2].word);
}

std::vector<Parameter> kaiming_parameters() {
  std::vector<std::string> names;
  for (const std::string& name : activation_names()) {
    // The table of fanin has identity as another word for linear.
    if (has_gain(name, GainKind::torch) && name != "identity") names.push_back(name);
  }
  return {number("a", "0"), choice("mode", "fan_in", {"fan_in", "fan_out"}),
          choice("nonlinearity", "leaky_relu", std::move(names))};
}

RulePtr saturating(Arguments a) {
  // Bounds the wrong way round, or that nothing can meet, are errors here as in the exact form.
  (void)parse_rule(fmt::format("uniform({}, {})", text(a[2].number), text(a[3].number)));
  return saturating_normal(a[0].number, a[1].number, a[2].number, a[3].number);
}

RulePtr recurrent(double gates) {
  return with_hidden_fans(parse_rule("pytorch_default"), static_cast<std::size_t>(gates));
}

}  // namespace

std::vector<Definition> torch_definitions() {
  const std::vector<Parameter> gain_alone = {number("gain", "1", kNotNegative)};
  const std::vector<Parameter> finite = {number("mean", "0"), number("std", "1", kPositive), number("a", "-2"),
                                         number("b", "2")};
  constexpr std::string_view kSwapped =
      "The fans are those of the shape: of a transposed convolution, stored [in, out / groups, taps], they come "
      "swapped "
      "and with out / groups for in (pytorch#30079), of a grouped one fan_out is groups times too large (#23854), of "
      "packed blocks (3 E, E) fan_out counts all. fanin's takes the layer's.";
  return {
      {"torch:uniform",
       {},
       {number("a", "0"), number("b", "1")},
       [](Arguments a) { return parse_rule(fmt::format("uniform({}, {})", text(a[0].number), text(a[1].number))); },
       "W ~ U[a, b)",
       kInit,
       Dialect{kTorch, "-", "The same as fanin's uniform.", {{"uniform", "torch:uniform", "the same"}}}},
      {"torch:normal",
       {},
       {number("mean", "0"), number("std", "1", kNotNegative)},
       [](Arguments a) { return parse_rule(fmt::format("normal({}, {})", text(a[0].number), text(a[1].number))); },
       "W ~ N(mean, std^2)",
       kInit,
       Dialect{kTorch, "-", "The same as fanin's normal.", {{"normal", "torch:normal", "the same"}}}},
      {"torch:trunc_normal",
       {},
       {number("mean", "0"), number("std", "1", kPositive), number("a", "-2", kWithInfinity),
        number("b", "2", kWithInfinity)},
       [](Arguments a) {
         return parse_rule(fmt::format("truncated_normal_absolute({}, {}, {}, {})", text(a[0].number),
                                       text(a[1].number), text(a[2].number), text(a[3].number)));
       },
       "W ~ N(mean, std^2) given a <= W <= b, bounds that do not scale with std",
       "PyTorch 2.12 and later, torch/nn/init.py: by rejection, an exact distribution",
       Dialect{kTorch,
               "-",
               "Bounds are absolute, so std=0.02 with the default bounds is cut at 100 sigma, which is not at all; "
               "Keras, JAX and fanin's truncated_normal cut at multiples of std. The std is that before the cut. The "
               "same as fanin's truncated_normal_absolute, which takes one word an element where PyTorch redraws; "
               "torch_2_11:trunc_normal is the older algorithm.",
               {{"truncated_normal", "torch:trunc_normal", "absolute bounds, exact since 2.12"},
                {"truncated_normal_absolute", "torch:trunc_normal", "the same"}}}},
      {"torch_2_11:trunc_normal",
       {},
       finite,
       saturating,
       "u ~ U[2 P(a) - 1, 2 P(b) - 1) in float32, W = mean + std sqrt(2) erfinv(u), clamped to [a, b]",
       "PyTorch up to 2.11, torch/nn/init.py",
       Dialect{
           kTorch,
           "-",
           "In float32 2 P - 1 saturates: where a is 5.54 sigma or more below the mean, u = -1 has a probability of "
           "2^-24 and gives the bound itself, an outlier of any size (2000 sigma for std=0.001; pytorch#145498, "
           "#155588); u = 1 likewise where rounding leads there, which bounds on one side of the mean bring about. "
           "No other value is beyond 5.42 sigma, and bounds in a tail leave a few values or one. fanin's "
           "truncated_normal_absolute is exact. fanin makes the same distribution with the same outliers from its "
           "own stream, where PyTorch's generator would have u = -1 or 1.",
           {}}},
      {"torch:constant",
       {},
       {number("val")},
       [](Arguments a) { return parse_rule(fmt::format("constant({})", text(a[0].number))); },
       "W = val",
       kInit,
       Dialect{kTorch, "-", "The same as fanin's constant.", {{"constant", "torch:constant(1)", "the same"}}}},
      {"torch:zeros",
       {},
       {},
       [](Arguments) { return parse_rule("zeros"); },
       "W = 0",
       kInit,
       Dialect{kTorch, "-", "The same as fanin's zeros.", {{"zeros", "torch:zeros", "the same"}}}},
      {"torch:ones",
       {},
       {},
       [](Arguments) { return parse_rule("ones"); },
       "W = 1",
       kInit,
       Dialect{kTorch, "-", "The same as fanin's ones.", {{"ones", "torch:ones", "the same"}}}},
      {"torch:eye",
       {},
       {},
       [](Arguments) { return parse_rule("identity"); },
       "W[i, i] = 1, 0 elsewhere; rank 2",
       kInit,
       Dialect{kTorch, "-", "The same as fanin's identity, without its gain.", {{"identity", "torch:eye", "no gain"}}}},
      {"torch:dirac",
       {},
       {integer("groups", "1")},
       [](Arguments a) {
         return for_ranks(parse_rule(fmt::format("dirac({})", text(a[0].number))), {"torch:dirac", 3, 5});
       },
       "W[g out / groups + c, c, k // 2...] = 1, 0 elsewhere; rank 3 to 5",
       kInit,
       Dialect{kTorch,
               "-",
               "The same as fanin's dirac, for 3 to 5 axes only. An even kernel has its centre at k // 2, where JAX' "
               "delta_orthogonal has (k - 1) // 2.",
               {{"dirac", "torch:dirac", "rank 3 to 5"}}}},
      {"torch:xavier_uniform",
       {},
       gain_alone,
       [](Arguments a) { return of_shape(fmt::format("xavier_uniform({})", text(a[0].number))); },
       "W ~ U(+-gain sqrt(6 / (fan_in + fan_out)))",
       kInit,
       Dialect{kTorch, "fan_avg of the shape", kSwapped, {{"xavier_uniform", "torch:xavier_uniform", "the same"}}}},
      {"torch:xavier_normal",
       {},
       gain_alone,
       [](Arguments a) { return of_shape(fmt::format("xavier_normal({})", text(a[0].number))); },
       "W ~ N(0, 2 gain^2 / (fan_in + fan_out))",
       kInit,
       Dialect{kTorch, "fan_avg of the shape", kSwapped, {{"xavier_normal", "torch:xavier_normal", "the same"}}}},
      {"torch:kaiming_uniform",
       {},
       kaiming_parameters(),
       [](Arguments a) { return of_shape(kaiming("kaiming_uniform", a)); },
       "W ~ U(+-gain sqrt(3 / fan)), gain = calculate_gain(nonlinearity, a)",
       kInit,
       Dialect{kTorch,
               "fan(mode) of the shape",
               "Gains are those of calculate_gain, 12 names (gelu, silu, ... are errors); a is forgotten for all but "
               "leaky_relu. Fans of the shape, as for torch:xavier_uniform.",
               {{"kaiming_uniform", "torch:kaiming_uniform", "the same"},
                {"lecun_uniform", "torch:kaiming_uniform(nonlinearity=linear)", "the same"}}}},
      {"torch:kaiming_normal",
       {},
       kaiming_parameters(),
       [](Arguments a) { return of_shape(kaiming("kaiming_normal", a)); },
       "W ~ N(0, gain^2 / fan), gain = calculate_gain(nonlinearity, a)",
       kInit,
       Dialect{kTorch,
               "fan(mode) of the shape",
               "Not truncated, where Keras, JAX and Flax truncate what they call he_normal. Gains are those of "
               "calculate_gain, 12 names (gelu, silu, ... are errors); a is forgotten for all but leaky_relu. Fans of "
               "the shape, as for torch:xavier_uniform.",
               {{"kaiming_normal", "torch:kaiming_normal", "the same"},
                {"lecun_normal", "torch:kaiming_normal(nonlinearity=linear)", "not truncated"}}}},
      {"torch:orthogonal",
       {},
       gain_alone,
       [](Arguments a) { return parse_rule(fmt::format("orthogonal({})", text(a[0].number))); },
       "rows = the first extent, cols = all others; Q of normals with the signs of R's diagonal, times gain",
       kInit,
       Dialect{kTorch,
               "-",
               "The same as fanin's orthogonal, but for the sign of a zero on R's diagonal, which makes a column 0 "
               "(probability 0).",
               {{"orthogonal", "torch:orthogonal", "the same"}}}},
      {"torch:sparse",
       {},
       {number("sparsity", {}, kFraction), number("std", "0.01", kNotNegative)},
       [](Arguments a) {
         return parse_rule(fmt::format("sparse({}, {}, column)", text(a[0].number), text(a[1].number)));
       },
       "W ~ N(0, std^2), ceil(sparsity rows) random zeros in every column; rank 2",
       kInit,
       Dialect{kTorch,
               "-",
               "Zeros are counted for every input over all outputs; Martens 2010, whom it cites, wires each unit with "
               "15 inputs: fanin's sparse_connections, or sparse(per=unit). The same as fanin's sparse.",
               {{"sparse", "torch:sparse(0.9)", "zeros by input"}}}},
      {"torch:linear",
       {"torch:conv", "torch:conv_transpose"},
       {},
       [](Arguments) { return layer(of_shape("pytorch_default"), parse_rule("pytorch_default")); },
       "W, b ~ U(+-1 / sqrt(fan_in)), so Var[W] = 1 / (3 fan_in)",
       "PyTorch 2.15, torch/nn/modules/linear.py and conv.py, there written kaiming_uniform_(a=sqrt(5))",
       Dialect{kTorch,
               "fan_in of the shape",
               "A third of LeCun's variance and a sixth of He's, for weights and biases alike; why it is written as a "
               "kaiming_uniform is asked in pytorch#57109. Biases take the fans of their layer; of a transposed "
               "convolution's weight fan_in is that of the swapped shape. fanin's pytorch_default takes the layer's "
               "fans for both.",
               {{"pytorch_default", "torch:linear", "the same"}, {"linear", "torch:linear", "biases alike"}}}},
      {"torch:bilinear",
       {},
       {},
       [](Arguments) { return layer(with_second_axis(parse_rule("pytorch_default")), parse_rule("pytorch_default")); },
       "W, b ~ U(+-1 / sqrt(in1)), W [out, in1, in2]",
       "PyTorch 2.15, torch/nn/modules/linear.py",
       Dialect{kTorch,
               "in1",
               "A product of two inputs of in1 and in2 features sums in1 in2 terms, so outputs of unit inputs have a "
               "variance of in2 / 3. No upsampling kernel: that is fanin's bilinear. Biases take the fan_in of their "
               "layer.",
               {}}},
      {"torch:embedding",
       {},
       {},
       [](Arguments) { return parse_rule("normal(0, 1)"); },
       "W ~ N(0, 1)",
       "PyTorch 2.15, torch/nn/modules/sparse.py",
       Dialect{kTorch,
               "-",
               "50 times the 0.02 of most language models; a padding row, which PyTorch sets to 0, is not known here.",
               {{"embedding", "torch:embedding", "std 1"}}}},
      {"torch:rnn",
       {},
       {integer("gates", "1", {1, 64})},
       [](Arguments a) { return recurrent(a[0].number); },
       "W, b ~ U(+-1 / sqrt(hidden)), hidden = the first extent / gates",
       "PyTorch 2.15, torch/nn/modules/rnn.py",
       Dialect{kTorch,
               "hidden",
               "Weights from the input, too, are scaled by the hidden size, and both biases of a gate are random; "
               "Keras has glorot_uniform, orthogonal for the recurrent kernel and a forget bias of 1. torch:lstm and "
               "torch:gru know their gates.",
               {{"recurrent", "torch:rnn", "input weights, too"}}}},
      {"torch:lstm",
       {},
       {},
       [](Arguments) { return recurrent(4); },
       "W, b ~ U(+-1 / sqrt(hidden)), hidden = the first extent / 4",
       "PyTorch 2.15, torch/nn/modules/rnn.py",
       Dialect{kTorch,
               "hidden",
               "No forget gate is opened: with a bias of 1 (fanin's forget_gate, Keras' default) an LSTM remembers at "
               "first.",
               {}}},
      {"torch:gru",
       {},
       {},
       [](Arguments) { return recurrent(3); },
       "W, b ~ U(+-1 / sqrt(hidden)), hidden = the first extent / 3",
       "PyTorch 2.15, torch/nn/modules/rnn.py",
       Dialect{kTorch, "hidden", "As torch:rnn, with the three gates of a GRU.", {}}},
      {"torch:multihead_attention",
       {},
       {},
       [](Arguments) { return layer(of_shape("xavier_uniform"), parse_rule("zeros")); },
       "W ~ U(+-sqrt(6 / (E + 3 E))) for the packed in_proj_weight [3 E, E], b = 0",
       "PyTorch 2.15, torch/nn/modules/activation.py",
       Dialect{kTorch,
               "fan_avg of the shape",
               "Query, key and value are three layers stored as one, so that their std is 1 / sqrt(2) of what Xavier "
               "asks for (pytorch#166378); fanin's xavier_uniform with fused_fans(shape, \"OI\", 3) has the std of "
               "each. The output's projection is torch:linear.",
               {}}},
  };
}

}  // namespace fanin::init
