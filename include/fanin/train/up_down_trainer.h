#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/data/binarization.h"
#include "fanin/data/dataset.h"
#include "fanin/dbn/model.h"
#include "fanin/dbn/up_down.h"
#include "fanin/optim/schedule.h"
#include "fanin/random/stream.h"

namespace fanin::train {

/// Everything that decides how a deep belief network is fine-tuned by dbn::UpDown; with model and data every bit.
struct UpDownTraining {
  dbn::UpDownOptions learning;           ///< its k is that of `k`; its seed also draws order and bits
  std::vector<std::size_t> k{3, 6, 10};  ///< of equal parts of the run; the paper's, which takes 100 epochs for each
  optim::Schedule schedule;              ///< of the learning rate
  data::Binarization binarization;
  std::size_t epochs = 10;      ///< 0 to 10^6
  bool test_each_epoch = true;  ///< else only before and after the run

  /// Throws Error(usage) naming the option, its value and what is allowed.
  void validate() const;
};

struct UpDownEpoch {
  std::size_t epoch = 0;  ///< from 1
  std::size_t k = 0;
  double learning_rate = 0;             ///< of its last step
  double reconstruction_error = 0;      ///< mean of the steps', see dbn::UpDown::step: a proxy
  std::optional<double> test_accuracy;  ///< by label_accuracy()
  double seconds = 0;                   ///< of the learning steps alone
};

/// Told what happens, and asked after each epoch whether to stop. Called from the thread that trains.
class UpDownObserver {
 public:
  virtual ~UpDownObserver() = default;
  virtual void on_epoch(const UpDownEpoch& /*epoch*/) {}
  virtual bool stop_requested() { return false; }
};

struct UpDownResult {
  std::optional<double> accuracy_before;  ///< on the test data, of the model as it came
  std::vector<UpDownEpoch> epochs;
  std::optional<double> test_accuracy;  ///< of the model as it is now
  bool interrupted = false;             ///< by the observer; the model is that of the last epoch
  double seconds = 0;                   ///< of the learning steps
};

/// Trains `model` on batches in a new order each epoch; a last batch that is short is left out. `test` may be null.
/// Without label units labels play no part, and there is no accuracy. A function of (options, model, data), bit for
/// bit, for any number of threads. Throws Error(usage) for invalid options, fewer samples than a batch, and another
/// number of features or classes than the model has units, Error(data) for values that the visible units do not take,
/// Error(numeric) naming the epoch after which a weight is no longer finite.
UpDownResult train_up_down(dbn::Model& model, const UpDownTraining& options, const data::Dataset& train,
                           const data::Dataset* test, ThreadPool& pool, UpDownObserver& observer);

/// The samples of a data set as a model sees them.
struct BeliefData {
  const data::Dataset* data = nullptr;
  data::Binarization binarization{};
  random::Stream stream{0};  ///< of the binarization

  /// Throws as train_up_down() for data that do not fit.
  void check(const dbn::Model& model) const;
};

/// Share of the samples whose most probable label by dbn::label_probabilities is theirs; ties go to the lower class.
/// Deterministic for any number of threads. Throws as BeliefData::check(), and as dbn::label_probabilities.
[[nodiscard]] double label_accuracy(const dbn::Model& model, const BeliefData& data, ThreadPool& pool);

}  // namespace fanin::train
