#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "fanin/dbn/stack.h"
#include "fanin/train/trainer.h"

#include "cli/command.h"
#include "cli/rbm_settings.h"
#include "cli/settings.h"
#include "cli/train_settings.h"

namespace fanin::cli {

/// A training run with all that its command has: settings, files, progress and report. `fanin train` is one, and
/// `fanin dbn finetune STACK` is the one of `fanin train --stack STACK` whose layers come from the stack.
struct TrainRun {
  std::string command = "train";
  Common common;
  TrainSettings training;
  RbmInput input;
  std::string output;
  std::string metrics;
  std::string checkpoint;
  std::string stack;  ///< a file, or empty
  std::size_t checkpoint_every = 0;
  bool test_each_epoch = true;
  bool resume = false;
  std::unique_ptr<Settings> settings;

  /// Output, metrics, checkpoints and tests: what is no option of the training itself.
  [[nodiscard]] std::vector<Setting> file_settings();
  /// What the weights start from: `he_normal`, `dbn(epochs=10)`, `stack(FILE)`.
  [[nodiscard]] std::string start() const;
  /// Throws before an hour of training does what a look at the paths can tell. Gives the checkpoint its default name.
  void check_paths();
  /// Trains from options, data, and the stack's layers where there is one; writes and prints. Gives the exit code.
  int run(const LoadedData& data, const dbn::Stack* layers);
};

}  // namespace fanin::cli
