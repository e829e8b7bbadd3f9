#include "fanin/rbm/units.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

namespace fanin::rbm {
namespace {

constexpr std::array<std::pair<UnitKind, std::string_view>, 3> kNames{
    {{UnitKind::binary, "binary"}, {UnitKind::gaussian, "gaussian"}, {UnitKind::relu, "relu"}}};

}  // namespace

UnitKind parse_units(std::string_view text) {
  std::vector<std::string> known;
  for (const auto& [kind, name] : kNames) {
    if (text == name) return kind;
    known.emplace_back(name);
  }
  throw Error(
      ErrorKind::usage, "rbm",
      fmt::format("unknown units '{}'{} (there are binary, gaussian and relu)", text, did_you_mean(text, known)));
}

std::string str(UnitKind kind) {
  return std::string(kNames.at(static_cast<std::size_t>(kind)).second);
}

}  // namespace fanin::rbm
