#include "fanin/dbn/model.h"

#include <fmt/format.h>

#include <algorithm>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"

namespace fanin::dbn {
namespace {

rbm::Rbm copy_of(const rbm::Rbm& from) {
  rbm::Rbm copy(from.spec());
  std::copy(from.values().begin(), from.values().end(), copy.values().begin());
  copy.refresh();
  return copy;
}

void require_binary(const Stack& stack) {
  for (std::size_t l = 0; l < stack.depth(); ++l) {
    const rbm::RbmSpec& spec = stack.layer(l).spec();
    const bool visible = spec.visible_units == rbm::UnitKind::binary ||
                         (l == 0 && stack.depth() > 1 && spec.visible_units == rbm::UnitKind::gaussian);
    if (visible && spec.hidden_units == rbm::UnitKind::binary) continue;
    throw Error(
        ErrorKind::unsupported, "dbn",
        fmt::format("layer {} has {} visible and {} hidden units; allowed are binary ones, and Gaussian visible "
                    "units of the lowest of several layers",
                    l, rbm::str(spec.visible_units), rbm::str(spec.hidden_units)));
  }
}

void require_layer(std::size_t layer, std::size_t layers) {
  if (layer < layers) return;
  throw Error(ErrorKind::usage, "dbn", fmt::format("directed layer {} asked for, there are {}", layer, layers));
}

}  // namespace

Model::Model(const Stack& stack) : top_(copy_of(stack.layer(stack.depth() - 1))) {
  require_binary(stack);
  for (std::size_t l = 0; l + 1 < stack.depth(); ++l) {
    recognition_.push_back(copy_of(stack.layer(l)));
    generation_.push_back(copy_of(stack.layer(l)));
  }
}

std::size_t Model::inputs() const noexcept {
  return recognition_.empty() ? top_inputs() : recognition_.front().visible();
}

rbm::Rbm& Model::recognition(std::size_t layer) {
  require_layer(layer, directed());
  return recognition_[layer];
}
const rbm::Rbm& Model::recognition(std::size_t layer) const {
  require_layer(layer, directed());
  return recognition_[layer];
}
rbm::Rbm& Model::generation(std::size_t layer) {
  require_layer(layer, directed());
  return generation_[layer];
}
const rbm::Rbm& Model::generation(std::size_t layer) const {
  require_layer(layer, directed());
  return generation_[layer];
}

void Model::up(MatrixView<const float> v, MatrixView<float> out) const {
  if (v.cols != inputs() || out.cols != top_inputs() || out.rows != v.rows) {
    throw Error(ErrorKind::usage, "dbn",
                fmt::format("[{}, {}] to [{}, {}] asked for, the model makes [{}, {}] of [{}, {}]", v.rows, v.cols,
                            out.rows, out.cols, v.rows, top_inputs(), v.rows, inputs()));
  }
  Buffer<float> below;
  MatrixView<const float> x = v;
  for (std::size_t l = 0; l < directed(); ++l) {
    const bool last = l + 1 == directed();
    Buffer<float> above(last ? 0 : v.rows * recognition_[l].hidden());
    const MatrixView<float> y = last ? out : MatrixView<float>(above.data(), v.rows, recognition_[l].hidden());
    recognition_[l].hidden_probabilities(x, y);
    below = std::move(above);
    x = y;
  }
  if (directed() > 0) return;
  for (std::size_t r = 0; r < v.rows; ++r) std::copy_n(v.row(r), v.cols, out.row(r));
}

}  // namespace fanin::dbn
