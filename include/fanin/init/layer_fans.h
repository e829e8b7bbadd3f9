#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "fanin/core/shape.h"
#include "fanin/init/fans.h"

/// Fans from what a tensor is. A shape alone does not say whether its first axis holds outputs, inputs, gates or
/// experts, and guessing it is the most repeated mistake of the field: weights of grouped, transposed and fused layers
/// come out too small or too large by the square root of what was guessed wrong. All shapes are global: that of the
/// whole tensor, not of one device's part (see whole_shape()). Everything here throws Error(usage), naming shape and
/// layout, for a shape that does not fit, and never looks at a value.
namespace fanin::init {

/// The axes of a weight, one letter each, in the order of its shape: O outputs, I inputs, D, H and W the taps of a
/// kernel, E experts or other copies that share nothing. `OI` is PyTorch's linear layer, `IO` that of Keras and Flax;
/// `OIHW` PyTorch, `HWIO` Keras and Flax, `OHWI` MLX, `WHIO` Flux; `OIW` and `OIDHW` in one and three dimensions; `EIO`
/// a batch of experts.
using Layout = std::string_view;

/// in = the extent of I times all taps, out = that of O times all taps; E counts for neither.
/// Throws unless the layout has one O, one I, no letter twice, as many letters as `shape` has axes.
[[nodiscard]] Fans weight_fans(const Shape& shape, Layout layout);

struct Convolution {
  std::size_t groups = 1;
  std::vector<std::size_t> stride = {};  ///< one for each kernel axis, or one for all; none means 1
  /// Transposed: the axis I has all inputs and O the outputs of one group, as PyTorch stores it (`IOHW`), where
  /// otherwise O has all outputs and I the inputs of one group. Dilation moves taps and changes no fan.
  bool transposed = false;
};

/// Each output of a convolution sees in / groups channels at every tap: fan_in = in / groups * taps; each input reaches
/// out / groups channels by one of `stride` taps: fan_out = out / groups * taps / stride. Transposed, it is the input
/// that every tap serves, and the output that sees one tap of `stride`: fan_in = in / groups * taps / stride, fan_out =
/// out / groups * taps. Throws, too, if groups do not divide the axis that has all channels, or is 0, as any stride.
[[nodiscard]] Fans convolution_fans(const Shape& shape, Layout layout, const Convolution& convolution = {});

/// A depthwise kernel whose I has all channels and O the outputs of each (Keras: `HWIO`): fan_in = taps, fan_out =
/// O * taps / stride. PyTorch's [channels * multiplier, 1, ...] is a convolution of as many groups as channels.
[[nodiscard]] Fans depthwise_fans(const Shape& shape, Layout layout, std::span<const std::size_t> stride = {});

/// Of one of `blocks` equal layers stored as one along O: query, key and value (3), the gates of an LSTM (4).
[[nodiscard]] Fans fused_fans(const Shape& shape, Layout layout, std::size_t blocks);

/// Of a weight that is the second operand of `equation`, such as `btd,dhk->bthk`: labels that it shares with the first
/// operand and the result does not have are summed over and are inputs, labels that only it and the result have are
/// outputs, labels of all three are copies. Throws for an equation of another form and for a label of the weight that
/// is nowhere else.
[[nodiscard]] Fans einsum_fans(std::string_view equation, const Shape& shape);

/// A table [entries, size] that is looked up: one entry is one input, {1, size}.
[[nodiscard]] Fans embedding_fans(const Shape& shape);
/// The same table used as an output layer, too: that of the matrix product, {size, entries}.
[[nodiscard]] Fans tied_embedding_fans(const Shape& shape);

/// The shape of a tensor of which `shape` is one of `parts` equal parts along `axis`. Throws for an axis that it has
/// not and for 0 parts.
[[nodiscard]] Shape whole_shape(const Shape& shape, std::size_t axis, std::size_t parts);

}  // namespace fanin::init
