#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fanin/data/binarization.h"
#include "fanin/train/options.h"

#include "cli/data_source.h"

namespace fanin::cli {

/// What an autoencoder starts from besides fresh weights.
struct AutoencoderStart {
  bool is_stack = false;  ///< machines, now unrolled; otherwise a network that was saved
  nn::NetworkSpec spec;
  nn::LossKind loss = nn::LossKind::sigmoid_cross_entropy;
  std::vector<float> values;  ///< laid out as nn::Network::values()
  std::map<std::string, std::string> metadata;
};

/// From a file of machines ('fanin dbn pretrain', 'fanin rbm train') or of an autoencoder ('fanin dbn autoencode').
/// Throws as the readers do, Error(unsupported) for machines with labels or rectified linear visible units, Error(data)
/// for a network that is no autoencoder.
[[nodiscard]] AutoencoderStart autoencoder_start(const std::string& path);

/// The loss for samples of such units: sigmoid cross-entropy for binary ones, mean squared error for Gaussian ones.
/// Throws Error(unsupported) for others.
[[nodiscard]] nn::LossKind loss_for(rbm::UnitKind visible);

/// The samples with `binarization` applied once; the data themselves where there is nothing to do. Throws Error(usage)
/// for one that draws anew in each epoch.
[[nodiscard]] LoadedData binarized(LoadedData data, const data::Binarization& binarization, std::uint64_t seed);

}  // namespace fanin::cli
