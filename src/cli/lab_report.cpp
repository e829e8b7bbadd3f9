#include "cli/lab_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "fanin/nn/loss.h"

#include "cli/calibration_report.h"
#include "cli/train_json.h"

namespace fanin::cli {
namespace {

std::string number(const train::MeanStd& m, int digits) {
  return m.n == 0 ? "-" : fmt::format("{:.{}f}", m.mean, digits);
}

std::string percent(const train::MeanStd& m, bool spread) {
  if (m.n == 0) return "-";
  return spread && m.n > 1 ? fmt::format("{:.2f} +-{:.2f}", 100 * m.mean, 100 * m.std)
                           : fmt::format("{:.2f}", 100 * m.mean);
}

// How fast: the mean epoch, and how many runs got there at all where not every one did.
std::string reached(const train::LabRow& row) {
  if (row.epochs_to_target.n == 0) return "never";
  std::string text = row.runs.size() == 1 ? fmt::format("{:.0f}", row.epochs_to_target.mean)
                                          : fmt::format("{:.1f}", row.epochs_to_target.mean);
  if (row.epochs_to_target.n < row.runs.size()) {
    text += fmt::format(" ({}/{})", row.epochs_to_target.n, row.runs.size());
  }
  return text;
}

}  // namespace

report::Table lab_table(const train::LabResult& result, const train::LabOptions& options) {
  report::Table table;
  table.column("init", report::Table::Align::left);
  table.column("loss\nbefore");
  table.column("cost of\nepoch 1");
  // With patience each run has a last epoch of its own.
  table.column(options.base.patience > 0 ? "last\ncost" : fmt::format("cost of\nepoch {}", options.base.epochs));
  table.column("dead\nunits %");
  table.column("test\naccuracy %");
  table.column("fed raw\npixels %");
  table.column(fmt::format("epochs\nto {:g} %", 100 * options.target_accuracy));
  table.column("seconds\na run");
  for (const train::LabRow& row : result.rows) {
    table.row({row.init, number(row.loss_before, row.loss_before.mean < 100 ? 3 : 1),
               number(row.epoch1_cost, row.epoch1_cost.mean < 100 ? 4 : 1), number(row.last_cost, 4),
               percent(row.dead_fraction, false), percent(row.test_accuracy, true),
               percent(row.test_accuracy_raw_pixels, false), reached(row), number(row.seconds, 1)});
  }
  return table;
}

std::string lab_notes(const train::LabResult& result, const train::LabOptions& options) {
  const std::size_t classes = options.base.network.widths.back();
  const double even = nn::loss_of_even_guess(options.base.loss, classes);
  const std::string guess = options.base.loss == nn::LossKind::softmax_cross_entropy
                                ? fmt::format("ln {} = {:.4f} is an even guess", classes, even)
                                : fmt::format("an even guess has {:.4g}", even);
  std::string text = fmt::format(
      "loss before: measured on the test images before the first step; {}.\n"
      "dead units: hidden units that are 0 on every test image.\n"
      "fed raw pixels: {}.\n"
      "seconds: of the training steps alone.\n",
      guess, kRawPixelsExplained);
  if (options.seeds > 1) {
    const bool all_counted = std::all_of(result.rows.begin(), result.rows.end(), [&](const train::LabRow& row) {
      return row.test_accuracy.n == options.seeds;
    });
    text +=
        all_counted
            ? fmt::format("+-: standard deviation over seeds 0..{}; the other columns are means.\n", options.seeds - 1)
            : fmt::format(
                  "+-: standard deviation over up to {} seeds, those whose runs came to their end; the other "
                  "columns are means.\n",
                  options.seeds);
  }
  text += "\n";
  // Of the first seed: others differ in the third digit.
  for (const train::LabRow& row : result.rows) {
    const auto& report = row.runs.front().result.calibration;
    if (report) text += calibration_line(*report) + ".\n";
  }
  for (const std::string& line : result.findings) text += line + "\n";
  return text;
}

std::string lab_text(const train::LabResult& result, const train::LabOptions& options,
                     const nlohmann::ordered_json& document) {
  std::string text = fmt::format("\n{}\n{}", lab_table(result, options).text(), lab_notes(result, options));
  if (result.interrupted) text += "\ninterrupted: the table holds the runs that were finished\n";
  std::vector<std::string> names;
  for (const auto& path : document.at("files")) {
    if (path.is_string()) names.push_back(path.get<std::string>());
  }
  if (!names.empty()) text += fmt::format("\nwrote {}\n", fmt::join(names, ", "));
  return text;
}

std::string lab_csv(const train::LabResult& result) {
  std::string text =
      "init,seeds,loss_before_mean,epoch1_cost_mean,last_cost_mean,dead_fraction_mean,test_accuracy_mean,"
      "test_accuracy_std,test_accuracy_raw_pixels_mean,epochs_to_target_mean,reached_target,seconds_mean\n";
  const auto cell = [](const train::MeanStd& m, double value) { return m.n == 0 ? "" : fmt::format("{}", value); };
  for (const train::LabRow& row : result.rows) {
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", report::csv_field(row.init), row.runs.size(),
                        cell(row.loss_before, row.loss_before.mean), cell(row.epoch1_cost, row.epoch1_cost.mean),
                        cell(row.last_cost, row.last_cost.mean), cell(row.dead_fraction, row.dead_fraction.mean),
                        cell(row.test_accuracy, row.test_accuracy.mean), cell(row.test_accuracy, row.test_accuracy.std),
                        cell(row.test_accuracy_raw_pixels, row.test_accuracy_raw_pixels.mean),
                        cell(row.epochs_to_target, row.epochs_to_target.mean), row.epochs_to_target.n,
                        cell(row.seconds, row.seconds.mean));
  }
  return text;
}

}  // namespace fanin::cli
