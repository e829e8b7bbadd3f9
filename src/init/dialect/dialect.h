#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fanin/init/dialect_fans.h"

#include "init/definitions.h"
#include "init/rule.h"

/// Rules that dialects are made of: ones that fanin has, given what a framework gives them.
namespace fanin::init {

/// In which order a dialect reads a shape: fanin's [out, in, taps...], turned into the framework's for it, or the
/// framework's own as it stands.
enum class Order { fanin, native };

/// The parameter that says so; index 1 is native.
[[nodiscard]] Parameter shape_order();
[[nodiscard]] inline Order order_of(const Argument& a) {
  return a.choice == 1 ? Order::native : Order::fanin;
}

/// JAX's in_axis, out_axis and batch_axis, in its order; negative ones count from the end. batch = kNoAxis: none.
struct JaxAxes {
  static constexpr int kNoAxis = 1000;
  int in = -2;
  int out = -1;
  int batch = kNoAxis;
  friend bool operator==(const JaxAxes&, const JaxAxes&) = default;
};

/// `inside`, with the fans that the framework computes from the shape.
[[nodiscard]] RulePtr with_shape_fans(RulePtr inside, Framework framework, Order order = Order::fanin);
[[nodiscard]] RulePtr with_jax_fans(RulePtr inside, Order order, JaxAxes axes);
/// With those of Flax' DenseGeneral: the first `batch` axes and all others but the last `features` are inputs. The
/// shape is Flax' own.
[[nodiscard]] RulePtr with_general_fans(RulePtr inside, std::size_t batch, std::size_t features);
/// With hidden = the first extent / gates for both; rank 1 or more, a multiple of gates.
[[nodiscard]] RulePtr with_hidden_fans(RulePtr inside, std::size_t gates);
/// With the extent of the second axis, whatever follows, for both.
[[nodiscard]] RulePtr with_second_axis(RulePtr inside);
/// The parameters of the layer that a tensor belongs to, as mlpack counts them: a weight [out, ...] and its out biases;
/// of a bias the fans tell.
[[nodiscard]] double layer_parameters(const Shape& shape, Fans fans);
/// With mlpack's: fan_in = `parameters`, or 0 for all of the layer of the weight or bias, and fan_out = 1.
[[nodiscard]] RulePtr with_mlpack_fans(RulePtr inside, std::uint64_t parameters = 0);

/// Rank 2 and more is a weight, less is a bias.
[[nodiscard]] RulePtr layer(RulePtr weight, RulePtr bias);

/// `inside` for some ranks only; square: the axes from `from` on are equal.
struct Ranks {
  std::string_view scheme;
  std::size_t least = 0;
  std::size_t most = Shape::kMaxRank;
  std::size_t square_from = Shape::kMaxRank;
  friend bool operator==(const Ranks&, const Ranks&) = default;
};
[[nodiscard]] RulePtr for_ranks(RulePtr inside, Ranks ranks);

/// `inside` makes the tensor in fanin's order; it is stored in the framework's.
[[nodiscard]] RulePtr in_native_order(RulePtr inside, Framework framework);

/// A number as the text of a scheme, which gives the same number back.
[[nodiscard]] std::string text(double number);

}  // namespace fanin::init
