#include "init/dialect/dialect.h"
#include "init/dialect/jax.h"

namespace fanin::init {
namespace {

RulePtr dense(Arguments a) {
  return layer(with_shape_fans(parse_rule("lecun_normal"), Framework::flax, order_of(a[0])), parse_rule("zeros"));
}

}  // namespace

std::vector<Definition> flax_definitions() {
  std::vector<Definition> list = jax_family(Framework::flax);
  const Parameter order = shape_order();
  list.push_back(
      {"flax:Dense",
       {"flax:Conv"},
       {order},
       dense,
       "Var[W] = 1 / fan_in, W normal truncated at 2 sigma and widened, b = 0",
       "Flax 0.12, flax/linen/linear.py and flax/nnx/nn/linear.py",
       Dialect{Framework::flax,
               "fan_in of the shape",
               "flax:lecun_normal for weights, zeros for biases; PyTorch's layers have a third of this variance.",
               {{"linear", "flax:Dense", "LeCun, zero biases"}}}});
  list.push_back(
      {"flax:DenseGeneral",
       {},
       {integer("batch_dims", "0", {0, 6}), integer("features", "1", {1, 6})},
       [](Arguments a) {
         return layer(with_general_fans(parse_rule("lecun_normal"), static_cast<std::size_t>(a[0].number),
                                        static_cast<std::size_t>(a[1].number)),
                      parse_rule("zeros"));
       },
       "Var[W] = 1 / (product of all extents but those of the features), W [batch..., in..., features...] in Flax' "
       "order",
       "Flax 0.12, flax/linen/linear.py: kernel_init of the flattened shape",
       Dialect{Framework::flax,
               "batch in",
               "Batch dimensions, copies of a layer that share nothing, are flattened into fan_in, so that the std is "
               "too small by sqrt(batch). fanin counts a layout such as EIO, or an einsum, copy by copy.",
               {}}});
  list.push_back(
      {"flax:Embed",
       {},
       {},
       [](Arguments) {
         return with_jax_fans(parse_rule("variance_scaling(1, fan_in, normal)"), Order::native, {-2, 0});
       },
       "W ~ N(0, 1 / features), W [entries, features]",
       "Flax 0.12, flax/linen/linear.py: variance_scaling(1, fan_in, normal, out_axis=0)",
       Dialect{Framework::flax,
               "features",
               "With out_axis=0, the axis that is in_axis, too, fan_in comes out as the number of features: a std of "
               "1 / sqrt(features), as MLX; PyTorch has 1. Of a plain fan_in it would be 1 / sqrt(entries).",
               {{"embedding", "flax:Embed", "1 / sqrt(features)"}}}});
  list.push_back(
      {"flax:recurrent_kernel",
       {},
       {order},
       [](Arguments a) { return parse_rule(order_of(a[0]) == Order::native ? "orthogonal(1, -1)" : "orthogonal"); },
       "W = Q, orthogonal",
       "Flax 0.12, flax/linen/recurrent.py",
       Dialect{Framework::flax,
               "-",
               "Gates are matrices of their own, each orthogonal, where Keras has one for all. The same as fanin's "
               "orthogonal.",
               {{"recurrent", "flax:recurrent_kernel", "orthogonal gate by gate"}}}});
  return list;
}

}  // namespace fanin::init
