#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/version.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/machine_file.h"
#include "fanin/train/linear_probe.h"
#include "fanin/train/pretraining.h"

#include "cli/command.h"
#include "cli/paths.h"
#include "cli/rbm_commands.h"
#include "cli/rbm_settings.h"
#include "cli/settings.h"
#include "cli/terminal.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

class PretrainProgress final : public train::PretrainObserver {
 public:
  explicit PretrainProgress(ProgressStyle style) : bar_(style) {}

  void on_rbm_epoch(std::size_t machine, std::size_t count, const train::RbmEpoch& e, std::size_t n) override {
    seconds += e.seconds;
    bar_.line(fmt::format("machine {}/{} epoch {:3}/{}  reconstruction error {:.5f}  |dW/W| {:.1e}  {:.2f} s",
                          machine + 1, count, e.epoch, n, e.reconstruction_error, e.update_ratio, e.seconds));
  }
  void on_machine(std::size_t machine, const train::RbmTrainer& trainer) override {
    const train::RbmEpoch& last = trainer.history().back();
    const rbm::RbmSpec& spec = trainer.machine().spec();
    text += fmt::format("machine {}: {}, reconstruction error {:.5f} in epoch 1, {:.5f} in epoch {}\n", machine + 1,
                        machine_str(spec), trainer.history().front().reconstruction_error, last.reconstruction_error,
                        last.epoch);
    const std::vector<train::Finding> findings = trainer.findings();
    text += findings_text(findings);
    machines.push_back({{"machine", machine_str(spec)},
                        {"reconstruction_error", last.reconstruction_error},
                        {"findings", to_json(findings)}});
  }
  bool stop_requested() override { return interrupted(); }
  void on_probe(const train::LayerProbe& p) {
    bar_.line(fmt::format("layer {}  softmax regression {:.2f} %", p.layer, 100 * p.test_accuracy));
    probe_text += fmt::format("  layer {}: {:.2f} % of the test samples, {} {}\n", p.layer, 100 * p.test_accuracy,
                              p.units, p.layer == 0 ? "values" : "hidden means");
    probes.push_back({{"layer", p.layer}, {"units", p.units}, {"test_accuracy", p.test_accuracy}});
  }
  void clear() { bar_.clear(); }

  std::string text;
  std::string probe_text;
  Json probes = Json::array();
  Json machines = Json::array();
  double seconds = 0;

 private:
  ProgressBar bar_;
};

struct DbnPretrain {
  Common common;
  // What --help shows is what the default preset does.
  train::RbmOptions options = train::RbmOptions::preset("hinton2006");
  RbmInput input;
  std::string preset = "hinton2006";
  std::string layers = "784-500-500-2000";
  std::string output;
  rbm::UnitKind hidden_units = rbm::UnitKind::binary;
  rbm::UnitKind top_units = rbm::UnitKind::binary;
  double top_rate = 0.001;
  bool labels = false;
  bool probe = false;
  std::size_t probe_epochs = 20;
  std::unique_ptr<Settings> settings;

  int run();

 private:
  [[nodiscard]] std::vector<train::RbmOptions> machines(std::size_t count) const;
};

std::vector<train::RbmOptions> DbnPretrain::machines(std::size_t count) const {
  std::vector<train::RbmOptions> all(count, options);
  for (std::size_t l = 0; l < count; ++l) {
    train::RbmOptions& o = all[l];
    const bool top = l + 1 == count;
    o.set_units(l > 0 ? hidden_units : options.visible_units,
                top && settings->given("top-units") ? top_units : hidden_units);
    // What was asked for wins over what the units suggest.
    if (settings->given("lr")) o.learning.learning_rate = options.learning.learning_rate;
    if (top && settings->given("top-lr")) o.learning.learning_rate = top_rate;
    if (settings->given("explosion-guard")) o.learning.explosion_guard = options.learning.explosion_guard;
    if (settings->given("init")) o.weights = options.weights;
  }
  return all;
}

