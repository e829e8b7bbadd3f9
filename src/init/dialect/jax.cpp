#include "init/dialect/jax.h"

#include <fmt/format.h>

#include <deque>
#include <string>

#include "fanin/core/error.h"

#include "init/convolution.h"
#include "init/dialect/dialect.h"

namespace fanin::init {
namespace {

constexpr std::string_view kSource = "JAX 0.10, jax/_src/nn/initializers.py";
constexpr std::string_view kFlaxSource = "Flax 0.12, which hands on JAX' jax.nn.initializers";

// Names are views; those put together here live as long as the program.
std::string_view kept(std::string name) {
  static std::deque<std::string> all;
  return all.emplace_back(std::move(name));
}

Parameter axis(std::string_view name, std::string_view fallback) {
  return integer(name, fallback, {-8, 7});
}

Parameter batch_axis() {
  std::vector<std::string> words = {"none"};
  for (int i = -8; i < 8; ++i) words.push_back(std::to_string(i));
  return choice("batch_axis", "none", std::move(words));
}

JaxAxes axes(const Argument& in, const Argument& out, const Argument& batch) {
  return {static_cast<int>(in.number), static_cast<int>(out.number),
          batch.choice == 0 ? JaxAxes::kNoAxis : static_cast<int>(batch.choice) - 9};
}

// Parameters from `first` on: in_axis, out_axis, batch_axis, shape.
RulePtr scaled(double scale, std::string_view mode, std::string_view distribution, Arguments a, std::size_t first = 0) {
  return with_jax_fans(parse_rule(fmt::format("variance_scaling({}, {}, {})", text(scale), mode, distribution)),
                       order_of(a[first + 3]), axes(a[first], a[first + 1], a[first + 2]));
}

// The units are along column_axis, of JAX' order.
struct ColumnAxis {
  double scale;
  int column_axis;
  Order order;

