#include "cli/train_json.h"

#include <nlohmann/json.hpp>

#include "fanin/core/version.h"
#include "fanin/nn/loss.h"

#include "cli/calibration_report.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

Json optional_number(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// The mean of no runs is not 0.
Json mean_of(const train::MeanStd& m) {
  return m.n > 0 ? Json(m.mean) : Json(nullptr);
}
Json std_of(const train::MeanStd& m) {
  return m.n > 0 ? Json(m.std) : Json(nullptr);
}

double uniform_loss(const train::TrainOptions& o) {
  return nn::loss_of_even_guess(o.loss, o.network.widths.back());
}

// Of a data-dependent initializer alone.
void add_calibration(const train::TrainResult& r, Json& j) {
  if (!r.calibration) return;
  j["calibration"] = to_json(*r.calibration);
  j["calibration_seconds"] = r.calibration_seconds;
}

Json run_to_json(const train::LabRun& run) {
  Json j{{"seed", run.seed}};
  if (!run.diverged.empty()) {
    j["diverged"] = run.diverged;
    return j;
  }
  Json epochs = Json::array();
  for (const train::EpochResult& e : run.result.epochs) epochs.push_back(to_json(e));
  j["loss_before"] = run.result.loss_before;
  j["test_accuracy"] = run.result.test->accuracy;
  j["test_accuracy_raw_pixels"] = optional_number(run.result.test_accuracy_raw_pixels);
  j["dead_fraction"] = run.result.test->dead_fraction;
  j["epochs_to_target"] = run.epochs_to_target ? Json(*run.epochs_to_target) : Json(nullptr);
  j["seconds"] = run.result.seconds;
  if (run.result.pretraining_seconds > 0) j["pretraining_seconds"] = run.result.pretraining_seconds;
  add_calibration(run.result, j);
  j["epochs"] = std::move(epochs);
  return j;
}

}  // namespace

Json to_json(const train::EpochResult& e) {
  Json j{{"epoch", e.epoch},
         {"cost", e.cost},
         {"learning_rate", e.learning_rate},
         {"seconds", e.seconds},
         {"validation_loss", optional_number(e.validation_loss)},
         {"validation_accuracy", optional_number(e.validation_accuracy)},
         {"test_accuracy", optional_number(e.test_accuracy)}};
  if (e.test_loss) j["test_loss"] = *e.test_loss;
  if (e.test_squared_error) j["test_squared_error"] = *e.test_squared_error;
  return j;
}

Json to_json(const train::TrainResult& r, const train::TrainOptions& o, const nn::Network& network) {
  Json epochs = Json::array();
  for (const train::EpochResult& e : r.epochs) epochs.push_back(to_json(e));
  Json j{{"schema", 1},
         {"command", "train"},
         {"version", version()},
         {"layers", o.network.widths_str()},
         {"activation", o.network.activations_str()},
         {"init", o.init_str()},
         {"seed", o.seed},
         {"parameters", network.parameter_count()},
         {"loss_before", r.loss_before},
         {"loss_of_uniform_guess", uniform_loss(o)}};
  j["test_accuracy"] = r.test ? Json(r.test->accuracy) : Json(nullptr);
  j["test_loss"] = r.test ? Json(r.test->loss) : Json(nullptr);
  j["test_accuracy_raw_pixels"] = optional_number(r.test_accuracy_raw_pixels);
  j["dead_fraction"] = r.test ? Json(r.test->dead_fraction) : Json(nullptr);
  j["best_epoch"] = r.best_epoch;
  j["stopped_early"] = r.stopped_early;
  j["seconds"] = r.seconds;
  if (o.pretraining) j["pretraining_seconds"] = r.pretraining_seconds;
  add_calibration(r, j);
  j["epochs"] = std::move(epochs);
  return j;
}

Json to_json(const train::LabResult& result, const train::LabOptions& o) {
  Json rows = Json::array();
  for (const train::LabRow& row : result.rows) {
    Json runs = Json::array();
    for (const train::LabRun& run : row.runs) runs.push_back(run_to_json(run));
    rows.push_back({{"init", row.init},
                    {"seeds", row.runs.size()},
                    {"loss_before_mean", mean_of(row.loss_before)},
                    {"epoch1_cost_mean", mean_of(row.epoch1_cost)},
                    {"last_cost_mean", mean_of(row.last_cost)},
                    {"dead_fraction_mean", mean_of(row.dead_fraction)},
                    {"test_accuracy_mean", mean_of(row.test_accuracy)},
                    {"test_accuracy_std", std_of(row.test_accuracy)},
                    {"test_accuracy_raw_pixels_mean", mean_of(row.test_accuracy_raw_pixels)},
                    {"epochs_to_target_mean", mean_of(row.epochs_to_target)},
                    {"reached_target", row.epochs_to_target.n},
                    {"seconds_mean", mean_of(row.seconds)},
                    {"runs", std::move(runs)}});
  }
  Json j{{"schema", 1},
         {"command", "lab"},
         {"version", version()},
         {"layers", o.base.network.widths_str()},
         {"activation", o.base.network.activations_str()},
         {"batch", o.base.batch},
         {"epochs", o.base.epochs},
         {"seed", o.seeds == 1 ? Json(o.base.seed) : Json(nullptr)},
         {"seeds", o.seeds},
         {"target_accuracy", o.target_accuracy},
         {"loss_of_uniform_guess", uniform_loss(o.base)},
         {"rows", std::move(rows)},
         {"findings", result.findings},
         {"interrupted", result.interrupted},
         {"seconds", result.seconds}};
  return j;
}

}  // namespace fanin::cli
