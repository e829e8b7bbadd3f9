#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/data/dataset.h"
#include "fanin/nn/loss.h"
#include "fanin/nn/network.h"

namespace fanin::train {

struct Evaluation {
  std::size_t samples = 0;
  double accuracy = 0;  ///< share of samples whose largest output is that of their label; ties go to the lower class
  double loss = 0;      ///< mean over the samples
  double dead_fraction = 0;  ///< share of hidden units (outputs of activations) that are exactly 0 for every sample
  std::vector<std::int32_t> predictions;  ///< class of each sample
  std::vector<float> sample_loss;         ///< of each sample: -log p(label) for the cross-entropy
};

/// Runs the network over samples `indices` of the data (all if empty), nothing dropped.
/// Deterministic for any number of threads. Throws as check_fit().
[[nodiscard]] Evaluation evaluate(const nn::Network& network, const data::Dataset& data, nn::LossKind loss,
                                  ThreadPool& pool, data::PixelRange range = data::PixelRange::unit,
                                  std::span<const std::uint32_t> indices = {});

/// The outputs for some samples, one row each: logits for a network trained with the softmax cross-entropy.
[[nodiscard]] std::vector<float> outputs(const nn::Network& network, const data::Dataset& data,
                                         std::span<const std::uint32_t> indices);

/// Throws Error(usage) unless each sample has network.inputs() features, Error(data) for a label that is not below
/// network.outputs().
void check_fit(const nn::Network& network, const data::Dataset& data);

}  // namespace fanin::train
