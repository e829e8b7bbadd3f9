#include "cli/init_plan.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "fanin/core/error.h"
#include "fanin/core/version.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/plan_file.h"

#include "cli/plan_report.h"
#include "cli/recipe_report.h"
#include "cli/terminal.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

// Ctrl-C while a file is written: the way out that removes what was written.
struct Interrupted {};

}  // namespace

void PlanFlags::add_to(Command command) {
  command.argument(
      "spec", "SPEC", spec,
      "A model to initialize: a description (*.json, *.toml), a safetensors file, or an index (*.index.json)");
  steps.add_to(command, "");
  command.list("--set", "TRAITS", overrides,
               "'GLOB -> role=weight, kind=conv, groups=4, part=mlp_out, ...': what names and shapes do not tell");
  command.flag("--ordered", ordered, "Of rules that match the same parameter the later one wins");
  command.option("--dtype", "NAME", dtype, "f32, bf16 or f16: the float32 values rounded once; default: as in SPEC");
  command.option("--shard", "K/N", shard, "Only part K of N: the rows of every tensor from R (K-1)/N to R K/N");
  command.flag("--dry-run", dry_run, "Show the plan and write nothing");
}

bool PlanFlags::given() const {
  return !spec.empty() || !steps.empty() || !steps.base_spec.empty() || !overrides.empty() || !dtype.empty() ||
         !shard.empty() || ordered || dry_run;
}

int run_plan(const PlanFlags& flags, const Common& common, PlanRun run) {
  if (!flags.dtype.empty()) run.source.spec = run.source.spec.with_dtype(init::parse_float_type(flags.dtype));
  const ResolvedPlan resolved = flags.steps.resolve(run.source.spec, flags.ordered, flags.overrides);
  const init::Plan& plan = resolved.plan;
  std::string names;
  for (const init::RecipeOutcome& r : resolved.recipes) names += (names.empty() ? "" : "; ") + r.recipe;
  if (!names.empty()) run.metadata["fanin.recipe"] = names;
  io::PlanFileOptions options{.seed = run.seed, .metadata = std::move(run.metadata)};
  if (!flags.shard.empty()) options.shard = init::Shard::parse(flags.shard);
  if (run.source.files) options.loaded = &*run.source.files;
  std::uint64_t bytes = 0;
  std::string beside;
  if (!flags.dry_run) {
    ThreadPool pool(common.thread_count());
    io::check_writable(run.output);
    if (!io::is_written_straight(run.output)) beside = io::certificate_path(run.output).string();
    catch_interrupts();
    ProgressBar bar(progress_style(common.quiet) == ProgressStyle::bar ? ProgressStyle::bar : ProgressStyle::none);
    options.progress = [&](std::uint64_t done, std::uint64_t total) {
      if (interrupted()) throw Interrupted{};
      bytes = total;
      bar.update(static_cast<double>(done), static_cast<double>(total), "writing");
    };
    try {
      const io::Certificate certificate = io::write_plan(run.output, plan, options, pool);
      if (!beside.empty()) io::write_text_file(beside, certificate.json(true) + "\n");
    } catch (const Interrupted&) {
      return kInterrupted;
    }
  }
  if (common.json) {
    Json rules = Json::array();
    for (const init::PlanRule& rule : plan.rules()) rules.push_back(rule.str());
    Json document{{"schema", 1},
                  {"command", "init"},
                  {"version", version()},
                  {"seed", run.seed},
                  {"dry_run", flags.dry_run},
                  {"ordered", plan.ordered()},
                  {"shard", options.shard.is_whole() ? Json() : Json(options.shard.str())},
                  {"rules", std::move(rules)},
                  {"parameters", plan_json(plan)}};
    if (!resolved.recipes.empty()) document["recipes"] = recipes_json(resolved.recipes);
    if (!flags.dry_run) {
      document["bytes"] = bytes;
      document["files"] = {{"weights", run.output}, {"certificate", beside.empty() ? Json() : Json(beside)}};
    }
    print_json(document);
    return kOk;
  }
  std::string text = fmt::format("{} parameters, {} numbers, seed {}\n\n{}", plan.entries().size(),
                                 run.source.spec.elements(), run.seed, plan_table(plan));
  text += recipes_text(resolved.recipes);
  if (flags.dry_run) {
    const std::string inferred = inference_text(plan);
    text += fmt::format("{}{}\ndry run, nothing is written\n", inferred.empty() ? "" : "\n", inferred);
  } else {
    text += fmt::format("\nwrote {}{} ({}){}\n", run.output,
                        options.shard.is_whole() ? "" : fmt::format(", part {} of every tensor", options.shard.str()),
                        size_text(static_cast<double>(bytes)), beside.empty() ? "" : " and " + beside);
  }
  print(text);
  return kOk;
}

}  // namespace fanin::cli
