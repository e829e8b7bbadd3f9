#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/data/binarization.h"
#include "fanin/data/dataset.h"
#include "fanin/init/scheme.h"
#include "fanin/optim/schedule.h"
#include "fanin/rbm/contrastive_divergence.h"
#include "fanin/rbm/rbm.h"

namespace fanin::train {

/// Where the visible biases begin.
enum class VisibleBias {
  logit,  ///< log(p / (1 - p)) of each unit's mean p in the data, p within [1 / (N + 2), 1 - 1 / (N + 2)] (Hinton 2010,
          ///< section 8); of other than binary units the mean itself
  zero,
};

/// Everything that decides how a machine is trained; together with the data it decides every bit.
struct RbmOptions {
  std::size_t hidden = 500;
  rbm::UnitKind visible_units = rbm::UnitKind::binary;
  rbm::UnitKind hidden_units = rbm::UnitKind::binary;
  bool labels = false;  ///< the classes are visible units too
  rbm::ContrastiveDivergenceOptions
      learning;               ///< its learning rate and momentum begin the run; `k` below replaces its k
  double final_momentum = 0;  ///< in the epochs after momentum_epochs
  std::size_t momentum_epochs = 5;
  std::vector<std::size_t> k{1};  ///< of equal parts of the run: {1, 3, 10} grows it twice
  optim::Schedule schedule;       ///< of the learning rate
  init::Scheme weights = init::Scheme::parse("normal(0, 0.01)");
  VisibleBias visible_bias = VisibleBias::logit;
  double hidden_bias = 0;  ///< [-100, 100]; -4 makes sparse units
  data::Binarization binarization;
  std::size_t epochs = 10;
  std::size_t monitor_samples = 1000;  ///< of the training and of the test data, measured after each epoch; 0 for none
  bool monitor_exactly = false;        ///< log-likelihood by enumeration after each epoch, else where that is cheap
  std::size_t monitor_every = 1;       ///< epochs from one measurement to the next
  bool restore_best = false;           ///< end with the weights of the best measurement

  /// - `hinton2006`: the published recipe of the 2006 paper: CD-1, learning rate 0.1, momentum 0.5, after 5 epochs 0.9,
  ///   L2 2e-4, batches of 100, W ~ N(0, 0.1^2), zero biases, 10 epochs;
  /// - `pcd`: for a good model of the data: centered PCD-1 with 100 chains, learning rate 0.01, no momentum, W ~
  ///   N(0, 0.01^2), biases at the logit of the mean, 50 epochs;
  /// - `gaussian`: Gaussian visible units for standardized data: CD-1, learning rate 0.001, momentum as hinton2006,
  ///   L2 2e-4, explosion guard.
  /// Throws Error(usage) for another name and suggests the nearest.
  static RbmOptions preset(std::string_view name);
  static std::vector<std::string> presets();

  /// Sets both kinds. Units without an upper bound (all but binary ones) need smaller steps (Hinton 2010, section 13:
  /// one or two orders of magnitude): with them on either side the learning rate becomes at most 0.001, W begins as
  /// N(0, 0.01^2), and an explosion guard watches visible ones.
  void set_units(rbm::UnitKind of_visible, rbm::UnitKind of_hidden);

  /// Throws Error(usage) naming the option, its value and what is allowed.
  void validate() const;
  [[nodiscard]] rbm::RbmSpec spec(const data::Dataset& data) const;
};

/// `logit`, `zero`. Throws Error(usage) for another name.
[[nodiscard]] VisibleBias parse_visible_bias(std::string_view text);
[[nodiscard]] std::string str(VisibleBias bias);
/// From `1:3:10`. Throws Error(usage) for anything that is no list of numbers from 1 to 1000.
[[nodiscard]] std::vector<std::size_t> parse_steps(std::string_view text);
[[nodiscard]] std::string steps_str(const std::vector<std::size_t>& k);

}  // namespace fanin::train
