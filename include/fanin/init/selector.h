#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/init/model_spec.h"

namespace fanin::init {

/// Which parameters a rule is for: terms joined with `,`, all of which must hold.
///
/// `role=bias` · `kind=conv` · `depth=0`, `depth=1..3`, `depth=last` · `name=GLOB` (`*` any run of characters, `?` one)
/// · `*` alone, for all. A value.
class Selector {
 public:
  /// Throws Error(usage) for an unknown key, role or kind (naming the nearest), a key that is there twice, a bad depth.
  [[nodiscard]] static Selector parse(std::string_view text);
  /// The text it was parsed from, without white space at the ends.
  [[nodiscard]] const std::string& str() const noexcept { return text_; }

  /// `last` is the model's last_depth(). A parameter without a depth matches no depth.
  [[nodiscard]] bool matches(const ParameterSpec& parameter, std::optional<std::size_t> last) const;

  /// For a selector that matches nothing in `spec`: what there is instead, as the end of a sentence:
  /// `roles in this model: weight, bias`.
  [[nodiscard]] std::string instead(const ModelSpec& spec) const;

 private:
  enum class Key { role, kind, depth, name };
  struct Term {
    Key key;
    std::string value;  // of a name
    Role role = Role::weight;
    LayerKind kind = LayerKind::other;
    std::size_t from = 0;  // of a depth, both included
    std::size_t to = 0;
    bool last = false;
  };
  static Term parse_term(std::string_view text, std::string_view part);
  static bool holds(const Term& term, const ParameterSpec& parameter, std::optional<std::size_t> last);

  std::string text_;
  std::vector<Term> terms_;
};

}  // namespace fanin::init
