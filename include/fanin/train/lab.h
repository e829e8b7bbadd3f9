#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/data/dataset.h"
#include "fanin/nn/initialize.h"
#include "fanin/train/trainer.h"

namespace fanin::train {

/// The experiment: one network, one data set, one way to train; only the initialization differs.
struct LabOptions {
  TrainOptions base;               ///< its `init` and `seed` are replaced run by run
  std::vector<std::string> inits;  ///< schemes as text; a row of the table each
  std::size_t seeds = 1;           ///< seeds 0 .. seeds - 1, or base.seed alone for 1
  double target_accuracy = 0.97;   ///< for "epochs to ..."

  /// zeros, normal(0,1), pytorch_default, xavier_uniform, xavier_normal, he_uniform, he_normal, lecun_normal,
  /// orthogonal.
  static std::vector<std::string> default_inits();
  /// Throws Error(usage), also for a scheme that does not parse.
  void validate() const;
};

/// One training of one row.
struct LabRun {
  std::uint64_t seed = 0;
  TrainResult result;
  std::optional<std::size_t> epochs_to_target;  ///< first epoch after which the test accuracy is at the target
  std::string diverged;                         ///< the error's sentence; empty for a run that ended well
  bool not_made = false;                        ///< the error came before the first step: no weights to train
};

struct MeanStd {
  double mean = 0;
  double std = 0;  ///< of the sample (n - 1); 0 for one run
  std::size_t n = 0;
};

/// Mean and sample standard deviation, summed in the order given.
[[nodiscard]] MeanStd mean_std(const std::vector<double>& values);

/// One initialization over all seeds. Runs that diverged count in no mean.
struct LabRow {
  std::string init;
  std::vector<LabRun> runs;
  MeanStd loss_before;
  MeanStd epoch1_cost;
  MeanStd last_cost;
  MeanStd dead_fraction;
  MeanStd test_accuracy;
  MeanStd test_accuracy_raw_pixels;
  MeanStd seconds;
  MeanStd epochs_to_target;  ///< over the runs that reached it: n says how many
};

struct LabResult {
  std::vector<LabRow> rows;
  bool interrupted = false;
  double seconds = 0;  ///< all of it: training, evaluation, initialization
  /// The sentences below the table: only what the spread over the seeds supports.
  std::vector<std::string> findings;
};

/// Events of the lab besides those of each training.
class LabObserver : public Observer {
 public:
  virtual void on_run(std::size_t /*run*/, std::size_t /*runs*/, const std::string& /*init*/, std::uint64_t /*seed*/) {}
  virtual void on_run_end(const std::string& /*init*/, const LabRun& /*run*/) {}
  /// The best network so far, by test accuracy.
  virtual void on_best(const std::string& /*init*/, std::uint64_t /*seed*/, const nn::Network& /*network*/) {}
};

/// Trains every row for every seed on data.train and judges on data.test. A run that diverges is a result, not an
/// error.
[[nodiscard]] LabResult run_lab(const LabOptions& options, const data::Split& data, ThreadPool& pool,
                                LabObserver& observer);

}  // namespace fanin::train
