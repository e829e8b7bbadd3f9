#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/plan_steps.h"
#include "cli/settings.h"
#include "cli/spec_source.h"

namespace fanin::cli {

/// The flags of `fanin init SPEC`: a model's parameters filled by the rules of a plan.
struct PlanFlags {
  std::string spec;
  PlanSteps steps;
  std::vector<std::string> overrides;
  std::string dtype;
  std::string shard;
  bool ordered = false;
  bool dry_run = false;

  void add_to(Command command);
  /// Whether the command line asks for a plan at all.
  [[nodiscard]] bool given() const;
};

/// What one run of a plan works on.
struct PlanRun {
  SpecSource source;
  std::map<std::string, std::string> metadata{};
  std::string output;  ///< empty in a dry run
  std::uint64_t seed = 0;
};

/// Resolves the plan, shows it, and unless this is a dry run writes the file. Gives the exit code.
int run_plan(const PlanFlags& flags, const Common& common, PlanRun run);

}  // namespace fanin::cli
