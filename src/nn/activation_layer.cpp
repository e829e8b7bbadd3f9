#include "fanin/nn/layer.h"

#include "nn/reference.h"

namespace fanin::nn {
namespace {

class ActivationLayer final : public Layer {
 public:
  ActivationLayer(const Activation& f, std::size_t features) : f_(f), features_(features) {}

  [[nodiscard]] std::string str() const override { return f_.str(); }
  [[nodiscard]] std::size_t inputs() const override { return features_; }
  [[nodiscard]] std::size_t outputs() const override { return features_; }

  [[nodiscard]] bool elementwise() const override { return true; }
  [[nodiscard]] bool backward_reads_input() const override { return f_.backward_reads_input(); }
  [[nodiscard]] bool backward_reads_output() const override {
    return !f_.backward_reads_input() && f_.kind != ActivationKind::identity;
  }

  void forward(const Pass&, MatrixView<const float> x, MatrixView<float> y) const override { nn::forward(f_, x, y); }

  void backward(const Pass&, MatrixView<const float> x, MatrixView<const float> y, MatrixView<const float> dy,
                MatrixView<float> dx) const override {
    nn::backward(f_, x, y, dy, dx);
  }

  void reference(const Pass&, std::span<const double>, std::span<const double> x, std::span<double> y) const override {
    for (std::size_t i = 0; i < features_; ++i) y[i] = reference_activation(f_, x[i]);
  }

 private:
  Activation f_;
  std::size_t features_;
};

}  // namespace

std::unique_ptr<Layer> activation(const Activation& f, std::size_t features) {
  return std::make_unique<ActivationLayer>(f, features);
}

}  // namespace fanin::nn
