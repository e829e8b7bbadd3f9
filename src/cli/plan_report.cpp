#include "cli/plan_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "fanin/report/table.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string number(double x) {
  if (std::isinf(x)) return "-";
  return x == 0 ? "0" : fmt::format("{:.5g}", x);
}

std::string fan_text(double x) {
  return std::isnan(x) ? "?" : fmt::format("{:g}", x);
}

}  // namespace

std::string plan_table(const init::Plan& plan) {
  std::vector<std::size_t> counts(plan.rules().size());
  for (const init::PlanEntry& e : plan.entries()) {
    if (e.rule) ++counts[*e.rule];
  }
  report::Table rules;
  rules.column("rule");
  rules.column("selector -> scheme", report::Table::Align::left);
  rules.column("parameters");
  for (std::size_t i = 0; i < counts.size(); ++i) {
    rules.row({fmt::format("{}", i + 1), plan.rules()[i].str(), fmt::format("{}", counts[i])});
  }
  report::Table table;
  table.column("parameter", report::Table::Align::left);
  table.column("shape", report::Table::Align::left);
  for (const char* heading : {"dtype", "role", "kind"}) table.column(heading, report::Table::Align::left);
  const auto any = [&](auto has) { return std::any_of(plan.entries().begin(), plan.entries().end(), has); };
  const bool parts = any([](const init::PlanEntry& e) { return e.parameter.part.has_value(); });
  const bool stacks = any([](const init::PlanEntry& e) { return e.parameter.stack.has_value(); });
  const bool blocks = any([](const init::PlanEntry& e) { return e.parameter.block.has_value(); });
  if (parts) table.column("part", report::Table::Align::left);
  if (stacks) table.column("stack", report::Table::Align::left);
  if (blocks) table.column("block");
  for (const char* heading : {"depth", "fan_in", "fan_out", "rule", "std", "low", "high"}) table.column(heading);
  for (const init::PlanEntry& e : plan.entries()) {
    const init::ParameterSpec& p = e.parameter;
    std::vector<std::string> cells{p.name, p.shape.str(), std::string(to_string(p.dtype)),
                                   std::string(to_string(p.role)), std::string(to_string(p.kind))};
    if (parts) cells.push_back(p.part ? std::string(to_string(*p.part)) : "-");
    if (stacks) cells.push_back(p.stack ? std::string(to_string(*p.stack)) : "-");
    if (blocks) cells.push_back(p.block ? fmt::format("{}", *p.block) : "-");
    for (const std::string& cell :
         {p.depth ? fmt::format("{}", *p.depth) : "-", fan_text(p.fans.in), fan_text(p.fans.out)}) {
      cells.push_back(cell);
    }
    if (e.rule) {
      for (const std::string& cell :
           {fmt::format("{}", *e.rule + 1), number(e.expected.std), number(e.expected.low), number(e.expected.high)}) {
        cells.push_back(cell);
      }
    } else {
      for (const std::string& cell :
           {std::string(to_string(p.state)), std::string("-"), std::string("-"), std::string("-")}) {
        cells.push_back(cell);
      }
    }
    table.row(std::move(cells));
  }
  return rules.text() + "\n" + table.text();
}

std::string inference_text(const init::Plan& plan) {
  constexpr std::size_t kMostNames = 3;
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (const init::PlanEntry& e : plan.entries()) {
    const init::ParameterSpec& p = e.parameter;
    if (p.reason.empty()) continue;
    // Biases differ in the name of their weight alone.
    std::string reason = p.reason;
    if (reason.starts_with("the bias beside")) {
      const std::size_t rest = reason.find(", with its fans") + std::string_view(", with its fans").size();
      reason = "a bias, with the fans of the weight beside it" + reason.substr(std::min(rest, reason.size()));
    }
    auto at = groups.begin();
    while (at != groups.end() && at->first != reason) ++at;
    if (at == groups.end()) at = groups.insert(groups.end(), {reason, {}});
    at->second.push_back(p.name);
  }
  if (groups.empty()) return "";
  std::string text =
      "inferred from names and shapes (--set 'NAME -> role=..., kind=..., fan_in=..., part=...' says otherwise):\n";
  for (const auto& [reason, names] : groups) {
    std::string list;
    for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i) list += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > kMostNames) list += fmt::format(" and {} more", names.size() - kMostNames);
    text += fmt::format("  {}: {}\n", reason, list);
  }
  return text;
}

Json plan_json(const init::Plan& plan) {
  Json parameters = Json::array();
  for (const init::PlanEntry& e : plan.entries()) {
    const init::ParameterSpec& p = e.parameter;
    Json shape = Json::array();
    for (const std::size_t extent : p.shape) shape.push_back(extent);
    Json one{{"name", p.name},
             {"shape", std::move(shape)},
             {"dtype", to_string(p.dtype)},
             {"role", to_string(p.role)},
             {"kind", to_string(p.kind)},
             {"depth", p.depth ? Json(*p.depth) : Json()},
             {"part", p.part ? Json(to_string(*p.part)) : Json()},
             {"block", p.block ? Json(*p.block) : Json()},
             {"stack", p.stack ? Json(to_string(*p.stack)) : Json()},
             {"fan_in", p.fans.in},
             {"fan_out", p.fans.out},
             {"state", to_string(p.state)},
             {"reason", p.reason}};
    if (e.rule) {
      one["rule"] = plan.rules()[*e.rule].str();
      one["expected_mean"] = e.expected.mean;
      one["expected_std"] = e.expected.std;
      one["low"] = std::isinf(e.expected.low) ? Json() : Json(e.expected.low);
      one["high"] = std::isinf(e.expected.high) ? Json() : Json(e.expected.high);
    }
    parameters.push_back(std::move(one));
  }
  return parameters;
}

std::string size_text(double bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

}  // namespace fanin::cli
