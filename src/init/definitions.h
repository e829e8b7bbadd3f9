#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/init/dialect_fans.h"
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
inline constexpr Range kWithInfinity{-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
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

/// What a dialect's name stands beside: a scheme of fanin, or the default of a layer (`linear`, `embedding`,
/// `recurrent`), and the text of the dialect's scheme that means it.
struct Counterpart {
  std::string_view of;
  std::string_view text;
  std::string_view remark;  ///< a few words for a table
};

/// What a scheme of a framework has beside the others.
struct Dialect {
  Framework framework;
  std::string_view fan;      ///< what its scale depends on, in a few words; `-` for nothing
  std::string_view differs;  ///< from fanin's scheme, and where that is the correct one
  std::vector<Counterpart> counterparts;
};

struct Definition {
  std::string_view name;  ///< a dialect's with its prefix: `keras:he_normal`
  std::vector<std::string_view> aliases;
  std::vector<Parameter> parameters;
  RulePtr (*make)(Arguments arguments);
  std::string_view formula;
  std::string_view source;
  std::optional<Dialect> dialect = {};
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

/// The dialects, each in the source of its framework's name.
[[nodiscard]] std::vector<Definition> torch_definitions();
[[nodiscard]] std::vector<Definition> keras_definitions();
[[nodiscard]] std::vector<Definition> jax_definitions();
[[nodiscard]] std::vector<Definition> flax_definitions();
[[nodiscard]] std::vector<Definition> mlx_definitions();
[[nodiscard]] std::vector<Definition> caffe_definitions();
[[nodiscard]] std::vector<Definition> mxnet_definitions();
[[nodiscard]] std::vector<Definition> tiny_dnn_definitions();
[[nodiscard]] std::vector<Definition> mlpack_definitions();
[[nodiscard]] std::vector<Definition> fann_definitions();

/// All of fanin's own, simplest first.
[[nodiscard]] std::span<const Definition> definitions();
/// All of the dialects, framework by framework.
[[nodiscard]] std::span<const Definition> dialect_definitions();

/// The definition called so, also by an alias, or null. `torch_2_11:` and `torch_2_12:` are `torch:` where nothing
/// changed, and names of torch.nn.init may keep their last underscore.
[[nodiscard]] const Definition* find_definition(std::string_view name);

/// Whether a data-dependent initializer is called so: it fills no tensor by itself.
[[nodiscard]] bool learns_from_data(std::string_view name);

/// Every name and alias of fanin's own.
[[nodiscard]] const std::vector<std::string>& scheme_names();

/// Where a name may be meant that is no scheme: the end of a sentence about it, with what is near or exists elsewhere.
[[nodiscard]] std::string instead_of(std::string_view unknown);

/// `keras` of `keras:he_normal`; empty for a name without a colon. The rest of it: `he_normal`.
[[nodiscard]] std::string_view prefix_of(std::string_view name);
[[nodiscard]] std::string_view local_name(std::string_view name);

/// The rule that a text means, as Scheme::parse reads it.
[[nodiscard]] RulePtr parse_rule(std::string_view text);

}  // namespace fanin::init
