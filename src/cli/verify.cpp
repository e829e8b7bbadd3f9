#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/core/version.h"
#include "fanin/io/certificate.h"
#include "fanin/io/verify_file.h"
#include "fanin/report/table.h"

#include "cli/command.h"
#include "cli/plan_steps.h"
#include "cli/spec_source.h"
#include "cli/terminal.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Interrupted {};

struct Verify {
  Common common;
  std::string file;
  std::string certificate;
  PlanSteps steps;
  std::vector<std::string> overrides;
  bool ordered = false;
  std::string seed;

  int run() const;

 private:
  /// The plan to hold the file to, and where it comes from.
  struct Promise {
    init::Plan plan;
    io::VerifyOptions options;
    std::string from;
    bool certificates_differ = false;
  };
  [[nodiscard]] Promise promise(const io::ModelFiles& model) const;
};

Verify::Promise Verify::promise(const io::ModelFiles& model) const {
  Promise result;
  if (!steps.empty()) {
    if (!certificate.empty()) {
      throw Error(ErrorKind::usage, "cli",
                  "--rule or --recipe and --certificate both say what is promised, give one of them");
    }
    result.plan = steps.resolve(load_spec(file, overrides).spec, ordered, overrides).plan;
    if (!seed.empty()) {
      const auto n = parse_unsigned(seed);
      if (!n) {
        throw Error(ErrorKind::usage, "cli",
                    fmt::format("seed: '{}' given, allowed is a whole number from 0 to 2^64-1", seed));
      }
      result.options.seed = *n;
    }
    result.from = "the rules given";
    return result;
  }
  if (!overrides.empty() || ordered || !seed.empty() || !steps.base_spec.empty()) {
    throw Error(ErrorKind::usage, "cli",
                "--set, --ordered, --seed and --base-spec go with --rule or --recipe; a certificate says all of it");
  }
  io::FoundCertificate found;
  if (certificate.empty()) {
    found = io::find_certificate(file, model);
  } else {
    found.certificate = io::read_certificate(certificate);
    found.place = certificate;
  }
  if (!found.certificate) {
    throw Error(
        ErrorKind::usage, "cli",
        fmt::format("{} has no certificate; --certificate FILE names one, --rule or --recipe says what is promised",
                    file));
  }
  result.plan = found.certificate->plan;
  result.options.shard = found.certificate->shard;
  result.options.seed = found.certificate->seed;
  result.options.sha256 = found.certificate->sha256;
  result.from = fmt::format("the certificate ({})", found.place);
  result.certificates_differ = found.differ;
  return result;
}

const init::Check* check_of(const io::TensorReport& t, std::string_view name) {
  if (!t.verdict) return nullptr;
  for (const init::Check& c : t.verdict->checks) {
    if (c.name == name) return &c;
  }
  return nullptr;
}

std::string figure(const io::TensorReport& t, std::string_view name) {
  const init::Check* c = check_of(t, name);
  return c == nullptr ? "-" : fmt::format("{:.3g} ({:.2g})", c->value, c->limit);
}

std::string table_of(const io::FileReport& report) {
  report::Table table;
  table.column("parameter", report::Table::Align::left);
  for (const char* heading :
       {"elements", "mean", "std", "zeros", "mean in\nerrors", "variance\noff by", "KS", "orthogonal\nresidual"}) {
    table.column(heading);
  }
  table.column("verdict", report::Table::Align::left);
  for (const io::TensorReport& t : report.tensors) {
    const char* verdict = !t.findings.empty() ? "FINDING" : t.verdict ? "ok" : "not judged";
    if (!t.verdict) {
      table.row({t.name, "-", "-", "-", "-", "-", "-", "-", "-", verdict});
      continue;
    }
    const init::Verdict& v = *t.verdict;
    table.row({t.name, fmt::format("{}", v.elements), fmt::format("{:.3g}", v.mean), fmt::format("{:.5g}", v.std),
               fmt::format("{}", v.zeros), figure(t, "mean"), figure(t, "variance"), figure(t, "ks"),
               figure(t, "orthogonal"), verdict});
  }
  return table.text();
}

