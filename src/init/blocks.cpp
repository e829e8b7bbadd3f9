#include "init/blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "fanin/core/text.h"

namespace fanin::init {
namespace {

constexpr std::uint64_t kMostBlocks = 1U << 30;

std::vector<std::string_view> words_of(std::string_view name) {
  std::vector<std::string_view> words;
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find('.', start), name.size());
    words.push_back(name.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

std::optional<std::uint64_t> number_of(std::string_view word) {
  const auto n = parse_unsigned(word);
  return n && *n < kMostBlocks ? n : std::nullopt;
}

// Where a name stands in a numbered sequence: `layer2.0.conv1` in stage 2 of `layer`, at 0.
struct Place {
  std::string sequence;
  std::uint64_t stage = 0;
  std::uint64_t number = 0;
};

std::optional<Place> place_of(std::string_view name) {
  const std::vector<std::string_view> words = words_of(name);
  Place place;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto n = number_of(words[i]);
    if (!n) {
      if (i > 0) place.sequence += '.';
      place.sequence += words[i];
      continue;
    }
    if (i + 2 < words.size() && words[i + 1] == "blocks" && number_of(words[i + 2])) {
      place.stage = *n;
      place.number = *number_of(words[i + 2]);
      place.sequence += ".*.blocks";
      return place;
    }
    place.number = *n;
    const std::size_t letters = place.sequence.find_last_not_of("0123456789") + 1;
    if (const auto stage = number_of(std::string_view(place.sequence).substr(letters)); stage && i > 0) {
      place.stage = *stage;
      place.sequence.resize(letters);
    }
    return place;
  }
  return std::nullopt;
}

bool is_of_a_branch(const ParameterSpec& p) {
  return (p.part && *p.part <= Part::branch_norm) || p.role == Role::residual_scale;
}

// The last of the words before the last one: BERT's readout is called decoder, which is no stack.
std::optional<Stack> stack_of(std::string_view layer) {
  const std::vector<std::string_view> words = words_of(layer);
  for (std::size_t i = words.size(); i-- > 0;) {
    if (i + 1 == words.size()) continue;
    if (words[i] == "encoder") return Stack::encoder;
    if (words[i] == "decoder") return Stack::decoder;
  }
  return std::nullopt;
}

// `a.b` of `a.b.weight`.
std::string_view layer_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? "" : name.substr(0, dot);
}

// The blocks of the stages before each, which the blocks of that stage count on.
std::map<std::uint64_t, std::uint64_t> offsets_of(const std::map<std::uint64_t, std::uint64_t>& last_of_stage) {
  std::map<std::uint64_t, std::uint64_t> offsets;
  std::uint64_t sum = 0;
  for (const auto& [stage, last] : last_of_stage) {
    offsets[stage] = sum;
    sum += last + 1;
  }
  return offsets;
}

struct Sequence {
  std::optional<Stack> stack;
  std::map<std::uint64_t, std::uint64_t> last_of_stage{};
  std::map<std::uint64_t, std::uint64_t> offsets{};
};

}  // namespace

bool has_a_number(std::string_view name) {
  return place_of(name).has_value();
}

void place_in_blocks(std::vector<ParameterSpec>& parameters, std::span<const GivenPlace> given) {
  std::map<std::string, Sequence> sequences;
  std::vector<std::optional<Place>> places;
  for (const ParameterSpec& p : parameters) {
    places.push_back(place_of(p.name));
    if (!is_of_a_branch(p) || !places.back()) continue;
    sequences.try_emplace(places.back()->sequence, Sequence{stack_of(p.name)});
  }
  std::map<std::optional<Stack>, std::set<std::string>> of_stack;
  for (const auto& [name, sequence] : sequences) of_stack[sequence.stack].insert(name);
  for (const auto& place : places) {
    if (!place) continue;
    const auto at = sequences.find(place->sequence);
    if (at == sequences.end()) continue;
    std::uint64_t& last = at->second.last_of_stage[place->stage];
    last = std::max(last, place->number);
  }
  for (auto& [name, sequence] : sequences) sequence.offsets = offsets_of(sequence.last_of_stage);
  const bool stacks = of_stack.contains(Stack::encoder) || of_stack.contains(Stack::decoder);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    ParameterSpec& p = parameters[i];
    const auto at = places[i] ? sequences.find(places[i]->sequence) : sequences.end();
    if (at != sequences.end()) {
      const Sequence& sequence = at->second;
      p.stack = sequence.stack;
      const auto& rivals = of_stack.at(sequence.stack);
      if (rivals.size() > 1) {
        const bool first = *rivals.begin() == at->first;
        p.reason += fmt::format("; block not known, both '{}' and '{}' are numbered", at->first,
                                first ? *std::next(rivals.begin()) : *rivals.begin());
      } else {
        p.block = static_cast<std::size_t>(sequence.offsets.at(places[i]->stage) + places[i]->number);
        p.reason += fmt::format("; block by the number behind '{}'", at->first);
      }
    } else if (stacks) {
      p.stack = stack_of(layer_of(p.name));
    }
    if (given[i].block) p.block = given[i].block;
    if (given[i].stack) p.stack = given[i].stack;
  }
}

}  // namespace fanin::init
