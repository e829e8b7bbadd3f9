#pragma once

#include <cstddef>
#include <vector>

#include "fanin/core/buffer.h"
#include "fanin/core/matrix_view.h"
#include "fanin/core/thread_pool.h"
#include "fanin/init/layer_access.h"
#include "fanin/nn/network.h"
#include "fanin/random/stream.h"

namespace fanin::nn {

/// A network of this library with a batch, as data-dependent initializers see it (init/layer_access.h). Passes are
/// those of evaluation, without dropout, by the network's own products and precision: the statistics are those of what
/// it will compute. Asked for the layers in order it runs each of them twice, and once more after each change of its
/// weights.
///
/// The loss of gradients() is sum(eta * outputs) with eta ~ N(0, 1) from a stream: no labels are needed (Krähenbühl et
/// al. 2016, section 3.2). Rows are cut and blocks of the gradient are shared out among the pool's threads; the bits do
/// not depend on their number.
class NetworkAccess final : public init::LayerAccess {
 public:
  /// All layers with weights, or with `last` = false all but the last of them. `batch` is [samples, inputs]; it, the
  /// network and the pool outlive this. Throws Error(usage) for an empty batch or one of another width.
  NetworkAccess(Network& network, MatrixView<const float> batch, const random::Stream& eta, ThreadPool& pool,
                bool last = true);

  [[nodiscard]] std::size_t layers() const override { return places_.size(); }
  [[nodiscard]] init::LayerView layer(std::size_t k) override;
  void changed(std::size_t k) override;
  void outputs(std::size_t k, init::TakeRows take) override;
  void inputs(std::size_t k, init::TakeRows take) override;
  void gradients(init::TakeGradient take) override;

 private:
  // Indices of a layer's parameters in Network::parameters().
  struct Place {
    std::size_t weight = 0;
    std::size_t bias = 0;  // none: parameters().size()
  };
  [[nodiscard]] const Parameter& weight(std::size_t k) const { return network_.parameters()[places_[k].weight]; }
  void go_to(std::size_t layer);
  [[nodiscard]] Buffer<float> through(std::size_t layer) const;

  Network& network_;
  MatrixView<const float> batch_;
  random::Stream eta_;
  ThreadPool& pool_;
  std::vector<Place> places_;
  // What network layer at_ sees; the batch itself while at_ is 0.
  std::size_t at_ = 0;
  Buffer<float> seen_;
};

}  // namespace fanin::nn
