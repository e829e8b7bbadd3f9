#include "fanin/init/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

#include "init/arguments.h"
#include "init/definitions.h"
#include "init/rule.h"

namespace fanin::init {
namespace {

// Defaults of layers, and what fanin's own networks begin with.
struct LayerDefault {
  std::string_view layer;
  std::string_view scheme;
};
constexpr std::array<LayerDefault, 3> kLayers = {{{"linear", "xavier_uniform"}, {"embedding", ""}, {"recurrent", ""}}};

std::string number(double x) {
  return fmt::format("{:.6g}", x);
}

std::string interval(double low, double high) {
  return low == -high ? fmt::format("+-{}", number(high)) : fmt::format("{} to {}", number(low), number(high));
}

std::string law_text(const Law& law) {
  switch (law.kind) {
    case Law::Kind::constant:
      return number(law.mean_or_low);
    case Law::Kind::uniform:
      return law.mean_or_low == -law.std_or_high
                 ? fmt::format("U(+-{})", number(law.std_or_high))
                 : fmt::format("U[{}, {})", number(law.mean_or_low), number(law.std_or_high));
    case Law::Kind::normal:
      return fmt::format("N({}, {}^2)", number(law.mean_or_low), number(law.std_or_high));
    case Law::Kind::truncated_normal:
      return fmt::format("N({}, {}^2) within {} sigma", number(law.mean_or_low), number(law.std_or_high),
                         interval(law.low, law.high));
  }
  return {};
}

std::string_view kind_of(const Law& law) {
  switch (law.kind) {
    case Law::Kind::constant:
      return "constant";
    case Law::Kind::uniform:
      return "uniform";
    case Law::Kind::normal:
      return "normal";
    case Law::Kind::truncated_normal:
      break;
  }
  return "truncated normal";
}

void describe(const Promise& promise, const Expected& e, Figures& figures) {
  switch (promise.kind) {
    case Promise::Kind::law:
      figures.distribution = kind_of(promise.law);
      figures.law = law_text(promise.law);
      return;
    case Promise::Kind::sparse:
      figures.distribution = "sparse normal";
      figures.law = fmt::format("{} and {} zeros", law_text(promise.law), promise.zeros);
      return;
    case Promise::Kind::orthogonal:
      figures.distribution = "orthogonal";
      figures.law = fmt::format("orthonormal rows or columns times {}", number(promise.gain));
      return;
    case Promise::Kind::exact:
      figures.distribution = e.std == 0 ? "constant" : "fixed";
      figures.law = e.std == 0 ? number(e.mean) : "no random numbers";
      return;
    case Promise::Kind::bounded:
      figures.distribution = "its own";
      figures.law = "see the formula";
      return;
  }
}

Figures figures_of(const Scheme& scheme, const Shape& shape, Fans fans) {
  Figures figures;
  try {
    figures.expected = scheme.expected(shape, fans);
    describe(scheme.rule().promise(shape, fans), *figures.expected, figures);
  } catch (const Error& e) {
    figures.problem = e.what();
  }
  return figures;
}

// The value that a scheme's text, or else its definition, gives to a parameter.
std::string argument_of(std::string_view text, std::string_view parameter) {
  const Definition& d = *find_definition(name_of(text));
  const auto found =
      std::find_if(d.parameters.begin(), d.parameters.end(), [&](const Parameter& p) { return p.name == parameter; });
  std::string value(found->fallback);
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos) return value;
  const std::string_view inside = text.substr(open + 1, text.rfind(')') - open - 1);
  std::size_t position = 0;
  for (const std::string& part : split_outside_parentheses(inside, ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos) {
      if (position == static_cast<std::size_t>(found - d.parameters.begin())) value = part;
    } else if (trimmed(std::string_view(part).substr(0, equals)) == parameter) {
      value = trimmed(std::string_view(part).substr(equals + 1));
    }
    ++position;
  }
  return value;
}

// `fan(mode) of the shape` says that a parameter chooses; each framework has words of its own for what.
std::string with_chosen_fan(std::string words, std::string_view text) {
  if (words.rfind("fan(", 0) != 0) return words;
  const std::size_t close = words.find(')');
  static const std::map<std::string_view, std::string_view> kFans = {{"in", "fan_in"},       {"out", "fan_out"},
                                                                     {"avg", "fan_avg"},     {"FAN_IN", "fan_in"},
                                                                     {"FAN_OUT", "fan_out"}, {"AVERAGE", "fan_avg"}};
  const std::string value = argument_of(text, std::string_view(words).substr(4, close - 4));
  const auto fan = kFans.find(value);
  return (fan == kFans.end() ? value : std::string(fan->second)) + words.substr(close + 1);
}

// What the framework counts, unless axes are named, which change the count.
std::optional<Fans> counted_fans(const SchemeInfo& info, std::string_view text, const Shape& shape) {
  constexpr std::string_view kEnd = "of the shape";
  if (!info.dialect || info.dialect->fan.find(kEnd) == std::string::npos) return std::nullopt;
  const Framework framework = info.dialect->framework;
  bool native = false;
  for (const Parameter& p : find_definition(info.name)->parameters) {
    const bool axis = p.name == "in_axis" || p.name == "out_axis" || p.name == "batch_axis";
    if (axis && argument_of(text, p.name) != p.fallback) return std::nullopt;
    if (p.name == "shape") native = argument_of(text, p.name) == "native";
  }
  try {
    return framework_fans(framework, native ? shape : framework_shape(framework, shape));
  } catch (const Error&) {
    return std::nullopt;  // the scheme cannot fill the tensor, and its figures say why
  }
}

// fanin's own take the fans of the layer, if other fans give other figures.
std::string fan_words(const SchemeInfo& info, const Scheme& scheme, const Shape& shape, Fans fans) {
  if (info.dialect) return with_chosen_fan(info.dialect->fan, scheme.str());
  const auto of = [&](Fans f) { return figures_of(scheme, shape, f).expected; };
  const auto once = of(fans);
  if (!once) return {};
  for (const Fans other : {Fans{2 * fans.in, fans.out}, Fans{fans.in, 2 * fans.out}}) {
    const auto twice = of(other);
    if (!twice || twice->std != once->std || twice->high != once->high) return "of the layer";
  }
  return {};
}

Meaning meaning(std::string owner, const std::string& scheme, std::string remark, const Shape& shape, Fans fans) {
  Meaning row{.owner = std::move(owner), .scheme = scheme, .fan = {}, .figures = {}, .remark = std::move(remark)};
  const Scheme parsed = Scheme::parse(scheme);
  row.fan = fan_words(scheme_info(name_of(scheme)), parsed, shape, fans);
  row.figures = figures_of(parsed, shape, fans);
  return row;
}

const LayerDefault* layer_named(std::string_view name) {
  const auto found = std::find_if(kLayers.begin(), kLayers.end(), [&](const auto& l) { return l.layer == name; });
  return found == kLayers.end() ? nullptr : &*found;
}

void add_ratios(std::vector<Meaning>& rows, const std::optional<Expected>& of) {
  if (!of || !(of->std > 0)) return;
  for (Meaning& row : rows) {
    if (row.figures.expected) row.ratio = row.figures.expected->std / of->std;
  }
}

// What a name stands for; a dialect's may be several, of which the first is meant.
std::string concept_of(std::string_view name) {
  if (layer_named(name) != nullptr) return std::string(name);
  const SchemeInfo& info = scheme_info(name);
  if (!info.dialect) return info.name;
  if (!info.dialect->counterparts.empty()) return info.dialect->counterparts[0].of;
  throw Error(ErrorKind::usage, "init",
              fmt::format("{} stands alone, no other framework has its like; 'fanin explain {}' says what it is",
                          info.name, info.name));
}

// The rows of the frameworks that have it.
std::vector<Meaning> elsewhere_rows(std::string_view of, const Shape& shape, Fans fans) {
  std::vector<Meaning> rows;
  for (const SchemeInfo& d : dialects()) {
    for (const CounterpartInfo& c : d.dialect->counterparts) {
      if (c.of == of)
        rows.push_back(meaning(std::string(to_string(d.dialect->framework)), c.text, c.remark, shape, fans));
    }
  }
  return rows;
}

// All that a name stands for, or only what these arguments do: Xavier(gaussian) is not xavier_uniform.
std::vector<std::string> concepts_of(const SchemeInfo& info, const std::string& scheme) {
  if (!info.dialect) return {info.name};
  std::vector<std::string> all;
  std::vector<std::string> same;
  for (const CounterpartInfo& c : info.dialect->counterparts) {
    all.push_back(c.of);
    if (Scheme::parse(c.text) == Scheme::parse(scheme)) same.push_back(c.of);
  }
  return same.empty() ? all : same;
}

}  // namespace

