#include "fanin/dbn/stack.h"

#include <fmt/format.h>

#include <algorithm>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"

namespace fanin::dbn {
namespace {

[[noreturn]] void reject(const std::string& sentence) {
  throw Error(ErrorKind::usage, "dbn", sentence);
}

}  // namespace

Stack::Stack(std::vector<rbm::Rbm> layers) : layers_(std::move(layers)) {
  if (layers_.empty()) reject("no RBMs given, at least 1 is needed");
  for (std::size_t l = 0; l + 1 < layers_.size(); ++l) {
    if (layers_[l].spec().labels > 0) {
      reject(fmt::format("layer {} of {} has {} labels, only the top one may have some", l, layers_.size(),
                         layers_[l].spec().labels));
    }
    if (layers_[l].hidden() != layers_[l + 1].spec().visible) {
      reject(fmt::format("layer {} has {} hidden units, layer {} has {} visible ones", l, layers_[l].hidden(), l + 1,
                         layers_[l + 1].spec().visible));
    }
  }
}

const rbm::Rbm& Stack::layer(std::size_t layer) const {
  if (layer >= layers_.size()) reject(fmt::format("layer {} asked for, there are 0 to {}", layer, layers_.size() - 1));
  return layers_[layer];
}

rbm::Rbm& Stack::layer(std::size_t layer) {
  (void)std::as_const(*this).layer(layer);
  return layers_[layer];
}

std::vector<std::size_t> Stack::widths() const {
  std::vector<std::size_t> widths{layers_.front().spec().visible};
  for (const rbm::Rbm& rbm : layers_) widths.push_back(rbm.hidden());
  return widths;
}

void Stack::up(MatrixView<const float> v, std::size_t layers, MatrixView<float> out) const {
  if (layers > depth()) reject(fmt::format("{} layers asked for, there are {}", layers, depth()));
  const std::vector<std::size_t> all = widths();
  if (v.cols != all.front() || out.cols != all[layers] || out.rows != v.rows) {
    reject(fmt::format("[{}, {}] to [{}, {}] asked for, layer {} makes [{}, {}] of [{}, {}]", v.rows, v.cols, out.rows,
                       out.cols, layers, v.rows, all[layers], v.rows, all.front()));
  }
  Buffer<float> below;
  MatrixView<const float> x = v;
  for (std::size_t l = 0; l < layers; ++l) {
    const rbm::Rbm& rbm = layers_[l];
    Buffer<float> padded;
    if (rbm.spec().labels > 0) {
      padded = Buffer<float>(v.rows * rbm.visible());
      const MatrixView<float> wide(padded.data(), v.rows, rbm.visible());
      for (std::size_t r = 0; r < v.rows; ++r) std::copy_n(x.row(r), x.cols, wide.row(r));
      x = wide;
    }
    Buffer<float> above(l + 1 < layers ? v.rows * rbm.hidden() : 0);
    const MatrixView<float> y = l + 1 < layers ? MatrixView<float>(above.data(), v.rows, rbm.hidden()) : out;
    rbm.hidden_probabilities(x, y);
    below = std::move(above);
    x = y;
  }
  if (layers > 0) return;
  for (std::size_t r = 0; r < v.rows; ++r) std::copy_n(v.row(r), v.cols, out.row(r));
}

}  // namespace fanin::dbn
