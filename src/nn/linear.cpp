#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/linalg/gemm.h"
#include "fanin/nn/layer.h"

namespace fanin::nn {
namespace {

class Linear final : public Layer {
 public:
  Linear(std::size_t inputs, std::size_t outputs)
      : inputs_(inputs), outputs_(outputs), block_rows_(rows_per_block(inputs)), packed_(outputs, inputs) {}

  [[nodiscard]] std::string str() const override { return fmt::format("linear({}, {})", inputs_, outputs_); }
  [[nodiscard]] std::size_t inputs() const override { return inputs_; }
  [[nodiscard]] std::size_t outputs() const override { return outputs_; }

  void forward(const Pass&, MatrixView<const float> x, MatrixView<float> y) const override {
    linalg::gemm_transposed(x, packed_, {bias_, outputs_}, y);
  }

  void backward(const Pass&, MatrixView<const float>, MatrixView<const float>, MatrixView<const float> dy,
                MatrixView<float> dx) const override {
    linalg::gemm(linalg::LeftOperand::plain(dy), weight(), linalg::Start::zero, dx);
  }

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

  void bind(std::span<const std::size_t> offsets, const float* values, float* gradient) override {
    weight_offset_ = offsets[0];
    bias_offset_ = offsets[1];
    weight_ = values + weight_offset_;
    bias_ = values + bias_offset_;
    gradient_ = gradient;
    refresh();
  }

  [[nodiscard]] std::size_t gradient_blocks() const override { return (outputs_ + block_rows_ - 1) / block_rows_; }

  // dW = dY^T X and db = dY^T 1 for some rows of W. Those rows are small enough to be still in the second-level cache
  // when the optimizer and the repacking come to them.
  void gradient(std::size_t block, MatrixView<const float> x, MatrixView<const float> dy,
                GradientReady ready) override {
    const std::size_t first = block * block_rows_;
    const std::size_t count = std::min(block_rows_, outputs_ - first);
    const auto left = linalg::LeftOperand::transposed(dy, first, count);
    float* dw = gradient_ + weight_offset_ + first * inputs_;
    linalg::gemm(left, x, linalg::Start::zero, {dw, count, inputs_});
    float* db = gradient_ + bias_offset_ + first;
    std::fill_n(db, count, 0.0F);
    for (std::size_t r = 0; r < dy.rows; ++r) {
      const float* d = dy.row(r) + first;
      for (std::size_t o = 0; o < count; ++o) db[o] += d[o];
    }
    ready(weight_offset_ + first * inputs_, count * inputs_);
    ready(bias_offset_ + first, count);
    packed_.refresh(weight(), first, count);
  }

  void refresh() override { packed_.refresh(weight(), 0, outputs_); }

 private:
  // Blocks of about the same number of weights in every layer, so that any split of all blocks is a fair one; whole
  // cache lines of the packed transpose, which 16 rows of W share.
  static std::size_t rows_per_block(std::size_t inputs) {
    constexpr std::size_t kWeights = 12544;
    constexpr std::size_t kLine = 16;
    return std::max<std::size_t>(1, kWeights / (kLine * std::max<std::size_t>(1, inputs))) * kLine;
  }

  [[nodiscard]] MatrixView<const float> weight() const { return {weight_, outputs_, inputs_}; }

  std::size_t inputs_;
  std::size_t outputs_;
  std::size_t block_rows_;
  std::size_t weight_offset_ = 0;
  std::size_t bias_offset_ = 0;
  const float* weight_ = nullptr;
  const float* bias_ = nullptr;
  float* gradient_ = nullptr;
  linalg::PackedTranspose packed_;
};

}  // namespace

std::unique_ptr<Layer> linear(std::size_t inputs, std::size_t outputs) {
  if (inputs == 0 || outputs == 0) {
    throw Error(ErrorKind::usage, "linear",
                fmt::format("{} inputs and {} outputs given, both must be at least 1", inputs, outputs));
  }
  return std::make_unique<Linear>(inputs, outputs);
}

}  // namespace fanin::nn