Json to_json(const io::TensorReport& t) {
  Json one{{"name", t.name}, {"passed", t.findings.empty()}, {"different", t.different}};
  if (t.first_different) one["first_different"] = *t.first_different;
  if (t.verdict) {
    const init::Verdict& v = *t.verdict;
    one.update({{"elements", v.elements}, {"mean", v.mean}, {"std", v.std}, {"zeros", v.zeros}});
    if (std::isfinite(v.min)) one.update({{"min", v.min}, {"max", v.max}});
    one["checks"] = Json::array();
    for (const init::Check& c : v.checks) {
      one["checks"].push_back({{"name", c.name}, {"value", c.value}, {"limit", c.limit}, {"passed", c.passed()}});
    }
  }
  one["findings"] = t.findings;
  return one;
}

int Verify::run() const {
  const io::ModelFiles model = io::ModelFiles::open(file);
  Promise promised = promise(model);
  ThreadPool pool(common.thread_count());
  catch_interrupts();
  ProgressBar bar(progress_style(common.quiet) == ProgressStyle::bar ? ProgressStyle::bar : ProgressStyle::none);
  promised.options.progress = [&](std::uint64_t done, std::uint64_t total) {
    if (interrupted()) throw Interrupted{};
    bar.update(static_cast<double>(done), static_cast<double>(total), "verifying");
  };
  io::FileReport report;
  try {
    report = io::verify_files(model, promised.plan, promised.options, pool);
  } catch (const Interrupted&) {
    return kInterrupted;
  }
  bar.clear();
  std::vector<std::string> findings;
  if (promised.certificates_differ)
    findings.emplace_back("the certificate within the file and the one beside it differ");
  for (const io::TensorReport& t : report.tensors) {
    for (const std::string& f : t.findings) findings.push_back(fmt::format("'{}': {}", t.name, f));
  }
  const int code = findings.empty() ? kOk : kFindings;
  if (common.json) {
    Json tensors = Json::array();
    for (const io::TensorReport& t : report.tensors) tensors.push_back(to_json(t));
    print_json({{"schema", 1},
                {"command", "verify"},
                {"version", version()},
                {"file", file},
                {"promised_by", promised.from},
                {"recomputed", promised.options.seed.has_value()},
                {"false_alarm", init::kFalseAlarm},
                {"passed", findings.empty()},
                {"tensors", std::move(tensors)},
                {"findings", findings}});
    return code;
  }
  std::string text = fmt::format("{}, held to {}\n\n{}\n", file, promised.from, table_of(report));
  text += fmt::format(
      "in parentheses: limits for all {} parameters together; a file that is as promised has a finding "
      "with a probability below {:g}\n",
      promised.plan.entries().size(), init::kFalseAlarm);
  for (const std::string& f : findings) text += "finding: " + f + "\n";
  text += findings.empty() ? fmt::format("ok{}\n", promised.options.seed ? ", byte by byte" : "")
                           : fmt::format("{} finding{}\n", findings.size(), findings.size() == 1 ? "" : "s");
  print(text);
  return code;
}

}  // namespace

void add_verify(Command app) {
  const Command command =
      app.subcommand("verify", "Hold a file's tensors to its certificate or to rules: laws, bytes, checksums");
  auto state = std::make_shared<Verify>();
  command.required_argument("file", "FILE", state->file, "A safetensors file, or an index (*.index.json)");
  command.option("--certificate", "FILE", state->certificate, "Hold the file to this certificate instead of its own");
  state->steps.add_to(command, "Hold the file to these instead, as in fanin init: ");
  command.list("--set", "TRAITS", state->overrides,
               "With --rule or --recipe: what names and shapes do not tell, as in fanin init");
  command.flag("--ordered", state->ordered, "With --rule or --recipe: the later of two rules wins");
  command.option("--seed", "N", state->seed, "With --rule or --recipe: make the tensors again and compare");
  state->common.add_to(command);
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
