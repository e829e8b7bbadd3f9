#include "fanin/init/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/core/version.h"
#include "fanin/report/table.h"

#include "cli/command.h"
#include "cli/wrapped.h"

namespace fanin::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Explain {
  Common common;
  std::string name;
  std::string shape;
  std::string fan_in;
  std::string fan_out;
  bool compare = false;

  int run() const;
  [[nodiscard]] Shape shape_wanted() const;
  [[nodiscard]] init::Fans fans_wanted(const Shape& of) const;
};

[[noreturn]] void fail(const std::string& sentence) {
  throw Error(ErrorKind::usage, "explain", sentence);
}

Shape Explain::shape_wanted() const {
  if (shape.empty()) return {256, 784};
  std::vector<std::size_t> extents;
  for (const std::string& part : split_outside_parentheses(shape, 'x')) {
    const auto n = parse_unsigned(part);
    if (!n || *n == 0 || *n > 1U << 30) {
      fail(fmt::format("--shape: '{}' given, allowed are whole numbers from 1 to 2^30 with x between, as 256x784",
                       shape.substr(0, 60)));
    }
    extents.push_back(*n);
  }
  return Shape(std::span<const std::size_t>(extents));
}

init::Fans Explain::fans_wanted(const Shape& of) const {
  init::Fans fans = init::plain_fans(of);
  const auto read = [](const std::string& text, std::string_view flag, double& fan) {
    if (text.empty()) return;
    const auto n = parse_number(text);
    if (!n || !(*n > 0)) fail(fmt::format("--{}: '{}' given, allowed are numbers above 0", flag, text.substr(0, 60)));
    fan = *n;
  };
  read(fan_in, "fan-in", fans.in);
  read(fan_out, "fan-out", fans.out);
  return fans;
}

std::string number(double x) {
  return std::isfinite(x) ? fmt::format("{:.5g}", x) : std::string("-");
}

