#include "fanin/init/catalogue.h"

#include <fmt/format.h>

#include "init/definitions.h"

namespace fanin::init {

std::string parameters_text(std::span<const Parameter> parameters) {
  std::string text;
  for (const Parameter& p : parameters) {
    if (!text.empty()) text += ", ";
    text += p.fallback.empty() ? std::string(p.name) : fmt::format("{}={}", p.name, p.fallback);
  }
  return text;
}

std::span<const SchemeInfo> catalogue() {
  static const std::vector<SchemeInfo> all = [] {
    std::vector<SchemeInfo> infos;
    for (const Definition& d : definitions()) {
      infos.push_back({.name = std::string(d.name),
                       .aliases = {d.aliases.begin(), d.aliases.end()},
                       .parameters = parameters_text(d.parameters),
                       .formula = std::string(d.formula),
                       .source = std::string(d.source)});
    }
    return infos;
  }();
  return all;
}

}  // namespace fanin::init
