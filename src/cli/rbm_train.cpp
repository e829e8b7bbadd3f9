#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/version.h"
#include "fanin/data/statistics.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/machine_file.h"
#include "fanin/train/rbm_trainer.h"

#include "cli/command.h"
#include "cli/paths.h"
#include "cli/rbm_commands.h"
#include "cli/rbm_settings.h"
#include "cli/settings.h"
#include "cli/terminal.h"

namespace fanin::cli {
namespace {

struct RbmTrain {
  Common common;
  // What --help shows is what the default preset does.
  train::RbmOptions options = train::RbmOptions::preset("hinton2006");
  RbmInput input;
  std::string preset = "hinton2006";
  std::string output;
  std::string metrics;
  std::unique_ptr<Settings> settings;

  int run();
};

std::string epoch_line(const train::RbmEpoch& e) {
  std::string text = fmt::format("epoch {:3}", e.epoch);
  if (std::isfinite(e.reconstruction_error)) text += fmt::format("  reconstruction {:.5f}", e.reconstruction_error);
  if (e.train) {
    if (e.train->log_likelihood) text += fmt::format("  log p {:.3f}", *e.train->log_likelihood);
    if (e.test && e.test->log_likelihood) text += fmt::format(" / test {:.3f}", *e.test->log_likelihood);
    if (e.train->pseudo_likelihood) text += fmt::format("  pseudo {:.2f}", *e.train->pseudo_likelihood);
    if (!std::isfinite(e.reconstruction_error)) {
      text += fmt::format("  reconstruction {:.5f}", e.train->reconstruction_error);
    }
  }
  if (e.test && e.test->label_accuracy) text += fmt::format("  test labels {:.2f} %", 100 * *e.test->label_accuracy);
  if (const auto gap = e.free_energy_gap()) text += fmt::format("  dF {:.2f}", *gap);
  return text + fmt::format("  |dW/W| {:.1e}  {:.2f} s", e.update_ratio, e.seconds);
}

int RbmTrain::run() {
  options = train::RbmOptions::preset(preset);
  settings->apply();
  options.binarization = input.binarization;
  if (preset == "gaussian" && !settings->given("standardize")) input.standardize = true;
  options.validate();
  if (settings->print_config()) {
    print(settings->toml());
    return kOk;
  }
  std::vector<NamedPath> inputs = input.source.files();
  inputs.push_back({"--config", settings->config()});
  require_distinct({{"--output", output}, {"--metrics", metrics}}, inputs);
  for (const std::string& path : {output, metrics}) {
    if (!path.empty()) io::check_writable(path);
  }
  const LoadedData data = input.load();
  ThreadPool pool(common.thread_count());
  train::RbmTrainer trainer(options, data.train, data.test ? &*data.test : nullptr, pool);
  ProgressBar bar(progress_style(common.quiet));
  catch_interrupts();
  std::string lines;
  double seconds = 0;
  bool stopped = false;
  while (!trainer.finished() && !stopped) {
    const train::RbmEpoch& e = trainer.run_epoch();
    seconds += e.seconds;
    if (!metrics.empty()) lines += json_text(to_json(e)) + "\n";
    if (e.train || options.monitor_samples == 0) bar.line(epoch_line(e));
    bar.update(static_cast<double>(e.epoch), static_cast<double>(options.epochs),
               fmt::format("epoch {}/{}", e.epoch, options.epochs));
    stopped = !trainer.finished() && interrupted();
  }
  bar.clear();
  const std::size_t restored = trainer.finish();
  const rbm::Rbm& machine = trainer.machine();
  train::RbmMeasureOptions measured;
  measured.epoch = options.epochs;
  const bool bits = options.binarization.kind != data::Binarization::Kind::none || data::is_binary(data.train);
  measured.exact = bits && train::can_be_exact(machine);
  measured.samples = measured.exact ? 0 : options.monitor_samples;
  measured.pseudo_likelihood = true;
  const data::Dataset& judged = data.test ? *data.test : data.train;
  const train::RbmData judged_data{&judged, options.binarization,
                                   random::Stream(options.learning.seed, "binarization of test data")};
  std::optional<train::RbmMeasures> m;
  if (options.monitor_samples > 0) m = train::measure(machine, judged_data, measured, pool);
  if (!output.empty()) {
    const rbm::Rbm* const one[] = {&machine};
    io::save_machines(output, one,
                      {{"fanin.command", "rbm train"},
                       {"fanin.data", data.name},
                       {"fanin.binarize", options.binarization.str()},
                       {"fanin.flip", options.binarization.flip ? "true" : "false"},
                       {"fanin.standardized", input.standardize ? "true" : "false"},
                       {"fanin.preset", preset},
                       {"fanin.epochs", fmt::format("{}", restored > 0 ? restored : trainer.history().size())},
                       {"fanin.seed", fmt::format("{}", options.learning.seed)}});
  }
  if (!metrics.empty()) io::write_text_file(metrics, lines);
  const std::vector<train::Finding> findings = trainer.findings();
  if (common.json) {
    nlohmann::ordered_json epochs = nlohmann::ordered_json::array();
    for (const train::RbmEpoch& e : trainer.history()) {
      if (e.train) epochs.push_back(to_json(e));
    }
    nlohmann::ordered_json document{{"schema", 1},
                                    {"command", "rbm train"},
                                    {"version", version()},
                                    {"data", data.name},
                                    {"seed", options.learning.seed},
                                    {"machine", machine_str(machine.spec())},
                                    {"preset", preset},
                                    {"binarize", binarization_str(options.binarization)},
                                    {"threads", pool.threads()},
                                    {"seconds", seconds},
                                    {"restored_epoch", restored},
                                    {"epochs", std::move(epochs)},
                                    {"findings", to_json(findings)},
                                    {"files", {{"machine", output}, {"metrics", metrics}}}};
    if (m) document["measures"] = to_json(*m);
    print_json(document);
  } else {
    std::string text = fmt::format("{} on {}, {} epochs, seed {}: {:.2f} s of training\n", machine_str(machine.spec()),
                                   data.name, trainer.history().size(), options.learning.seed, seconds);
    if (restored > 0) text += fmt::format("the weights are those of epoch {}, the best measured\n", restored);
    if (m) {
      text += fmt::format("on {} {} samples:\n{}", m->samples, data.test ? "test" : "training",
                          measures_text(*m, machine.visible(), binarization_str(options.binarization)));
    }
    text += findings_text(findings);
    if (!output.empty()) text += fmt::format("wrote {}\n", output);
    if (!metrics.empty()) text += fmt::format("wrote {}\n", metrics);
    print(text);
  }
  return stopped ? kInterrupted : kOk;
}

}  // namespace

void add_rbm_train(Command rbm) {
  const Command command = rbm.subcommand("train", "Train a restricted Boltzmann machine and measure it");
  auto state = std::make_shared<RbmTrain>();
  state->common.add_to(command);
  command.option("--preset", "NAME", state->preset, "What the other options start from: hinton2006, pcd or gaussian",
                 "hinton2006");
  std::vector<Setting> all = rbm_settings(state->options, true);
  for (Setting& s : state->input.settings()) all.push_back(std::move(s));
  all.push_back(text_setting("output", "FILE", "Save the machine as safetensors", state->output));
  all.push_back(text_setting("metrics", "FILE", "Save one JSON line an epoch", state->metrics));
  state->settings = std::make_unique<Settings>(std::move(all));
  state->settings->add_to(command);
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
