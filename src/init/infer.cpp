#include "fanin/init/infer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

#include "init/blocks.h"
#include "init/glob.h"
#include "init/guess.h"

namespace fanin::init {
namespace {

template <typename T>
void take(std::optional<T>& into, const std::optional<T>& from) {
  if (from) into = from;
}

void take(Traits& into, const Traits& from) {
  take(into.role, from.role);
  take(into.kind, from.kind);
  take(into.depth, from.depth);
  take(into.part, from.part);
  take(into.block, from.block);
  take(into.stack, from.stack);
  take(into.fan_in, from.fan_in);
  take(into.fan_out, from.fan_out);
  take(into.groups, from.groups);
  take(into.state, from.state);
  take(into.tied_to, from.tied_to);
}

// Where the first number of a name stands: `layers.7.mlp` gives `layers` and 7.
std::optional<std::pair<std::string, std::uint64_t>> first_number(const std::string& name) {
  std::size_t start = 0;
  while (start <= name.size()) {
    const std::size_t end = std::min(name.find('.', start), name.size());
    if (const auto n = parse_unsigned(std::string_view(name).substr(start, end - start))) {
      return std::pair(name.substr(0, start), *n);
    }
    start = end + 1;
  }
  return std::nullopt;
}

// For each beginning of a name the numbers that follow it.
std::map<std::string, std::set<std::uint64_t>> numbers_of(std::span<const NamedTensor> tensors) {
  std::map<std::string, std::set<std::uint64_t>> numbers;
  for (const NamedTensor& t : tensors) {
    if (const auto n = first_number(t.name)) numbers[n->first].insert(n->second);
  }
  return numbers;
}

void apply(const Traits& traits, ParameterSpec& p, std::vector<std::string>& said) {
  if (traits.role) {
    p.role = *traits.role;
    said.emplace_back("role");
  }
  if (traits.kind) {
    p.kind = *traits.kind;
    said.emplace_back("kind");
  }
  // Who says embedding says look-up, whatever the shape looks like.
  const bool looked_up = traits.role == Role::embedding && !traits.kind && p.shape.rank() > 0;
  if (looked_up) p.kind = LayerKind::embedding;
  if (traits.kind || traits.groups || looked_up) {
    const LayerKind kind = p.kind;
    if (traits.groups && kind != LayerKind::conv) {
      throw Error(ErrorKind::usage, "init",
                  fmt::format("parameter '{}': groups={} has no meaning for kind={}, only for conv", p.name,
                              *traits.groups, to_string(kind)));
    }
    if (traits.groups && (p.shape.rank() < 3 || p.shape[0] % *traits.groups != 0)) {
      throw Error(ErrorKind::usage, "init",
                  fmt::format("parameter '{}' {}: groups={} must divide the first of three or more axes", p.name,
                              p.shape.str(), *traits.groups));
    }
    // A bias keeps the fans of the weight beside it.
    const bool of_weight = p.role == Role::weight || p.role == Role::embedding;
    if (of_weight) p.fans = fans_of(kind, p.shape, traits.groups);
    if (traits.groups) said.emplace_back("groups");
  }
  if (traits.fan_in) p.fans.in = *traits.fan_in;
  if (traits.fan_out) p.fans.out = *traits.fan_out;
  if (traits.fan_in || traits.fan_out) said.emplace_back("fans");
  if (traits.depth) p.depth = traits.depth;
  if (traits.part) {
    p.part = traits.part;
    said.emplace_back("part");
  }
  if (traits.state) {
    p.state = *traits.state;
    said.emplace_back("state");
  }
  if (traits.tied_to) {
    p.state = State::tied;
    p.tied_to = *traits.tied_to;
    said.emplace_back("tied");
  }
}

[[noreturn]] void fail_unknown(const std::vector<std::string>& unknown, std::size_t total, const std::string& first) {
  constexpr std::size_t kMost = 5;
  const std::size_t shown = std::min(unknown.size(), kMost);
  throw Error(ErrorKind::usage, "init",
              fmt::format("{} of {} parameters have no known role: {}{}; say what they are, as in '{} -> role=weight, "
                          "kind=linear'",
                          unknown.size(), total, fmt::join(unknown.begin(), unknown.begin() + shown, "; "),
                          unknown.size() > shown ? "; ..." : "", first));
}

}  // namespace

ModelSpec infer_spec(std::span<const NamedTensor> tensors, std::span<const Override> overrides) {
  const Guesser guesser(tensors);
  const auto numbers = numbers_of(tensors);
  std::vector<bool> used(overrides.size());
  std::vector<ParameterSpec> parameters;
  std::map<std::string, std::size_t> index;
  std::vector<std::pair<std::size_t, std::string>> biases;
  std::vector<std::pair<std::size_t, std::string>> parts;
  std::vector<GivenPlace> places;
  std::vector<std::string> unknown;
  std::string first_unknown;
  for (const NamedTensor& t : tensors) {
    Traits traits = t.given;
    for (std::size_t i = 0; i < overrides.size(); ++i) {
      if (!glob_matches(overrides[i].glob, t.name)) continue;
      used[i] = true;
      take(traits, overrides[i].traits);
    }
    Guess guess = guesser.guess(t);
    ParameterSpec p{.name = t.name,
                    .shape = t.shape,
                    .dtype = t.dtype.value_or(FloatType::f32),
                    .role = guess.role.value_or(Role::weight),
                    .kind = guess.kind,
                    .part = guess.part,
                    .fans = guess.fans,
                    .state = guess.state};
    if (const auto n = first_number(t.name)) {
      const auto& all = numbers.at(n->first);
      p.depth = static_cast<std::size_t>(std::distance(all.begin(), all.find(n->second)));
    }
    std::vector<std::string> said;
    apply(traits, p, said);
    if (!t.dtype && p.state == State::raw) {
      throw Error(
          ErrorKind::usage, "init",
          fmt::format("parameter '{}': its type is none of f32, bf16 and f16, it cannot be initialized", t.name));
    }
    p.reason = said.empty() ? guess.reason : fmt::format("{} given; {}", fmt::join(said, ", "), guess.reason);
    if (!guess.role && !traits.role && p.state == State::raw) {
      if (unknown.empty()) first_unknown = t.name;
      unknown.push_back(fmt::format("'{}' {} ({})", t.name.substr(0, 80), t.shape.str(), guess.reason));
    }
    const bool own_fans = traits.role || traits.kind || traits.fan_in || traits.fan_out;
    if (!guess.beside.empty() && !own_fans) biases.emplace_back(parameters.size(), guess.beside);
    if (!guess.beside.empty() && !traits.part) parts.emplace_back(parameters.size(), guess.beside);
    places.push_back({traits.block, traits.stack});
    index.emplace(p.name, parameters.size());
    parameters.push_back(std::move(p));
  }
  // Only now is known what was said of the weights.
  for (const auto& [bias, weight] : biases) {
    parameters[bias].kind = parameters[index.at(weight)].kind;
    parameters[bias].fans = parameters[index.at(weight)].fans;
  }
  for (const auto& [bias, weight] : parts) parameters[bias].part = parameters[index.at(weight)].part;
  place_in_blocks(parameters, places);
  for (std::size_t i = 0; i < overrides.size(); ++i) {
    if (used[i]) continue;
    std::vector<std::string> names;
    for (const NamedTensor& t : tensors) names.push_back(t.name);
    throw Error(ErrorKind::usage, "init",
                fmt::format("override of '{}' matches no parameter{}", overrides[i].glob,
                            did_you_mean(overrides[i].glob, names)));
  }
  if (!unknown.empty()) fail_unknown(unknown, tensors.size(), first_unknown);
  return ModelSpec(std::move(parameters));
}

}  // namespace fanin::init