std::string tensor_words(const Shape& shape, init::Fans fans) {
  const auto words = [](double fan) { return std::isnan(fan) ? std::string("unknown") : fmt::format("{:g}", fan); };
  return fmt::format("{}, fan_in {}, fan_out {}", shape.str(), words(fans.in), words(fans.out));
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

report::Table table_of(const std::vector<init::Meaning>& rows, std::string_view ratio) {
  report::Table table;
  table.column("", report::Table::Align::left);
  table.column("scheme", report::Table::Align::left);
  table.column("distribution", report::Table::Align::left);
  table.column("fan", report::Table::Align::left);
  for (const char* heading : {"std", "low", "high"}) table.column(heading);
  table.column(std::string(ratio));
  table.column("remark", report::Table::Align::left);
  for (const init::Meaning& row : rows) {
    const auto& e = row.figures.expected;
    const auto cell = [&](double init::Expected::*of) { return e ? number((*e).*of) : std::string("-"); };
    table.row({row.owner, or_dash(row.scheme), or_dash(row.figures.distribution), or_dash(row.fan),
               cell(&init::Expected::std), cell(&init::Expected::low), cell(&init::Expected::high),
               std::isnan(row.ratio) ? "-" : fmt::format("{:.4f}", row.ratio),
               row.scheme.empty()            ? "no such scheme"
               : row.figures.problem.empty() ? row.remark
                                             : "cannot fill this shape"});
  }
  return table;
}

// JSON has no infinity and no NaN: null.
Json finite(double x) {
  return std::isfinite(x) ? Json(x) : Json();
}

Json to_json(const init::Figures& f) {
  Json json = {{"distribution", f.distribution}, {"law", f.law}};
  if (f.expected) {
    json["mean"] = finite(f.expected->mean);
    json["std"] = finite(f.expected->std);
    json["low"] = finite(f.expected->low);
    json["high"] = finite(f.expected->high);
  }
  if (!f.problem.empty()) json["problem"] = f.problem;
  return json;
}

Json to_json(const std::vector<init::Meaning>& rows) {
  Json list = Json::array();
  for (const init::Meaning& row : rows) {
    Json json = {{"owner", row.owner}, {"scheme", row.scheme.empty() ? Json() : Json(row.scheme)}, {"fan", row.fan}};
    json.update(to_json(row.figures));
    json["ratio"] = finite(row.ratio);
    json["remark"] = row.remark;
    list.push_back(std::move(json));
  }
  return list;
}

Json head(const Shape& shape, init::Fans fans) {
  return {{"schema", 1},
          {"command", "explain"},
          {"version", version()},
          {"shape", std::vector<std::size_t>(shape.begin(), shape.end())},
          {"fan_in", finite(fans.in)},
          {"fan_out", finite(fans.out)}};
}

void print_comparison(const init::Comparison& c, bool json) {
  if (json) {
    Json document = head(c.shape, c.fans);
    document["compared"] = c.of;
    document["aliases"] = c.aliases;
    document["layer"] = c.layer;
    document["rows"] = to_json(c.rows);
    return print_json(document);
  }
  std::string text = c.of;
  if (!c.aliases.empty()) text += fmt::format(", also {},", fmt::join(c.aliases, ", "));
  text += fmt::format(" for {}\n\n", tensor_words(c.shape, c.fans));
  print((c.layer ? "the default of a layer: " + text : text) + table_of(c.rows, "ratio").text());
}

void print_explanation(const init::Explanation& e, bool json) {
  const init::SchemeInfo& info = *e.info;
  if (json) {
    Json document = head(e.shape, e.fans);
    document["scheme"] = e.scheme;
    document["name"] = info.name;
    document["aliases"] = info.aliases;
    document["parameters"] = info.parameters;
    document["formula"] = info.formula;
    document["source"] = info.source;
    if (info.dialect) {
      document["framework"] = to_string(info.dialect->framework);
      document["differs"] = info.dialect->differs;
    }
    document["fan"] = e.fan;
    if (e.counted) document["counted"] = {{"fan_in", e.counted->in}, {"fan_out", e.counted->out}};
    document.update(to_json(e.figures));
    document["elsewhere"] = to_json(e.elsewhere);
    return print_json(document);
  }
  std::string text = e.scheme + "\n";
  if (!info.parameters.empty()) text += wrapped("  written     ", fmt::format("{}({})", info.name, info.parameters));
  if (!info.aliases.empty()) text += wrapped("  also        ", fmt::format("{}", fmt::join(info.aliases, ", ")));
  text += wrapped("  formula     ", info.formula);
  text += wrapped("  source      ", info.source);
  if (info.dialect) text += wrapped("  differs     ", info.dialect->differs);
  text += "\n" + wrapped("  for         ", tensor_words(e.shape, e.fans));
  if (!e.fan.empty() && e.fan != "-")
    text += wrapped("  scaled by   ", (e.fan == "of the layer" ? "the fans " : "") + e.fan);
  if (e.counted) {
    text += fmt::format("  counted     fan_in {:g}, fan_out {:g} by {}\n", e.counted->in, e.counted->out,
                        to_string(info.dialect->framework));
  }
  if (e.figures.expected) {
    const init::Expected& x = *e.figures.expected;
    text += wrapped("  law         ", e.figures.law);
    // What is left of a mean of 0 after rounding.
    const double mean = std::abs(x.mean) < 1e-14 * x.std ? 0 : x.mean;
    text += fmt::format("  mean        {:.8g}\n  std         {:.8g}\n", mean, x.std);
    const bool bounded = std::isfinite(x.low) || std::isfinite(x.high);
    if (bounded) text += fmt::format("  bounds      {:.8g} to {:.8g}\n", x.low, x.high);
  } else {
    text += wrapped("  no figures  ", e.figures.problem + "; --shape, --fan-in and --fan-out say for which tensor");
  }
  if (!e.elsewhere.empty()) {
    text += "\nelsewhere (ratio: of the std to the one above)\n\n" + table_of(e.elsewhere, "ratio").text();
  }
  print(text);
}

int Explain::run() const {
  (void)common.thread_count();
  const Shape of = shape_wanted();
  const init::Fans fans = fans_wanted(of);
  if (compare) {
    if (name.find('(') != std::string::npos) {
      fail(fmt::format("--compare tables what the name alone means in each framework: '{}', not '{}'",
                       trimmed(name.substr(0, name.find('('))), name.substr(0, 60)));
    }
    print_comparison(init::compare(name, of, fans), common.json);
  } else {
    print_explanation(init::explain(name, of, fans), common.json);
  }
  return kOk;
}

}  // namespace

void add_explain(Command app) {
  const Command command = app.subcommand(
      "explain", "Say what an initializer's name means here and in other frameworks: formula, figures, source, quirks");
  auto state = std::make_shared<Explain>();
  command.required_argument("name", "NAME", state->name,
                            "A scheme or its name: he_normal, keras:he_normal, mxnet:Xavier(gaussian)");
  command.flag("--compare", state->compare,
               "A table over all frameworks; NAME may also be a layer's default: linear, embedding, recurrent");
  command.option("--shape", "NxM", state->shape, "The tensor of the figures, [out, in, taps...]", "256x784");
  command.option("--fan-in", "N", state->fan_in, "Its layer's fan_in instead of in times all taps");
  command.option("--fan-out", "N", state->fan_out, "Its layer's fan_out instead of out times all taps");
  state->common.add_to(command);
  command.runs([state] { return state->run(); });
}

}  // namespace fanin::cli
