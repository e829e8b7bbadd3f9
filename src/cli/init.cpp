#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string_view>

#include "fanin/core/error.h"
#include "fanin/core/version.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/network_file.h"
#include "fanin/nn/initialize.h"
#include "fanin/report/table.h"

#include "cli/command.h"
#include "cli/paths.h"
#include "cli/settings.h"
#include "cli/train_settings.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Init {
  Common common;
  TrainSettings training;
  std::string output;
  std::unique_ptr<Settings> settings;

  int run();
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

int Init::run() {
  settings->apply();
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

void add_init(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("init", "Write the weights before step one: those that 'fanin train' starts from");
  auto state = std::make_shared<Init>();
  state->common.add_to(*command);
  // Of a training's settings those that decide its first weights; dropout does, because it counts in the names.
  constexpr std::array<std::string_view, 7> kOfWeights{"layers",      "activation", "dropout", "init",
                                                       "init-output", "init-bias",  "seed"};
  std::vector<Setting> all;
  for (Setting& s : state->training.settings(true)) {
    if (std::find(kOfWeights.begin(), kOfWeights.end(), s.name) != kOfWeights.end()) all.push_back(std::move(s));
  }
  all.push_back(text_setting("output", "FILE", "Where the weights go, as safetensors", state->output));
  state->settings = std::make_unique<Settings>(std::move(all));
  state->settings->add_to(*command);
  command->callback([state, &action] { action = [state] { return state->run(); }; });
}

}  // namespace fanin::cli
