#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "fanin/core/error.h"
#include "fanin/nn/layer.h"

namespace fanin::nn {
namespace {

class Dropout final : public Layer {
 public:
  Dropout(double p, std::size_t features)
      : p_(p),
        features_(features),
        threshold_(static_cast<std::uint32_t>(std::floor(p * 0x1p32))),
        scale_(static_cast<float>(1.0 / (1.0 - p))) {}

  [[nodiscard]] std::string str() const override { return fmt::format("dropout({})", p_); }
  [[nodiscard]] std::size_t inputs() const override { return features_; }
  [[nodiscard]] std::size_t outputs() const override { return features_; }

  [[nodiscard]] bool elementwise() const override { return true; }

  void forward(const Pass& pass, MatrixView<const float> x, MatrixView<float> y) const override { apply(pass, x, y); }

  // The map is linear and diagonal, so its transpose is itself: the same words give the same mask again.
  void backward(const Pass& pass, MatrixView<const float>, MatrixView<const float>, MatrixView<const float> dy,
                MatrixView<float> dx) const override {
    apply(pass, dy, dx);
  }

  void reference(const Pass& pass, std::span<const double>, std::span<const double> x,
                 std::span<double> y) const override {
    for (std::size_t j = 0; j < features_; ++j) {
      const bool kept = !pass.training || pass.noise.word(pass.first_row * features_ + j) >= threshold_;
      y[j] = kept ? x[j] * (pass.training ? static_cast<double>(scale_) : 1.0) : 0.0;
    }
  }

 private:
  void apply(const Pass& pass, MatrixView<const float> from, MatrixView<float> to) const {
    constexpr std::size_t kWords = 256;
    std::array<std::uint32_t, kWords> words;
    for (std::size_t r = 0; r < from.rows; ++r) {
      const float* x = from.row(r);
      float* y = to.row(r);
      if (!pass.training) {
        if (x != y) std::copy_n(x, from.cols, y);
        continue;
      }
      for (std::size_t j = 0; j < from.cols; j += kWords) {
        const std::size_t n = std::min(kWords, from.cols - j);
        pass.noise.words((pass.first_row + r) * features_ + pass.first_col + j, std::span(words).first(n));
        for (std::size_t i = 0; i < n; ++i) y[j + i] = words[i] >= threshold_ ? x[j + i] * scale_ : 0.0F;
      }
    }
  }

  double p_;
  std::size_t features_;
  std::uint32_t threshold_;
  float scale_;
};

}  // namespace

std::unique_ptr<Layer> dropout(double p, std::size_t features) {
  if (!(p >= 0 && p < 1)) {
    throw Error(ErrorKind::usage, "dropout", fmt::format("probability {} given, allowed is 0 <= p < 1", p));
  }
  return std::make_unique<Dropout>(p, features);
}

}  // namespace fanin::nn
