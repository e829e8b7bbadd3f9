#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/network_file.h"
#include "fanin/train/trainer.h"

#include "cli/autoencoder_report.h"
#include "cli/autoencoder_start.h"
#include "cli/command.h"
#include "cli/paths.h"
#include "cli/rbm_commands.h"
#include "cli/rbm_file.h"
#include "cli/rbm_settings.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/train_json.h"
#include "cli/train_progress.h"
#include "cli/train_settings.h"

namespace fanin::cli {
namespace {

struct DbnAutoencode {
  DbnAutoencode();

  Common common;
  TrainSettings training{"784-1000-500-250-30"};
  RbmInput input;
  std::string file;
  nn::Activation code_activation = nn::ActivationKind::identity;
  rbm::UnitKind visible_units = rbm::UnitKind::binary;
  std::string output, metrics, checkpoint, pictures, codes;
  std::size_t checkpoint_every = 0;
  std::size_t count = 10;
  std::size_t shown = 4;
  bool test_each_epoch = true;
  bool resume = false;
  bool pca = true;
  std::unique_ptr<Settings> settings;

  [[nodiscard]] std::vector<Setting> all_settings();
  int run();

 private:
  void check_paths() const;
  /// What the run starts from; changes the options accordingly.
  AutoencoderStart begin();
  void save(const train::TrainResult& r, const LoadedData& data, const nn::Network& network) const;
  void report(const train::TrainResult& r, const LoadedData& data, const nn::Network& network, ThreadPool& pool) const;

