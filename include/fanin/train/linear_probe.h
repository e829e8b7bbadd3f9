#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/data/binarization.h"
#include "fanin/data/dataset.h"
#include "fanin/rbm/rbm.h"

namespace fanin::train {

/// Test accuracy of softmax regression on the features of a data set: what a linear reader finds in them. Trained from
/// zeros by Adam with a learning rate that falls from 0.01 along a cosine. Deterministic for any number of threads.
/// Throws as Trainer does.
[[nodiscard]] double linear_probe(const data::Dataset& train, const data::Dataset& test, std::size_t epochs,
                                  ThreadPool& pool);

/// How a linear reader finds one layer of a stack.
struct LayerProbe {
  std::size_t layer = 0;  ///< 0: the data themselves
  std::size_t units = 0;
  double test_accuracy = 0;
};

/// A linear_probe() of the data and of each layer's hidden means, the lowest first: whether the stack helps. What
/// binarization draws comes from streams of seed 0; labels of the last machine are taken as absent.
/// `done` is told of each layer and says whether to go on. Throws as linear_probe() and hidden_features().
[[nodiscard]] std::vector<LayerProbe> probe_layers(std::span<const rbm::Rbm> stack, const data::Dataset& train,
                                                   const data::Dataset& test, const data::Binarization& binarization,
                                                   std::size_t epochs, ThreadPool& pool,
                                                   const std::function<bool(const LayerProbe&)>& done);

}  // namespace fanin::train
