#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "fanin/core/error.h"
#include "fanin/core/version.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/certificate.h"
#include "fanin/io/network_file.h"
#include "fanin/nn/initialize.h"
#include "fanin/nn/model_spec.h"
#include "fanin/report/table.h"

#include "cli/command.h"
#include "cli/init_plan.h"
#include "cli/paths.h"
#include "cli/settings.h"
#include "cli/train_settings.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Init {
  Common common;
  TrainSettings training;
  PlanFlags plan;
  std::string output;
  std::unique_ptr<Settings> settings;

  int run();
  int run_with_plan();
};

// What a parameter was promised and what it got.
struct Row {
  const nn::Parameter* parameter;
  const init::Scheme* scheme;
  init::Expected expected;
  double mean = 0;
  double std = 0;
  double min = 0;
  double max = 0;
};

Row measured(const nn::Parameter& p, const init::Scheme& scheme, std::span<const float> values) {
  Row row{&p, &scheme, scheme.expected(p.shape, p.fans)};
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const float x : values) sum += static_cast<double>(x);
  row.mean = sum / n;
  double squares = 0;
  for (const float x : values) squares += (static_cast<double>(x) - row.mean) * (static_cast<double>(x) - row.mean);
  row.std = std::sqrt(squares / n);
  const auto [lo, hi] = std::minmax_element(values.begin(), values.end());
  row.min = static_cast<double>(*lo);
  row.max = static_cast<double>(*hi);
  return row;
}

std::vector<Row> measure(const nn::Network& network, const nn::InitRules& rules) {
  std::vector<Row> rows;
  const std::size_t last = network.parameters().back().layer;
  for (const nn::Parameter& p : network.parameters()) {
    const init::Scheme& scheme = p.role == nn::Role::bias ? rules.biases
                                 : p.layer == last        ? rules.output_weights
                                                          : rules.weights;
    rows.push_back(measured(p, scheme, network.values(p)));
  }
  return rows;
}

Json to_json(const Row& row) {
  Json shape = Json::array();
  for (const std::size_t extent : row.parameter->shape) shape.push_back(extent);
  return {{"name", row.parameter->name},
          {"shape", std::move(shape)},
          {"scheme", row.scheme->str()},
          {"fan_in", row.parameter->fans.in},
          {"fan_out", row.parameter->fans.out},
          {"expected_mean", row.expected.mean},
          {"expected_std", row.expected.std},
          {"mean", row.mean},
          {"std", row.std},
          {"min", row.min},
          {"max", row.max}};
}

std::string number(double x) {
  return x == 0 ? "0" : fmt::format("{:.5f}", x);
}

std::string table_of(const std::vector<Row>& rows) {
  report::Table table;
  table.column("parameter", report::Table::Align::left);
  table.column("shape", report::Table::Align::left);
  table.column("scheme", report::Table::Align::left);
  for (const char* heading : {"fan_in", "fan_out", "expected\nstd", "std", "mean", "min", "max"}) table.column(heading);
  for (const Row& r : rows) {
    table.row({r.parameter->name, r.parameter->shape.str(), r.scheme->str(), fmt::format("{:g}", r.parameter->fans.in),
               fmt::format("{:g}", r.parameter->fans.out), number(r.expected.std), number(r.std), number(r.mean),
               number(r.min), number(r.max)});
  }
  return table.text();
}

// The files that a SPEC stands for.
std::vector<NamedPath> inputs_of(const std::string& spec, const SpecSource& source) {
  std::vector<NamedPath> inputs{{"SPEC", spec}};
  if (source.files && io::ModelFiles::names_an_index(spec)) {
    for (const std::string& name : source.files->file_names()) {
      inputs.push_back({"SPEC", (std::filesystem::path(spec).parent_path() / name).string()});
    }
  }
  return inputs;
}

