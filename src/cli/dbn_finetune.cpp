#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>

#include "fanin/core/error.h"
#include "fanin/core/version.h"
#include "fanin/dbn/unroll.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/belief_file.h"
#include "fanin/train/up_down_trainer.h"

#include "cli/rbm_commands.h"
#include "cli/rbm_file.h"
#include "cli/terminal.h"
#include "cli/train.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kBackprop = "backprop";
constexpr const char* kUpDown = "up-down";

// Settings that one of the two algorithms has, and those of `fanin train` that both have.
constexpr std::array kOfUpDown{"k", "binarize", "flip"};
constexpr std::array kOfBoth{"lr",    "schedule",    "batch",  "epochs",  "seed",
                             "zeros", "standardize", "output", "metrics", "test-each-epoch"};

bool is_one_of(std::span<const char* const> names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Json to_json(const train::UpDownEpoch& e) {
  return {{"epoch", e.epoch},
          {"k", e.k},
          {"learning_rate", e.learning_rate},
          {"reconstruction_error", e.reconstruction_error},
          {"test_accuracy", e.test_accuracy ? Json(*e.test_accuracy) : Json(nullptr)},
          {"seconds", e.seconds}};
}

class UpDownProgress final : public train::UpDownObserver {
 public:
  UpDownProgress(ProgressStyle style, std::size_t epochs) : bar_(style), epochs_(epochs) {}

  void on_epoch(const train::UpDownEpoch& e) override {
    std::string text =
        fmt::format("epoch {:3}  k {:2}  reconstruction error {:.5f}", e.epoch, e.k, e.reconstruction_error);
    if (e.test_accuracy) text += fmt::format("  test accuracy {:.2f} %", 100 * *e.test_accuracy);
    bar_.line(text + fmt::format("  {:.2f} s", e.seconds));
    bar_.update(static_cast<double>(e.epoch), static_cast<double>(epochs_),
                fmt::format("epoch {}/{}", e.epoch, epochs_));
    lines += json_text(to_json(e)) + "\n";
  }
  bool stop_requested() override { return interrupted(); }
  void clear() { bar_.clear(); }

  std::string lines;

 private:
  ProgressBar bar_;
  std::size_t epochs_;
};

struct DbnFinetune {
  std::string algorithm = kBackprop;
  TrainRun run;
  train::UpDownTraining up_down;
  std::vector<std::string> of_backprop;  ///< settings that up-down does not have

  int start();

 private:
  void check_flags() const;
  int back_propagate();
  int wake_and_sleep();
  void print_report(const train::UpDownResult& r, const LoadedData& data, const dbn::Model& model,
                    std::size_t threads) const;
};

void DbnFinetune::check_flags() const {
  const auto reject = [&](const std::string& name) {
    throw Error(ErrorKind::usage, "cli", fmt::format("--{} means nothing to --algorithm {}", name, algorithm));
  };
  if (algorithm == kBackprop) {
    for (const char* name : kOfUpDown) {
      if (run.settings->given_by_flag(name)) reject(name);
    }
    return;
  }
  for (const std::string& name : of_backprop) {
    if (run.settings->given_by_flag(name)) reject(name);
  }
  if (run.resume) reject("resume");
}

// The network that the stack unrolls into; what a stack does not say (dropout, precision) stays as it was set.
nn::NetworkSpec network_of(const dbn::Stack& stack, std::size_t classes, const nn::NetworkSpec& set) {
  nn::NetworkSpec spec = dbn::classifier_spec(stack, classes);
  spec.dropout = set.dropout;
  spec.precision = set.precision;
  spec.zeros = set.zeros;
  return spec;
}

int DbnFinetune::back_propagate() {
  run.check_paths();
  RbmFile file = open_machine(run.stack);
  file.adopt(run.input, *run.settings);
  if (run.input.binarization.flip) {
    throw Error(ErrorKind::unsupported, "dbn",
                fmt::format("{} learned from pictures with 0 and 1 exchanged, back-propagation sees them as they are",
                            run.stack));
  }
  const dbn::Stack layers(std::move(file.loaded.machines));
  const LoadedData data = run.input.load();
  nn::NetworkSpec& network = run.training.options.network;
  network = network_of(layers, data.train.classes(), network);
  return run.run(data, &layers);
}

void DbnFinetune::print_report(const train::UpDownResult& r, const LoadedData& data, const dbn::Model& model,
                               std::size_t threads) const {
  std::string text = fmt::format("up-down: {} directed layer{} below {}, seed {}, {} thread{}\n", model.directed(),
                                 model.directed() == 1 ? "" : "s", machine_str(model.top().spec()),
                                 up_down.learning.seed, threads, threads == 1 ? "" : "s");
  if (!r.epochs.empty()) {
    text += fmt::format("reconstruction error of epoch 1 {:.5f}", r.epochs.front().reconstruction_error);
    if (r.epochs.size() > 1) {
      text += fmt::format(", of epoch {} {:.5f}", r.epochs.back().epoch, r.epochs.back().reconstruction_error);
    }
    text += fmt::format(" (a proxy); {:.2f} s of training\n", r.seconds);
  }
  if (r.test_accuracy) {
    text += fmt::format("test accuracy {:.2f} % before, {:.2f} % after, of {} ({})\n", 100 * *r.accuracy_before,
                        100 * *r.test_accuracy, data.test->size(), data.test->name());
  } else if (model.labels() == 0) {
    text += "the top machine has no label units ('fanin dbn pretrain --label-units'), so there is no accuracy\n";
  }
  if (!run.output.empty()) text += fmt::format("wrote {}\n", run.output);
  if (!run.metrics.empty()) text += fmt::format("wrote {}\n", run.metrics);
  print(text);
}

int DbnFinetune::wake_and_sleep() {
  std::vector<NamedPath> inputs = run.input.source.files();
  inputs.push_back({"--config", run.settings->config()});
  inputs.push_back({"stack", run.stack});
  require_distinct({{"--output", run.output}, {"--metrics", run.metrics}}, inputs);
  for (const std::string& path : {run.output, run.metrics}) {
    if (!path.empty()) io::check_writable(path);
  }
  RbmFile file = open_machine(run.stack);
  file.adopt(run.input, *run.settings);
  up_down.binarization = run.input.binarization;
  dbn::Model model{dbn::Stack(std::move(file.loaded.machines))};
  const LoadedData data = run.input.load();
  ThreadPool pool(run.common.thread_count());
  UpDownProgress progress(progress_style(run.common.quiet), up_down.epochs);
  catch_interrupts();
  const train::UpDownResult r =
      train::train_up_down(model, up_down, data.train, data.test ? &*data.test : nullptr, pool, progress);
  progress.clear();
  if (!run.output.empty()) {
    io::save_belief(run.output, model,
                    {{"fanin.command", run.command},
                     {"fanin.algorithm", algorithm},
                     {"fanin.data", data.name},
                     {"fanin.binarize", up_down.binarization.str()},
                     {"fanin.flip", up_down.binarization.flip ? "true" : "false"},
                     {"fanin.standardized", run.input.standardize ? "true" : "false"},
                     {"fanin.init", run.start()},
                     {"fanin.k", train::steps_str(up_down.k)},
                     {"fanin.lr", fmt::format("{}", up_down.learning.learning_rate)},
                     {"fanin.schedule", up_down.schedule.str()},
                     {"fanin.batch", fmt::format("{}", up_down.learning.batch)},
                     {"fanin.epochs", fmt::format("{}", r.epochs.size())},
                     {"fanin.seed", fmt::format("{}", up_down.learning.seed)}});
  }
  if (!run.metrics.empty()) io::write_text_file(run.metrics, progress.lines);
  if (run.common.json) {
    const auto optional = [](const std::optional<double>& x) { return x ? Json(*x) : Json(nullptr); };
    Json epochs = Json::array();
    for (const train::UpDownEpoch& e : r.epochs) epochs.push_back(to_json(e));
    print_json({{"schema", 1},
                {"command", run.command},
                {"version", version()},
                {"algorithm", algorithm},
                {"data", data.name},
                {"init", run.start()},
                {"seed", up_down.learning.seed},
                {"directed_layers", model.directed()},
                {"top", machine_str(model.top().spec())},
                {"binarize", binarization_str(up_down.binarization)},
                {"threads", pool.threads()},
                {"accuracy_before", optional(r.accuracy_before)},
                {"test_accuracy", optional(r.test_accuracy)},
                {"seconds", r.seconds},
                {"interrupted", r.interrupted},
                {"epochs", std::move(epochs)},
                {"files", {{"network", run.output}, {"metrics", run.metrics}}}});
  } else {
    print_report(r, data, model, pool.threads());
  }
  return r.interrupted ? kInterrupted : kOk;
}

int DbnFinetune::start() {
  if (algorithm != kBackprop && algorithm != kUpDown) {
    throw Error(ErrorKind::usage, "cli",
                fmt::format("--algorithm: '{}' given, allowed are {} and {}", algorithm, kBackprop, kUpDown));
  }
  train::TrainOptions& o = run.training.options;
  if (algorithm == kUpDown) {
    o.learning_rate = up_down.learning.learning_rate;
    o.batch = up_down.learning.batch;
    o.epochs = up_down.epochs;
  }
  run.settings->apply();
  check_flags();
  run.training.finish(*run.settings);
  up_down.learning.learning_rate = o.learning_rate;
  up_down.learning.batch = o.batch;
  up_down.learning.seed = o.seed;
  up_down.learning.zeros = o.network.zeros;
  up_down.schedule = o.schedule;
  up_down.epochs = o.epochs;
  up_down.test_each_epoch = run.test_each_epoch;
  if (algorithm == kUpDown) up_down.validate();
  if (run.settings->print_config()) {
    print(run.settings->toml());
    return kOk;
  }
  return algorithm == kUpDown ? wake_and_sleep() : back_propagate();
}

}  // namespace