Fans plain_fans(const Shape& shape) {
  if (shape.rank() < 2) return {std::nan(""), std::nan("")};
  double taps = 1;
  for (std::size_t i = 2; i < shape.rank(); ++i) taps *= static_cast<double>(shape[i]);
  return {static_cast<double>(shape[1]) * taps, static_cast<double>(shape[0]) * taps};
}

Comparison compare(std::string_view name, const Shape& shape, Fans fans) {
  Comparison c{.of = concept_of(name_of(name)), .aliases = {}, .shape = shape, .fans = fans, .rows = {}};
  const LayerDefault* layer = layer_named(c.of);
  c.layer = layer != nullptr;
  if (!layer) c.aliases = scheme_info(c.of).aliases;
  const std::string own = layer ? std::string(layer->scheme) : scheme_info(c.of).example;
  if (own.empty()) {
    c.rows.push_back({.owner = "fanin", .scheme = {}, .fan = {}, .figures = {}, .remark = {}});
  } else {
    c.rows.push_back(meaning("fanin", own, "", shape, fans));
  }
  const std::vector<Meaning> others = elsewhere_rows(c.of, shape, fans);
  for (const Framework f : kFrameworks) {
    const std::size_t before = c.rows.size();
    for (const Meaning& row : others) {
      if (row.owner == to_string(f)) c.rows.push_back(row);
    }
    if (c.rows.size() == before) {
      c.rows.push_back({.owner = std::string(to_string(f)), .scheme = {}, .fan = {}, .figures = {}, .remark = {}});
    }
  }
  add_ratios(c.rows, c.rows[0].figures.expected);
  return c;
}

