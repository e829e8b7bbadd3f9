#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/data/dataset.h"
#include "fanin/nn/activation.h"
#include "fanin/nn/loss.h"
#include "fanin/nn/network.h"
#include "fanin/train/finding.h"

/// Networks that give back what they are fed, through a layer of few units, the code. Trainer trains them with
/// TrainOptions::targets; here is what they are judged by. Outputs are logits where the loss is the sigmoid
/// cross-entropy, and the values themselves where it is the mean squared error.
namespace fanin::train {

/// Encoder and mirrored decoder: 784-1000-30 becomes 784-1000-30-1000-784 with the encoder's activations in both
/// directions and `code` after the layer of 30. Dropout, precision and zeros are the encoder's. Throws Error(usage) for
/// an invalid encoder.
[[nodiscard]] nn::NetworkSpec mirrored(const nn::NetworkSpec& encoder, const nn::Activation& code);
/// Throws Error(usage) unless `spec` has an odd number of hidden layers and the same widths read backwards.
void require_mirrored(const nn::NetworkSpec& spec);
/// The hidden layer, from 0, that is the code of a mirrored network.
[[nodiscard]] std::size_t code_index(const nn::NetworkSpec& spec);

/// How well samples are given back.
struct Reconstruction {
  std::size_t samples = 0;
  double loss = 0;                          ///< mean over the samples
  double squared_error = 0;                 ///< mean over the samples of sum_i (x_i - reconstruction_i)^2
  std::vector<float> sample_squared_error;  ///< of each sample
};

/// Runs the network over samples `indices` of the data (all if empty). Deterministic for any number of threads. Throws
/// as check_autoencoder_fit().
[[nodiscard]] Reconstruction evaluate_autoencoder(const nn::Network& network, const data::Dataset& data,
                                                  nn::LossKind loss, ThreadPool& pool,
                                                  std::span<const std::uint32_t> indices = {});

/// What the network makes of samples, a row each: values in (0, 1) where the outputs are logits.
[[nodiscard]] std::vector<float> reconstructions(const nn::Network& network, const data::Dataset& data,
                                                 nn::LossKind loss, std::span<const std::uint32_t> indices,
                                                 ThreadPool& pool);

/// The values after hidden layer `layer` of the perceptron `spec` describes, for all samples, a row each.
[[nodiscard]] std::vector<float> hidden_values(const nn::NetworkSpec& spec, const nn::Network& network,
                                               std::size_t layer, const data::Dataset& data, ThreadPool& pool);

/// Throws Error(usage) unless samples have as many features as the network has inputs and outputs, and Error(data),
/// naming sample and value, for a value outside [0, 1] where the outputs are logits.
void check_autoencoder_fit(const nn::Network& network, const data::Dataset& data, nn::LossKind loss);

/// Squared errors of one set of samples, each as Reconstruction has it.
struct AutoencoderFigures {
  std::size_t code = 0;             ///< its units
  double squared_error = 0;         ///< of the network
  double mean_error = 0;            ///< of the training samples' mean, given for every sample
  std::optional<double> pca_error;  ///< of as many principal components as the code has units
};

/// - `W-MEAN`: the network does not do 5 % better than the mean;
/// - `W-PCA`: it does better than that, but not better than the linear code.
[[nodiscard]] std::vector<Finding> autoencoder_findings(const AutoencoderFigures& figures);

}  // namespace fanin::train
