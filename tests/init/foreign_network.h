#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "fanin/init/layer_access.h"

#include "init_test_support.h"

namespace fanin::init {

inline std::vector<float> normals(std::uint64_t seed, std::size_t n, double mean = 0, double std = 1) {
  ThreadPool pool(1);
  std::vector<float> out(n);
  fill(Scheme::parse("normal(" + std::to_string(mean) + ", " + std::to_string(std) + ")"), Shape{n}, {},
       random::Stream(seed), out, pool);
  return out;
}

/// One linear layer [units, fan] and a batch: the smallest network that there is. What it answers can be falsified.
class OneLayer : public LayerAccess {
 public:
  OneLayer(std::size_t units, std::size_t fan, std::vector<float> samples)
      : units_(units), fan_(fan), batch(std::move(samples)), weight(units * fan), bias(units) {}

  [[nodiscard]] std::size_t layers() const override { return 1; }
  [[nodiscard]] LayerView layer(std::size_t) override {
    LayerView v{"only", Shape{units_, fan_}, {static_cast<double>(fan_), static_cast<double>(units_)}, weight, {}};
    if (has_bias) v.bias = bias;
    if (falsify) falsify(v);
    return v;
  }
  void changed(std::size_t) override { ++changes; }
  void outputs(std::size_t, TakeRows take) override {
    std::vector<float> y = made_outputs();
    const std::size_t n = batch.size() / fan_;
    // In two parts, so that nothing rests on getting all of it at once.
    const std::size_t half = n / 2;
    take({y.data(), half, units_ + wrong_outputs});
    take({y.data() + half * units_, n - half, units_ + wrong_outputs});
  }
  void inputs(std::size_t, TakeRows take) override { take({batch.data(), batch.size() / fan_, fan_ - wrong_inputs}); }
  void gradients(TakeGradient take) override {
    std::vector<float> dW(weight.size() + wrong_gradients, gradient_value);
    if (gradient_times > 0) take(gradient_layer, dW);
    if (gradient_times > 1) take(gradient_layer, dW);
  }

  std::vector<float> made_outputs() const {
    const std::size_t n = batch.size() / fan_;
    std::vector<float> y(n * units_);
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t u = 0; u < units_; ++u) {
        double sum = bias[u];
        for (std::size_t i = 0; i < fan_; ++i) {
          sum += static_cast<double>(weight[u * fan_ + i]) * static_cast<double>(batch[r * fan_ + i]);
        }
        y[r * units_ + u] = static_cast<float>(sum);
      }
    }
    return y;
  }

 private:
  std::size_t units_, fan_;

 public:
  std::vector<float> batch, weight, bias;
  bool has_bias = true;
  std::size_t changes = 0;
  std::function<void(LayerView&)> falsify;
  std::size_t wrong_outputs = 0, wrong_inputs = 0, wrong_gradients = 0;
  float gradient_value = 1;
  std::size_t gradient_layer = 0, gradient_times = 1;
};

/// Mean and std of each column.
struct Column {
  double mean = 0;
  double std = 0;
};

inline std::vector<Column> columns(std::span<const float> y, std::size_t cols) {
  std::vector<Column> all(cols);
  const auto n = static_cast<double>(y.size() / cols);
  for (std::size_t j = 0; j < cols; ++j) {
    for (std::size_t i = j; i < y.size(); i += cols) all[j].mean += static_cast<double>(y[i]) / n;
    double variance = 0;
    for (std::size_t i = j; i < y.size(); i += cols) {
      variance += (static_cast<double>(y[i]) - all[j].mean) * (static_cast<double>(y[i]) - all[j].mean) / n;
    }
    all[j].std = std::sqrt(variance);
  }
  return all;
}

inline Column whole(std::span<const float> y) {
  return columns(y, 1)[0];
}

/// A convolution of 3x3 taps over images of 6x6, relu, and a linear layer on what comes out, all by plain loops:
/// somebody's own network.
class SmallConvolution : public LayerAccess {
 public:
  static constexpr std::size_t kSide = 6, kOut = 4, kTaps = 3, kChannels = 5, kClasses = 3;
  static constexpr std::size_t kPositions = kOut * kOut, kPatch = kTaps * kTaps, kHidden = kChannels * kPositions;

  explicit SmallConvolution(std::size_t samples)
      : samples_(samples),
        images_(normals(1, samples * kSide * kSide, 0.5, 0.3)),
        eta_(normals(2, samples * kClasses)) {}

