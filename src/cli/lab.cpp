#include "fanin/train/lab.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/network_file.h"

#include "cli/command.h"
#include "cli/data_source.h"
#include "cli/lab_report.h"
#include "cli/paths.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/train_json.h"
#include "cli/train_settings.h"

namespace fanin::cli {
namespace {

// Files of which each is tried, whatever became of those before it.
class Files {
 public:
  /// Whether `write` came to its end; the first failure of all is kept for rethrow().
  template <typename Write>
  bool attempt(Write write) {
    try {
      write();
      return true;
    } catch (const Error& e) {
      if (!first_failure_) first_failure_ = e;
      return false;
    }
  }
  void rethrow() const {
    if (first_failure_) throw Error(*first_failure_);
  }

 private:
  std::optional<Error> first_failure_;
};

// A file of an older lab must not pass for this one's. In a device or a pipe nothing is left.
void remove_old(const std::string& path) {
  if (io::is_written_straight(path)) return;
  std::error_code error;
  std::filesystem::remove(path, error);
  if (error) throw Error(ErrorKind::io, "lab", fmt::format("{}: cannot remove: {}", path, error.message()));
}

class LabProgress final : public train::LabObserver {
 public:
  /// `head` is printed once the first run begins: until then the command may still turn out to be wrong.
  LabProgress(ProgressStyle style, const train::LabOptions& options, std::string data_name, std::string best_path,
              std::string head, Files& files)
      : bar_(style),
        head_(std::move(head)),
        options_(options),
        data_name_(std::move(data_name)),
        best_path_(std::move(best_path)),
        files_(files) {}

  void on_run(std::size_t run, std::size_t runs, const std::string& init, std::uint64_t seed) override {
    if (!head_.empty()) print(std::exchange(head_, {}));
    run_ = run;
    runs_ = runs;
    init_ = init;
    seed_ = seed;
  }
  void on_step(const train::Progress& p) override {
    const double epochs = static_cast<double>(p.epoch - 1) + static_cast<double>(p.step) / static_cast<double>(p.steps);
    const auto each = static_cast<double>(p.epochs);
    bar_.update(static_cast<double>(run_) * each + epochs, static_cast<double>(runs_) * each,
                fmt::format("{}/{} {} seed {} epoch {}", run_ + 1, runs_, init_, seed_, p.epoch));
  }
  void on_rbm_epoch(std::size_t machine, std::size_t machines, const train::RbmEpoch& e, std::size_t epochs) override {
    const auto each = static_cast<double>(options_.base.epochs);
    bar_.update(static_cast<double>(run_) * each, static_cast<double>(runs_) * each,
                fmt::format("{}/{} {} seed {} machine {}/{} epoch {}/{}", run_ + 1, runs_, init_, seed_, machine + 1,
                            machines, e.epoch, epochs));
  }
  void on_calibration(const init::DataReport& report) override {
    for (const std::string& finding : report.findings) bar_.line(fmt::format("{} {}", report.method, finding));
  }
  void on_epoch(const train::EpochResult& e) override {
    nlohmann::ordered_json line{{"init", init_}, {"seed", seed_}};
    line.update(to_json(e));
    metrics += json_text(line) + "\n";
  }
  void on_run_end(const std::string& init, const train::LabRun& run) override {
    if (!run.diverged.empty()) {
      bar_.line(fmt::format("{:>3}/{} {:<16} seed {:<3} {}", run_ + 1, runs_, init, run.seed, run.diverged));
      return;
    }
    bar_.line(fmt::format("{:>3}/{} {:<16} seed {:<3} test accuracy {:6.2f} %  {:6.2f} s", run_ + 1, runs_, init,
                          run.seed, 100 * run.result.test->accuracy, run.result.seconds));
  }
  void on_best(const std::string& init, std::uint64_t seed, const nn::Network& network) override {
    // The hours before and after are worth more than this file.
    best_is_saved = files_.attempt([&] {
      io::save_network(best_path_, options_.base.network, network,
                       {{"fanin.command", "lab"},
                        {"fanin.data", data_name_},
                        {"fanin.init", init},
                        {"fanin.seed", fmt::format("{}", seed)},
                        {"fanin.epochs", fmt::format("{}", options_.base.epochs)}});
    });
  }
  bool stop_requested() override { return interrupted(); }
  void clear() { bar_.clear(); }

  std::string metrics;
  bool best_is_saved = false;

 private:
  ProgressBar bar_;
  std::string head_;
  const train::LabOptions& options_;
  std::string data_name_;
  std::string best_path_;
  Files& files_;
  std::size_t run_ = 0;
  std::size_t runs_ = 1;
  std::string init_;
  std::uint64_t seed_ = 0;
};

struct Lab {
  Common common;
  TrainSettings training;
  DataSource source;
  std::string inits;
  std::string out = "runs/lab";
  std::size_t seeds = 1;
  double target = 0.97;
  bool quick = false;
  std::unique_ptr<Settings> settings;

