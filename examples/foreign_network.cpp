#include <cmath>
#include <cstdio>
#include <vector>

#include "fanin/fanin.h"

using Matrix = std::vector<std::vector<double>>;

// A network that fanin knows nothing of: two layers with tanh between them, in float64, without biases.
struct MyNetwork {
  Matrix w1{30, std::vector<double>(20)}, w2{5, std::vector<double>(30)};
};

static std::vector<double> times(const Matrix& w, const std::vector<double>& x) {
  std::vector<double> y(w.size());
  for (std::size_t u = 0; u < w.size(); ++u) {
    for (std::size_t i = 0; i < x.size(); ++i) y[u] += w[u][i] * x[i];
  }
  return y;
}

// What LSUV has to know of it: its weights, and the outputs of a layer for a batch.
class MyAccess : public fanin::init::LayerAccess {
 public:
  MyAccess(MyNetwork& network, const Matrix& batch) : network_(network), batch_(batch) {}
  std::size_t layers() const override { return 2; }
  fanin::init::LayerView layer(std::size_t k) override {
    const fanin::Shape shape{w(k).size(), w(k)[0].size()};
    copies_[k].resize(shape.elements());
    return {k == 0 ? "w1" : "w2", shape, fanin::init::linear_fans(shape), copies_[k], {}};
  }
  void changed(std::size_t k) override {
    for (std::size_t i = 0; i < copies_[k].size(); ++i) w(k)[i / w(k)[0].size()][i % w(k)[0].size()] = copies_[k][i];
  }
  void outputs(std::size_t k, fanin::init::TakeRows take) override {
    for (const std::vector<double>& x : batch_) {
      std::vector<double> y = times(network_.w1, x);
      if (k == 1) {
        for (double& h : y) h = std::tanh(h);
        y = times(network_.w2, y);
      }
      std::vector<float> row(y.begin(), y.end());
      take({row.data(), 1, row.size()});
    }
  }

 private:
  Matrix& w(std::size_t k) { return k == 0 ? network_.w1 : network_.w2; }
  MyNetwork& network_;
  const Matrix& batch_;
  std::vector<float> copies_[2];  // as float32, which fanin fills
};

int main() {
  Matrix batch(100, std::vector<double>(20));
  for (std::size_t i = 0; i < 2000; ++i) batch[i / 20][i % 20] = 7 * std::sin(static_cast<double>(i * i));
  MyNetwork network;
  MyAccess access(network, batch);
  fanin::ThreadPool pool;
  const auto lsuv = fanin::init::DataDependent::parse("lsuv(orthogonal, tolerance=0.01)");
  const auto report = lsuv.fill_and_run(access, 42, pool);
  for (const auto& layer : report.layers) {
    std::printf("%s: std %.3f before, %.3f after\n", layer.name.c_str(), layer.std_before, layer.std_after);
  }
  return report.findings.empty() ? 0 : 1;
}