  [[nodiscard]] std::size_t layers() const override { return 2; }
  [[nodiscard]] LayerView layer(std::size_t k) override {
    if (k == 0)
      return {"conv.weight", Shape{kChannels, 1, kTaps, kTaps}, {kPatch, kChannels * kPatch}, conv, conv_bias};
    return {"head.weight", Shape{kClasses, kHidden}, {kHidden, kClasses}, head, head_bias};
  }
  void outputs(std::size_t k, TakeRows take) override {
    // Sample by sample: rows are positions of the convolution, samples of the head.
    for (std::size_t s = 0; s < samples_; ++s) {
      const std::vector<float> z = convolved(s);
      if (k == 0) {
        take({z.data(), kPositions, kChannels});
      } else {
        const std::vector<float> y = classified(z);
        take({y.data(), 1, kClasses});
      }
    }
  }
  void inputs(std::size_t k, TakeRows take) override {
    for (std::size_t s = 0; s < samples_; ++s) {
      if (k == 0) {
        const std::vector<float> p = patches(s);
        take({p.data(), kPositions, kPatch});
      } else {
        const std::vector<float> h = hidden(convolved(s));
        take({h.data(), 1, kHidden});
      }
    }
  }
  void gradients(TakeGradient take) override {
    std::vector<float> d_conv(conv.size()), d_head(head.size());
    for (std::size_t s = 0; s < samples_; ++s) {
      const std::vector<float> p = patches(s);
      const std::vector<float> z = convolved(s);
      const std::vector<float> h = hidden(z);
      const float* eta = eta_.data() + s * kClasses;
      for (std::size_t i = 0; i < kHidden; ++i) {
        float dh = 0;
        for (std::size_t c = 0; c < kClasses; ++c) {
          d_head[c * kHidden + i] += eta[c] * h[i];
          dh += eta[c] * head[c * kHidden + i];
        }
        if (z[i] <= 0) continue;
        for (std::size_t t = 0; t < kPatch; ++t) {
          d_conv[i % kChannels * kPatch + t] += dh * p[i / kChannels * kPatch + t];
        }
      }
    }
    take(1, d_head);
    take(0, d_conv);
  }
  /// The outputs [samples, classes].
  [[nodiscard]] std::vector<float> function() const {
    std::vector<float> all;
    for (std::size_t s = 0; s < samples_; ++s) {
      const std::vector<float> y = classified(convolved(s));
      all.insert(all.end(), y.begin(), y.end());
    }
    return all;
  }

  std::vector<float> conv = std::vector<float>(kChannels * kPatch), conv_bias = std::vector<float>(kChannels);
  std::vector<float> head = std::vector<float>(kClasses * kHidden), head_bias = std::vector<float>(kClasses);

 private:
  [[nodiscard]] std::vector<float> patches(std::size_t s) const {
    std::vector<float> p;
    for (std::size_t at = 0; at < kPositions; ++at) {
      for (std::size_t t = 0; t < kPatch; ++t) {
        const std::size_t y = at / kOut + t / kTaps;
        p.push_back(images_[s * kSide * kSide + y * kSide + at % kOut + t % kTaps]);
      }
    }
    return p;
  }
  // [positions, channels]
  [[nodiscard]] std::vector<float> convolved(std::size_t s) const {
    const std::vector<float> p = patches(s);
    std::vector<float> z;
    for (std::size_t at = 0; at < kPositions; ++at) {
      for (std::size_t c = 0; c < kChannels; ++c) {
        float sum = conv_bias[c];
        for (std::size_t t = 0; t < kPatch; ++t) sum += conv[c * kPatch + t] * p[at * kPatch + t];
        z.push_back(sum);
      }
    }
    return z;
  }
  static std::vector<float> hidden(std::vector<float> z) {
    for (float& x : z) x = std::max(x, 0.0F);
    return z;
  }
  [[nodiscard]] std::vector<float> classified(const std::vector<float>& z) const {
    const std::vector<float> h = hidden(z);
    std::vector<float> y(head_bias);
    for (std::size_t c = 0; c < kClasses; ++c) {
      for (std::size_t i = 0; i < kHidden; ++i) y[c] += head[c * kHidden + i] * h[i];
    }
    return y;
  }

  std::size_t samples_;
  std::vector<float> images_, eta_;
};

}  // namespace fanin::init
