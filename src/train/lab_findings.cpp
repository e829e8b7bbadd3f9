#include "train/lab_findings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace fanin::train {
namespace {

// Two-sided 95 % points of Student's t for 1, 2, ... degrees of freedom; the last one serves all larger ones.
constexpr std::array<double, 30> kStudent{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                          2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                          2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};

// Welch's test with the smaller sample's degrees of freedom, which errs on the side of saying nothing.
bool differ(const MeanStd& a, const MeanStd& b) {
  const std::size_t n = std::min(a.n, b.n);
  if (n < 2) return false;
  const double error = std::sqrt(a.std * a.std / static_cast<double>(a.n) + b.std * b.std / static_cast<double>(b.n));
  return std::abs(a.mean - b.mean) > kStudent[std::min(n - 2, kStudent.size() - 1)] * error;
}

// A softmax that has learned nothing about the images still learns how often each class occurs, a little below ln C.
bool never_learned(const LabRow& row, double uniform_loss) {
  return row.last_cost.n > 0 && row.last_cost.mean > 0.99 * uniform_loss &&
         std::abs(row.loss_before.mean - uniform_loss) < 0.01 * uniform_loss;
}

std::string percent(double x) {
  return fmt::format("{:.2f} %", 100 * x);
}

}  // namespace

std::vector<std::string> findings(const LabOptions& options, const std::vector<LabRow>& rows) {
  std::vector<std::string> lines;
  const std::size_t classes = options.base.network.widths.back();
  const double uniform_loss = nn::loss_of_even_guess(options.base.loss, classes);
  std::vector<const LabRow*> learned;
  for (const LabRow& row : rows) {
    const auto not_made = std::find_if(row.runs.begin(), row.runs.end(), [](const LabRun& r) { return r.not_made; });
    if (not_made != row.runs.end()) {
      lines.push_back(fmt::format("{} could not be made: {}.", row.init, not_made->diverged));
      continue;
    }
    const std::size_t diverged = static_cast<std::size_t>(
        std::count_if(row.runs.begin(), row.runs.end(), [](const LabRun& r) { return !r.diverged.empty(); }));
    if (diverged > 0)
      lines.push_back(fmt::format("{} diverged in {} of {} runs.", row.init, diverged, row.runs.size()));
    if (row.test_accuracy.n == 0) continue;
    if (never_learned(row, uniform_loss)) {
      lines.push_back(
          fmt::format("{} never learns: its cost stays at {:.4f} (an even guess has {:.4f}) and its accuracy at {}, "
                      "the most frequent class.",
                      row.init, row.last_cost.mean, uniform_loss, percent(row.test_accuracy.mean)));
    } else {
      learned.push_back(&row);
    }
  }
  if (learned.size() < 2) return lines;

  std::stable_sort(learned.begin(), learned.end(),
                   [](const LabRow* a, const LabRow* b) { return a->test_accuracy.mean > b->test_accuracy.mean; });
  const LabRow& best = *learned.front();
  if (options.seeds < 2) {
    lines.emplace_back(
        "One seed a row says nothing about small differences of the final accuracy: other seeds move it as much. "
        "Repeat with --seeds 5.");
    return lines;
  }
  std::vector<std::string> equal;
  std::vector<std::string> worse;
  double widest = 0;
  double lowest = best.test_accuracy.mean;
  for (const LabRow* row : learned) {
    if (row == &best || !differ(best.test_accuracy, row->test_accuracy)) {
      equal.push_back(row->init);
      widest = std::max(widest, row->test_accuracy.std);
      lowest = std::min(lowest, row->test_accuracy.mean);
    } else {
      worse.push_back(
          fmt::format("{} ({:.2f} points)", row->init, 100 * (best.test_accuracy.mean - row->test_accuracy.mean)));
    }
  }
  if (equal.size() > 1) {
    lines.push_back(fmt::format(
        "In final accuracy {} cannot be told apart: their means lie within {:.2f} points, their seeds spread by up to "
        "{:.2f} (std).",
        fmt::join(equal, ", "), 100 * (best.test_accuracy.mean - lowest), 100 * widest));
  } else {
    lines.push_back(fmt::format("{} ends highest, by more than its seeds spread.", best.init));
  }
  if (!worse.empty()) {
    lines.push_back(fmt::format("Below the best by more than the seeds explain (95 %): {}.", fmt::join(worse, ", ")));
  }
  return lines;
}

}  // namespace fanin::train
