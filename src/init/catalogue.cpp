#include "fanin/init/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "fanin/core/error.h"

#include "init/arguments.h"
#include "init/definitions.h"

namespace fanin::init {
namespace {

// Those with a parameter that has no default have a number here; a dialect has it in a counterpart's text.
std::string example_of(const Definition& d) {
  static const std::map<std::string_view, std::string_view> kExamples = {
      {"constant", "constant(1)"},
      {"sparse", "sparse(0.9)"},
      {"kathirvalavakumar_subavathi", "kathirvalavakumar_subavathi(100)"},
      {"chrono", "chrono(100)"}};
  const bool complete =
      std::none_of(d.parameters.begin(), d.parameters.end(), [](const Parameter& p) { return p.fallback.empty(); });
  if (complete) return std::string(d.name);
  if (d.dialect) return std::string(d.dialect->counterparts.at(0).text);
  return std::string(kExamples.at(d.name));
}

SchemeInfo info_of(const Definition& d) {
  SchemeInfo info{.name = std::string(d.name),
                  .aliases = {d.aliases.begin(), d.aliases.end()},
                  .parameters = parameters_text(d.parameters),
                  .formula = std::string(d.formula),
                  .source = std::string(d.source),
                  .example = example_of(d)};
  if (d.dialect) {
    info.dialect = DialectInfo{d.dialect->framework, std::string(d.dialect->fan), std::string(d.dialect->differs), {}};
    for (const Counterpart& c : d.dialect->counterparts) {
      info.dialect->counterparts.push_back({std::string(c.of), std::string(c.text), std::string(c.remark)});
    }
  }
  return info;
}

std::vector<SchemeInfo> infos_of(std::span<const Definition> list) {
  std::vector<SchemeInfo> infos;
  for (const Definition& d : list) infos.push_back(info_of(d));
  return infos;
}

}  // namespace

std::span<const SchemeInfo> catalogue() {
  static const std::vector<SchemeInfo> all = infos_of(definitions());
  return all;
}

std::span<const SchemeInfo> dialects() {
  static const std::vector<SchemeInfo> all = infos_of(dialect_definitions());
  return all;
}

const SchemeInfo& scheme_info(std::string_view name) {
  const Definition* d = find_definition(name);
  if (d == nullptr && learns_from_data(name)) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("'{0}' learns from data and has no law of its own; 'fanin list {0}' shows it", name));
  }
  if (d == nullptr) {
    throw Error(ErrorKind::usage, "init", fmt::format("unknown scheme '{}'{}", name.substr(0, 60), instead_of(name)));
  }
  const bool dialect = d->dialect.has_value();
  const Definition* first = dialect ? dialect_definitions().data() : definitions().data();
  return (dialect ? dialects() : catalogue())[static_cast<std::size_t>(d - first)];
}

}  // namespace fanin::init