void add_dbn_finetune(Command dbn) {
  const Command command = dbn.subcommand("finetune", "Train a saved stack with labels: as a network, or as what it is");
  auto state = std::make_shared<DbnFinetune>();
  TrainRun& run = state->run;
  run.command = "dbn finetune";
  command.required_argument("stack", "FILE", run.stack, "A file of 'fanin dbn pretrain'");
  run.common.add_to(command);
  command.option("--algorithm", "NAME", state->algorithm,
                 "backprop: as the hidden layers of a classifier; up-down: as a deep belief network, by contrastive "
                 "wake-sleep, with --lr 0.01 and --epochs 10 if not given",
                 kBackprop);
  std::vector<Setting> all;
  for (Setting& s : run.training.settings(true)) {
    // The stack says these.
    constexpr std::array kOfStack{"layers", "activation", "init"};
    if (!is_one_of(kOfStack, s.name)) all.push_back(std::move(s));
  }
  for (Setting& s : run.file_settings()) all.push_back(std::move(s));
  for (const Setting& s : all) {
    if (!is_one_of(kOfBoth, s.name)) state->of_backprop.push_back(s.name);
  }
  all.push_back(value_setting("k", "STEPS",
                              "Of up-down: Gibbs steps in the top machine; 3:6:10 grows them over the run",
                              state->up_down.k, train::parse_steps, train::steps_str));
  for (Setting& s : run.input.settings()) all.push_back(std::move(s));
  run.settings = std::make_unique<Settings>(std::move(all));
  run.settings->add_to(command);
  command.flag("--resume", run.resume, "Go on from the checkpoint, bit for bit; from the start if there is none");
  command.runs([state] { return state->start(); });
}

}  // namespace fanin::cli
