#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/core/shape.h"
#include "fanin/init/catalogue.h"
#include "fanin/init/fans.h"
#include "fanin/init/scheme.h"

/// What a name means, in numbers, and what it means elsewhere: what `fanin explain` prints.
namespace fanin::init {

/// One scheme for one tensor.
struct Figures {
  std::string distribution;          ///< its kind in a word or two: `uniform`, `truncated normal`, `orthogonal`, ...
  std::string law;                   ///< with its constants: `N(0, 0.0574199^2) within +-2 sigma`
  std::optional<Expected> expected;  ///< none where the scheme cannot fill the tensor
  std::string problem;               ///< why not
};

/// One row of a comparison.
struct Meaning {
  std::string owner;   ///< `fanin`, or a framework's name
  std::string scheme;  ///< empty where the owner has no such scheme
  std::string fan;     ///< what its scale depends on
  Figures figures;
  double ratio = std::numeric_limits<double>::quiet_NaN();  ///< of its std to that of the first row
  std::string remark;
};

/// One concept in fanin and in every framework.
struct Comparison {
  std::string of;  ///< a scheme of fanin, or `linear`, `embedding`, `recurrent`: the default of such a layer
  bool layer = false;
  std::vector<std::string> aliases;
  Shape shape;
  Fans fans;
  /// fanin's first (for a layer, the scheme that fanin's own networks begin with), then at least one row for every
  /// framework, in the order of kFrameworks.
  std::vector<Meaning> rows;
};

struct Explanation {
  std::string scheme;  ///< as given, or with an example's arguments where some must be given
  const SchemeInfo* info;
  std::string fan;  ///< what its scale depends on, with these arguments; empty for nothing
  Shape shape;
  Fans fans;                    ///< of the layer, as given
  std::optional<Fans> counted;  ///< what a dialect's framework counts from the shape, where it does
  Figures figures;
  /// The same name, or what it stands for, elsewhere; this scheme itself is not among them.
  std::vector<Meaning> elsewhere;
};

/// The fans that a tensor [out, in, taps...] has as a plain layer's weight: in and out times all taps; not a number
/// below rank 2.
[[nodiscard]] Fans plain_fans(const Shape& shape);

/// Explains a scheme's text, or a name alone. A tensor that it cannot fill is a problem of the figures, no error.
/// Throws Error(usage) as Scheme::parse does.
[[nodiscard]] Explanation explain(std::string_view text, const Shape& shape, Fans fans);

/// Compares what `name` stands for: a scheme of fanin, one of a dialect with a counterpart, or the default of a layer.
/// Throws Error(usage) for an unknown name, and for a dialect's that stands alone.
[[nodiscard]] Comparison compare(std::string_view name, const Shape& shape, Fans fans);

}  // namespace fanin::init