int DbnPretrain::run() {
  options = train::RbmOptions::preset(preset);
  options.monitor_samples = 0;
  settings->apply();
  options.binarization = input.binarization;
  if (preset == "gaussian" && !settings->given("standardize")) input.standardize = true;
  const std::vector<std::size_t> widths = nn::NetworkSpec::parse_widths(layers);
  const std::vector<train::RbmOptions> all = machines(widths.size() - 1);
  for (const train::RbmOptions& o : all) o.validate();
  if (settings->print_config()) {
    print(settings->toml());
    return kOk;
  }
  std::vector<NamedPath> inputs = input.source.files();
  inputs.push_back({"--config", settings->config()});
  require_distinct({{"--output", output}}, inputs);
  if (!output.empty()) io::check_writable(output);
  const LoadedData data = input.load();
  if (probe && !data.test) throw Error(ErrorKind::usage, "cli", "--probe judges on test data, and there are none");
  ThreadPool pool(common.thread_count());
  PretrainProgress progress(progress_style(common.quiet));
  catch_interrupts();
  const std::vector<rbm::Rbm> stack =
      train::pretrain(widths, all, data.train, options.learning.seed, labels, pool, progress);
  progress.clear();
  if (stack.size() < all.size()) {
    if (!common.quiet) note("interrupted; nothing was saved\n");
    return kInterrupted;
  }
  if (!output.empty()) {
    std::vector<const rbm::Rbm*> pointers;
    for (const rbm::Rbm& m : stack) pointers.push_back(&m);
    io::save_machines(output, pointers,
                      {{"fanin.command", "dbn pretrain"},
                       {"fanin.data", data.name},
                       {"fanin.binarize", options.binarization.str()},
                       {"fanin.flip", options.binarization.flip ? "true" : "false"},
                       {"fanin.standardized", input.standardize ? "true" : "false"},
                       {"fanin.preset", preset},
                       {"fanin.epochs", fmt::format("{}", options.epochs)},
                       {"fanin.seed", fmt::format("{}", options.learning.seed)}});
  }
  if (probe) {
    (void)train::probe_layers(stack, data.train, *data.test, options.binarization, probe_epochs, pool,
                              [&](const train::LayerProbe& p) {
                                progress.on_probe(p);
                                return !interrupted();
                              });
    progress.clear();
  }
  if (common.json) {
    Json document{{"schema", 1},
                  {"command", "dbn pretrain"},
                  {"version", version()},
                  {"data", data.name},
                  {"layers", layers},
                  {"preset", preset},
                  {"seed", options.learning.seed},
                  {"threads", pool.threads()},
                  {"seconds", progress.seconds},
                  {"machines", std::move(progress.machines)},
                  {"files", {{"stack", output}}}};
    if (probe) document["probe"] = std::move(progress.probes);
    print_json(document);
    return kOk;
  }
  std::string text = progress.text;
  text += fmt::format("{} on {}, seed {}: {:.2f} s of training\n", layers, data.name, options.learning.seed,
                      progress.seconds);
  if (probe)
    text += fmt::format("softmax regression on each layer ({} epochs):\n{}", probe_epochs, progress.probe_text);
  if (!output.empty()) text += fmt::format("wrote {}\n", output);
  print(text);
  return kOk;
}

}  // namespace

void add_dbn_pretrain(Command dbn) {
  const Command command = dbn.subcommand("pretrain", "Train a stack of restricted Boltzmann machines, layer by layer");
  auto state = std::make_shared<DbnPretrain>();
  state->common.add_to(command);
  command.option("--preset", "NAME", state->preset, "What the other options start from: hinton2006, pcd or gaussian",
                 "hinton2006");
  const auto units = [](std::string name, std::string help, rbm::UnitKind& kind) {
    return value_setting(std::move(name), "KIND", std::move(help), kind, rbm::parse_units,
                         [](rbm::UnitKind k) { return rbm::str(k); });
  };
  std::vector<Setting> all{
      text_setting("layers", "SIZES", "Inputs and hidden sizes", state->layers),
      units("visible-units", "Of the data: binary, gaussian (standardized) or relu", state->options.visible_units),
      units("hidden-units", "binary, gaussian or relu", state->hidden_units),
      units("top-units", "Of the last machine, if other than --hidden-units; gaussian makes a linear code",
            state->top_units),
      number_setting("top-lr", "Of the last machine, if other than --lr; linear codes want a hundredth",
                     state->top_rate),
      bool_setting("label-units", "The classes are visible units of the last machine, a softmax", state->labels),
      text_setting("output", "FILE", "Save the stack as safetensors", state->output),
      bool_setting("probe", "Then train softmax regression on the data and on each layer's means", state->probe),
      count_setting("probe-epochs", "Of --probe", state->probe_epochs)};
  for (Setting& s : rbm_settings(state->options, false)) {
    // What a stack does not measure has no settings.
    if (s.name.rfind("monitor", 0) != 0 && s.name != "restore-best") all.push_back(std::move(s));
  }
  for (Setting& s : state->input.settings()) all.push_back(std::move(s));
  state->settings = std::make_unique<Settings>(std::move(all));
  state->settings->add_to(command);
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
