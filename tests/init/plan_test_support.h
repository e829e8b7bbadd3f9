#pragma once

#include <string>
#include <vector>

#include "fanin/init/plan.h"

namespace fanin::init {

inline std::vector<PlanRule> rules(const std::vector<std::string>& texts) {
  std::vector<PlanRule> parsed;
  for (const std::string& text : texts) parsed.push_back(PlanRule::parse(text));
  return parsed;
}

/// A perceptron 8-6-3 as its parameters are named.
inline ModelSpec small_spec() {
  const auto one = [](std::string name, Shape shape, Role role, std::size_t depth, Fans fans) {
    return ParameterSpec{
        .name = std::move(name), .shape = shape, .role = role, .kind = LayerKind::linear, .depth = depth, .fans = fans};
  };
  return ModelSpec({one("0.weight", {6, 8}, Role::weight, 0, {8, 6}), one("0.bias", {6}, Role::bias, 0, {8, 6}),
                    one("2.weight", {3, 6}, Role::weight, 1, {6, 3}), one("2.bias", {3}, Role::bias, 1, {6, 3})});
}

}  // namespace fanin::init
