#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fanin/core/function_ref.h"
#include "fanin/core/matrix_view.h"
#include "fanin/linalg/gemm.h"
#include "fanin/nn/activation.h"
#include "fanin/nn/parameter.h"
#include "fanin/nn/precision.h"
#include "fanin/random/stream.h"

namespace fanin::nn {

/// What a pass over some rows of a batch needs to know besides the numbers.
struct Pass {
  bool training = false;      ///< dropout acts only in training
  random::Stream noise{0};    ///< of this step; each layer folds its own index in
  std::size_t first_row = 0;  ///< index in the batch of the views' first row
  std::size_t first_col = 0;  ///< of an element-wise layer that sees some columns alone: the first of them
};

/// A finished piece of the gradient: element (i, j) of `values` is the derivative by element first + i * stride + j of
/// the training store. The values live only during the call.
struct GradientPiece {
  std::size_t first = 0;
  std::size_t stride = 0;
  MatrixView<const float> values;
};
using GradientReady = FunctionRef<void(const GradientPiece& piece)>;

/// Where the parameters of a layer are.
struct Binding {
  std::span<const std::size_t> offsets;  ///< of its parameters() in the store, element by element
  float* store = nullptr;                ///< of the network: what is written to files
  std::size_t training_offset = 0;       ///< of the layer's training_size() floats in the training store
  float* training = nullptr;             ///< of the network: the same parameters, in the order that steps work in
  /// Whether training calls backward(): not that of the lowest layer with parameters.
  bool backward = true;
};

/// A map from [rows, inputs] to [rows, outputs] that can be differentiated.
///
/// forward() and backward() treat each row by itself, with the same bits however a batch is cut into row ranges, so
/// ranges can run on any threads. Parameters live in two flat stores of the network, see Network; bind() says where.
class Layer {
 public:
  virtual ~Layer() = default;

  /// `linear(784, 256)`, `relu`, `dropout(0.5)`.
  [[nodiscard]] virtual std::string str() const = 0;
  [[nodiscard]] virtual std::size_t inputs() const = 0;
  [[nodiscard]] virtual std::size_t outputs() const = 0;

  /// Whether an element of y depends on the element of x in the same place alone. Then forward() and backward() take
  /// any block of columns, see Pass::first_col, and y may be x, dx may be dy.
  [[nodiscard]] virtual bool elementwise() const { return false; }
  /// Whether backward() looks at x, or at y; what it does not look at may be overwritten or empty.
  [[nodiscard]] virtual bool backward_reads_input() const { return false; }
  [[nodiscard]] virtual bool backward_reads_output() const { return false; }

  /// y [rows, outputs] from x [rows, inputs].
  virtual void forward(const Pass& pass, MatrixView<const float> x, MatrixView<float> y) const = 0;
  /// dx = J^T dy, where x and y are what forward() saw and gave.
  virtual void backward(const Pass& pass, MatrixView<const float> x, MatrixView<const float> y,
                        MatrixView<const float> dy, MatrixView<float> dx) const = 0;
  /// The same, with `done` called for each block of y or dx as soon as it is finished, while it is in the cache:
  /// element-wise layers next to this one then do their part at once.
  virtual void forward_blocks(const Pass& pass, MatrixView<const float> x, MatrixView<float> y,
                              linalg::BlockDone done) const {
    forward(pass, x, y);
    done({0, y.rows, 0, y.cols});
  }
  virtual void backward_blocks(const Pass& pass, MatrixView<const float> x, MatrixView<const float> y,
                               MatrixView<const float> dy, MatrixView<float> dx, linalg::BlockDone done) const {
    backward(pass, x, y, dy, dx);
    done({0, dx.rows, 0, dx.cols});
  }
  /// forward() of one row by the plain formula in float64: the slow twin that gradients are checked against.
  /// `parameters` is the whole store, widened.
  virtual void reference(const Pass& pass, std::span<const double> parameters, std::span<const double> x,
                         std::span<double> y) const = 0;

  /// The parameters, named without the layer's prefix (`weight`), offsets not set.
  [[nodiscard]] virtual std::vector<Parameter> parameters() const { return {}; }
  /// The floats that the parameters take in the training store, a multiple of 16.
  [[nodiscard]] virtual std::size_t training_size() const { return 0; }
  /// The stores outlive the layer, the offsets only the call.
  virtual void bind(const Binding& /*at*/) {}
  /// Copies the layer's parameters, or as many numbers of any other meaning that belong to them (an optimizer's state,
  /// a gradient), from a whole store to a whole training store and back. Padding stays what it is.
  virtual void to_training_order(const float* /*store*/, float* /*training*/) const {}
  virtual void from_training_order(const float* /*training*/, float* /*store*/) const {}
  /// The gradient comes in this many pieces of similar cost, to be computed in any order on any thread.
  [[nodiscard]] virtual std::size_t gradient_blocks() const { return 0; }
  /// Computes block `block` of dLoss/dparameters from the whole batch and hands it over in pieces, each element once,
  /// padding at most once and as zero. The elements of a piece may be changed at once in the training store: the layer
  /// takes over their new values after the call.
  virtual void gradient(std::size_t /*block*/, MatrixView<const float> /*x*/, MatrixView<const float> /*dy*/,
                        GradientReady /*ready*/) {}
  /// Takes over values that were written to the store from outside: to the training store, and into copies.
  virtual void refresh() {}
};

/// y = x W^T + b, parameters `weight` [outputs, inputs] and `bias` [outputs]. `zeros` says what products in fp32 do
/// with zeros in x (pixels, dead units) and dy; the bits are the same.
[[nodiscard]] std::unique_ptr<Layer> linear(std::size_t inputs, std::size_t outputs,
                                            Precision precision = Precision::fp32,
                                            linalg::Zeros zeros = linalg::Zeros::automatic);
/// y = f(x), element by element.
[[nodiscard]] std::unique_ptr<Layer> activation(const Activation& f, std::size_t features);
/// In training zeroes each element with probability p and multiplies the others by 1 / (1 - p) (Srivastava et al.
/// 2014, in the inverted form); otherwise y = x. Element (row, j) of a step falls by word row * features + j of the
/// pass's noise. Throws Error(usage) unless 0 <= p < 1.
[[nodiscard]] std::unique_ptr<Layer> dropout(double p, std::size_t features);

}  // namespace fanin::nn
