#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/linalg/bf16.h"
#include "fanin/linalg/gemm.h"
#include "fanin/linalg/outer_product.h"
#include "fanin/linalg/sum_rows.h"
#include "fanin/nn/layer.h"

namespace fanin::nn {
namespace {

/// The products of float32 numbers.
class Float32Products {
 public:
  Float32Products(std::size_t outputs, std::size_t inputs, linalg::Zeros zeros)
      : zeros_(zeros), packed_(outputs, inputs) {}

  void forward(MatrixView<const float> x, std::span<const float> bias, MatrixView<float> y,
               linalg::BlockDone done) const {
    linalg::gemm_transposed(x, packed_, bias, y, zeros_, done);
  }
  void backward(MatrixView<const float> dy, MatrixView<const float> w, MatrixView<float> dx,
                linalg::BlockDone done) const {
    linalg::gemm(linalg::LeftOperand::plain(dy), w, linalg::Start::zero, dx, zeros_, done);
  }
  void gradient(const linalg::OuterTerm& term, const linalg::Block& block, linalg::OuterPieceDone done) const {
    linalg::outer_product({&term, 1}, block, zeros_, done);
  }
  void refresh(MatrixView<const float> w, std::size_t row, std::size_t col) { packed_.refresh(w, row, col); }

 private:
  linalg::Zeros zeros_;
  linalg::PackedTranspose packed_;
};

/// The products of the numbers' bfloat16 neighbours.
class Bf16Products {
 public:
  Bf16Products(std::size_t outputs, std::size_t inputs) : packed_(outputs, inputs) {}

  void forward(MatrixView<const float> x, std::span<const float> bias, MatrixView<float> y,
               linalg::BlockDone done) const {
    linalg::gemm_transposed(x, packed_, bias, y, done);
  }
  void backward(MatrixView<const float> dy, MatrixView<const float> /*w*/, MatrixView<float> dx,
                linalg::BlockDone done) const {
    linalg::gemm(dy, packed_, dx, done);
  }
  void gradient(const linalg::OuterTerm& term, const linalg::Block& block, linalg::OuterPieceDone done) const {
    linalg::outer_product_bf16({&term, 1}, block, done);
  }
  void refresh(MatrixView<const float> w, std::size_t row, std::size_t col) { packed_.refresh(w, row, col); }

 private:
  linalg::PackedBf16 packed_;
};

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
    products_.forward(x, {bias_, outputs_}, y, done);
  }

  void backward_blocks(const Pass&, MatrixView<const float>, MatrixView<const float>, MatrixView<const float> dy,
                       MatrixView<float> dx, linalg::BlockDone done) const override {
    products_.backward(dy, weight(), dx, done);
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

  void bind(std::span<const std::size_t> offsets, const float* values) override {
    weight_offset_ = offsets[0];
    bias_offset_ = offsets[1];
    weight_ = values + weight_offset_;
    bias_ = values + bias_offset_;
    refresh();
  }

  [[nodiscard]] std::size_t gradient_blocks() const override { return linalg::outer_blocks(outputs_, inputs_); }

  // dW = dY^T X, and with the first columns of W db = dY^T 1. A piece, its weights and their optimizer state are in the
  // first-level cache (of large layers in the second) when the optimizer and the repacking come to them.
  void gradient(std::size_t block, MatrixView<const float> x, MatrixView<const float> dy,
                GradientReady ready) override {
    const linalg::OuterTerm term{dy, x};
    const linalg::Block part = linalg::outer_block(outputs_, inputs_, block);
    products_.gradient(term, part, [&](const linalg::OuterPiece& piece) {
      const linalg::Block& b = piece.block;
      ready({weight_offset_ + b.row * inputs_ + b.col, inputs_, piece.values});
      products_.refresh({weight_ + b.row * inputs_ + b.col, b.rows, b.cols, inputs_}, b.row, b.col);
    });
    if (part.col != 0) return;
    std::array<float, linalg::kOuterRows> sums{};
    linalg::sum_rows({dy.data + part.row, dy.rows, part.rows, dy.stride}, std::span(sums).first(part.rows));
    ready({bias_offset_ + part.row, part.rows, {sums.data(), 1, part.rows}});
  }

  void refresh() override { products_.refresh(weight(), 0, 0); }

 private:
  [[nodiscard]] MatrixView<const float> weight() const { return {weight_, outputs_, inputs_}; }

  std::size_t inputs_;
  std::size_t outputs_;
  Products products_;
  std::size_t weight_offset_ = 0;
  std::size_t bias_offset_ = 0;
  const float* weight_ = nullptr;
  const float* bias_ = nullptr;
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
