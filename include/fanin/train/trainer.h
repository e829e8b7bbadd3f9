#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/data/dataset.h"
#include "fanin/nn/network.h"
#include "fanin/train/autoencoder.h"
#include "fanin/train/evaluate.h"
#include "fanin/train/options.h"
#include "fanin/train/pretraining.h"

namespace fanin::train {

/// One finished epoch.
struct EpochResult {
  std::size_t epoch = 0;     ///< from 1
  double cost = 0;           ///< mean over the epoch's batches of the mean loss of each
  double learning_rate = 0;  ///< of its last step
  double seconds = 0;        ///< of its training steps alone
  std::optional<double> validation_loss;
  std::optional<double> validation_accuracy;
  std::optional<double> test_accuracy;
  std::optional<double> test_loss;           ///< of an autoencoder, which has no accuracy
  std::optional<double> test_squared_error;  ///< of an autoencoder, see Reconstruction
};

/// Where a run stands.
struct Progress {
  std::size_t epoch = 1;  ///< the epoch under way, from 1
  std::size_t epochs = 0;
  std::size_t step = 0;   ///< finished steps of this epoch
  std::size_t steps = 0;  ///< steps an epoch
  double cost = 0;        ///< mean of the epoch's batches so far
  double seconds = 0;     ///< of all training steps since the run began or was resumed
};

/// What the loop tells the outside, and the one thing that it asks. All called from the thread that called run().
class Observer : public PretrainObserver {
 public:
  virtual void on_calibration(const init::DataReport& /*report*/) {}
  virtual void on_step(const Progress& /*progress*/) {}
  virtual void on_epoch(const EpochResult& /*epoch*/) {}
  /// Asked after each step; true ends the run with a checkpoint of exactly that step. During pre-training it is asked
  /// after each epoch of a machine, and what was done so far is lost.
  bool stop_requested() override { return false; }
};

/// Where a run is saved on its way.
struct CheckpointOptions {
  std::string path;             ///< empty: nowhere
  std::size_t every_steps = 0;  ///< besides the end of each epoch; 0 for only there
};

/// How a run ended.
struct TrainResult {
  double loss_before = 0;  ///< mean loss on the test data (or the training data without one) before step one
  std::vector<EpochResult> epochs;
  std::size_t best_epoch = 0;  ///< whose weights the network holds: the last, or the best with early stopping
  bool stopped_early = false;
  bool interrupted = false;                        ///< by Observer::stop_requested
  double seconds = 0;                              ///< of all training steps, those before a resumption included
  double pretraining_seconds = 0;                  ///< of the machines, where the weights are pre-trained
  double calibration_seconds = 0;                  ///< of a data-dependent initializer
  std::optional<init::DataReport> calibration;     ///< what it did; not of a run that was resumed
  std::optional<Evaluation> test;                  ///< after the last step, pixels in [0, 1]
  std::optional<double> test_accuracy_raw_pixels;  ///< the same network fed 0..255, for byte data
  std::optional<Reconstruction> reconstruction;    ///< of the test data, instead of `test`, by an autoencoder
};

/// A training run: initial weights, epochs of mini-batches, evaluation, checkpoints.
///
/// Each step gathers a batch, runs it forward and backward in slabs of rows, and updates the weights block by block
/// while the block's gradient is in the cache; it allocates nothing. What the outputs are compared with is a choice
/// (TrainOptions::targets): with the inputs as targets the same steps train an autoencoder. Every number is a function
/// of (options, data) alone: the same bits for any number of threads, and for a run that was killed and resumed.
class Trainer {
 public:
  /// `test` may be null. Both data sets outlive the trainer. Throws Error(usage) for options that are invalid or do
  /// not fit the data.
  Trainer(const TrainOptions& options, const data::Dataset& train, const data::Dataset* test, ThreadPool& pool);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  [[nodiscard]] nn::Network& network() noexcept;
  /// Whether run() has come to the first step: what went wrong before that is the initial weights' fault.
  [[nodiscard]] bool began() const noexcept;

  /// Starts from these weights instead of those that options.init drew; `values` is laid out as network().values().
  /// A data-dependent initializer leaves them alone.
  /// A checkpoint does not know where its run started from. Throws Error(usage) for another size and after resume() or
  /// run(), Error(numeric) for a value that is not finite.
  void start_from(std::span<const float> values);

  /// Continues from a checkpoint of the same run. Throws Error(io) if it cannot be read, Error(data) if it is
  /// malformed, Error(usage) naming the option that differs if it belongs to another run, or if it is already past
  /// options.epochs.
  void resume(const std::string& path);

  /// Runs to the end, once: a second call throws Error(usage). Throws Error(numeric) when a loss or, at the end of an
  /// epoch and before a checkpoint, a weight is no longer finite: the network then holds the weights that gave it.
  TrainResult run(Observer& observer, const CheckpointOptions& checkpoint = {}, bool test_each_epoch = false);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fanin::train
