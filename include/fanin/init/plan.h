#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/init/model_spec.h"
#include "fanin/init/scheme.h"
#include "fanin/init/selector.h"

namespace fanin::init {

/// `SELECTOR -> SCHEME`: which parameters, and what fills them.
struct PlanRule {
  Selector selector;
  Scheme scheme;

  /// Throws Error(usage) for a text without `->` and as Selector::parse() and Scheme::parse() do.
  [[nodiscard]] static PlanRule parse(std::string_view text);
  /// `role=bias -> zeros`.
  [[nodiscard]] std::string str() const;
};

/// One parameter of a plan with what is promised of it.
struct PlanEntry {
  ParameterSpec parameter;
  /// The index of the rule that fills it; nothing for a parameter that is loaded, tied or frozen.
  std::optional<std::size_t> rule;
  Expected expected{};  ///< of float32 values, before they are rounded to the parameter's type
};

/// Parameters x rules, resolved: for every parameter the one rule that fills it, before anything is written. A value.
class Plan {
 public:
  /// Every raw parameter gets exactly one rule, and every rule at least one parameter.
  ///
  /// Throws Error(usage) for a rule that matches no raw parameter (saying what the model has instead), for parameters
  /// that no rule matches, for one that two rules match unless `ordered`: then the later rule wins, and a rule whose
  /// parameters all went to later ones is an error; for a rule that cannot fill a parameter of that shape, with fans
  /// that are not known, or with values that the parameter's type does not hold.
  [[nodiscard]] static Plan resolve(const ModelSpec& spec, std::vector<PlanRule> rules, bool ordered = false);

  /// In the order of the spec.
  [[nodiscard]] std::span<const PlanEntry> entries() const noexcept { return entries_; }
  [[nodiscard]] std::span<const PlanRule> rules() const noexcept { return rules_; }
  [[nodiscard]] bool ordered() const noexcept { return ordered_; }
  /// Null if there is none of that name. Valid as long as this object.
  [[nodiscard]] const PlanEntry* find(std::string_view name) const noexcept;
  /// The scheme of an entry of this plan, or null.
  [[nodiscard]] const Scheme* scheme(const PlanEntry& entry) const {
    return entry.rule ? &rules_[*entry.rule].scheme : nullptr;
  }

 private:
  std::vector<PlanRule> rules_;
  std::vector<PlanEntry> entries_;
  std::vector<std::size_t> by_name_;  // indices, sorted by name
  bool ordered_ = false;
};

}  // namespace fanin::init
