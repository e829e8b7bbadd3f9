#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "fanin/core/shape.h"
#include "fanin/init/fans.h"

namespace fanin::init {

namespace detail {
struct Rule;
}

/// What a scheme promises about the elements of a tensor: statistics of one element, and bounds that none leaves.
struct Expected {
  double mean;
  double std;
  double low;   ///< -infinity when unbounded; elements keep to the bounds as float32 rounds them
  double high;  ///< +infinity when unbounded
};

/// A rule that fills a tensor: a distribution with its scale, or a structure. An immutable value, cheap to copy.
///
/// Written `name` or `name(argument, ...)`; an argument is a value or `parameter=value`, positional ones first.
/// Numbers may be `0.1`, `1e-3`, `-2`, `1/3`, `0.02/sqrt(2*12)`, `root(96, 4)`, `log(24)`, `inf`, `gain(tanh)`,
/// `gain(gelu, backward)`, `gain(elu, variance, 0.5)`. catalogue() lists the schemes and their parameters.
class Scheme {
 public:
  /// Throws Error(usage) for an unknown name (naming the nearest), an unknown, repeated or missing parameter, a value
  /// of the wrong type or out of range: the sentence names scheme, parameter, value and what is allowed.
  [[nodiscard]] static Scheme parse(std::string_view text);

  /// The text it was parsed from, without white space at the ends: parse(s.str()) == s.
  [[nodiscard]] const std::string& str() const noexcept { return text_; }
  /// The canonical name: `xavier_uniform` for `glorot_uniform(2)`.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// True for defaults of layers, which fill weights and biases: their formulas begin with `W, b`.
  [[nodiscard]] bool fills_biases() const noexcept { return fills_biases_; }

  /// True if element i depends on its index alone, so that fill_range() works; false for orthogonal, sparse, ...
  [[nodiscard]] bool elementwise() const noexcept;

  /// The statistics of the tensor that fill() makes. For structures (identity, dirac, sparse, ...) over its positions.
  /// Throws Error(usage) for a shape that the scheme cannot fill, and for a fan that is not above 0 unless the tensor
  /// is empty.
  [[nodiscard]] Expected expected(const Shape& shape, Fans fans) const;

  /// Equal meaning: same rule, same parameters, whatever the spelling.
  friend bool operator==(const Scheme& a, const Scheme& b) noexcept;

  /// The parsed form, for this library's own sources.
  [[nodiscard]] const detail::Rule& rule() const noexcept { return *rule_; }

 private:
  Scheme(std::string text, std::string name, std::shared_ptr<const detail::Rule> rule, bool fills_biases)
      : text_(std::move(text)), name_(std::move(name)), rule_(std::move(rule)), fills_biases_(fills_biases) {}

  std::string text_;
  std::string name_;
  std::shared_ptr<const detail::Rule> rule_;
  bool fills_biases_;
};

}  // namespace fanin::init
