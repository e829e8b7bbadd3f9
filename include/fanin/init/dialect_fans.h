#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "fanin/core/shape.h"
#include "fanin/init/fans.h"

/// What the frameworks take for fans: functions of a shape that know nothing of groups, transposition or stride, and so
/// often not the fans of the layer. layer_fans.h has the correct ones; these are for dialects, which reproduce a
/// framework's figures, wrong or not.
namespace fanin::init {

/// The frameworks whose own meaning of a name fanin knows: `keras:he_normal` is Keras'.
enum class Framework { torch, keras, jax, flax, mlx, caffe, mxnet, tiny_dnn, mlpack, fann };

inline constexpr std::array kFrameworks = {Framework::torch,  Framework::keras, Framework::jax,   Framework::flax,
                                           Framework::mlx,    Framework::caffe, Framework::mxnet, Framework::tiny_dnn,
                                           Framework::mlpack, Framework::fann};

/// `torch`, `keras`, ..., `tiny_dnn`, ...: what stands before the colon.
[[nodiscard]] std::string_view to_string(Framework framework);
/// The framework with that name, or nothing.
[[nodiscard]] std::optional<Framework> framework_named(std::string_view name);

/// The fans that `framework` computes for a tensor of `shape`, whose axes are in that framework's own order; r is the
/// product of all axes not named:
///
/// | framework        | shape             | fan_in, fan_out        | rank 1         | rank 0 |
/// |------------------|-------------------|------------------------|----------------|--------|
/// | torch, mxnet     | [out, in, r...]   | in r, out r            | error          | error  |
/// | keras            | [r..., in, out]   | in r, out r            | n, n           | 1, 1   |
/// | jax, flax        | [r..., in, out]   | in r, out r            | error          | error  |
/// | mlx              | [out, r..., in]   | in r, out r            | error          | error  |
/// | caffe            | [out, in, r...]   | in r, out r            | 1, n           | error  |
///
/// So grouped, depthwise and transposed kernels get fans that their layers do not have: see docs/dialects.md.
/// Throws Error(usage) where the table says error, and for tiny_dnn, mlpack and fann, whose layers count for
/// themselves: their fans are not a function of the shape.
[[nodiscard]] Fans framework_fans(Framework framework, const Shape& shape);

/// The shape that `framework` gives the weight that fanin (like PyTorch) stores as [out, in, taps...]: [taps..., in,
/// out] for keras, jax and flax, [out, taps..., in] for mlx, the same for the others and below rank 2.
[[nodiscard]] Shape framework_shape(Framework framework, const Shape& shape);

}  // namespace fanin::init
