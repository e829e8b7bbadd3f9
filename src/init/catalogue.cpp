#include "fanin/init/catalogue.h"

#include <fmt/format.h>

#include "init/definitions.h"

namespace fanin::init {
namespace {

std::string parameters_of(const Definition& definition) {
  std::string text;
  for (const Parameter& p : definition.parameters) {
    if (!text.empty()) text += ", ";
    text += p.fallback.empty() ? std::string(p.name) : fmt::format("{}={}", p.name, p.fallback);
  }
  return text;
}

}  // namespace

std::span<const SchemeInfo> catalogue() {
  static const std::vector<SchemeInfo> all = [] {
    std::vector<SchemeInfo> infos;
    for (const Definition& d : definitions()) {
      infos.push_back({.name = std::string(d.name),
                       .aliases = {d.aliases.begin(), d.aliases.end()},
                       .parameters = parameters_of(d),
                       .formula = std::string(d.formula),
                       .source = std::string(d.source)});
    }
    return infos;
  }();
  return all;
}

}  // namespace fanin::init