Explanation explain(std::string_view text, const Shape& shape, Fans fans) {
  const SchemeInfo& info = scheme_info(name_of(text));
  const bool alone = text.find('(') == std::string_view::npos;
  // A name alone stays as it was spelled where it parses.
  const std::string scheme(alone && info.example != info.name ? std::string_view(info.example) : trimmed(text));
  Explanation e{.scheme = scheme,
                .info = &info,
                .fan = {},
                .shape = shape,
                .fans = fans,
                .counted = {},
                .figures = {},
                .elsewhere = {}};
  const Scheme parsed = Scheme::parse(scheme);
  e.fan = fan_words(info, parsed, shape, fans);
  e.counted = counted_fans(info, scheme, shape);
  e.figures = figures_of(parsed, shape, fans);
  std::vector<std::string> seen = {info.name};
  const auto add = [&](Meaning row) {
    const std::string& name = scheme_info(name_of(row.scheme)).name;
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) return;
    seen.push_back(name);
    e.elsewhere.push_back(std::move(row));
  };
  for (const std::string& of : concepts_of(info, scheme)) {
    if (layer_named(of) == nullptr) add(meaning("fanin", scheme_info(of).example, "", shape, fans));
    for (Meaning& row : elsewhere_rows(of, shape, fans)) add(std::move(row));
  }
  // The same name where it means something else.
  const std::string local(local_name(info.name));
  if (const Definition* d = find_definition(local)) {
    add(meaning("fanin", scheme_info(d->name).example, "the same name", shape, fans));
  }
  for (const Framework f : kFrameworks) {
    if (const Definition* d = find_definition(fmt::format("{}:{}", to_string(f), local))) {
      add(meaning(std::string(to_string(f)), scheme_info(d->name).example, "the same name", shape, fans));
    }
  }
  add_ratios(e.elsewhere, e.figures.expected);
  return e;
}

}  // namespace fanin::init
