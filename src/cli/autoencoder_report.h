#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fanin/data/principal_components.h"
#include "fanin/io/png.h"
#include "fanin/train/autoencoder.h"
#include "fanin/train/trainer.h"

#include "cli/command.h"
#include "cli/paths.h"

namespace fanin::cli {

/// What an autoencoder is compared with, on the samples that judge it.
struct AutoencoderBaselines {
  double mean_error = 0;                         ///< squared error of the training samples' mean
  std::optional<data::PrincipalComponents> pca;  ///< as many components as the code has units
  std::optional<double> pca_error;
};

[[nodiscard]] AutoencoderBaselines autoencoder_baselines(const data::Dataset& train, const data::Dataset& judged,
                                                         std::size_t code, bool pca, ThreadPool& pool);

/// `count` samples, of each class in turn: the first of each, then the second, ...
[[nodiscard]] std::vector<std::uint32_t> samples_by_class(const data::Dataset& data, std::size_t count);

/// Samples, what the network makes of them, and what the components make of them.
struct ReconstructionPictures {
  std::vector<io::GrayImage> originals, by_network, by_pca;
  std::vector<std::string> captions;  ///< the squared error of the network

  ReconstructionPictures(const nn::Network& network, nn::LossKind loss, const data::Dataset& data,
                         const std::optional<data::PrincipalComponents>& pca, std::size_t count, ThreadPool& pool);
  /// The first `count` as three rows, the originals on top.
  void write(const std::string& path, std::size_t count) const;
  /// The first `count` for a terminal.
  [[nodiscard]] std::string draw(std::size_t count) const;
};

/// The code of every sample and its label as safetensors: `train.codes` [n, units], `train.labels` [n], `test.codes`,
/// ...
void write_codes(const std::string& path, const nn::NetworkSpec& spec, const nn::Network& network,
                 const data::Dataset& train, const data::Dataset* test, ThreadPool& pool);

/// A finished run, as the command prints it.
struct AutoencoderReport {
  const train::TrainOptions& options;
  const train::TrainResult& result;
  const train::Reconstruction& judged;
  const AutoencoderBaselines& baselines;
  std::string from;  ///< what the weights began as
  std::string data;
  bool on_test = true;  ///< whether test samples judge
  std::size_t parameters = 0;
  std::size_t threads = 0;
  std::vector<NamedPath> files;  ///< what was written, by kind; empty paths were not

  [[nodiscard]] std::string text() const;
  [[nodiscard]] nlohmann::ordered_json json() const;

 private:
  [[nodiscard]] std::size_t code() const;
  [[nodiscard]] std::vector<train::Finding> findings() const;
};

}  // namespace fanin::cli
