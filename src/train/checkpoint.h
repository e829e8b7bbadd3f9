#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fanin/train/trainer.h"

namespace fanin::train {

/// Everything that a run needs to go on as if it had never stopped, besides its options and its data.
struct Checkpoint {
  std::string fingerprint;  ///< TrainOptions::fingerprint()
  std::uint64_t data_hash = 0;
  std::size_t epoch = 0;  ///< finished epochs
  std::size_t step = 0;   ///< finished steps of the one under way
  double cost_sum = 0;    ///< over those steps
  double epoch_seconds = 0;
  double loss_before = 0;
  std::uint64_t optimizer_steps = 0;
  std::size_t best_epoch = 0;
  double best_loss = 0;
  std::size_t epochs_without_gain = 0;
  std::vector<EpochResult> epochs;

  std::vector<float> values;              ///< the flat store
  std::vector<std::vector<float>> slots;  ///< of the optimizer, laid out as `values`
  std::vector<float> best_values;         ///< empty without early stopping
};

/// Written beside, synced and renamed: a reader sees the old file or the new one. Throws Error(io).
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

/// Throws Error(io) or Error(data) with the file's name.
[[nodiscard]] Checkpoint read_checkpoint(const std::string& path);

}  // namespace fanin::train