  [[nodiscard]] RulePtr inside(const Shape& shape) const {
    want_rank("jax:orthogonal", shape, 2);
    const auto rank = static_cast<int>(shape.rank());
    if (column_axis < -rank || column_axis >= rank) {
      throw Error(ErrorKind::usage, "init",
                  fmt::format("jax:orthogonal: tensor {} has no axis {}, one from -{} to {} is wanted", shape.str(),
                              column_axis, rank, rank - 1));
    }
    int at = column_axis < 0 ? column_axis + rank : column_axis;
    if (order == Order::fanin) at = at == rank - 1 ? 0 : at == rank - 2 ? 1 : at + 2;
    return parse_rule(fmt::format("orthogonal({}, {})", text(scale), at));
  }
  void check(const Shape& shape) const { inside(shape)->check(shape); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const { return inside(shape)->expected(shape, fans); }
  [[nodiscard]] Promise promise(const Shape& shape, Fans fans) const { return inside(shape)->promise(shape, fans); }
  void whole(const Shape& shape, Fans fans, const random::Stream& stream, std::span<float> out,
             ThreadPool& pool) const {
    inside(shape)->fill(shape, fans, stream, out, pool);
  }
  friend bool operator==(const ColumnAxis&, const ColumnAxis&) = default;
};

RulePtr orthogonal(Arguments a) {
  return make_rule(ColumnAxis{a[0].number, static_cast<int>(a[1].number), order_of(a[2])});
}

RulePtr delta_orthogonal(Arguments a) {
  const RulePtr rule = for_ranks(delta_orthogonal_rule(a[0].number, Middle::lower), {"jax:delta_orthogonal", 3, 5});
  return order_of(a[1]) == Order::native ? in_native_order(rule, Framework::jax) : rule;
}

}  // namespace

std::vector<Definition> jax_family(Framework framework) {
  const Parameter in = axis("in_axis", "-2");
  const Parameter out = axis("out_axis", "-1");
  const std::vector<Parameter> fans = {in, out, batch_axis(), shape_order()};
  const bool jax = framework == Framework::jax;
  const std::string_view source = jax ? kSource : kFlaxSource;
  const auto name = [&](std::string_view local) { return kept(fmt::format("{}:{}", to_string(framework), local)); };
  const auto counterpart = [&](std::string_view of, std::string_view local, std::string_view remark) {
    return std::vector<Counterpart>{{of, name(local), remark}};
  };
  constexpr std::string_view fan_words = "fan_in of the shape";
  constexpr std::string_view kFans =
      "JAX counts the fans of the shape (taps..., in, out), or of in_axis and out_axis with all others but batch_axis "
      "as "
      "taps; a transposed kernel whose shape is swapped keeps the axes, so its fans come swapped, fan_out of a grouped "
      "one is groups times too large, and fewer than 2 axes are an error. shape=native reads a shape in this order. "
      "fanin's takes the layer's.";
  constexpr std::string_view kTruncated =
      "A normal cut at 2 sigma and widened by 1 / 0.87963 to keep the std, where fanin's, PyTorch's and MLX' is not "
      "cut. "
      "Fans of the shape, as for jax:glorot_uniform. For complex numbers, which fanin does not have, JAX widens by 1 / "
      "0.95311 where 1 / 0.96196 is right: the variance comes out 1.87 % too large.";
  std::vector<Definition> list = {
      {name("zeros"),
       jax ? std::vector<std::string_view>{} : std::vector<std::string_view>{name("zeros_init")},
       {},
       [](Arguments) { return parse_rule("zeros"); },
       "W = 0",
       source,
       Dialect{framework, "-", "The same as fanin's zeros.", counterpart("zeros", "zeros", "the same")}},
      {name("ones"),
       jax ? std::vector<std::string_view>{} : std::vector<std::string_view>{name("ones_init")},
       {},
       [](Arguments) { return parse_rule("ones"); },
       "W = 1",
       source,
       Dialect{framework, "-", "The same as fanin's ones.", counterpart("ones", "ones", "the same")}},
      {name("constant"),
       {},
       {number("value")},
       [](Arguments a) { return parse_rule(fmt::format("constant({})", text(a[0].number))); },
       "W = value",
       source,
       Dialect{framework, "-", "The same as fanin's constant.", counterpart("constant", "constant(1)", "the same")}},
      {name("uniform"),
       {},
       {number("scale", "0.01", kNotNegative)},
       [](Arguments a) { return parse_rule(fmt::format("uniform(0, {})", text(a[0].number))); },
       "W ~ U[0, scale)",
       source,
       Dialect{framework, "-",
               "From 0, not from -scale: all weights are positive, with the mean scale / 2. MXNet's Uniform(scale) is "
               "+-scale, Keras' default +-0.05, PyTorch's and fanin's 0 to 1.",
               counterpart("uniform", "uniform", "0 to 0.01, not +-0.01")}},
      {name("normal"),
       {},
       {number("stddev", "0.01", kNotNegative)},
       [](Arguments a) { return parse_rule(fmt::format("normal(0, {})", text(a[0].number))); },
       "W ~ N(0, stddev^2)",
       source,
       Dialect{framework, "-", "The default std is 0.01; Keras' is 0.05, PyTorch's and fanin's 1.",
               counterpart("normal", "normal", "std 0.01")}},
      {name("truncated_normal"),
       {},
       {number("stddev", "0.01", kNotNegative), number("lower", "-2", kWithInfinity),
        number("upper", "2", kWithInfinity)},
       [](Arguments a) {
         return parse_rule(
             fmt::format("truncated_normal(0, {}, {}, {})", text(a[0].number), text(a[1].number), text(a[2].number)));
       },
       "W ~ N(0, stddev^2) given lower stddev <= W <= upper stddev",
       source,
       Dialect{framework, "-",
               "Bounds are in standard deviations before the cut, as fanin's; PyTorch's are absolute. Not widened: the "
               "std is 0.87963 stddev for the default bounds. fanin's default std is 1.",
               counterpart("truncated_normal", "truncated_normal", "std 0.01 before the cut")}},
      {name("variance_scaling"),
       {},
       {number("scale", {}, kPositive), choice("mode", {}, {"fan_in", "fan_out", "fan_avg", "fan_geo_avg"}),
        choice("distribution", {}, {"truncated_normal", "normal", "uniform"}), in, out, batch_axis(), shape_order()},
       [](Arguments a) { return scaled(a[0].number, a[1].word, a[2].word, a, 3); },
       "Var[W] = scale / fan(mode); a truncated normal ends at 2 sigma and is widened to have this variance",
       source,
       Dialect{framework, "fan(mode) of the shape",
               "No defaults. normal is a real normal, where Keras' is truncated; fan_geo_avg = sqrt(fan_in fan_out) is "
               "JAX' alone. Fans of the shape, as for jax:glorot_uniform.",
               counterpart("variance_scaling", "variance_scaling(1, fan_in, truncated_normal)", "the same")}},
  };
  struct Named {
    std::string_view name;
    std::string_view alias;
    std::string_view of;
    RulePtr (*make)(Arguments);
    std::string_view formula;
    std::string_view fan;
    bool truncated;
  };
  const std::vector<Named> named = {
      {"glorot_uniform", "xavier_uniform", "xavier_uniform",
       [](Arguments a) { return scaled(1, "fan_avg", "uniform", a); }, "W ~ U(+-sqrt(6 / (fan_in + fan_out)))",
       "fan_avg of the shape", false},
      {"glorot_normal", "xavier_normal", "xavier_normal",
       [](Arguments a) { return scaled(1, "fan_avg", "truncated_normal", a); },
       "Var[W] = 2 / (fan_in + fan_out), W normal truncated at 2 sigma and widened to have this variance",
       "fan_avg of the shape", true},
      {"he_uniform", "kaiming_uniform", "kaiming_uniform",
       [](Arguments a) { return scaled(2, "fan_in", "uniform", a); }, "W ~ U(+-sqrt(6 / fan_in))", fan_words, false},
      {"he_normal", "kaiming_normal", "kaiming_normal",
       [](Arguments a) { return scaled(2, "fan_in", "truncated_normal", a); },
       "Var[W] = 2 / fan_in, W normal truncated at 2 sigma and widened to have this variance", fan_words, true},
      {"lecun_uniform", "", "lecun_uniform", [](Arguments a) { return scaled(1, "fan_in", "uniform", a); },
       "W ~ U(+-sqrt(3 / fan_in))", fan_words, false},
      {"lecun_normal", "", "lecun_normal", [](Arguments a) { return scaled(1, "fan_in", "truncated_normal", a); },
       "Var[W] = 1 / fan_in, W normal truncated at 2 sigma and widened to have this variance", fan_words, true},
  };
  for (const Named& n : named) {
    const bool lecun = n.of == "lecun_normal";
    list.push_back({name(n.name),
                    n.alias.empty() ? std::vector<std::string_view>{} : std::vector<std::string_view>{name(n.alias)},
                    fans, n.make, n.formula, source,
                    Dialect{framework, n.fan,
                            lecun ? "fanin's lecun_normal is JAX': truncated and widened. Fans of the shape, as "
                                    "for jax:glorot_uniform."
                            : n.truncated ? kTruncated
                                          : kFans,
                            counterpart(n.of, n.name, n.truncated && !lecun ? "truncated" : "the same")}});
  }
  list.push_back({name("orthogonal"),
                  {},
                  {number("scale", "1", kNotNegative), axis("column_axis", "-1"), shape_order()},
                  orthogonal,
                  "cols = the extent of column_axis, which is that of the units, rows = all others; scale Q",
                  source,
                  Dialect{framework, "-",
                          "With column_axis=-1 the same as fanin's orthogonal; with shape=native as its "
                          "orthogonal(axis=-1).",
                          counterpart("orthogonal", "orthogonal", "the same")}});
  list.push_back({name("delta_orthogonal"),
                  {},
                  {number("scale", "1", kNotNegative), shape_order()},
                  delta_orthogonal,
                  "W[(k - 1) // 2..., :, :] = scale Q, 0 elsewhere; rank 3 to 5, in <= out",
                  source,
                  Dialect{framework, "-",
                          "The centre of an even kernel is (k - 1) // 2, where fanin's delta_orthogonal and PyTorch's "
                          "dirac_ have k // 2; the same for odd ones.",
                          counterpart("delta_orthogonal", "delta_orthogonal", "centre (k - 1) // 2")}});
  return list;
}

std::vector<Definition> jax_definitions() {
  return jax_family(Framework::jax);
}

}  // namespace fanin::init
