#include "cli/train.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/dbn/unroll.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/machine_file.h"
#include "fanin/io/network_file.h"
#include "fanin/nn/loss.h"

#include "cli/calibration_report.h"
#include "cli/paths.h"
#include "cli/terminal.h"
#include "cli/train_json.h"
#include "cli/train_progress.h"

namespace fanin::cli {
namespace {

void print_report(const TrainRun& run, const train::TrainResult& r, const LoadedData& data, const nn::Network& network,
                  std::size_t threads) {
  const train::TrainOptions& o = run.training.options;
  std::string text = fmt::format("{} {}, {} parameters, init {}, seed {}, {} thread{}\n", o.network.widths_str(),
                                 o.network.activations_str(), network.parameter_count(), run.start(), o.seed, threads,
                                 threads == 1 ? "" : "s");
  if (r.calibration) text += calibration_text(*r.calibration, r.calibration_seconds);
  const double even = nn::loss_of_even_guess(o.loss, network.outputs());
  text += fmt::format("loss before the first step {:.4f}", r.loss_before);
  if (o.loss == nn::LossKind::softmax_cross_entropy) {
    text += fmt::format(" (ln {} = {:.4f})", network.outputs(), even);
  } else {
    text += fmt::format(" (an even guess has {:.4g})", even);
  }
  text += "\n";
  if (!r.epochs.empty()) {
    text += fmt::format("cost of epoch 1 {:.4f}", r.epochs.front().cost);
    if (r.epochs.size() > 1) text += fmt::format(", of epoch {} {:.4f}", r.epochs.back().epoch, r.epochs.back().cost);
    text += fmt::format("; {:.2f} s of training\n", r.seconds);
    if (r.pretraining_seconds > 0) text += fmt::format("{:.2f} s of pre-training\n", r.pretraining_seconds);
  }
  if (r.stopped_early) {
    text += fmt::format("stopped early: no lower validation loss for {} epochs\n", o.patience);
  }
  if (!r.epochs.empty() && r.best_epoch != r.epochs.back().epoch) {
    text += fmt::format("the weights are those of epoch {}, the lowest validation loss\n", r.best_epoch);
  }
  if (r.test) {
    text +=
        fmt::format("test accuracy {:.2f} % of {} ({})\n", 100 * r.test->accuracy, r.test->samples, data.test->name());
    if (r.test_accuracy_raw_pixels) {
      text += fmt::format("test accuracy fed raw pixels {:.2f} %: {}\n", 100 * *r.test_accuracy_raw_pixels,
                          kRawPixelsExplained);
    }
  }
  if (!run.output.empty()) text += fmt::format("wrote {}\n", run.output);
  if (!run.metrics.empty()) text += fmt::format("wrote {}\n", run.metrics);
  if (!run.checkpoint.empty()) {
    text += fmt::format("wrote {} (the whole run: --resume with more --epochs continues it)\n", run.checkpoint);
  }
  print(text);
}

// The epochs of a run that fails or is stopped are worth as much as those of one that ends well: often they say why.
train::TrainResult run_and_keep_metrics(const TrainRun& run, train::Trainer& trainer, TrainProgress& observer) {
  const std::string& metrics = run.metrics;
  try {
    train::TrainResult r = trainer.run(observer, {run.checkpoint, run.checkpoint_every}, run.test_each_epoch);
    observer.clear();
    if (r.interrupted && !metrics.empty()) io::write_text_file(metrics, metrics_lines(r.epochs));
    return r;
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::numeric || metrics.empty()) throw;
    observer.clear();
    try {
      io::write_text_file(metrics, metrics_lines(observer.epochs));
    } catch (const Error& unwritten) {
      // What ended the run stays the reason for its exit code.
      note("fanin: {}\n", unwritten.what());
    }
    throw;
  }
}

}  // namespace

void TrainRun::check_paths() {
  // A device or a pipe has no place beside it.
  if (checkpoint.empty() && !output.empty() && !io::is_written_straight(output)) checkpoint = output + ".checkpoint";
  if (checkpoint.empty() && (checkpoint_every > 0 || resume)) {
    throw Error(ErrorKind::usage, "cli", "--resume and --checkpoint-every need --checkpoint FILE or --output FILE");
  }
  std::vector<NamedPath> inputs = input.source.files();
  inputs.push_back({"--config", settings->config()});
  inputs.push_back({"--stack", stack});
  require_distinct({{"--output", output}, {"--metrics", metrics}, {"--checkpoint", checkpoint}}, inputs);
  // An hour of training must not end at a folder that does not exist.
  for (const std::string& path : {output, metrics, checkpoint}) {
    if (!path.empty()) io::check_writable(path);
  }
}

