#pragma once

#include <span>
#include <vector>

#include "fanin/train/rbm_trainer.h"

namespace fanin::train {

/// What rbm findings are about besides the epochs.
struct RbmRun {
  const RbmOptions& options;
  const data::Dataset& data;
  const rbm::Rbm& machine;
  std::span<const RbmEpoch> history;
  std::span<const double> means, variances;  ///< of the visible units over the training data
  std::span<const double> swap_rates;
};

[[nodiscard]] std::vector<Finding> rbm_findings(const RbmRun& run);

}  // namespace fanin::train
