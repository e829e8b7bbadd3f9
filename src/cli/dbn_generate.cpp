#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/core/version.h"
#include "fanin/dbn/generate.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/belief_file.h"
#include "fanin/io/machine_file.h"
#include "fanin/io/png.h"
#include "fanin/io/safetensors.h"
#include "fanin/report/mosaic.h"

#include "cli/command.h"
#include "cli/paths.h"
#include "cli/rbm_commands.h"
#include "cli/rbm_pictures.h"
#include "cli/rbm_settings.h"
#include "cli/settings.h"

namespace fanin::cli {
namespace {

constexpr const char* kAll = "all";

struct DbnGenerate {
  Common common;
  std::string file;
  std::string label;
  std::string output;
  std::string samples;
  std::size_t count = 10;
  std::size_t shown = 10;
  dbn::GenerateOptions options;
  std::unique_ptr<Settings> settings;

  int run();

 private:
  [[nodiscard]] std::vector<std::int32_t> labels_for(const dbn::Model& model) const;
  void check() const;
};

dbn::Model open_model(const std::string& path) {
  if (io::is_belief_file(path)) return io::load_belief(path).model;
  return dbn::Model(dbn::Stack(io::load_machines(path).machines));
}

std::string model_str(const dbn::Model& model) {
  std::string text;
  for (std::size_t l = 0; l < model.directed(); ++l) text += fmt::format("{}-", model.recognition(l).visible());
  return fmt::format("{}{} directed, top {}", text, model.top_inputs(), machine_str(model.top().spec()));
}

void DbnGenerate::check() const {
  constexpr std::size_t kMost = 10000;
  if (count == 0 || count > kMost) {
    throw Error(ErrorKind::usage, "cli", fmt::format("--count: {} given, allowed are 1 to {}", count, kMost));
  }
  options.validate();
}

// One for each sample; none where labels move freely.
std::vector<std::int32_t> DbnGenerate::labels_for(const dbn::Model& model) const {
  if (label.empty()) return {};
  const std::size_t labels = model.labels();
  if (labels == 0) {
    throw Error(ErrorKind::usage, "cli",
                fmt::format("--label: {} has no label units, which 'fanin dbn pretrain --label-units' makes", file));
  }
  std::vector<std::int32_t> all;
  if (label == kAll) {
    for (std::size_t k = 0; k < labels; ++k) all.insert(all.end(), count, static_cast<std::int32_t>(k));
    return all;
  }
  const auto k = parse_unsigned(label);
  if (!k || *k >= labels) {
    throw Error(ErrorKind::usage, "cli",
                fmt::format("--label: '{}' given, allowed are 0 to {} and {}", label, labels - 1, kAll));
  }
  all.assign(count, static_cast<std::int32_t>(*k));
  return all;
}

int DbnGenerate::run() {
  settings->apply();
  if (settings->print_config()) {
    print(settings->toml());
    return kOk;
  }
  check();
  require_distinct({{"--output", output}, {"--samples", samples}}, {{"model", file}, {"--config", settings->config()}});
  for (const std::string& path : {output, samples}) {
    if (!path.empty()) io::check_writable(path);
  }
  const dbn::Model model = open_model(file);
  const std::vector<std::int32_t> labels = labels_for(model);
  const std::size_t n = labels.empty() ? count : labels.size();
  ThreadPool pool(common.thread_count());
  std::vector<float> x(n * model.inputs());
  const MatrixView<float> rows(x.data(), n, model.inputs());
  dbn::generate(model, options, labels, rows, pool);

  const std::vector<io::GrayImage> tiles = unit_tiles(rows, model.inputs());
  if (!output.empty()) {
    report::MosaicOptions o;
    if (label == kAll) o.columns = count;
    io::write_png_gray(output, report::mosaic(tiles, o));
  }
  if (!samples.empty()) {
    std::vector<io::TensorSource> tensors{io::f32_source("samples", Shape{n, model.inputs()}, x)};
    if (!labels.empty()) {
      tensors.push_back({"labels", io::DType::i32, Shape{n}, std::as_bytes(std::span(labels))});
    }
    io::write_safetensors(samples, tensors,
                          {{"fanin.command", "dbn generate"},
                           {"fanin.version", std::string(version())},
                           {"fanin.model", model_str(model)},
                           {"fanin.steps", fmt::format("{}", options.steps)},
                           {"fanin.seed", fmt::format("{}", options.seed)}});
  }
  if (common.json) {
    print_json({{"schema", 1},
                {"command", "dbn generate"},
                {"version", version()},
                {"model", model_str(model)},
                {"samples", n},
                {"label", label},
                {"steps", options.steps},
                {"seed", options.seed},
                {"files", {{"picture", output}, {"samples", samples}}}});
    return kOk;
  }
  std::string text =
      fmt::format("{}: {}\n{} samples{}, {} Gibbs steps in the top machine, seed {}\n\n", file, model_str(model), n,
                  label.empty() ? "" : fmt::format(", label {}", label), options.steps, options.seed);
  // Of each class the first.
  std::vector<io::GrayImage> some;
  std::vector<std::string> captions;
  for (std::size_t i = 0; i < n; i += label == kAll ? count : 1) {
    some.push_back(tiles[i]);
    captions.push_back(labels.empty() ? "" : fmt::format("{}", labels[i]));
  }
  text += drawn(some, shown, captions);
  if (!output.empty()) text += fmt::format("\nwrote {}\n", output);
  if (!samples.empty()) text += fmt::format("wrote {}\n", samples);
  print(text);
  return kOk;
}

}  // namespace

void add_dbn_generate(Command dbn) {
  const Command command =
      dbn.subcommand("generate", "Let a deep belief network dream: samples by class, drawn and as PNG");
  auto state = std::make_shared<DbnGenerate>();
  command.required_argument("model", "FILE", state->file,
                            "A file of 'fanin dbn finetune --algorithm up-down' or 'fanin dbn pretrain'");
  state->common.add_to(command);
  state->settings = std::make_unique<Settings>(std::vector<Setting>{
      text_setting("label", "K", "Hold this class, of models with label units; all: a row of pictures for each",
                   state->label),
      count_setting("count", "How many pictures; with --label all of each class", state->count),
      count_setting("steps", "Gibbs steps in the top machine", state->options.steps),
      seed_setting("seed", "Of the states", state->options.seed),
      count_setting("shown", "How many to draw here", state->shown),
      text_setting("output", "FILE", "The pictures as one PNG", state->output),
      text_setting("samples", "FILE", "The samples and their labels as safetensors", state->samples)});
  state->settings->add_to(command);
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
