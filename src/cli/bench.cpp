#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <vector>

#include "fanin/bench/machine.h"
#include "fanin/bench/step_profile.h"
#include "fanin/core/error.h"
#include "fanin/core/version.h"
#include "fanin/report/table.h"

#include "cli/command.h"
#include "cli/data_source.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/train_settings.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;
using report::Table;

// Steps that are timed: an epoch of them, several times.
constexpr std::size_t kSteps = 120;

struct Bench {
  Common common;
  TrainSettings training;
  DataSource source;
  std::string only;
  std::unique_ptr<Settings> settings;

  int run();
};

// The first samples of `all`, so that an epoch has the wanted number of steps.
data::Dataset some_of(const data::Dataset& all, std::size_t samples) {
  const std::size_t n = std::min(samples, all.size());
  std::vector<std::int32_t> labels(all.labels().begin(), all.labels().begin() + static_cast<std::ptrdiff_t>(n));
  if (!all.is_bytes()) {
    std::vector<float> values;
    for (std::size_t i = 0; i < n; ++i) values.insert(values.end(), all.floats(i).begin(), all.floats(i).end());
    return {all.name(), all.sample_shape(), std::move(values), std::move(labels), all.classes()};
  }
  std::vector<std::uint8_t> values;
  for (std::size_t i = 0; i < n; ++i) values.insert(values.end(), all.bytes(i).begin(), all.bytes(i).end());
  return {all.name(), all.sample_shape(), std::move(values), std::move(labels), all.classes()};
}

std::string size_text(std::size_t bytes) {
  constexpr std::size_t kKiB = 1024;
  return bytes < kKiB * kKiB ? fmt::format("{} KiB", bytes / kKiB) : fmt::format("{} MiB", bytes / kKiB / kKiB);
}

std::string threads_text(std::size_t n) {
  return fmt::format("{} thread{}", n, n == 1 ? "" : "s");
}

// Two threads of a guest may share a core for seconds.
bool is_unsteady(double median, double best) {
  constexpr double kTolerance = 0.15;
  return std::abs(median - best) > kTolerance * std::max(median, best);
}

std::string machine_text(const bench::Machine& m) {
  std::string text = fmt::format("{}, {} core{}, {}\n\n", m.processor.empty() ? "unknown processor" : m.processor,
                                 m.cores, m.cores == 1 ? "" : "s", m.simd);
  Table table;
  table.column("what this machine reaches", Table::Align::left);
  table.column("median");
  table.column("best");
  table.column("");
  bool unsteady = false;
  const auto add = [&](const std::string& name, double median, double best, const std::string& unit) {
    table.row({name, fmt::format("{:.1f}", median), fmt::format("{:.1f}", best), unit});
    unsteady = unsteady || is_unsteady(median, best);
  };
  for (const bench::Rate& r : m.fp32_gflops)
    add("multiply-adds, fp32, " + threads_text(r.threads), r.median, r.best, "GFLOP/s");
  for (const bench::Rate& r : m.bf16_gflops)
    add("multiply-adds, bf16, " + threads_text(r.threads), r.median, r.best, "GFLOP/s");
  for (const bench::Bandwidth& b : m.read)
    add("reading " + size_text(b.bytes) + ", 1 thread", b.median, b.best, "GB/s");
  for (const bench::Rate& r : m.store) {
    add("storing past the caches, " + threads_text(r.threads), r.median, r.best, "GB/s");
  }
  text += table.text();
  if (unsteady) {
    text += "the machine changes its speed: others use it too, or two threads share a core for seconds at a time\n";
  }
  return text;
}

