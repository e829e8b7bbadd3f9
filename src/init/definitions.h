#pragma once

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/init/fans.h"

#include "init/rule.h"

namespace fanin::init {

enum class ParameterType { number, integer, choice, scheme };

struct Range {
  double min = -std::numeric_limits<float>::max();
  double max = std::numeric_limits<float>::max();
  bool min_included = true;
  bool max_included = true;

  [[nodiscard]] bool holds(double x) const {
    return (min_included ? x >= min : x > min) && (max_included ? x <= max : x < max);
  }
};

inline constexpr double kMax = std::numeric_limits<float>::max();
inline constexpr Range kNotNegative{0, kMax};
inline constexpr Range kPositive{0, kMax, false};
inline constexpr Range kFraction{0, 1};
inline constexpr Range kInsideFraction{0, 1, false, false};
inline constexpr Range kCount{1, 1 << 30};

struct Parameter {
  std::string_view name;
  ParameterType type;
  std::string_view fallback;  ///< the value when it is not given; empty if it must be
  Range range = {};
  std::vector<std::string> choices = {};  ///< of a scheme: words that may stand in its place
};

/// A parameter that is a number, a whole number, one of a few words, or a scheme; without `fallback` it must be given.
[[nodiscard]] Parameter number(std::string_view name, std::string_view fallback = {}, Range range = {});
[[nodiscard]] Parameter integer(std::string_view name, std::string_view fallback = {}, Range range = kCount);
[[nodiscard]] Parameter choice(std::string_view name, std::string_view fallback, std::vector<std::string> choices);
[[nodiscard]] Parameter fan_mode(std::string_view fallback);
[[nodiscard]] Parameter scheme(std::string_view name, std::string_view fallback = {});

/// One parsed argument. Words are kept as text beside their meaning.
struct Argument {
  bool given = false;
  double number = 0;
  std::size_t choice = 0;  ///< the index in the parameter's choices
  std::string word;
  RulePtr scheme;  ///< null for a word in its place

  [[nodiscard]] FanMode mode() const { return static_cast<FanMode>(choice); }
};

using Arguments = std::span<const Argument>;

struct Definition {
  std::string_view name;
  std::vector<std::string_view> aliases;
  std::vector<Parameter> parameters;
  RulePtr (*make)(Arguments arguments);
  std::string_view formula;
  std::string_view source;
};

/// The schemes of each family, each in the source of its name.
[[nodiscard]] std::vector<Definition> elementary_definitions();
[[nodiscard]] std::vector<Definition> truncated_definitions();
[[nodiscard]] std::vector<Definition> scaled_definitions();
[[nodiscard]] std::vector<Definition> orthogonal_definitions();
[[nodiscard]] std::vector<Definition> convolution_definitions();
[[nodiscard]] std::vector<Definition> looks_linear_definitions();
[[nodiscard]] std::vector<Definition> identity_definitions();
[[nodiscard]] std::vector<Definition> hadamard_definitions();
[[nodiscard]] std::vector<Definition> sparse_definitions();
[[nodiscard]] std::vector<Definition> unit_ball_definitions();
[[nodiscard]] std::vector<Definition> upsample_definitions();
[[nodiscard]] std::vector<Definition> query_key_value_definitions();
[[nodiscard]] std::vector<Definition> fourier_definitions();
[[nodiscard]] std::vector<Definition> classic_definitions();
[[nodiscard]] std::vector<Definition> bias_definitions();

/// All of them, simplest first.
[[nodiscard]] std::span<const Definition> definitions();

/// The definition called so, also by an alias, or null.
[[nodiscard]] const Definition* find_definition(std::string_view name);

/// Whether a data-dependent initializer is called so: it fills no tensor by itself.
[[nodiscard]] bool learns_from_data(std::string_view name);

/// Every name and alias.
[[nodiscard]] const std::vector<std::string>& scheme_names();

}  // namespace fanin::init
