#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "fanin/core/text.h"

#include "init/definitions.h"

namespace fanin::init {
namespace {

// PyTorch's versions whose meaning of a name is known to differ.
constexpr std::array<std::string_view, 2> kTorchVersions = {"torch_2_11", "torch_2_12"};

bool is_torch_version(std::string_view prefix) {
  return std::find(kTorchVersions.begin(), kTorchVersions.end(), prefix) != kTorchVersions.end();
}

const Definition* named(std::span<const Definition> list, std::string_view name) {
  for (const Definition& d : list) {
    if (d.name == name) return &d;
    if (std::find(d.aliases.begin(), d.aliases.end(), name) != d.aliases.end()) return &d;
  }
  return nullptr;
}

std::vector<std::string> prefixes() {
  std::vector<std::string> all;
  for (const Framework f : kFrameworks) all.emplace_back(to_string(f));
  all.insert(all.end(), kTorchVersions.begin(), kTorchVersions.end());
  return all;
}

// The names of a framework, without its prefix.
std::vector<std::string> local_names(std::string_view framework) {
  std::vector<std::string> names;
  for (const Definition& d : dialect_definitions()) {
    if (prefix_of(d.name) != framework) continue;
    names.emplace_back(local_name(d.name));
    for (const std::string_view alias : d.aliases) names.emplace_back(local_name(alias));
  }
  return names;
}

// Frameworks that have the name.
std::vector<std::string> owners(std::string_view local) {
  std::vector<std::string> all;
  for (const Framework f : kFrameworks) {
    const std::string name = fmt::format("{}:{}", to_string(f), local);
    if (find_definition(name) != nullptr) all.push_back(name);
  }
  return all;
}

// What the framework calls what others call `local`, or empty.
std::string own_name(std::string_view framework, std::string_view local) {
  std::vector<std::string_view> meant;
  if (const Definition* plain = find_definition(local)) meant.push_back(plain->name);
  for (const std::string& other : owners(local)) {
    for (const Counterpart& c : find_definition(other)->dialect->counterparts) meant.push_back(c.of);
  }
  for (const Definition& d : dialect_definitions()) {
    if (prefix_of(d.name) != framework) continue;
    for (const Counterpart& c : d.dialect->counterparts) {
      if (std::find(meant.begin(), meant.end(), c.of) != meant.end()) return std::string(c.text);
    }
  }
  return {};
}

std::string instead_of_dialect(std::string_view prefix, std::string_view local) {
  const std::vector<std::string> known = prefixes();
  if (std::find(known.begin(), known.end(), prefix) == known.end()) {
    const auto near = nearest_name(prefix, known);
    if (!near)
      return fmt::format(": no dialect is called '{}:', there are {}", prefix.substr(0, 30), fmt::join(known, ", "));
    return fmt::format(", did you mean '{}:{}'?", *near, local.substr(0, 40));
  }
  const std::string_view framework = is_torch_version(prefix) ? "torch" : prefix;
  const std::vector<std::string> names = local_names(framework);
  const auto near = nearest_name(local, names);
  const std::string own = own_name(framework, local);
  std::vector<std::string> elsewhere = owners(local);
  if (const Definition* plain = find_definition(local)) elsewhere.insert(elsewhere.begin(), std::string(plain->name));
  if (!elsewhere.empty()) {
    return fmt::format(": {} has no scheme of that name{}; there is {}", framework,
                       own.empty() ? std::string() : fmt::format(", its own is '{}'", own), fmt::join(elsewhere, ", "));
  }
  if (near) return fmt::format(", did you mean '{}:{}'?", prefix, *near);
  return fmt::format("; 'fanin list {}:' shows the schemes of {}", framework, framework);
}

}  // namespace

std::string_view prefix_of(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view() : name.substr(0, colon);
}

std::string_view local_name(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

const Definition* find_definition(std::string_view name) {
  const std::string_view prefix = prefix_of(name);
  if (prefix.empty()) return named(definitions(), name);
  if (const Definition* d = named(dialect_definitions(), name)) return d;
  const bool version = is_torch_version(prefix);
  if (!version && prefix != "torch") return nullptr;
  std::string_view local = local_name(name);
  if (local.size() > 1 && local.back() == '_') {
    local.remove_suffix(1);
    if (const Definition* d = named(dialect_definitions(), fmt::format("{}:{}", prefix, local))) return d;
  }
  return version ? named(dialect_definitions(), fmt::format("torch:{}", local)) : nullptr;
}

std::string instead_of(std::string_view unknown) {
  const std::string_view prefix = prefix_of(unknown);
  if (!prefix.empty()) return instead_of_dialect(prefix, local_name(unknown));
  std::vector<std::string> meant = owners(unknown);
  if (const auto near = nearest_name(unknown, scheme_names())) meant.insert(meant.begin(), *near);
  return meant.empty() ? std::string() : fmt::format(", did you mean '{}'?", fmt::join(meant, "' or '"));
}

}  // namespace fanin::init