int Init::run_with_plan() {
  PlanRun run;
  run.output = plan.dry_run ? "" : output;
  run.seed = training.options.seed;
  if (!plan.dry_run && output.empty()) {
    throw Error(ErrorKind::usage, "cli", "no output file given: -o w.safetensors writes it, --dry-run shows the plan");
  }
  std::vector<NamedPath> inputs{{"--config", settings->config()}};
  if (!plan.spec.empty()) {
    for (const char* name : {"layers", "activation", "dropout", "init", "init-output", "init-bias"}) {
      if (!settings->given(name)) continue;
      throw Error(
          ErrorKind::usage, "cli",
          fmt::format("--{} describes a perceptron, but SPEC is given; --rule says what fills its parameters", name));
    }
    run.source = load_spec(plan.spec, plan.overrides);
    const std::vector<NamedPath> files = inputs_of(plan.spec, run.source);
    inputs.insert(inputs.end(), files.begin(), files.end());
  } else {
    if (!plan.overrides.empty()) {
      throw Error(ErrorKind::usage, "cli", "--set is for what a SPEC does not tell, but no SPEC is given");
    }
    training.finish(*settings);
    const train::TrainOptions& o = training.options;
    if (o.pretraining || o.data_dependent) {
      throw Error(ErrorKind::usage, "cli", fmt::format("{} needs data, a plan has none", o.init_str()));
    }
    run.source.spec = nn::model_spec(nn::Network(o.network));
    run.metadata = {{"fanin.layers", o.network.widths_str()},
                    {"fanin.activation", o.network.activations_str()},
                    {"fanin.dropout", fmt::format("{}", o.network.dropout)}};
    if (plan.steps.empty()) {
      plan.steps.rules = {"role=weight -> " + o.init.weights.str(), "role=bias -> " + o.init.biases.str()};
      if (!(o.init.output_weights == o.init.weights)) {
        plan.steps.rules.push_back("role=weight, depth=last -> " + o.init.output_weights.str());
        plan.ordered = true;
      }
    } else if (settings->given("init") || settings->given("init-output") || settings->given("init-bias")) {
      throw Error(ErrorKind::usage, "cli",
                  "--init and --rule or --recipe both say what fills the parameters, give one of them");
    }
  }
  if (!plan.steps.base_spec.empty()) inputs.push_back({"--base-spec", plan.steps.base_spec});
  const std::string beside = run.output.empty() ? "" : io::certificate_path(run.output).string();
  require_distinct({{"--output", run.output}, {"the certificate", beside}}, inputs);
  run.metadata["fanin.command"] = "init";
  return run_plan(plan, common, std::move(run));
}

int Init::run() {
  settings->apply();
  (void)common.thread_count();
  if (plan.given() && !settings->print_config()) return run_with_plan();
  training.finish(*settings);
  if (settings->print_config()) {
    print(settings->toml());
    return kOk;
  }
  if (output.empty()) {
    throw Error(ErrorKind::usage, "cli",
                "no output file given; as in: fanin init --layers 784-256-10 -o w.safetensors");
  }
  require_distinct({{"--output", output}}, {{"--config", settings->config()}});
  const train::TrainOptions& o = training.options;
  if (o.pretraining) {
    throw Error(ErrorKind::usage, "cli",
                fmt::format("{} needs data: 'fanin dbn pretrain' makes and saves such weights", o.init_str()));
  }
  if (o.data_dependent) {
    throw Error(ErrorKind::usage, "cli",
                fmt::format("{} needs data: 'fanin train --epochs 0 --output FILE' makes and saves such weights",
                            o.init_str()));
  }
  ThreadPool pool(common.thread_count());
  io::check_writable(output);
  nn::Network network(o.network);
  nn::initialize(network, o.init, o.seed, pool);
  io::save_network(output, o.network, network,
                   {{"fanin.command", "init"},
                    {"fanin.seed", fmt::format("{}", o.seed)},
                    {"fanin.init", o.init.weights.str()},
                    {"fanin.init_output", o.init.output_weights.str()},
                    {"fanin.init_bias", o.init.biases.str()}});
  const std::vector<Row> rows = measure(network, o.init);
  if (common.json) {
    Json parameters = Json::array();
    for (const Row& row : rows) parameters.push_back(to_json(row));
    print_json({{"schema", 1},
                {"command", "init"},
                {"version", version()},
                {"seed", o.seed},
                {"layers", o.network.widths_str()},
                {"activation", o.network.activations_str()},
                {"init", o.init.weights.str()},
                {"parameters", std::move(parameters)},
                {"files", {{"network", output}}}});
    return kOk;
  }
  print(fmt::format("{} {}, {} parameters, seed {}\n\n{}\nwrote {}\n", o.network.widths_str(),
                    o.network.activations_str(), network.parameter_count(), o.seed, table_of(rows), output));
  return kOk;
}

}  // namespace

void add_init(Command app) {
  const Command command = app.subcommand(
      "init", "Write the weights before step one: those that 'fanin train' starts from, or any model's by a plan");
  auto state = std::make_shared<Init>();
  state->common.add_to(command);
  state->plan.add_to(command);
  // Of a training's settings those that decide its first weights; dropout does, because it counts in the names.
  constexpr std::array<std::string_view, 7> kOfWeights{"layers",      "activation", "dropout", "init",
                                                       "init-output", "init-bias",  "seed"};
  std::vector<Setting> all;
  for (Setting& s : state->training.settings(true)) {
    if (std::find(kOfWeights.begin(), kOfWeights.end(), s.name) != kOfWeights.end()) all.push_back(std::move(s));
  }
  all.push_back(text_setting("output", "FILE", "Where the weights go, as safetensors", state->output));
  state->settings = std::make_unique<Settings>(std::move(all));
  state->settings->add_to(command);
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
