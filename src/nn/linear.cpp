#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"
#include "fanin/linalg/bf16.h"
#include "fanin/linalg/gemm.h"
#include "fanin/linalg/outer_product.h"
#include "fanin/linalg/sum_rows.h"
#include "fanin/nn/layer.h"

#include "core/cache_line.h"

namespace fanin::nn {
namespace {

/// The products of float32 numbers. In training W lives in the panels of the forward product, and its gradient is made
/// in their order: what a piece touches of W and the optimizer's state is contiguous, and nothing is turned but for
/// backward(), which reads W in its own order.
class Float32Products {
 public:
  Float32Products(std::size_t outputs, std::size_t inputs, linalg::Zeros zeros)
      : outputs_(outputs), inputs_(inputs), zeros_(zeros) {}

  [[nodiscard]] std::size_t training_size() const { return linalg::PackedTranspose::size(outputs_, inputs_); }
  void bind(MatrixView<float> w, float* training, bool backward) {
    w_ = w;
    panels_ = {outputs_, inputs_, training};
    backward_ = backward;
  }
  void to_training_order(MatrixView<const float> w, float* training) const {
    linalg::PackedTranspose(outputs_, inputs_, training).refresh(w, 0);
  }
  void from_training_order(const float* training, MatrixView<float> w) const {
    linalg::PackedTranspose::unpack(training, outputs_, inputs_, w, 0);
  }
  /// What is in the training store is all there is.
  void refresh() {}

  void forward(MatrixView<const float> x, std::span<const float> bias, MatrixView<float> y,
               linalg::BlockDone done) const {
    linalg::gemm_transposed(x, panels_, bias, y, zeros_, done);
  }
  void backward(MatrixView<const float> dy, MatrixView<float> dx, linalg::BlockDone done) const {
    if (!backward_) {
      // No part of training, but right all the same.
      Buffer<float> w(outputs_ * inputs_);
      const MatrixView<float> now(w.data(), outputs_, inputs_);
      panels_.unpack(now, 0);
      return linalg::gemm(linalg::LeftOperand::plain(dy), now, linalg::Start::zero, dx, zeros_, done);
    }
    linalg::gemm(linalg::LeftOperand::plain(dy), w_, linalg::Start::zero, dx, zeros_, done);
  }
  void gradient(const linalg::OuterTerm& term, const linalg::Block& block, std::size_t first, GradientReady ready) {
    linalg::outer_product_transposed({&term, 1}, block, zeros_, [&](const linalg::OuterPiece& piece) {
      const linalg::Block& b = piece.block;
      const std::size_t width = panels_.width(b.row / linalg::PackedTranspose::kPanel);
      ready({first + panels_.offset(b.row, b.col), width, {piece.values.data, b.cols, width, piece.values.stride}});
      if (backward_) panels_.unpack({w_.row(b.row) + b.col, b.rows, b.cols, w_.stride}, b.row, b.col);
    });
  }

 private:
  std::size_t outputs_;
  std::size_t inputs_;
  linalg::Zeros zeros_;
  MatrixView<float> w_;
  linalg::PackedTranspose panels_;
  bool backward_ = true;
};

/// The products of the numbers' bfloat16 neighbours. In training W keeps its order, and the neighbours are copies.
class Bf16Products {
 public:
  Bf16Products(std::size_t outputs, std::size_t inputs) : packed_(outputs, inputs) {}

  [[nodiscard]] std::size_t training_size() const { return rounded_to_lines(packed_.rows() * packed_.cols()); }
  void bind(MatrixView<float> w, float* training, bool /*backward*/) { training_ = {training, w.rows, w.cols}; }
  void to_training_order(MatrixView<const float> w, float* training) const {
    std::copy_n(w.data, w.rows * w.cols, training);
  }
  void from_training_order(const float* training, MatrixView<float> w) const {
    std::copy_n(training, w.rows * w.cols, w.data);
  }
  /// Takes over the training store.
  void refresh() { packed_.refresh(training_, 0, 0); }

  void forward(MatrixView<const float> x, std::span<const float> bias, MatrixView<float> y,
               linalg::BlockDone done) const {
    linalg::gemm_transposed(x, packed_, bias, y, done);
  }
  void backward(MatrixView<const float> dy, MatrixView<float> dx, linalg::BlockDone done) const {
    linalg::gemm(dy, packed_, dx, done);
  }
  void gradient(const linalg::OuterTerm& term, const linalg::Block& block, std::size_t first, GradientReady ready) {
    linalg::outer_product_bf16({&term, 1}, block, [&](const linalg::OuterPiece& piece) {
      const linalg::Block& b = piece.block;
      ready({first + b.row * training_.stride + b.col, training_.stride, piece.values});
      packed_.refresh({training_.row(b.row) + b.col, b.rows, b.cols, training_.stride}, b.row, b.col);
    });
  }

 private:
  MatrixView<float> training_;
  linalg::PackedBf16 packed_;
};

/// In the training store W as its products want it, then the bias.
template <class Products>
class Linear final : public Layer {
 public:
  Linear(std::size_t inputs, std::size_t outputs, Products products)
      : inputs_(inputs), outputs_(outputs), products_(std::move(products)) {}

