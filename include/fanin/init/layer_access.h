#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "fanin/core/function_ref.h"
#include "fanin/core/matrix_view.h"
#include "fanin/core/shape.h"
#include "fanin/init/fans.h"

namespace fanin::init {

/// A layer with weights, as a data-dependent initializer sees it. The spans are the network's own memory and stay
/// valid.
struct LayerView {
  std::string name;         ///< of its weights: names their random stream (`0.weight`), and stands in errors
  Shape shape;              ///< [units, inputs...]: unit u owns elements [u * inputs, (u + 1) * inputs) of `weight`
  Fans fans;                ///< for schemes that divide by one
  std::span<float> weight;  ///< shape.elements() numbers
  std::span<float> bias;    ///< one for each unit, or empty
};

/// Told some rows; they are read during the call alone.
using TakeRows = FunctionRef<void(MatrixView<const float> rows)>;
/// Told dL/dW of layer `layer`, laid out as LayerView::weight.
using TakeGradient = FunctionRef<void(std::size_t layer, std::span<const float> gradient)>;

/// Any network with a batch of data, to be initialized from that batch: whoever implements these few functions can use
/// LSUV, Krähenbühl's method or weight normalization on a network that this library knows nothing of.
///
/// A row is what one unit sees at once: a sample for a linear layer, a sample at a position for a convolution, whose
/// units are its channels and whose inputs are a patch [channels, taps...]. Rows come in one call of `take` or in
/// several, in the same order whenever they are asked for; results do not depend on where they are cut.
///
/// What the functions give is checked: other sizes than the layer's are Error(usage), numbers that are not finite
/// Error(numeric), and both name the layer.
class LayerAccess {
 public:
  virtual ~LayerAccess() = default;

  /// The number of layers with weights.
  [[nodiscard]] virtual std::size_t layers() const = 0;
  /// Layer k, from 0, in the order of the forward pass: the output of a layer depends on the layers before it alone.
  [[nodiscard]] virtual LayerView layer(std::size_t k) = 0;
  /// Layer k's weights or biases have been written: copies of them and what was computed from them is out of date.
  virtual void changed(std::size_t /*k*/) {}

  /// Runs the batch up to layer k and gives its outputs W x + b before any activation: rows [n, units].
  virtual void outputs(std::size_t k, TakeRows take) = 0;
  /// What layer k sees: rows [n, inputs], of a convolution as many patches as are worth looking at; they are held in
  /// memory. Only initializers that make weights of the data (pca, zca, kmeans, patches) ask. The default throws
  /// Error(unsupported).
  virtual void inputs(std::size_t k, TakeRows take);
  /// Runs the batch forward and a loss backward and gives dL/dW of every layer, once each, in any order. The loss is
  /// the same whenever it is asked; Krähenbühl et al. take L = sum(eta * outputs) with eta ~ N(0, 1), which needs no
  /// labels. Only the calibration of gradient ratios asks. The default throws Error(unsupported).
  virtual void gradients(TakeGradient take);
};

}  // namespace fanin::init
