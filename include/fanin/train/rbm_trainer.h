#pragma once

#include <cstddef>
#include <cstdint>

#include "fanin/core/thread_pool.h"
#include "fanin/data/batches.h"
#include "fanin/data/dataset.h"
#include "fanin/rbm/contrastive_divergence.h"
#include "fanin/rbm/rbm.h"

namespace fanin::train {

/// One pass of an RBM over its data.
struct RbmEpoch {
  std::size_t epoch = 0;            ///< from 1
  double reconstruction_error = 0;  ///< mean of the steps', see rbm::ContrastiveDivergence: a proxy
  double seconds = 0;
};

/// Trains an RBM on a data set, batch after batch in a new order each epoch; a last batch that is short is left out.
/// A run is a function of (options, data), bit for bit, for any number of threads.
class RbmTrainer {
 public:
  /// Machine, data and pool outlive it. Throws Error(usage) for invalid options, a data set with another number of
  /// features than visible units or with fewer samples than a batch, and Error(data) for values outside [0, 1] (bytes
  /// are taken as x / 255).
  RbmTrainer(const rbm::ContrastiveDivergenceOptions& options, rbm::Rbm& machine, const data::Dataset& data,
             ThreadPool& pool);

  /// Throws Error(numeric) when a parameter is no longer finite.
  RbmEpoch run_epoch();

 private:
  rbm::Rbm& machine_;
  const data::Dataset& data_;
  double learning_rate_;
  data::BatchOrder order_;
  rbm::ContrastiveDivergence step_;
  std::size_t epochs_ = 0;
};

/// Mean over the first `samples` samples (at most all) and the visible units of (v - p(v | p(h | v)))^2: how far a pass
/// up and down without sampling changes the data. Throws as RbmTrainer does for data that does not fit.
[[nodiscard]] double reconstruction_error(const rbm::Rbm& machine, const data::Dataset& data, std::size_t samples,
                                          ThreadPool& pool);

}  // namespace fanin::train