std::string step_text(const bench::StepProfile& p, const train::TrainOptions& o, const data::Dataset& data) {
  std::string text = fmt::format("{} {}, batch {}, {}, {} on {}: {:.2f} MFLOP a step\n\n", o.network.widths_str(),
                                 o.network.activations_str(), o.batch, optim::str(o.optimizer.kind),
                                 nn::str(o.network.precision), data.name(), p.flops / 1e6);
  const double sum = std::accumulate(p.parts.begin(), p.parts.end(), 0.0,
                                     [](double s, const bench::StepPart& part) { return s + part.seconds; });
  Table parts;
  parts.column("part of a step, 1 thread", Table::Align::left);
  parts.column("us");
  parts.column("%");
  parts.column("GFLOP/s");
  for (const bench::StepPart& part : p.parts) {
    parts.row({part.name, fmt::format("{:.1f}", 1e6 * part.seconds), fmt::format("{:.1f}", 100 * part.seconds / sum),
               part.flops > 0 ? fmt::format("{:.1f}", part.flops / part.seconds / 1e9) : ""});
  }
  parts.row({"sum", fmt::format("{:.1f}", 1e6 * sum), "", ""});
  text += parts.text();
  text += fmt::format("GFLOP/s count every product, also where its zeros are left out (--zeros {}).\n\n",
                      linalg::str(o.network.zeros));
  Table steps;
  steps.column("a step of the trainer", Table::Align::left);
  steps.column("us, median");
  steps.column("us, best");
  steps.column("floor, us");
  steps.column("floor / median");
  bool unsteady = false;
  for (const bench::StepTime& s : p.steps) {
    steps.row({threads_text(s.threads), fmt::format("{:.1f}", 1e6 * s.seconds.median),
               fmt::format("{:.1f}", 1e6 * s.seconds.best), fmt::format("{:.1f}", 1e6 * s.floor),
               fmt::format("{:.1f} %", 100 * s.share())});
    unsteady = unsteady || is_unsteady(s.seconds.median, s.seconds.best);
  }
  text += steps.text();
  text += fmt::format(
      "The floor is all products at the rate of multiply-adds, measured between the epochs, and the update of all\n"
      "weights by itself ({:.1f} us on one thread).\n",
      1e6 * p.optimizer_seconds);
  if (unsteady) text += "median and best differ by more than 15 %: something else uses the machine\n";
  return text;
}

Json to_json(const std::vector<bench::Rate>& rates) {
  Json all = Json::array();
  for (const bench::Rate& r : rates) all.push_back({{"threads", r.threads}, {"median", r.median}, {"best", r.best}});
  return all;
}

void add_machine(Json& document, const bench::Machine& m) {
  document["machine"] = {{"processor", m.processor}, {"cores", m.cores}, {"simd", m.simd}};
  document["peak"] = {{"fp32_gflops", to_json(m.fp32_gflops)}, {"bf16_gflops", to_json(m.bf16_gflops)}};
  Json read = Json::array();
  for (const bench::Bandwidth& b : m.read) {
    read.push_back({{"bytes", b.bytes}, {"gb_per_second", b.median}, {"best", b.best}});
  }
  document["read"] = std::move(read);
  document["store_gb_per_second"] = to_json(m.store);
}

Json to_json(const bench::StepProfile& p) {
  Json parts = Json::array();
  for (const bench::StepPart& part : p.parts) {
    parts.push_back({{"name", part.name}, {"seconds", part.seconds}, {"flops", part.flops}});
  }
  Json steps = Json::array();
  for (const bench::StepTime& s : p.steps) {
    steps.push_back({{"threads", s.threads},
                     {"seconds", s.seconds.median},
                     {"best", s.seconds.best},
                     {"floor", s.floor},
                     {"share", s.share()}});
  }
  return {{"flops", p.flops}, {"optimizer_seconds", p.optimizer_seconds}, {"parts", parts}, {"steps", steps}};
}

int Bench::run() {
  settings->apply();
  training.finish(*settings);
  if (settings->print_config()) {
    print(settings->toml());
    return kOk;
  }
  if (!only.empty() && only != "machine" && only != "step") {
    throw Error(ErrorKind::usage, "cli", fmt::format("only: '{}' given, allowed are machine and step", only));
  }
  ThreadPool pool(common.thread_count());
  Json document = {{"schema", 1}, {"command", "bench"}, {"version", version()}};
  std::string text;
  const auto say = [&](const char* what) {
    if (!common.quiet) note("{}\n", what);
  };
  if (only != "step") {
    say("measuring the machine, about two seconds");
    const bench::Machine m = bench::measure_machine(pool);
    add_machine(document, m);
    text += machine_text(m);
  }
  if (only != "machine") {
    say("measuring training steps");
    const LoadedData data = load(source);
    const train::TrainOptions& o = training.options;
    const data::Dataset part = some_of(data.train, o.batch * kSteps);
    const bench::StepProfile p = bench::profile_step(o, part, pool);
    document["options"] = o.fingerprint();
    document["step"] = to_json(p);
    text += (text.empty() ? "" : "\n") + step_text(p, o, part);
  }
  if (common.json) {
    print_json(document);
  } else {
    print(text);
  }
  return kOk;
}

}  // namespace

void add_bench(Command app) {
  const Command command =
      app.subcommand("bench", "Measure what this machine reaches and where a training step's time goes");
  auto state = std::make_shared<Bench>();
  state->common.add_to(command);
  std::vector<Setting> all = state->training.settings(true);
  for (Setting& s : state->source.settings()) all.push_back(std::move(s));
  all.push_back(text_setting("only", "PART", "machine or step", state->only));
  state->settings = std::make_unique<Settings>(std::move(all));
  state->settings->add_to(command);
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
