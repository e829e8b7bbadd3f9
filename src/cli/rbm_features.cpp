#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/png.h"
#include "fanin/io/safetensors.h"
#include "fanin/report/histogram.h"
#include "fanin/report/mosaic.h"
#include "fanin/report/tile.h"
#include "fanin/train/linear_probe.h"
#include "fanin/train/pretraining.h"

#include "cli/command.h"
#include "cli/paths.h"
#include "cli/rbm_commands.h"
#include "cli/rbm_file.h"
#include "cli/rbm_pictures.h"
#include "cli/rbm_settings.h"
#include "cli/settings.h"

namespace fanin::cli {
namespace {

struct RbmFeatures {
  Common common;
  std::string file;
  RbmInput input;
  std::string output;
  std::string filters;
  std::string activity;
  std::string histogram;
  std::size_t shown = 12;
  std::size_t cases = 200;
  bool classify = false;
  std::size_t epochs = 100;
  std::unique_ptr<Settings> settings;

  int run();
};

int RbmFeatures::run() {
  settings->apply();
  if (settings->print_config()) {
    print(settings->toml());
    return kOk;
  }
  const std::vector<NamedPath> outputs{
      {"--output", output}, {"--filters", filters}, {"--activity", activity}, {"--histogram", histogram}};
  require_distinct(outputs, {{"machine", file}});
  for (const NamedPath& p : outputs) {
    if (!p.path.empty()) io::check_writable(p.path);
  }
  const RbmFile loaded = open_machine(file);
  loaded.adopt(input, *settings);
  const rbm::Rbm& machine = loaded.machine();
  if (machine.spec().labels > 0) {
    throw Error(ErrorKind::unsupported, "rbm",
                fmt::format("{} has label units, which are no input for features", file));
  }
  const std::vector<io::GrayImage> tiles = filter_tiles(machine, machine.hidden());
  if (!filters.empty()) io::write_png_gray(filters, report::mosaic(tiles));
  const std::span<const float> w = machine.values().first(machine.hidden() * machine.visible());
  constexpr std::size_t kBins = 60;
  const report::Histogram weights = report::histogram(w, kBins);
  if (!histogram.empty()) io::write_png_gray(histogram, report::picture(weights, 120, 4));

  const bool needs_data = classify || !output.empty() || !activity.empty();
  ThreadPool pool(common.thread_count());
  std::optional<LoadedData> data;
  std::optional<data::Dataset> train, test;
  if (needs_data) {
    data = input.load();
    const auto features = [&](const data::Dataset& part, const char* stream) {
      const train::RbmData rows{&part, input.binarization, random::Stream(0, stream)};
      rows.check(machine);
      return train::hidden_features(machine, rows, pool);
    };
    train = features(data->train, "binarization");
    if (data->test) test = features(*data->test, "binarization of test data");
  }
  if (!activity.empty()) {
    const data::Dataset& seen = test ? *test : *train;
    const std::size_t n = std::min(cases, seen.size());
    io::write_png_gray(activity, report::activity_map({seen.floats(0).data(), n, machine.hidden()}));
  }
  if (!output.empty()) {
    std::vector<io::TensorSource> tensors;
    const auto add = [&](const char* name, const data::Dataset& part) {
      const std::span<const float> all(part.floats(0).data(), part.size() * machine.hidden());
      tensors.push_back(io::f32_source(fmt::format("{}.features", name), Shape{part.size(), machine.hidden()}, all));
      tensors.push_back(
          {fmt::format("{}.labels", name), io::DType::i32, Shape{part.size()}, std::as_bytes(part.labels())});
    };
    add("train", *train);
    if (test) add("test", *test);
    io::write_safetensors(output, tensors, {{"fanin.machine", machine_str(machine.spec())}});
  }
  std::optional<double> of_features, of_values;
  if (classify) {
    if (!test) throw Error(ErrorKind::usage, "cli", "--classify judges on test data, and there are none");
    of_features = train::linear_probe(*train, *test, epochs, pool);
    of_values = train::linear_probe(data->train, *data->test, epochs, pool);
  }
  if (common.json) {
    nlohmann::ordered_json document{
        {"schema", 1},
        {"command", "rbm features"},
        {"machine", machine_str(machine.spec())},
        {"weights", {{"mean", weights.mean}, {"std", weights.std}, {"min", weights.min}, {"max", weights.max}}},
        {"files", {{"features", output}, {"filters", filters}, {"activity", activity}, {"histogram", histogram}}}};
    if (of_features) document["accuracy_of_features"] = *of_features;
    if (of_values) document["accuracy_of_values"] = *of_values;
    print_json(document);
    return kOk;
  }
  std::string text = fmt::format("{}: {}\n\nweights of the first hidden units:\n", file, machine_str(machine.spec()));
  text += drawn(tiles, shown) + "\nweights:\n" + report::text(report::histogram(w, 20));
  if (of_features) {
    text += fmt::format(
        "\nsoftmax regression on the hidden means: {:.2f} % of the test samples, on the values themselves "
        "{:.2f} % ({} epochs)\n",
        100 * *of_features, 100 * *of_values, epochs);
  }
  for (const NamedPath& p : outputs) {
    if (!p.path.empty()) text += fmt::format("wrote {}\n", p.path);
  }
  print(text);
  return kOk;
}

}  // namespace

void add_rbm_features(Command rbm) {
  const Command command =
      rbm.subcommand("features", "What a machine learned: filters, activities, weights, a linear reader");
  auto state = std::make_shared<RbmFeatures>();
  command.required_argument("machine", "FILE", state->file, "A file of 'fanin rbm train'");
  state->common.add_to(command);
  std::vector<Setting> all = state->input.settings();
  all.push_back(text_setting("output", "FILE", "Hidden means and labels of all samples as safetensors", state->output));
  all.push_back(text_setting("filters", "FILE", "The weights of each hidden unit as one PNG", state->filters));
  all.push_back(text_setting("activity", "FILE",
                             "Samples x hidden units as a PNG: vertical stripes are dead or "
                             "always-on units",
                             state->activity));
  all.push_back(text_setting("histogram", "FILE", "The weights' histogram as a PNG", state->histogram));
  all.push_back(count_setting("shown", "How many filters to draw here", state->shown));
  all.push_back(count_setting("cases", "Samples of --activity", state->cases));
  all.push_back(bool_setting("classify", "Train softmax regression on the features, and on the values themselves",
                             state->classify));
  all.push_back(count_setting("epochs", "Of --classify", state->epochs));
  state->settings = std::make_unique<Settings>(std::move(all));
  state->settings->add_to(command);
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
