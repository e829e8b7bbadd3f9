#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <vector>

#include "fanin/train/trainer.h"

#include "cli/command.h"
#include "cli/terminal.h"
#include "cli/train_json.h"

namespace fanin::cli {

/// Shows a training run while it goes on, with costs and losses to `digits` decimals, and stops it on Ctrl-C.
class TrainProgress final : public train::Observer {
 public:
  TrainProgress(ProgressStyle style, int digits) : bar_(style), digits_(digits) {}

  void on_step(const train::Progress& p) override {
    const auto steps = static_cast<double>(p.steps);
    bar_.update(static_cast<double>(p.epoch - 1) * steps + static_cast<double>(p.step),
                static_cast<double>(p.epochs) * steps,
                fmt::format("epoch {}/{}  cost {:.{}f}", p.epoch, p.epochs, p.cost, digits_));
  }
  void on_epoch(const train::EpochResult& e) override {
    epochs.push_back(e);
    std::string text = fmt::format("epoch {:3}  cost {:.{}f}", e.epoch, e.cost, digits_);
    if (e.validation_loss) text += fmt::format("  validation loss {:.{}f}", *e.validation_loss, digits_);
    if (e.validation_accuracy) text += fmt::format(" accuracy {:.2f} %", 100 * *e.validation_accuracy);
    if (e.test_accuracy) text += fmt::format("  test accuracy {:.2f} %", 100 * *e.test_accuracy);
    if (e.test_loss) text += fmt::format("  test loss {:.{}f}", *e.test_loss, digits_);
    if (e.test_squared_error) text += fmt::format(", squared error {:.{}f}", *e.test_squared_error, digits_);
    bar_.line(text + fmt::format("  {:.2f} s", e.seconds));
  }
  void on_rbm_epoch(std::size_t machine, std::size_t machines, const train::RbmEpoch& e, std::size_t n) override {
    bar_.line(fmt::format("machine {}/{} epoch {}/{}  reconstruction error {:.5f}  {:.2f} s", machine + 1, machines,
                          e.epoch, n, e.reconstruction_error, e.seconds));
  }
  void on_calibration(const init::DataReport& report) override {
    for (const std::string& finding : report.findings) bar_.line(fmt::format("{}: {}", report.method, finding));
  }
  bool stop_requested() override { return interrupted(); }
  void clear() { bar_.clear(); }

  std::vector<train::EpochResult> epochs;

 private:
  ProgressBar bar_;
  int digits_;
};

/// A JSON line for each epoch, what --metrics writes.
inline std::string metrics_lines(const std::vector<train::EpochResult>& epochs) {
  std::string lines;
  for (const train::EpochResult& e : epochs) lines += json_text(to_json(e)) + "\n";
  return lines;
}

}  // namespace fanin::cli