  std::string from_;  // what the weights began as, for the report
};

DbnAutoencode::DbnAutoencode() {
  constexpr std::size_t kEpochs = 50;
  constexpr double kFinal = 0.01;
  training.options.network.activation = nn::ActivationKind::sigmoid;
  training.options.epochs = kEpochs;
  training.options.schedule.kind = optim::ScheduleKind::cosine;
  training.options.schedule.final_value = kFinal;
}

std::vector<Setting> DbnAutoencode::all_settings() {
  std::vector<Setting> all;
  for (Setting& s : training.settings(true)) {
    // What only a classifier has.
    if (s.name != "loss" && s.name != "train-samples" && s.name != "lower-rate" && s.name != "top-only-epochs") {
      all.push_back(std::move(s));
    }
    if (all.back().name == "layers") all.back().help = "Inputs, hidden sizes, code; the decoder mirrors them";
  }
  all.push_back(value_setting("code-activation", "NAME", "Of the code; identity makes it linear", code_activation,
                              nn::Activation::parse, [](const nn::Activation& f) { return f.str(); }));
  all.push_back(value_setting("visible-units", "KIND",
                              "Of the data: binary (0 to 1, sigmoid outputs, cross-entropy) or gaussian (standardized, "
                              "linear outputs, squared error)",
                              visible_units, rbm::parse_units, [](rbm::UnitKind k) { return rbm::str(k); }));
  for (Setting& s : input.settings()) all.push_back(std::move(s));
  all.push_back(text_setting("output", "FILE", "Save the autoencoder as safetensors", output));
  all.push_back(text_setting("metrics", "FILE", "Save one JSON line an epoch", metrics));
  all.push_back(text_setting("checkpoint", "FILE", "Save the run after each epoch and on Ctrl-C", checkpoint));
  all.push_back(count_setting("checkpoint-every", "Save the run every N steps too", checkpoint_every));
  all.push_back(bool_setting("test-each-epoch", "Measure the test data after each epoch", test_each_epoch));
  all.push_back(bool_setting("pca", "Compare with as many principal components as the code has units", pca));
  all.push_back(text_setting("pictures", "FILE",
                             "Test samples, what the network makes of them and what the components make of them as a "
                             "PNG of three rows",
                             pictures));
  all.push_back(count_setting("count", "Samples of --pictures, of each class in turn", count));
  all.push_back(count_setting("shown", "How many of them to draw here", shown));
  all.push_back(text_setting("codes", "FILE", "Codes and labels of all samples as safetensors", codes));
  return all;
}

void DbnAutoencode::check_paths() const {
  if (checkpoint.empty() && (checkpoint_every > 0 || resume)) {
    throw Error(ErrorKind::usage, "cli", "--resume and --checkpoint-every need --checkpoint FILE");
  }
  std::vector<NamedPath> inputs = input.source.files();
  inputs.push_back({"--config", settings->config()});
  inputs.push_back({"FILE", file});
  const std::vector<NamedPath> outputs{{"--output", output},
                                       {"--metrics", metrics},
                                       {"--checkpoint", checkpoint},
                                       {"--pictures", pictures},
                                       {"--codes", codes}};
  require_distinct(outputs, inputs);
  for (const NamedPath& p : outputs) {
    if (!p.path.empty()) io::check_writable(p.path);
  }
  if (!pictures.empty() && count == 0) {
    throw Error(ErrorKind::usage, "cli", "--count: '0' given, allowed is 1 or more with --pictures");
  }
}

AutoencoderStart DbnAutoencode::begin() {
  train::TrainOptions& o = training.options;
  AutoencoderStart start;
  if (file.empty()) {
    start.loss = loss_for(visible_units);
    o.network = train::mirrored(o.network, code_activation);
    from_ = o.init_str();
  } else {
    for (const char* name :
         {"layers", "activation", "code-activation", "visible-units", "init", "init-output", "init-bias"}) {
      if (!settings->given(name)) continue;
      throw Error(ErrorKind::usage, "cli",
                  fmt::format("--{} and {} both say what the network starts from, give one of them", name, file));
    }
    start = autoencoder_start(file);
    start.spec.dropout = o.network.dropout;
    start.spec.precision = o.network.precision;
    start.spec.zeros = o.network.zeros;
    o.network = start.spec;
    adopt(file, start.metadata, input, *settings);
    // An autoencoder is there to be judged, unless more epochs are asked for.
    if (!start.is_stack && !settings->given("epochs")) o.epochs = 0;
    from_ = fmt::format("{}({})", start.is_stack ? "stack" : "autoencoder", file);
  }
  if (start.loss == nn::LossKind::mean_squared_error && file.empty() && !settings->given("standardize")) {
    input.standardize = true;
  }
  o.targets = train::Targets::inputs;
  o.loss = start.loss;
  o.validate();
  return start;
}

void DbnAutoencode::save(const train::TrainResult& r, const LoadedData& data, const nn::Network& network) const {
  const train::TrainOptions& o = training.options;
  io::save_network(output, o.network, network,
                   {{"fanin.command", "dbn autoencode"},
                    {"fanin.data", data.name},
                    {"fanin.binarize", input.binarization.str()},
                    {"fanin.flip", input.binarization.flip ? "true" : "false"},
                    {"fanin.standardized", input.standardize ? "true" : "false"},
                    {"fanin.seed", fmt::format("{}", o.seed)},
                    {"fanin.init", from_},
                    {"fanin.epochs", fmt::format("{}", r.best_epoch)},
                    {"fanin.options", o.fingerprint()}});
}

void DbnAutoencode::report(const train::TrainResult& r, const LoadedData& data, const nn::Network& network,
                           ThreadPool& pool) const {
  const train::TrainOptions& o = training.options;
  const data::Dataset& seen = data.test ? *data.test : data.train;
  const train::Reconstruction judged =
      r.reconstruction ? *r.reconstruction : train::evaluate_autoencoder(network, seen, o.loss, pool);
  const std::size_t code = o.network.widths[train::code_index(o.network) + 1];
  const AutoencoderBaselines baselines = autoencoder_baselines(data.train, seen, code, pca, pool);
  if (!codes.empty()) write_codes(codes, o.network, network, data.train, data.test ? &*data.test : nullptr, pool);
  const std::size_t drawn_here = common.json ? 0 : shown;
  const std::size_t written = pictures.empty() ? 0 : count;
  std::string drawing;
  if (drawn_here + written > 0) {
    const ReconstructionPictures made(network, o.loss, seen, baselines.pca, std::max(written, drawn_here), pool);
    if (written > 0) made.write(pictures, written);
    if (drawn_here > 0) drawing = made.draw(drawn_here) + "\n";
  }
  const AutoencoderReport report{o,
                                 r,
                                 judged,
                                 baselines,
                                 from_,
                                 data.name,
                                 data.test.has_value(),
                                 network.parameter_count(),
                                 pool.threads(),
                                 {{"network", output},
                                  {"metrics", metrics},
                                  {"checkpoint", checkpoint},
                                  {"pictures", pictures},
                                  {"codes", codes}}};
  if (common.json) {
    print_json(report.json());
  } else {
    print(drawing + report.text());
  }
}

int DbnAutoencode::run() {
  settings->apply();
  training.finish(*settings);
  if (settings->print_config()) {
    print(settings->toml());
    return kOk;
  }
  check_paths();
  const AutoencoderStart start = begin();
  train::TrainOptions& o = training.options;
  const LoadedData data = binarized(input.load(), input.binarization, o.seed);
  ThreadPool pool(common.thread_count());
  train::Trainer trainer(o, data.train, data.test ? &*data.test : nullptr, pool);
  if (!start.values.empty()) trainer.start_from(start.values);
  if (resume) {
    if (std::filesystem::exists(checkpoint)) {
      trainer.resume(checkpoint);
    } else if (!common.quiet) {
      note("no checkpoint at {}: starting from the beginning\n", checkpoint);
    }
  }
  TrainProgress progress(progress_style(common.quiet), 3);
  catch_interrupts();
  const train::TrainResult r = trainer.run(progress, {checkpoint, checkpoint_every}, test_each_epoch);
  progress.clear();
  if (!metrics.empty()) io::write_text_file(metrics, metrics_lines(progress.epochs));
  if (r.interrupted) {
    if (!common.quiet) {
      note("interrupted; {}\n", checkpoint.empty()
                                    ? std::string("nothing was saved, give --checkpoint to keep a run")
                                    : fmt::format("continue with the same command and --resume ({})", checkpoint));
    }
    return kInterrupted;
  }
  const nn::Network& network = trainer.network();
  if (!output.empty()) save(r, data, network);
  report(r, data, network, pool);
  return kOk;
}

}  // namespace

void add_dbn_autoencode(Command dbn) {
  const Command command =
      dbn.subcommand("autoencode", "Unroll a stack into a deep autoencoder, fine-tune it and compare it with PCA");
  auto state = std::make_shared<DbnAutoencode>();
  command.argument(
      "file", "FILE", state->file,
      "A stack of 'fanin dbn pretrain', which is tuned, or an autoencoder of this command, which is judged "
      "(and goes on learning with --epochs); without one --layers and --init say what to start from");
  state->common.add_to(command);
  state->settings = std::make_unique<Settings>(state->all_settings());
  state->settings->add_to(command);
  command.flag("--resume", state->resume, "Go on from the checkpoint, bit for bit; from the start if there is none");
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
