#include "cli/calibration_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fanin/report/table.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

bool has_ratios(const init::DataReport& report) {
  return std::any_of(report.layers.begin(), report.layers.end(),
                     [](const init::LayerReport& l) { return l.gradient_ratio_after.has_value(); });
}

bool has_directions(const init::DataReport& report) {
  return std::any_of(report.layers.begin(), report.layers.end(),
                     [](const init::LayerReport& l) { return l.directions > 0; });
}

Json optional_number(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::string number(double x) {
  return fmt::format("{:.4g}", x);
}

// The least and the largest of a figure over the layers, `1.00` where they are one.
template <typename Figure>
std::string range(const init::DataReport& report, Figure figure) {
  double least = figure(report.layers.front());
  double most = least;
  for (const init::LayerReport& l : report.layers) {
    least = std::min(least, figure(l));
    most = std::max(most, figure(l));
  }
  const std::string from = fmt::format("{:.2g}", least);
  const std::string to = fmt::format("{:.2g}", most);
  return from == to ? from : fmt::format("{} to {}", from, to);
}

}  // namespace

std::string calibration_text(const init::DataReport& report, double seconds) {
  const bool ratios = has_ratios(report);
  const bool directions = has_directions(report);
  report::Table table;
  table.column("layer", report::Table::Align::left);
  for (const char* heading :
       {"units", "rows", "std\nbefore", "std\nafter", "of one\nunit", "mean\nafter", "weights\ntimes", "steps"}) {
    table.column(heading);
  }
  if (directions) table.column("directions");
  if (ratios) {
    table.column("gradient\nratio before");
    table.column("gradient\nratio after");
  }
  for (const init::LayerReport& l : report.layers) {
    std::vector<std::string> row{l.name, fmt::format("{}", l.units), fmt::format("{}", l.rows), number(l.std_before),
                                 number(l.std_after), number(l.unit_std_after),
                                 // Rounding errors of a mean of 0 are no figures.
                                 fmt::format("{:.4f}", l.mean_after), number(l.scale), fmt::format("{}", l.steps)};
    if (directions) row.push_back(fmt::format("{}", l.directions));
    if (ratios) {
      row.push_back(l.gradient_ratio_before ? number(*l.gradient_ratio_before) : "-");
      row.push_back(l.gradient_ratio_after ? number(*l.gradient_ratio_after) : "-");
    }
    table.row(std::move(row));
  }
  std::string text = fmt::format("{}: {:.2f} s\n{}", report.method, seconds, table.text());
  for (const std::string& finding : report.findings) text += finding + "\n";
  return text;
}

std::string calibration_line(const init::DataReport& report) {
  std::string text = fmt::format("{}: std {} before, {} after", report.method,
                                 range(report, [](const init::LayerReport& l) { return l.std_before; }),
                                 range(report, [](const init::LayerReport& l) { return l.std_after; }));
  if (has_ratios(report)) {
    text += fmt::format("; gradient ratios {} before, {} after",
                        range(report, [](const init::LayerReport& l) { return l.gradient_ratio_before.value_or(0); }),
                        range(report, [](const init::LayerReport& l) { return l.gradient_ratio_after.value_or(0); }));
  }
  if (!report.findings.empty()) text += fmt::format("; {}", fmt::join(report.findings, "; "));
  return text;
}

Json to_json(const init::DataReport& report) {
  Json layers = Json::array();
  for (const init::LayerReport& l : report.layers) {
    layers.push_back({{"name", l.name},
                      {"units", l.units},
                      {"rows", l.rows},
                      {"mean_before", l.mean_before},
                      {"std_before", l.std_before},
                      {"mean_after", l.mean_after},
                      {"std_after", l.std_after},
                      {"unit_std_after", l.unit_std_after},
                      {"steps", l.steps},
                      {"scale", l.scale},
                      {"constant_units", l.constant},
                      {"directions", l.directions},
                      {"converged", l.converged},
                      {"gradient_ratio_before", optional_number(l.gradient_ratio_before)},
                      {"gradient_ratio_after", optional_number(l.gradient_ratio_after)}});
  }
  return {{"method", report.method},
          {"layers", std::move(layers)},
          {"gradient_rounds", report.gradient_rounds},
          {"findings", report.findings}};
}

}  // namespace fanin::cli
