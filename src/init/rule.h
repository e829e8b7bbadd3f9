#pragma once

#include "fanin/core/shape.h"
#include "fanin/init/fans.h"

namespace fanin::init {

enum class Distribution { uniform, normal, truncated_normal };

namespace detail {

enum class Kind { constant, uniform, normal, truncated_normal, scaled, orthogonal, identity, dirac, sparse };

/// A scheme with every parameter resolved. Which members count depends on `kind`; the others keep their defaults, so
/// that equal rules compare equal.
struct Rule {
  Kind kind = Kind::constant;
  double value = 0;     ///< constant
  double low = 0;       ///< uniform; truncated_normal in standard deviations
  double high = 0;      ///< uniform; truncated_normal in standard deviations
  double mean = 0;      ///< normal, truncated_normal
  double std = 0;       ///< normal, truncated_normal, sparse
  double scale = 0;     ///< scaled: the variance is scale / fan
  double gain = 1;      ///< orthogonal, identity
  double sparsity = 0;  ///< sparse
  double groups = 1;    ///< dirac
  FanMode mode = FanMode::fan_in;
  Distribution distribution = Distribution::uniform;
  friend bool operator==(const Rule&, const Rule&) = default;
};

}  // namespace detail

/// A distribution of independent elements, with its numbers. Bounds of a truncated normal are in units of std.
struct Law {
  enum class Kind { constant, uniform, normal, truncated_normal } kind;
  double mean_or_low;
  double std_or_high;
  double low = 0;
  double high = 0;
};

/// The law of a rule of the kinds constant to scaled for a tensor. Throws Error(usage) for a fan that is not above 0,
/// unless the tensor has no elements.
[[nodiscard]] Law law_of(const detail::Rule& rule, const Shape& shape, Fans fans);

/// Throws Error(usage) for a shape that the rule cannot fill.
void check_shape(const detail::Rule& rule, const Shape& shape);

/// sparse: the zeros in each of the columns of `rows` elements.
[[nodiscard]] std::size_t zeros_per_column(double sparsity, std::size_t rows);

}  // namespace fanin::init
