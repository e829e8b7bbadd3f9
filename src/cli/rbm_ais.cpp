#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <numbers>
#include <numeric>
#include <optional>

#include "fanin/core/error.h"
#include "fanin/data/statistics.h"
#include "fanin/rbm/ais.h"
#include "fanin/rbm/likelihood.h"
#include "fanin/rbm/partition.h"
#include "fanin/train/rbm_measures.h"

#include "cli/command.h"
#include "cli/rbm_commands.h"
#include "cli/rbm_file.h"
#include "cli/rbm_settings.h"
#include "cli/settings.h"
#include "cli/terminal.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

// Fewer steps than this say little (temperatures are cheap, wrong figures are not).
constexpr std::size_t kFewTemperatures = 1000;
constexpr double kWideGap = 2;  // nats

struct RbmAis {
  Common common;
  std::string file;
  RbmInput input;
  rbm::AisOptions options;
  bool linear = false;
  bool reverse = true;
  bool uniform_base = false;
  std::string part = "test";
  std::unique_ptr<Settings> settings;

  int run();
};

std::vector<std::uint32_t> first_samples(std::size_t n) {
  std::vector<std::uint32_t> indices(n);
  std::iota(indices.begin(), indices.end(), 0U);
  return indices;
}

std::vector<float> base_rates(const rbm::Rbm& machine, const train::RbmData& data) {
  const std::size_t v = machine.visible();
  const std::size_t n = data.data->size();
  std::vector<double> sum(v);
  std::vector<float> row(v);
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint32_t one[] = {i};
    data.rows(machine, 0, one, {row.data(), 1, v});
    for (std::size_t j = 0; j < v; ++j) sum[j] += static_cast<double>(row[j]);
  }
  std::vector<float> bias(v);
  for (std::size_t j = 0; j < v; ++j) {
    // One sample more of each kind keeps the logit of a constant finite.
    bias[j] = static_cast<float>(std::log((sum[j] + 1) / (static_cast<double>(n) - sum[j] + 1)));
  }
  return bias;
}

Json number(double x) {
  return std::isfinite(x) ? Json(x) : Json(nullptr);
}

Json to_json(const rbm::AisResult& r, double log_likelihood) {
  return {{"log_z", number(r.log_z)},
          {"log_z_low", number(r.log_z_low)},
          {"log_z_high", number(r.log_z_high)},
          {"ess", r.ess},
          {"chains", r.chains},
          {"temperatures", r.temperatures},
          {"log_likelihood", number(log_likelihood)}};
}

std::string line(const char* name, const rbm::AisResult& r, double minus_free_energy, std::size_t visible) {
  const double log_p = minus_free_energy - r.log_z;
  return fmt::format(
      "{:<12} log Z {:.3f} [{:.3f}, {:.3f}] (3 standard errors), effective chains {:.1f} of {}\n"
      "{:<12} log p {:.3f} nats a sample [{:.3f}, {:.3f}], {:.4f} bits a visible unit\n",
      name, r.log_z, r.log_z_low, r.log_z_high, r.ess, r.chains, "", log_p, minus_free_energy - r.log_z_high,
      minus_free_energy - r.log_z_low, -log_p / (static_cast<double>(visible) * std::numbers::ln2));
}

