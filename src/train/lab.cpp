#include "fanin/train/lab.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "fanin/core/error.h"
#include "fanin/nn/initialize.h"

#include "train/calibration.h"
#include "train/lab_findings.h"

namespace fanin::train {
namespace {

LabRun run_one(const LabOptions& options, const std::string& init, std::uint64_t seed, const data::Split& data,
               ThreadPool& pool, LabObserver& observer, std::optional<Trainer>& trainer) {
  LabRun run;
  run.seed = seed;
  TrainOptions o = options.base;
  o.set_init(init);
  o.seed = seed;
  trainer.emplace(o, data.train, &data.test, pool);
  try {
    run.result = trainer->run(observer, {}, true);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::numeric) throw;
    run.diverged = e.what();
    run.not_made = !trainer->began();
  }
  for (const EpochResult& e : run.result.epochs) {
    if (!run.epochs_to_target && e.test_accuracy.value_or(0) >= options.target_accuracy) run.epochs_to_target = e.epoch;
  }
  return run;
}

/// Throws Error(usage) where a scheme cannot fill the network's parameters, as one for convolutions; a start that is
/// infinite is a result.
void require_initializes(const TrainOptions& row, nn::Network& network, ThreadPool& pool) {
  try {
    nn::initialize(network, row.init, row.seed, pool);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::numeric) throw;
  }
}

void summarize(LabRow& row) {
  std::vector<double> before, first, last, dead, accuracy, raw, seconds, to_target;
  for (const LabRun& run : row.runs) {
    if (!run.diverged.empty() || !run.result.test || run.result.epochs.empty()) continue;
    before.push_back(run.result.loss_before);
    first.push_back(run.result.epochs.front().cost);
    last.push_back(run.result.epochs.back().cost);
    dead.push_back(run.result.test->dead_fraction);
    accuracy.push_back(run.result.test->accuracy);
    if (run.result.test_accuracy_raw_pixels) raw.push_back(*run.result.test_accuracy_raw_pixels);
    seconds.push_back(run.result.seconds);
    if (run.epochs_to_target) to_target.push_back(static_cast<double>(*run.epochs_to_target));
  }
  row.loss_before = mean_std(before);
  row.epoch1_cost = mean_std(first);
  row.last_cost = mean_std(last);
  row.dead_fraction = mean_std(dead);
  row.test_accuracy = mean_std(accuracy);
  row.test_accuracy_raw_pixels = mean_std(raw);
  row.seconds = mean_std(seconds);
  row.epochs_to_target = mean_std(to_target);
}

}  // namespace

std::vector<std::string> LabOptions::default_inits() {
  return {"zeros",      "normal(0,1)", "pytorch_default", "xavier_uniform", "xavier_normal",
          "he_uniform", "he_normal",   "lecun_normal",    "orthogonal"};
}

void LabOptions::validate() const {
  base.validate();
  if (inits.empty()) throw Error(ErrorKind::usage, "lab", "no initializations given, at least one is needed");
  for (const std::string& text : inits) {
    TrainOptions row = base;
    row.set_init(text);
    row.validate();
  }
  constexpr std::size_t kMaxSeeds = 10000;
  if (seeds == 0 || seeds > kMaxSeeds) {
    throw Error(ErrorKind::usage, "lab", fmt::format("{} seeds given, allowed are 1 to {}", seeds, kMaxSeeds));
  }
  if (base.epochs == 0) throw Error(ErrorKind::usage, "lab", "0 epochs given, at least 1 is needed");
  if (!(target_accuracy > 0 && target_accuracy <= 1)) {
    throw Error(ErrorKind::usage, "lab",
                fmt::format("target accuracy {} given, allowed is 0 < accuracy <= 1", target_accuracy));
  }
}

MeanStd mean_std(const std::vector<double>& values) {
  MeanStd m;
  m.n = values.size();
  if (m.n == 0) return m;
  for (const double v : values) m.mean += v;
  m.mean /= static_cast<double>(m.n);
  if (m.n == 1) return m;
  double squares = 0;
  for (const double v : values) squares += (v - m.mean) * (v - m.mean);
  m.std = std::sqrt(squares / static_cast<double>(m.n - 1));
  return m;
}

LabResult run_lab(const LabOptions& options, const data::Split& data, ThreadPool& pool, LabObserver& observer) {
  options.validate();
  nn::Network trial(options.base.network);
  for (const std::string& text : options.inits) {
    TrainOptions row = options.base;
    row.set_init(text);
    // What can be known now must not end a lab in its second hour.
    if (row.data_dependent) (void)calibration_samples(row, data.train);
    require_initializes(row, trial, pool);
  }
  const auto start = std::chrono::steady_clock::now();
  LabResult result;
  double best = -1;
  const std::size_t runs = options.inits.size() * options.seeds;
  std::size_t number = 0;
  for (const std::string& text : options.inits) {
    if (result.interrupted) break;
    LabRow row;
    row.init = text;
    for (std::size_t s = 0; s < options.seeds && !result.interrupted; ++s) {
      const std::uint64_t seed = options.seeds == 1 ? options.base.seed : s;
      observer.on_run(number++, runs, text, seed);
      std::optional<Trainer> trainer;
      LabRun run = run_one(options, text, seed, data, pool, observer, trainer);
      result.interrupted = run.result.interrupted;
      if (result.interrupted) break;
      observer.on_run_end(text, run);
      if (run.diverged.empty() && run.result.test->accuracy > best) {
        best = run.result.test->accuracy;
        observer.on_best(text, seed, trainer->network());
      }
      row.runs.push_back(std::move(run));
    }
    summarize(row);
    if (!row.runs.empty()) result.rows.push_back(std::move(row));
  }
  result.findings = findings(options, result.rows);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace fanin::train
