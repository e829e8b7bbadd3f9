#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fanin/train/options.h"

#include "cli/settings.h"

namespace fanin::cli {

/// The settings of a training run. Some are kept as text until finish(), because they depend on each other.
class TrainSettings {
 public:
  explicit TrainSettings(std::string layers = "784-256-256-10") : layers_(std::move(layers)) {}
  /// `one_init` adds --init and its companions; the lab has its own list of them.
  [[nodiscard]] std::vector<Setting> settings(bool one_init);
  /// Puts the texts into `options` and validates them; call after Settings::apply().
  void finish(const Settings& settings);

  train::TrainOptions options;

 private:
  std::string layers_;
  std::string init_ = "xavier_uniform";
  std::string init_output_;
  std::string init_bias_;
};

}  // namespace fanin::cli
