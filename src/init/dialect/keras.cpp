#include <fmt/format.h>

#include "init/dialect/dialect.h"
#include "init/dialect/special.h"

namespace fanin::init {
namespace {

constexpr Framework kKeras = Framework::keras;
constexpr std::string_view kRandom = "Keras 3.15, keras/src/initializers/random_initializers.py";
constexpr std::string_view kConstants = "Keras 3.15, keras/src/initializers/constant_initializers.py";

// What draws the normals; only PyTorch's differs.
Parameter backend() {
  return choice("backend", "tensorflow", {"tensorflow", "jax", "torch"});
}

RulePtr truncated(RulePtr rule, const Argument& backend) {
  return backend.word == "torch" ? first_of_four(std::move(rule)) : rule;
}

// Parameters: shape.
RulePtr uniform(double scale, std::string_view mode, const Argument& order) {
  return with_shape_fans(parse_rule(fmt::format("variance_scaling({}, {}, uniform)", text(scale), mode)), kKeras,
                         order_of(order));
}

RulePtr truncated_normal(double scale, std::string_view mode, const Argument& order, const Argument& backend) {
  return with_shape_fans(
      truncated(parse_rule(fmt::format("variance_scaling({}, {}, truncated_normal)", text(scale), mode)), backend),
      kKeras, order_of(order));
}

RulePtr variance_scaling(Arguments a) {
  const double scale = a[0].number;
  if (a[2].word == "uniform") return uniform(scale, a[1].word, a[3]);
  if (a[2].word == "untruncated_normal") {
    return with_shape_fans(parse_rule(fmt::format("variance_scaling({}, {}, normal)", text(scale), a[1].word)), kKeras,
                           order_of(a[3]));
  }
  return truncated_normal(scale, a[1].word, a[3], a[4]);
}

RulePtr stft(Arguments a) {
  // Keras scales its window, not the kernel: without one there is nothing to scale.
  const std::string_view scaling = a[1].word == "none" ? "none" : std::string_view(a[2].word);
  const RulePtr rule = parse_rule(
      fmt::format("stft({}, {}, {}, {})", a[0].word == "imag" ? "imaginary" : "real", a[1].word, scaling, a[3].word));
  return order_of(a[4]) == Order::native ? in_native_order(rule, kKeras) : rule;
}

}  // namespace

std::vector<Definition> keras_definitions() {
  const Parameter order = shape_order();
  constexpr std::string_view kFans =
      "Keras counts the fans of the shape (taps..., in, out): those of a transposed convolution (taps..., filters, in) "
      "come swapped, fan_in of a depthwise kernel is channels times too large (keras#11773), fan_out of a grouped one "
      "groups times; rank 1 counts n for both. shape=native reads a shape in this order. fanin's takes the layer's.";
  constexpr std::string_view kTruncated =
      "A normal cut at 2 sigma and widened by 1 / 0.87963 to keep the std, where fanin's, PyTorch's and MLX' is not "
      "cut. "
      "Fans of the shape, as for keras:glorot_uniform. backend=torch keeps one number outside of 2 sigma in 233,000.";
  return {
      {"keras:zeros",
       {"keras:Zeros", "keras:zero"},
       {},
       [](Arguments) { return parse_rule("zeros"); },
       "W = 0",
       kConstants,
       Dialect{kKeras, "-", "The same as fanin's zeros.", {{"zeros", "keras:zeros", "the same"}}}},
      {"keras:ones",
       {"keras:Ones", "keras:one"},
       {},
       [](Arguments) { return parse_rule("ones"); },
       "W = 1",
       kConstants,
       Dialect{kKeras, "-", "The same as fanin's ones.", {{"ones", "keras:ones", "the same"}}}},
      {"keras:constant",
       {"keras:Constant"},
       {number("value", "0")},
       [](Arguments a) { return parse_rule(fmt::format("constant({})", text(a[0].number))); },
       "W = value",
       kConstants,
       Dialect{kKeras, "-", "Without a value it is 0.", {{"constant", "keras:constant(1)", "default value 0"}}}},
      {"keras:random_uniform",
       {"keras:RandomUniform", "keras:uniform"},
       {number("minval", "-0.05"), number("maxval", "0.05")},
       [](Arguments a) { return parse_rule(fmt::format("uniform({}, {})", text(a[0].number), text(a[1].number))); },
       "W ~ U[minval, maxval)",
       kRandom,
       Dialect{kKeras,
               "-",
               "The defaults are +-0.05; fanin's, PyTorch's and MLX' are 0 to 1, JAX' 0 to 0.01, MXNet's +-0.07.",
               {{"uniform", "keras:random_uniform", "+-0.05"}}}},
      {"keras:random_normal",
       {"keras:RandomNormal", "keras:normal"},
       {number("mean", "0"), number("stddev", "0.05", kNotNegative)},
       [](Arguments a) { return parse_rule(fmt::format("normal({}, {})", text(a[0].number), text(a[1].number))); },
       "W ~ N(mean, stddev^2)",
       kRandom,
       Dialect{kKeras,
               "-",
               "The default std is 0.05; fanin's and PyTorch's is 1, JAX' and MXNet's 0.01.",
               {{"normal", "keras:random_normal", "std 0.05"}}}},
      {"keras:truncated_normal",
       {"keras:TruncatedNormal"},
       {number("mean", "0"), number("stddev", "0.05", kNotNegative), backend()},
       [](Arguments a) {
         return truncated(
             parse_rule(fmt::format("truncated_normal({}, {}, -2, 2)", text(a[0].number), text(a[1].number))), a[2]);
       },
       "W ~ N(mean, stddev^2) given |W - mean| <= 2 stddev",
       kRandom,
       Dialect{kKeras,
               "-",
               "Cut at 2 sigma, not widened: its std is 0.87963 stddev. With backend=torch each number is the first of "
               "four normals within 2 sigma, and the first of all where none is: one in 233,000 (P = 4.29e-6) is an "
               "outlier beyond the bounds. fanin's truncated_normal has none.",
               {{"truncated_normal", "keras:truncated_normal", "std 0.05 before the cut"}}}},
      {"keras:variance_scaling",
       {"keras:VarianceScaling"},
       {number("scale", "1", kPositive), choice("mode", "fan_in", {"fan_in", "fan_out", "fan_avg"}),
        choice("distribution", "truncated_normal", {"truncated_normal", "untruncated_normal", "uniform", "normal"}),
        order, backend()},
       variance_scaling,
       "Var[W] = scale / max(1, fan(mode)); a truncated normal ends at 2 sigma and is widened to have this variance",
       kRandom,
       Dialect{kKeras,
               "fan(mode) of the shape",
               "distribution=normal is the truncated one; a real normal is called untruncated_normal. There is no "
               "fan_geo_avg. Fans of the shape, as for keras:glorot_uniform.",
               {{"variance_scaling", "keras:variance_scaling", "normal means truncated"}}}},
      {"keras:glorot_uniform",
       {"keras:GlorotUniform"},
       {order},
       [](Arguments a) { return uniform(1, "fan_avg", a[0]); },
       "W ~ U(+-sqrt(6 / (fan_in + fan_out)))",
       kRandom,
       Dialect{kKeras, "fan_avg of the shape", kFans, {{"xavier_uniform", "keras:glorot_uniform", "the same"}}}},
      {"keras:glorot_normal",
       {"keras:GlorotNormal"},
       {order, backend()},
       [](Arguments a) { return truncated_normal(1, "fan_avg", a[0], a[1]); },
       "Var[W] = 2 / (fan_in + fan_out), W normal truncated at 2 sigma and widened to have this variance",
       kRandom,
       Dialect{kKeras, "fan_avg of the shape", kTruncated, {{"xavier_normal", "keras:glorot_normal", "truncated"}}}},
      {"keras:he_uniform",
       {"keras:HeUniform"},
       {order},
       [](Arguments a) { return uniform(2, "fan_in", a[0]); },
       "W ~ U(+-sqrt(6 / fan_in))",
       kRandom,
       Dialect{kKeras, "fan_in of the shape", kFans, {{"kaiming_uniform", "keras:he_uniform", "the same"}}}},
      {"keras:he_normal",
       {"keras:HeNormal"},
       {order, backend()},
       [](Arguments a) { return truncated_normal(2, "fan_in", a[0], a[1]); },
       "Var[W] = 2 / fan_in, W normal truncated at 2 sigma and widened to have this variance",
       kRandom,
       Dialect{kKeras, "fan_in of the shape", kTruncated, {{"kaiming_normal", "keras:he_normal", "truncated"}}}},
      {"keras:lecun_uniform",
       {"keras:LecunUniform"},
       {order},
       [](Arguments a) { return uniform(1, "fan_in", a[0]); },
       "W ~ U(+-sqrt(3 / fan_in))",
       kRandom,
       Dialect{kKeras, "fan_in of the shape", kFans, {{"lecun_uniform", "keras:lecun_uniform", "the same"}}}},
      {"keras:lecun_normal",
       {"keras:LecunNormal"},
       {order, backend()},
       [](Arguments a) { return truncated_normal(1, "fan_in", a[0], a[1]); },
       "Var[W] = 1 / fan_in, W normal truncated at 2 sigma and widened to have this variance",
       kRandom,
       Dialect{kKeras,
               "fan_in of the shape",
               "fanin's lecun_normal is Keras': truncated and widened. Fans of the shape, as for keras:glorot_uniform. "
               "backend=torch keeps one number outside of 2 sigma in 233,000.",
               {{"lecun_normal", "keras:lecun_normal", "the same"}}}},
      {"keras:orthogonal",
       {"keras:Orthogonal", "keras:OrthogonalInitializer"},
       {number("gain", "1", kNotNegative), order},
       [](Arguments a) {
         return parse_rule(
             fmt::format("orthogonal({}, {})", text(a[0].number), order_of(a[1]) == Order::native ? -1 : 0));
       },
       "rows = all extents but the last, cols = the last, which is that of the units; gain Q",
       kRandom,
       Dialect{kKeras,
               "-",
               "The matrix is flattened before its last axis, (taps..., in, out), where PyTorch flattens behind its "
               "first, [out, in, taps...]: the same units, so the same as fanin's orthogonal; with shape=native as its "
               "orthogonal(axis=-1).",
               {{"orthogonal", "keras:orthogonal", "flattened before the last axis"}}}},
      {"keras:identity",
       {"keras:Identity", "keras:IdentityInitializer"},
       {number("gain", "1")},
       [](Arguments a) { return parse_rule(fmt::format("identity({})", text(a[0].number))); },
       "W[i, i] = gain, 0 elsewhere; rank 2",
       kConstants,
       Dialect{kKeras, "-", "The same as fanin's identity.", {{"identity", "keras:identity", "the same"}}}},
      {"keras:stft",
       {"keras:STFT", "keras:STFTInitializer"},
       {choice("side", "real", {"real", "imag"}), choice("window", "hann", {"none", "hann", "hamming", "blackman"}),
        choice("scaling", "density", {"none", "density", "spectrum"}), choice("periodic", "no", {"no", "yes"}), order},
       stft,
       "W[f, 0, t] = w(t) cos(2 pi f t / F), -sin for side=imag, F = 2 (frequencies - 1); the window w over sqrt(sum "
       "w^2) "
       "or sum |w|",
       kConstants,
       Dialect{kKeras,
               "-",
               "The same as fanin's stft, but that without a window nothing is scaled. Keras stores (samples, 1, "
               "frequencies), which is shape=native.",
               {{"stft", "keras:stft", "the same"}}}},
      {"keras:Dense",
       {"keras:Conv"},
       {order},
       [](Arguments a) { return layer(uniform(1, "fan_avg", a[0]), parse_rule("zeros")); },
       "W ~ U(+-sqrt(6 / (fan_in + fan_out))), b = 0",
       "Keras 3.15, keras/src/layers/core/dense.py and convolutional/base_conv.py",
       Dialect{kKeras,
               "fan_avg of the shape",
               "keras:glorot_uniform for weights, zeros for biases.",
               {{"linear", "keras:Dense", "Glorot, zero biases"}}}},
      {"keras:Embedding",
       {},
       {},
       [](Arguments) { return parse_rule("uniform(-0.05, 0.05)"); },
       "W ~ U[-0.05, 0.05)",
       "Keras 3.15, keras/src/layers/core/embedding.py",
       Dialect{kKeras, "-", "A std of 0.0289, where PyTorch has 1.", {{"embedding", "keras:Embedding", "U(+-0.05)"}}}},
      {"keras:recurrent_kernel",
       {},
       {order},
       [](Arguments a) { return parse_rule(order_of(a[0]) == Order::native ? "orthogonal(1, -1)" : "orthogonal"); },
       "W [units, gates units] = Q with orthonormal rows",
       "Keras 3.15, keras/src/layers/rnn: lstm.py, gru.py, simple_rnn.py",
       Dialect{kKeras,
               "-",
               "Gates are one matrix: its rows are orthonormal over all gates together, not gate by gate; PyTorch has "
               "U(+-1 / sqrt(hidden)).",
               {{"recurrent", "keras:recurrent_kernel", "orthogonal over all gates"}}}},
      {"keras:lstm_bias",
       {},
       {},
       [](Arguments) { return parse_rule("forget_gate(1, 1, 4)"); },
       "b = 1 for the forget gate of (i, f, c, o), 0 for the others; rank 1",
       "Keras 3.15, keras/src/layers/rnn/lstm.py: unit_forget_bias=True",
       Dialect{kKeras, "-", "The same as fanin's forget_gate.", {{"forget_gate", "keras:lstm_bias", "the same"}}}},
  };
}

}  // namespace fanin::init
