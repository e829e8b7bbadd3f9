#include "cli/recipe_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <tuple>
#include <vector>

#include "fanin/report/table.h"

#include "cli/wrapped.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string rates_table(std::span<const init::LearningRate> rates) {
  constexpr std::size_t kMostNames = 2;
  std::vector<std::pair<const init::LearningRate*, std::vector<std::string>>> groups;
  const auto key = [](const init::LearningRate& r) { return std::tie(r.of, r.adam, r.sgd); };
  for (const init::LearningRate& r : rates) {
    auto at = groups.begin();
    while (at != groups.end() && key(*at->first) != key(r)) ++at;
    if (at == groups.end()) at = groups.insert(groups.end(), {&r, {}});
    at->second.push_back(r.parameter);
  }
  report::Table table;
  table.column("grows as", report::Table::Align::left);
  for (const char* heading : {"Adam's rate\ntimes", "SGD's rate\ntimes", "parameters"}) table.column(heading);
  table.column("such as", report::Table::Align::left);
  for (const auto& [rate, names] : groups) {
    const std::size_t shown = std::min(names.size(), kMostNames);
    table.row({rate->of, fmt::format("{:.6g}", rate->adam), fmt::format("{:.6g}", rate->sgd),
               fmt::format("{}", names.size()),
               fmt::format("{}", fmt::join(names.begin(), names.begin() + shown, ", "))});
  }
  return table.text();
}

std::string entry(const init::RecipeInfo& r) {
  std::string text = r.parameters.empty() ? r.name + '\n' : fmt::format("{}({})\n", r.name, r.parameters);
  text += wrapped("    ", r.formula);
  if (!r.aliases.empty()) text += wrapped("    also ", fmt::format("{}", fmt::join(r.aliases, ", ")));
  return text + wrapped("    ", r.source);
}

}  // namespace

std::string recipes_text(std::span<const init::RecipeOutcome> recipes) {
  std::string text;
  for (const init::RecipeOutcome& r : recipes) {
    if (r.constants.empty() && r.architecture.empty() && r.learning_rates.empty()) continue;
    text += fmt::format("\nrecipe {}\n", r.recipe);
    for (const auto& [name, value] : r.constants) text += fmt::format("  {} = {:.9g}\n", name, value);
    if (!r.architecture.empty()) text += "the weights alone are not the recipe:\n";
    for (const std::string& sentence : r.architecture) text += wrapped("  - ", sentence);
    if (!r.learning_rates.empty()) {
      text += "learning rates against those at the base width:\n" + rates_table(r.learning_rates);
    }
  }
  return text;
}

Json recipes_json(std::span<const init::RecipeOutcome> recipes) {
  Json all = Json::array();
  for (const init::RecipeOutcome& r : recipes) {
    Json constants = Json::object();
    for (const auto& [name, value] : r.constants) constants[name] = value;
    Json rates = Json::array();
    for (const init::LearningRate& rate : r.learning_rates) {
      rates.push_back({{"parameter", rate.parameter}, {"of", rate.of}, {"adam", rate.adam}, {"sgd", rate.sgd}});
    }
    all.push_back({{"recipe", r.recipe},
                   {"constants", std::move(constants)},
                   {"architecture", r.architecture},
                   {"learning_rates", std::move(rates)}});
  }
  return all;
}

std::string recipe_list_text() {
  std::string text;
  for (const init::RecipeInfo& r : init::recipes()) text += entry(r) + "\n";
  return text + fmt::format("{} recipes; 'fanin init SPEC --recipe RECIPE --dry-run' shows the rules of one\n",
                            init::recipes().size());
}

Json recipe_list_json() {
  Json all = Json::array();
  for (const init::RecipeInfo& r : init::recipes()) {
    all.push_back({{"name", r.name},
                   {"aliases", r.aliases},
                   {"parameters", r.parameters},
                   {"formula", r.formula},
                   {"source", r.source}});
  }
  return all;
}

}  // namespace fanin::cli