  int run();
};

int Lab::run() {
  settings->apply();
  constexpr std::size_t kQuickEpochs = 2;
  if (quick && !settings->given_by_flag("epochs")) training.options.epochs = kQuickEpochs;
  training.finish(*settings);
  if (seeds > 1 && training.options.seed != 0) {
    throw Error(ErrorKind::usage, "cli",
                fmt::format("--seed {0} given, but --seeds {1} uses seeds 0 {2} {3}; give --seed only with --seeds 1",
                            training.options.seed, seeds, seeds == 2 ? "and" : "to", seeds - 1));
  }
  if (settings->print_config()) {
    print(settings->toml());
    return kOk;
  }
  train::LabOptions options;
  options.base = training.options;
  options.inits = inits.empty() ? train::LabOptions::default_inits() : split_outside_parentheses(inits, ',');
  options.seeds = seeds;
  options.target_accuracy = target;
  options.validate();
  const std::filesystem::path folder(out);
  const std::string best_path = folder / "best.safetensors";
  const std::string json_path = folder / "lab.json";
  const std::string csv_path = folder / "lab.csv";
  const std::string metrics_path = folder / "metrics.jsonl";

  std::vector<NamedPath> inputs = source.files();
  inputs.push_back({"--config", settings->config()});
  require_distinct({{"--out", best_path}, {"--out", json_path}, {"--out", csv_path}, {"--out", metrics_path}}, inputs);
  LoadedData data = load(source);
  if (!data.test)
    throw Error(ErrorKind::usage, "cli", "the lab judges on test data: add --test-images and --test-labels");
  data::Split split{std::move(data.train), std::move(*data.test)};
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Error(ErrorKind::io, "lab", fmt::format("cannot make the folder {}: {}", out, error.message()));
  for (const std::string& path : {best_path, json_path, csv_path, metrics_path}) io::check_writable(path);

  ThreadPool pool(common.thread_count());
  const train::TrainOptions& o = options.base;
  catch_interrupts();
  std::string head;
  if (!common.json) {
    const std::string seed_text = seeds == 1 ? fmt::format("seed {}", o.seed) : fmt::format("seeds 0..{}", seeds - 1);
    head =
        fmt::format("{} {} on {}: {} training and {} test samples\n{}, lr {}, batch {}, {} epochs, {}, {} thread{}\n\n",
                    o.network.widths_str(), o.network.activations_str(), data.name, split.train.size(),
                    split.test.size(), optim::str(o.optimizer.kind), o.learning_rate, o.batch, o.epochs, seed_text,
                    pool.threads(), pool.threads() == 1 ? "" : "s");
  }
  Files files;
  LabProgress progress(progress_style(common.quiet), options, data.name, best_path, std::move(head), files);
  const train::LabResult result = train::run_lab(options, split, pool, progress);
  progress.clear();
  if (result.rows.empty()) {
    // An older lab's files are worth more than none.
    note("stopped before the first row was there: nothing is written\n");
    return kInterrupted;
  }
  // What is there is not this lab's best.
  if (!progress.best_is_saved) (void)files.attempt([&] { remove_old(best_path); });

  nlohmann::ordered_json document = to_json(result, options);
  document["data"] = data.name;
  document["threads"] = pool.threads();
  nlohmann::ordered_json& written = document["files"];
  written = {{"table", json_path}, {"csv", csv_path}, {"metrics", metrics_path}, {"best", best_path}};
  if (!progress.best_is_saved) written["best"] = nullptr;
  if (!files.attempt([&] { io::write_text_file(csv_path, lab_csv(result)); })) written["csv"] = nullptr;
  if (!files.attempt([&] { io::write_text_file(metrics_path, progress.metrics); })) written["metrics"] = nullptr;
  // Last, because it says which of the others are there.
  const std::string text = json_text(document, 2) + "\n";
  if (!files.attempt([&] { io::write_text_file(json_path, text); })) written["table"] = nullptr;
  if (common.json) {
    print_json(document);
  } else {
    print(lab_text(result, options, document));
  }
  files.rethrow();
  return result.interrupted ? kInterrupted : kOk;
}

}  // namespace

void add_lab(Command app) {
  const Command command = app.subcommand("lab", "Compare initializations on one network and one data set");
  auto state = std::make_shared<Lab>();
  state->common.add_to(command);
  std::vector<Setting> all{
      text_setting("inits", "A,B,...",
                   "Rows of the table; without it zeros, normal(0,1), pytorch_default, "
                   "xavier_uniform, xavier_normal, he_uniform, he_normal, lecun_normal, orthogonal",
                   state->inits),
      count_setting("seeds", "Repeat each row with seeds 0..N-1 and show mean and spread; 1 uses --seed", state->seeds),
      number_setting("target", "Accuracy of the column 'epochs to ...'", state->target),
      text_setting("out", "FOLDER", "Where the files go", state->out)};
  for (Setting& s : state->training.settings(false)) all.push_back(std::move(s));
  for (Setting& s : state->source.settings()) all.push_back(std::move(s));
  state->settings = std::make_unique<Settings>(std::move(all));
  state->settings->add_to(command);
  command.flag("--quick", state->quick, "2 epochs; --epochs wins over it, it wins over --config");
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
