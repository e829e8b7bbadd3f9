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

  void forward(const Pass&, MatrixView<const float> x, MatrixView<float> y) const override {
    for (std::size_t r = 0; r < x.rows; ++r) {
      nn::forward(f_, std::span(x.row(r), features_), std::span(y.row(r), features_));
    }
  }

  void backward(const Pass&, MatrixView<const float> x, MatrixView<const float> y, MatrixView<const float> dy,
                MatrixView<float> dx) const override {
    for (std::size_t r = 0; r < x.rows; ++r) {
      nn::backward(f_, std::span(x.row(r), features_), std::span(y.row(r), features_), std::span(dy.row(r), features_),
                   std::span(dx.row(r), features_));
    }
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
