#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fanin/core/buffer.h"
#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"
#include "fanin/nn/activation.h"
#include "fanin/nn/layer.h"
#include "fanin/nn/parameter.h"
#include "fanin/nn/precision.h"

namespace fanin::nn {

/// A multilayer perceptron in words: `784-256-256-10` with an activation (and dropout) after every hidden layer.
struct NetworkSpec {
  std::vector<std::size_t> widths;               ///< inputs, hidden sizes, outputs
  Activation activation = ActivationKind::relu;  ///< after each hidden layer
  double dropout = 0;                            ///< after each activation, 0 <= dropout < 1
  Precision precision = Precision::fp32;         ///< of the factors of all products
  /// What products in fp32 do with zeros; the bits are the same.
  linalg::Zeros zeros = linalg::Zeros::automatic;
  std::vector<Activation> activations{};  ///< one for each hidden layer instead of `activation`; or empty

  /// From `784-256-256-10`. Throws Error(usage) for anything else: fewer than two widths, zero, more than 2^24.
  static std::vector<std::size_t> parse_widths(std::string_view text);
  [[nodiscard]] std::string widths_str() const;
  /// Of hidden layer `layer`, from 0. Throws Error(usage) for a layer without one.
  [[nodiscard]] const Activation& activation_of(std::size_t layer) const;
  /// From `relu`, or from one for each hidden layer: `sigmoid, identity, sigmoid`. Throws Error(usage) as
  /// Activation::parse() does; how many there must be is left to validate().
  void parse_activations(std::string_view text);
  /// What parse_activations() reads; one name where all layers have the same.
  [[nodiscard]] std::string activations_str() const;
  /// Throws Error(usage) naming the field, its value and what is allowed.
  void validate() const;
};

/// The layers' values and derivatives for one batch; made once, used for every step.
class Workspace {
 public:
  /// The batch's rows [first, first + count) after `layer` layers: 0 is the input. A layer that may work in place
  /// does: what it saw is then the same memory as what it gave.
  [[nodiscard]] MatrixView<float> values(std::size_t layer, std::size_t first, std::size_t count);
  /// The loss's derivative by values(layer, ...).
  [[nodiscard]] MatrixView<float> derivatives(std::size_t layer, std::size_t first, std::size_t count);
  /// The largest batch it holds.
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  friend class Network;
  struct Plane {
    std::size_t cols = 0;
    std::size_t stride = 0;
    Buffer<float> values;
    Buffer<float> derivatives;
    // The planes that hold this one's numbers: itself, or one before it that a layer overwrites.
    std::size_t values_at = 0;
    std::size_t derivatives_at = 0;
  };
  std::size_t capacity_ = 0;
  std::vector<Plane> planes_;
};

/// Layers in a row over one flat, cache-line aligned parameter store.
///
/// All parameters lie in one buffer, each starting at a multiple of 16 floats with zeros between. Names and shapes are
/// those of a PyTorch Sequential of the same layers (`0.weight` [256, 784], `0.bias` [256], `2.weight`, ...).
///
/// The training store holds the same numbers in the order in which steps are fastest, each layer's own: passes read
/// it, gradients come in it, optimizers change it and keep their state in it. values() brings the parameter store up
/// to date when steps have changed the other one.
class Network {
 public:
  /// The perceptron that `spec` describes, all parameters zero. Throws Error(usage) for an invalid spec.
  explicit Network(const NetworkSpec& spec);
  /// Layers that fit together: each one's outputs are the next one's inputs. Throws Error(usage) otherwise.
  explicit Network(std::vector<std::unique_ptr<Layer>> layers);

  [[nodiscard]] std::size_t inputs() const { return layers_.front()->inputs(); }
  [[nodiscard]] std::size_t outputs() const { return layers_.back()->outputs(); }
  [[nodiscard]] std::span<const std::unique_ptr<Layer>> layers() const noexcept { return layers_; }
  [[nodiscard]] std::span<const Parameter> parameters() const noexcept { return parameters_; }
  /// The number of trainable numbers, without the padding of the store.
  [[nodiscard]] std::size_t parameter_count() const noexcept;

  /// The parameter store. Whoever writes to it calls refresh() before the next pass or step. What was got before a step
  /// may be out of date after it: call it again. The first call after a step writes, so it wants the network alone.
  [[nodiscard]] std::span<float> values() {
    settle();
    return values_.span();
  }
  [[nodiscard]] std::span<const float> values() const {
    settle();
    return std::as_const(values_).span();
  }
  [[nodiscard]] std::span<float> values(const Parameter& p) { return values().subspan(p.offset, p.shape.elements()); }
  [[nodiscard]] std::span<const float> values(const Parameter& p) const {
    return values().subspan(p.offset, p.shape.elements());
  }
  /// Takes over what was written to values().
  void refresh();

  /// The training store, to be changed where gradient() hands over a piece, and nowhere else.
  [[nodiscard]] std::span<float> training_values() noexcept {
    settled_ = false;
    return training_.span();
  }
  [[nodiscard]] std::size_t training_size() const noexcept { return training_.size(); }
  /// Copies numbers that belong to the parameters (a gradient, an optimizer's state) from the order of values() to that
  /// of training_values(), and back; padding stays what it is. Throws Error(usage) for other sizes.
  void to_training_order(std::span<const float> store, std::span<float> training) const;
  void from_training_order(std::span<const float> training, std::span<float> store) const;

  /// Room for batches of up to `batch` rows; `derivatives` only if backward() is called with it.
  [[nodiscard]] Workspace workspace(std::size_t batch, bool derivatives = true) const;

  /// Rows [first, first + count) of the batch: values(0) to values(layers().size()).
  void forward(const Pass& pass, Workspace& w, std::size_t first, std::size_t count) const;
  /// From derivatives(layers().size()) down to those of the first layer with parameters.
  void backward(const Pass& pass, Workspace& w, std::size_t first, std::size_t count) const;

  /// The gradient comes in this many blocks, in the order of the training store, see Layer::gradient().
  [[nodiscard]] std::size_t gradient_blocks() const noexcept { return blocks_.size(); }
  /// The layer whose parameters `block` belongs to; later blocks belong to the same or later layers.
  [[nodiscard]] std::size_t gradient_layer(std::size_t block) const { return blocks_[block].layer; }
  void gradient(std::size_t block, Workspace& w, std::size_t batch, GradientReady ready);
  /// All blocks, kept: `store` is laid out as values(). Throws Error(usage) for another size.
  void gradient(Workspace& w, std::size_t batch, std::span<float> store);
  void gradient(Workspace& w, std::size_t batch, std::span<float> store, ThreadPool& pool);

 private:
  struct Block {
    std::size_t layer;
    std::size_t index;
  };
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<Parameter> parameters_;
  std::vector<Block> blocks_;
  /// The layer after the element-wise ones that follow layer l - 1, or l itself.
  [[nodiscard]] std::size_t after_elementwise(std::size_t l) const;

  void require_sizes(std::size_t store, std::size_t training) const;
  void settle() const;

  std::size_t first_trainable_ = 0;
  mutable Buffer<float> values_;
  Buffer<float> training_;
  mutable bool settled_ = true;
};

}  // namespace fanin::nn
