#include "fanin/nn/network_access.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fanin/core/error.h"
#include "fanin/random/distributions.h"

namespace fanin::nn {
namespace {

constexpr std::size_t kRows = 50;  // a task

std::size_t width_before(const Network& network, std::size_t layer) {
  return network.layers()[layer]->inputs();
}

}  // namespace

NetworkAccess::NetworkAccess(Network& network, MatrixView<const float> batch, const random::Stream& eta,
                             ThreadPool& pool, bool last)
    : network_(network), batch_(batch), eta_(eta), pool_(pool) {
  if (batch.rows == 0 || batch.cols != network.inputs()) {
    throw Error(
        ErrorKind::usage, "network",
        fmt::format("a batch [{}, {}] given, the network takes [n, {}]", batch.rows, batch.cols, network.inputs()));
  }
  const auto parameters = network.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].role != Role::weight) continue;
    Place place{i, parameters.size()};
    for (std::size_t j = 0; j < parameters.size(); ++j) {
      if (parameters[j].role == Role::bias && parameters[j].layer == parameters[i].layer) place.bias = j;
    }
    places_.push_back(place);
  }
  if (!last && !places_.empty()) places_.pop_back();
}

init::LayerView NetworkAccess::layer(std::size_t k) {
  const Parameter& w = weight(k);
  const std::size_t bias = places_[k].bias;
  const bool has_bias = bias < network_.parameters().size();
  return {w.name, w.shape, w.fans, network_.values(w),
          has_bias ? network_.values(network_.parameters()[bias]) : std::span<float>()};
}

void NetworkAccess::changed(std::size_t k) {
  const std::size_t layer = weight(k).layer;
  network_.layers()[layer]->refresh();
  if (at_ > layer) at_ = 0;
}

Buffer<float> NetworkAccess::through(std::size_t layer) const {
  const Layer& l = *network_.layers()[layer];
  const MatrixView<const float> x = at_ == 0 ? batch_ : MatrixView<const float>(seen_.data(), batch_.rows, l.inputs());
  Buffer<float> out(batch_.rows * l.outputs());
  const MatrixView<float> y(out.data(), batch_.rows, l.outputs());
  parallel_for(pool_, batch_.rows, kRows, [&](std::size_t first, std::size_t end) {
    const Pass pass{false, random::Stream(0), first};
    l.forward(pass, x.rows_at(first, end - first), y.rows_at(first, end - first));
  });
  return out;
}

void NetworkAccess::go_to(std::size_t layer) {
  if (at_ > layer) at_ = 0;
  while (at_ < layer) {
    seen_ = through(at_);
    ++at_;
  }
}

void NetworkAccess::outputs(std::size_t k, init::TakeRows take) {
  const std::size_t layer = weight(k).layer;
  go_to(layer);
  const Buffer<float> y = through(layer);
  take({y.data(), batch_.rows, network_.layers()[layer]->outputs()});
}

void NetworkAccess::inputs(std::size_t k, init::TakeRows take) {
  const std::size_t layer = weight(k).layer;
  go_to(layer);
  if (layer == 0) {
    take(batch_);
  } else {
    take({seen_.data(), batch_.rows, width_before(network_, layer)});
  }
}

void NetworkAccess::gradients(init::TakeGradient take) {
  const std::size_t n = batch_.rows;
  const std::size_t layers = network_.layers().size();
  const std::size_t outputs = network_.outputs();
  Workspace w = network_.workspace(n);
  parallel_for(pool_, n, kRows, [&](std::size_t first, std::size_t end) {
    const Pass pass{false, random::Stream(0)};
    for (std::size_t r = first; r < end; ++r) std::copy_n(batch_.row(r), batch_.cols, w.values(0, r, 1).data);
    network_.forward(pass, w, first, end - first);
    const MatrixView<float> eta = w.derivatives(layers, first, end - first);
    for (std::size_t r = 0; r < eta.rows; ++r) {
      random::fill_normal(eta_, (first + r) * outputs, {eta.row(r), outputs}, 0, 1);
    }
    network_.backward(pass, w, first, end - first);
  });
  std::vector<float> store(network_.values().size());
  network_.gradient(w, n, store, pool_);
  for (std::size_t k = 0; k < places_.size(); ++k) {
    take(k, std::span<const float>(store).subspan(weight(k).offset, weight(k).shape.elements()));
  }
}

}  // namespace fanin::nn