  [[nodiscard]] std::string str() const override { return fmt::format("linear({}, {})", inputs_, outputs_); }
  [[nodiscard]] std::size_t inputs() const override { return inputs_; }
  [[nodiscard]] std::size_t outputs() const override { return outputs_; }

  void forward(const Pass& pass, MatrixView<const float> x, MatrixView<float> y) const override {
    forward_blocks(pass, x, y, linalg::kNothingFollows);
  }

  void backward(const Pass& pass, MatrixView<const float> x, MatrixView<const float> y, MatrixView<const float> dy,
                MatrixView<float> dx) const override {
    backward_blocks(pass, x, y, dy, dx, linalg::kNothingFollows);
  }

  void forward_blocks(const Pass&, MatrixView<const float> x, MatrixView<float> y,
                      linalg::BlockDone done) const override {
    products_.forward(x, {training_ + training_bias_, outputs_}, y, done);
  }

  void backward_blocks(const Pass&, MatrixView<const float>, MatrixView<const float>, MatrixView<const float> dy,
                       MatrixView<float> dx, linalg::BlockDone done) const override {
    products_.backward(dy, dx, done);
  }

  // Whatever the products are computed in: this is the function that they come near to.
  void reference(const Pass&, std::span<const double> parameters, std::span<const double> x,
                 std::span<double> y) const override {
    for (std::size_t o = 0; o < outputs_; ++o) {
      double sum = parameters[bias_offset_ + o];
      for (std::size_t i = 0; i < inputs_; ++i) sum += parameters[weight_offset_ + o * inputs_ + i] * x[i];
      y[o] = sum;
    }
  }

  [[nodiscard]] std::vector<Parameter> parameters() const override {
    const Shape shape{outputs_, inputs_};
    const init::Fans fans = init::linear_fans(shape);
    return {{"weight", shape, Role::weight, fans}, {"bias", Shape{outputs_}, Role::bias, fans}};
  }

  [[nodiscard]] std::size_t training_size() const override {
    return products_.training_size() + rounded_to_lines(outputs_);
  }

  void bind(const Binding& at) override {
    weight_offset_ = at.offsets[0];
    bias_offset_ = at.offsets[1];
    training_weight_ = at.training_offset;
    training_bias_ = at.training_offset + products_.training_size();
    store_ = at.store;
    training_ = at.training;
    products_.bind(weight_in(at.store), at.training + training_weight_, at.backward);
    refresh();
  }

  void to_training_order(const float* store, float* training) const override {
    products_.to_training_order(weight_in(store), training + training_weight_);
    std::copy_n(store + bias_offset_, outputs_, training + training_bias_);
  }
  void from_training_order(const float* training, float* store) const override {
    products_.from_training_order(training + training_weight_, weight_in(store));
    std::copy_n(training + training_bias_, outputs_, store + bias_offset_);
  }
  void refresh() override {
    to_training_order(store_, training_);
    products_.refresh();
  }

  [[nodiscard]] std::size_t gradient_blocks() const override { return linalg::outer_blocks(outputs_, inputs_); }

  // dW = dY^T X, and with the first columns of W db = dY^T 1. A piece, its weights and their optimizer state are in the
  // first-level cache (of large layers in the second) when the optimizer and what follows come to them.
  void gradient(std::size_t block, MatrixView<const float> x, MatrixView<const float> dy,
                GradientReady ready) override {
    const linalg::OuterTerm term{dy, x};
    const linalg::Block part = linalg::outer_block(outputs_, inputs_, block);
    products_.gradient(term, part, training_weight_, ready);
    if (part.col != 0) return;
    std::array<float, linalg::kOuterRows> sums{};
    linalg::sum_rows({dy.data + part.row, dy.rows, part.rows, dy.stride}, std::span(sums).first(part.rows));
    ready({training_bias_ + part.row, part.rows, {sums.data(), 1, part.rows}});
  }

 private:
  template <class T>
  [[nodiscard]] MatrixView<T> weight_in(T* store) const {
    return {store + weight_offset_, outputs_, inputs_};
  }

  std::size_t inputs_;
  std::size_t outputs_;
  Products products_;
  std::size_t weight_offset_ = 0;
  std::size_t bias_offset_ = 0;
  std::size_t training_weight_ = 0;
  std::size_t training_bias_ = 0;
  const float* store_ = nullptr;
  float* training_ = nullptr;
};

}  // namespace

std::unique_ptr<Layer> linear(std::size_t inputs, std::size_t outputs, Precision precision, linalg::Zeros zeros) {
  if (inputs == 0 || outputs == 0) {
    throw Error(ErrorKind::usage, "linear",
                fmt::format("{} inputs and {} outputs given, both must be at least 1", inputs, outputs));
  }
  if (precision == Precision::bf16) {
    return std::make_unique<Linear<Bf16Products>>(inputs, outputs, Bf16Products(outputs, inputs));
  }
  return std::make_unique<Linear<Float32Products>>(inputs, outputs, Float32Products(outputs, inputs, zeros));
}

}  // namespace fanin::nn
