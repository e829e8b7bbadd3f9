#pragma once

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "init/rule.h"

namespace fanin::init {

enum class ParameterType { number, integer, mode, distribution, nonlinearity };

struct Range {
  double min = -std::numeric_limits<float>::max();
  double max = std::numeric_limits<float>::max();
  bool min_included = true;
  bool max_included = true;

  [[nodiscard]] bool holds(double x) const {
    return (min_included ? x >= min : x > min) && (max_included ? x <= max : x < max);
  }
};

struct Parameter {
  std::string_view name;
  ParameterType type;
  std::string_view fallback;  ///< the value when it is not given; empty if it must be
  Range range = {};
};

/// One parsed argument. Words are kept as text beside their meaning.
struct Argument {
  bool given = false;
  double number = 0;
  FanMode mode = FanMode::fan_in;
  Distribution distribution = Distribution::uniform;
  std::string word;
};

struct Definition {
  std::string_view name;
  std::vector<std::string_view> aliases;
  std::vector<Parameter> parameters;
  detail::Rule (*make)(std::span<const Argument> arguments);
  std::string_view formula;
  std::string_view source;
};

[[nodiscard]] std::span<const Definition> definitions();

/// The definition called so, also by an alias, or null.
[[nodiscard]] const Definition* find_definition(std::string_view name);

/// Every name and alias.
[[nodiscard]] const std::vector<std::string>& scheme_names();

}  // namespace fanin::init
