#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/data/batches.h"
#include "fanin/data/dataset.h"
#include "fanin/rbm/contrastive_divergence.h"
#include "fanin/rbm/rbm.h"
#include "fanin/train/finding.h"
#include "fanin/train/rbm_measures.h"
#include "fanin/train/rbm_options.h"

namespace fanin::train {

/// One pass of an RBM over its data.
struct RbmEpoch {
  std::size_t epoch = 0;  ///< from 1
  std::size_t k = 1;
  double learning_rate = 0;
  double momentum = 0;
  /// Mean of the steps', see rbm::StepResult: a proxy; NaN for samplers that do not reconstruct.
  double reconstruction_error = 0;
  double update_ratio = 0;                  ///< median over W of |change by the last step| / |value|
  std::size_t explosions = 0;               ///< how often the guard shrank the machine
  double seconds = 0;                       ///< of the training steps
  std::optional<RbmMeasures> train, test;   ///< where this epoch was measured
  std::optional<double> chain_free_energy;  ///< mean over persistent chains
  /// Mean F(test) - mean F(train): rises when the machine overfits; log Z is in both (Hinton 2010, section 6).
  [[nodiscard]] std::optional<double> free_energy_gap() const;
};

/// Trains an RBM on a data set, batch after batch in a new order each epoch; a last batch that is short is left out.
/// A run is a function of (options, data), bit for bit, for any number of threads.
class RbmTrainer {
 public:
  /// Makes the machine that the options describe, with its first weights and biases. `test` may be null; data sets and
  /// pool outlive the trainer. Throws Error(usage) for invalid options and for fewer samples than a batch, Error(data)
  /// for values that the visible units do not take (bytes are taken as x / 255).
  RbmTrainer(const RbmOptions& options, const data::Dataset& data, const data::Dataset* test, ThreadPool& pool);

  [[nodiscard]] rbm::Rbm& machine() noexcept { return machine_; }
  [[nodiscard]] const rbm::Rbm& machine() const noexcept { return machine_; }
  [[nodiscard]] const rbm::ContrastiveDivergence& learner() const noexcept { return step_; }
  [[nodiscard]] const RbmData& train_data() const noexcept { return data_; }

  /// Throws Error(numeric) when a parameter is no longer finite.
  const RbmEpoch& run_epoch();
  [[nodiscard]] bool finished() const noexcept { return history_.size() >= options_.epochs; }
  [[nodiscard]] const std::vector<RbmEpoch>& history() const noexcept { return history_; }
  /// Puts the best measured weights back, where options.restore_best asks for it and they were measured. Gives their
  /// epoch, or 0 if nothing was changed.
  std::size_t finish();
  /// What the run's figures say, see docs/rbm.md.
  [[nodiscard]] std::vector<Finding> findings() const;

 private:
  void measure_epoch(RbmEpoch& e);
  void keep_best(const RbmEpoch& e);

  RbmOptions options_;
  ThreadPool& pool_;
  rbm::Rbm machine_;
  RbmData data_;
  std::optional<RbmData> test_;
  data::BatchOrder order_;
  rbm::ContrastiveDivergence step_;
  std::vector<double> means_, variances_;  // of the visible units
  std::vector<RbmEpoch> history_;
  std::vector<float> before_;  // W before an epoch's last step
  std::vector<float> best_;
  std::optional<double> best_score_;
  std::size_t best_epoch_ = 0;
  double rate_factor_ = 1;
};

/// Mean over the first `samples` samples (at most all) and the visible units of (v - p(v | p(h | v)))^2: how far a pass
/// up and down without sampling changes the data. Throws as RbmTrainer does for data that does not fit.
[[nodiscard]] double reconstruction_error(const rbm::Rbm& machine, const data::Dataset& data, std::size_t samples,
                                          ThreadPool& pool);

}  // namespace fanin::train