int RbmAis::run() {
  settings->apply();
  if (settings->print_config()) {
    print(settings->toml());
    return kOk;
  }
  options.schedule = linear ? rbm::AisSchedule::linear : rbm::AisSchedule::salakhutdinov;
  options.validate();
  const RbmFile loaded = open_machine(file);
  loaded.adopt(input, *settings);
  const rbm::Rbm& machine = loaded.machine();
  const LoadedData data = input.load();
  const data::Dataset& judged = chosen_part(data, part);
  if (input.binarization.kind == data::Binarization::Kind::none && !data::is_binary(judged)) {
    throw Error(ErrorKind::usage, "rbm",
                fmt::format("{} has grey values, and a log-likelihood of grey pixels as bits means nothing: choose "
                            "--binarize 0.5, sample or resample",
                            judged.name()));
  }
  ThreadPool pool(common.thread_count());
  const train::RbmData train_rows{&data.train, input.binarization, random::Stream(options.seed, "binarization")};
  const train::RbmData rows{&judged, input.binarization, random::Stream(options.seed, "binarization of test data")};
  train_rows.check(machine);
  rows.check(machine);
  std::vector<float> bias;
  if (!uniform_base) bias = base_rates(machine, train_rows);
  options.base_bias = bias;
  catch_interrupts();
  ProgressBar bar(progress_style(common.quiet));
  const auto told = [&](const char* name) {
    return [&bar, name](std::size_t step, std::size_t steps) {
      bar.update(static_cast<double>(step), static_cast<double>(steps), name);
      return !interrupted();
    };
  };
  const rbm::AisResult up = rbm::ais(machine, options, pool, told("AIS"));
  std::optional<rbm::AisResult> down;
  if (reverse && up.finished) {
    const std::size_t n = std::min(options.chains, data.train.size());
    std::vector<float> start(n * machine.visible());
    train_rows.rows(machine, 0, first_samples(n), {start.data(), n, machine.visible()});
    down = rbm::reverse_ais(machine, {start.data(), n, machine.visible()}, options, pool, told("reverse AIS"));
  }
  bar.clear();
  if (!up.finished || (down && !down->finished)) return kInterrupted;
  double minus_f = 0;
  const std::size_t n = judged.size();
  constexpr std::size_t kSlab = 1000;
  for (std::size_t first = 0; first < n; first += kSlab) {
    const std::size_t count = std::min(kSlab, n - first);
    std::vector<std::uint32_t> indices(count);
    std::iota(indices.begin(), indices.end(), static_cast<std::uint32_t>(first));
    std::vector<float> x(count * machine.visible());
    rows.rows(machine, 0, indices, {x.data(), count, machine.visible()});
    std::vector<double> f(count);
    rbm::free_energy_f64(machine, {x.data(), count, machine.visible()}, f, pool);
    minus_f -= std::accumulate(f.begin(), f.end(), 0.0);
  }
  minus_f /= static_cast<double>(n);
  std::optional<double> exact;
  if (train::can_be_exact(machine)) exact = rbm::log_partition(machine, pool);
  std::vector<train::Finding> findings;
  if (options.temperatures < kFewTemperatures) {
    findings.push_back({"W-AIS", fmt::format("{} temperatures", options.temperatures),
                        "at least 1000, better 14500: short runs give log Z too low, and so log p too high"});
  }
  if (down && std::abs(down->log_z - up.log_z) > kWideGap) {
    findings.push_back({"W-AIS",
                        fmt::format("AIS and reverse AIS are {:.2f} nats apart", std::abs(down->log_z - up.log_z)),
                        "log p lies between the two; more --temperatures and --burn-in bring them together"});
  }
  if (common.json) {
    Json document{{"schema", 1},
                  {"command", "rbm ais"},
                  {"machine", machine_str(machine.spec())},
                  {"data", data.name},
                  {"part", part},
                  {"samples", n},
                  {"binarize", binarization_str(input.binarization)},
                  {"seed", options.seed},
                  {"ais", to_json(up, minus_f - up.log_z)}};
    if (down) document["reverse_ais"] = to_json(*down, minus_f - down->log_z);
    if (exact) document["exact"] = {{"log_z", *exact}, {"log_likelihood", minus_f - *exact}};
    document["findings"] = cli::to_json(findings);
    print_json(document);
    return kOk;
  }
  std::string text =
      fmt::format("{}: {}\non {} samples of {} ({}), binarize {}, {} chains x {} temperatures, seed {}\n", file,
                  machine_str(machine.spec()), n, data.name, part, binarization_str(input.binarization), options.chains,
                  options.temperatures, options.seed);
  text += line("AIS", up, minus_f, machine.visible());
  if (down) text += line("reverse AIS", *down, minus_f, machine.visible());
  if (exact)
    text +=
        fmt::format("{:<12} log Z {:.3f}\n{:<12} log p {:.3f} nats a sample\n", "exact", *exact, "", minus_f - *exact);
  print(text + findings_text(findings));
  return kOk;
}

}  // namespace

void add_rbm_ais(Command rbm) {
  const Command command =
      rbm.subcommand("ais", "Estimate a machine's log-likelihood by annealed importance sampling, from both sides");
  auto state = std::make_shared<RbmAis>();
  command.required_argument("machine", "FILE", state->file, "A file of 'fanin rbm train'");
  state->common.add_to(command);
  std::vector<Setting> all = state->input.settings();
  all.push_back(text_setting("part", "PART", "Judge on the test or train part", state->part));
  all.push_back(count_setting("chains", "Independent runs", state->options.chains));
  all.push_back(count_setting("temperatures", "Intermediate distributions", state->options.temperatures));
  all.push_back(
      bool_setting("linear", "Temperatures at equal distances instead of denser near the machine", state->linear));
  all.push_back(
      bool_setting("uniform-base", "Start from uniform states instead of the data's base rates", state->uniform_base));
  all.push_back(
      bool_setting("reverse", "Estimate from the other side too, from training samples downwards", state->reverse));
  all.push_back(count_setting("burn-in", "Gibbs steps before a reverse run", state->options.burn_in));
  all.push_back(seed_setting("seed", "Of the chains", state->options.seed));
  state->settings = std::make_unique<Settings>(std::move(all));
  state->settings->add_to(command);
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
