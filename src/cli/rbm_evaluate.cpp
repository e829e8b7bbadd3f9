#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "fanin/core/error.h"
#include "fanin/data/statistics.h"
#include "fanin/io/machine_file.h"
#include "fanin/train/rbm_measures.h"

#include "cli/command.h"
#include "cli/rbm_commands.h"
#include "cli/rbm_file.h"
#include "cli/rbm_settings.h"
#include "cli/settings.h"

namespace fanin::cli {
namespace {

struct RbmEvaluate {
  Common common;
  std::string file;
  RbmInput input;
  std::string part = "test";
  std::size_t samples = 0;
  std::uint64_t seed = 0;
  std::unique_ptr<Settings> settings;

  int run();
};

int RbmEvaluate::run() {
  settings->apply();
  if (settings->print_config()) {
    print(settings->toml());
    return kOk;
  }
  const RbmFile loaded = open_machine(file);
  loaded.adopt(input, *settings);
  const rbm::Rbm& machine = loaded.machine();
  const LoadedData data = input.load();
  const data::Dataset& judged = chosen_part(data, part);
  ThreadPool pool(common.thread_count());
  const train::RbmData rows{&judged, input.binarization, random::Stream(seed, "binarization of test data")};
  train::RbmMeasureOptions options;
  options.samples = samples;
  options.pseudo_likelihood = true;
  const bool bits = input.binarization.kind != data::Binarization::Kind::none || data::is_binary(judged);
  options.exact = bits && train::can_be_exact(machine);
  const train::RbmMeasures m = train::measure(machine, rows, options, pool);
  if (common.json) {
    nlohmann::ordered_json document{{"schema", 1},
                                    {"command", "rbm evaluate"},
                                    {"machine", machine_str(machine.spec())},
                                    {"data", data.name},
                                    {"binarize", binarization_str(input.binarization)},
                                    {"measures", to_json(m)}};
    print_json(document);
    return kOk;
  }
  std::string text =
      fmt::format("{}: {}\non {} samples of {} ({}):\n{}", file, machine_str(machine.spec()), m.samples, data.name,
                  part, measures_text(m, machine.visible(), binarization_str(input.binarization)));
  if (!bits) {
    text += "the data are grey: a log-likelihood needs bits, choose --binarize 0.5, sample or resample\n";
  } else if (!options.exact) {
    text += "log Z of this size is not enumerable: 'fanin rbm ais' estimates the log-likelihood\n";
  }
  print(text);
  return kOk;
}

}  // namespace

void add_rbm_evaluate(Command rbm) {
  const Command command = rbm.subcommand("evaluate", "Measure how well a saved machine models data");
  auto state = std::make_shared<RbmEvaluate>();
  command.required_argument("machine", "FILE", state->file, "A file of 'fanin rbm train'");
  state->common.add_to(command);
  std::vector<Setting> all = state->input.settings();
  all.push_back(text_setting("part", "PART", "test or train", state->part));
  all.push_back(count_setting("samples", "How many samples; 0 for all", state->samples));
  all.push_back(seed_setting("seed", "Of a binarization by sampling", state->seed));
  state->settings = std::make_unique<Settings>(std::move(all));
  state->settings->add_to(command);
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
