#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/init/model_spec.h"

namespace fanin::init {

/// Which parameters a rule is for: terms joined with `,`, all of which must hold.
///
/// `role=bias` · `kind=conv` · `part=attention_out` · `stack=encoder`, each also with alternatives, `part=key|query` ·
/// `depth=0`, `depth=1..3`, `depth=last` · `block=0`, `block=0..3` · `name=GLOB` (`*` any run of characters, `?` one) ·
/// `*` alone, for all. A value.
class Selector {
 public:
  /// Throws Error(usage) for an unknown key, role, kind, part or stack (naming the nearest), a key that is there twice,
  /// a bad depth or block.
  [[nodiscard]] static Selector parse(std::string_view text);
  /// The text it was parsed from, without white space at the ends.
  [[nodiscard]] const std::string& str() const noexcept { return text_; }

  /// `last` is the model's last_depth(). A parameter without a depth, block, part or stack matches
  /// none.
  [[nodiscard]] bool matches(const ParameterSpec& parameter, std::optional<std::size_t> last) const;

  /// For a selector that matches nothing in `spec`: what there is instead, as the end of a sentence:
  /// `roles in this model: weight, bias`.
  [[nodiscard]] std::string instead(const ModelSpec& spec) const;

 private:
  enum class Key { role, kind, part, stack, depth, block, name };
  struct Term {
    Key key;
    std::string value;          // of a name
    std::uint64_t choices = 0;  // of a role, kind, part or stack: bit i for the value i
    std::size_t from = 0;       // of a depth or block, both included
    std::size_t to = 0;
    bool last = false;
  };
  static Term parse_term(std::string_view text, std::string_view part);
  static bool holds(const Term& term, const ParameterSpec& parameter, std::optional<std::size_t> last);

  std::string text_;
  std::vector<Term> terms_;
};

}  // namespace fanin::init