int TrainRun::run(const LoadedData& data, const dbn::Stack* layers) {
  ThreadPool pool(common.thread_count());
  train::Trainer trainer(training.options, data.train, data.test ? &*data.test : nullptr, pool);
  TrainProgress observer(progress_style(common.quiet), 4);
  if (layers != nullptr) dbn::unroll_into(*layers, trainer.network());
  if (resume) {
    if (std::filesystem::exists(checkpoint)) {
      trainer.resume(checkpoint);
    } else if (!common.quiet) {
      note("no checkpoint at {}: starting from the beginning\n", checkpoint);
    }
  }
  catch_interrupts();
  const train::TrainResult r = run_and_keep_metrics(*this, trainer, observer);
  if (r.interrupted) {
    if (!common.quiet) {
      note("interrupted; {}\n", checkpoint.empty()
                                    ? std::string("nothing was saved, give --output or --checkpoint to keep a run")
                                    : fmt::format("continue with the same command and --resume ({})", checkpoint));
    }
    return kInterrupted;
  }
  if (!output.empty()) {
    io::save_network(output, training.options.network, trainer.network(),
                     {{"fanin.command", command},
                      {"fanin.data", data.name},
                      {"fanin.seed", fmt::format("{}", training.options.seed)},
                      {"fanin.init", start()},
                      {"fanin.epochs", fmt::format("{}", r.best_epoch)},
                      {"fanin.options", training.options.fingerprint()}});
  }
  if (!metrics.empty()) io::write_text_file(metrics, metrics_lines(r.epochs));
  if (!common.json) {
    print_report(*this, r, data, trainer.network(), pool.threads());
    return kOk;
  }
  nlohmann::ordered_json document = to_json(r, training.options, trainer.network());
  document["command"] = command;
  document["init"] = start();
  document["data"] = data.name;
  document["threads"] = pool.threads();
  document["files"] = {{"network", output}, {"metrics", metrics}, {"checkpoint", checkpoint}};
  print_json(document);
  return kOk;
}

std::string TrainRun::start() const {
  return stack.empty() ? training.options.init_str() : fmt::format("stack({})", stack);
}

std::vector<Setting> TrainRun::file_settings() {
  return {text_setting("output", "FILE", "Save the network as safetensors", output),
          text_setting("metrics", "FILE", "Save one JSON line an epoch", metrics),
          text_setting("checkpoint", "FILE",
                       "Where to save the run after each epoch and on Ctrl-C; with --output "
                       "the default is OUTPUT.checkpoint",
                       checkpoint),
          count_setting("checkpoint-every", "Save the run every N steps too", checkpoint_every),
          bool_setting("test-each-epoch", "Measure the test accuracy after each epoch", test_each_epoch)};
}

namespace {

int train_as_set(TrainRun& run) {
  run.settings->apply();
  run.training.finish(*run.settings);
  if (run.settings->print_config()) {
    print(run.settings->toml());
    return kOk;
  }
  run.check_paths();
  const LoadedData data = run.input.load();
  if (run.stack.empty()) return run.run(data, nullptr);
  if (run.training.options.pretraining || run.training.options.data_dependent) {
    throw Error(ErrorKind::usage, "cli",
                fmt::format("--stack {} and --init {} both say what hidden layers start from, give one of them",
                            run.stack, run.training.options.init_str()));
  }
  const dbn::Stack layers(io::load_machines(run.stack).machines);
  return run.run(data, &layers);
}

}  // namespace

void add_train(Command app) {
  const Command command = app.subcommand("train", "Train a network and save it");
  auto state = std::make_shared<TrainRun>();
  state->common.add_to(command);
  std::vector<Setting> all = state->training.settings(true);
  for (Setting& s : state->input.source.settings()) all.push_back(std::move(s));
  for (Setting& s : state->file_settings()) all.push_back(std::move(s));
  all.push_back(text_setting("stack", "FILE",
                             "Hidden layers from a file of 'fanin dbn pretrain' (or 'fanin rbm train')", state->stack));
  state->settings = std::make_unique<Settings>(std::move(all));
  state->settings->add_to(command);
  command.flag("--resume", state->resume, "Go on from the checkpoint, bit for bit; from the start if there is none");
  command.runs([state] { return train_as_set(*state); });
}

}  // namespace fanin::cli
