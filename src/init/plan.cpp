#include "fanin/init/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/init/fill.h"

namespace fanin::init {
namespace {

[[noreturn]] void fail(std::string_view sentence) {
  throw Error(ErrorKind::usage, "init", sentence);
}

// What the values reach in float32. A normal ends where its 32-bit words do, before 7 standard deviations.
double reach(const Expected& e) {
  constexpr double kFurthest = 7;
  if (std::isfinite(e.low) && std::isfinite(e.high)) return std::max(std::abs(e.low), std::abs(e.high));
  return std::abs(e.mean) + kFurthest * e.std;
}

Expected checked(const PlanRule& rule, const ParameterSpec& p) {
  Expected expected{};
  try {
    expected = rule.scheme.expected(p.shape, p.fans);
    // The distributions' own limits show with the first element.
    float first = 0;
    if (rule.scheme.elementwise() && p.shape.elements() > 0) {
      fill_range(rule.scheme, p.shape, p.fans, random::Stream(0, p.name), 0, {&first, 1});
    }
  } catch (const Error& e) {
    std::string_view sentence = e.what();
    sentence.remove_prefix(std::min(sentence.size(), sentence.find("] ") + 2));
    const bool fans_unknown = !std::isfinite(p.fans.in) || !std::isfinite(p.fans.out);
    fail(fmt::format("rule '{}' cannot fill '{}': {}{}", rule.str(), p.name, sentence,
                     fans_unknown && !p.reason.empty() ? fmt::format(" ({})", p.reason) : ""));
  }
  if (!(reach(expected) <= float_max(p.dtype))) {
    fail(fmt::format("rule '{}' cannot fill '{}': its values reach {:g}, {} ends at {:g}", rule.str(), p.name,
                     reach(expected), to_string(p.dtype), float_max(p.dtype)));
  }
  // Half of the least number rounds to 0.
  if (reach(expected) > 0 && reach(expected) <= float_least(p.dtype) / 2) {
    fail(fmt::format("rule '{}' cannot fill '{}': its values reach {:g}, which is 0 in {}, whose least number is {:g}",
                     rule.str(), p.name, reach(expected), to_string(p.dtype), float_least(p.dtype)));
  }
  return expected;
}

void require_matches(const ModelSpec& spec, const PlanRule& rule, std::size_t matched, std::size_t kept) {
  if (kept > 0) return;
  if (matched > 0) fail(fmt::format("rule '{}' decides nothing: later rules take all of its parameters", rule.str()));
  for (const ParameterSpec& p : spec.parameters()) {
    if (!rule.selector.matches(p, spec.last_depth())) continue;
    fail(fmt::format("rule '{}' matches no parameter that is raw; '{}' is {}", rule.str(), p.name, to_string(p.state)));
  }
  fail(fmt::format("rule '{}' matches no parameter; {}", rule.str(), rule.selector.instead(spec)));
}

void require_all_matched(const std::vector<PlanEntry>& entries) {
  constexpr std::size_t kMost = 5;
  std::vector<std::string> left;
  for (const PlanEntry& e : entries) {
    if (e.rule || e.parameter.state != State::raw) continue;
    left.push_back(fmt::format("'{}' ({})", e.parameter.name, to_string(e.parameter.role)));
  }
  if (left.empty()) return;
  const std::size_t shown = std::min(left.size(), kMost);
  fail(fmt::format("{} of {} parameters {} matched by no rule: {}{}", left.size(), entries.size(),
                   left.size() == 1 ? "is" : "are", fmt::join(left.begin(), left.begin() + shown, ", "),
                   left.size() > shown ? ", ..." : ""));
}

}  // namespace

PlanRule PlanRule::parse(std::string_view text) {
  const std::size_t arrow = text.find("->");
  if (arrow == std::string_view::npos) {
    fail(fmt::format("rule '{}' has no '->', as in 'role=weight -> he_normal'", text.substr(0, 120)));
  }
  return {Selector::parse(text.substr(0, arrow)), Scheme::parse(text.substr(arrow + 2))};
}

std::string PlanRule::str() const {
  return fmt::format("{} -> {}", selector.str(), scheme.str());
}

Plan Plan::resolve(const ModelSpec& spec, std::vector<PlanRule> rules, bool ordered) {
  Plan plan;
  plan.rules_ = std::move(rules);
  plan.ordered_ = ordered;
  std::vector<std::size_t> matched(plan.rules_.size());
  std::vector<std::size_t> kept(plan.rules_.size());
  for (const ParameterSpec& p : spec.parameters()) {
    PlanEntry entry{p, std::nullopt};
    for (std::size_t r = 0; r < plan.rules_.size() && p.state == State::raw; ++r) {
      const PlanRule& rule = plan.rules_[r];
      if (!rule.selector.matches(p, spec.last_depth())) continue;
      if (entry.rule && !ordered) {
        fail(fmt::format("parameter '{}' is matched by two rules, '{}' and '{}'; with ordered rules the later wins",
                         p.name, plan.rules_[*entry.rule].str(), rule.str()));
      }
      ++matched[r];
      entry.rule = r;
    }
    if (entry.rule) ++kept[*entry.rule];
    plan.entries_.push_back(std::move(entry));
  }
  for (std::size_t r = 0; r < plan.rules_.size(); ++r) require_matches(spec, plan.rules_[r], matched[r], kept[r]);
  require_all_matched(plan.entries_);
  for (PlanEntry& entry : plan.entries_) {
    if (entry.rule) entry.expected = checked(plan.rules_[*entry.rule], entry.parameter);
  }
  plan.by_name_.resize(plan.entries_.size());
  std::iota(plan.by_name_.begin(), plan.by_name_.end(), std::size_t{0});
  std::sort(plan.by_name_.begin(), plan.by_name_.end(), [&](std::size_t a, std::size_t b) {
    return plan.entries_[a].parameter.name < plan.entries_[b].parameter.name;
  });
  return plan;
}

const PlanEntry* Plan::find(std::string_view name) const noexcept {
  const auto at = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                   [&](std::size_t i, std::string_view n) { return entries_[i].parameter.name < n; });
  return at == by_name_.end() || entries_[*at].parameter.name != name ? nullptr : &entries_[*at];
}

}  // namespace fanin::init
