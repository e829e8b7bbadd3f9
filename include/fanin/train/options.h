#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "fanin/nn/initialize.h"
#include "fanin/nn/loss.h"
#include "fanin/nn/network.h"
#include "fanin/optim/optimizer.h"
#include "fanin/optim/schedule.h"

namespace fanin::train {

/// Everything that decides the numbers of a training run; together with the data it decides every bit of them.
/// The defaults are the lab's experiment (docs/design.md).
struct TrainOptions {
  nn::NetworkSpec network{{784, 256, 256, 10}};
  nn::InitRules init = nn::InitRules::parse("xavier_uniform");
  nn::LossKind loss = nn::LossKind::softmax_cross_entropy;
  optim::OptimizerOptions optimizer;
  double learning_rate = 1e-3;
  optim::Schedule schedule;
  std::size_t batch = 100;
  bool drop_last = true;  ///< leave out an epoch's last batch when it is short
  bool shuffle = true;    ///< a new order each epoch
  std::size_t epochs = 15;
  std::uint64_t seed = 0;
  double validation = 0;  ///< fraction of the training data held out, 0 <= validation < 1
  std::size_t patience =
      0;  ///< stop after so many epochs without a lower validation loss and keep the best; 0 never stops

  /// Throws Error(usage) naming the option, its value and what is allowed.
  void validate() const;
  /// `key=value; key=value; ...` for all of them: equal lines mean equal runs on equal data.
  /// `epochs` is left out where the schedule does not look at it, so that a finished run can be continued.
  [[nodiscard]] std::string fingerprint() const;
};

}  // namespace fanin::train
