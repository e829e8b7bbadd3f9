#include "fanin/train/rbm_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

namespace fanin::train {
namespace {

void require(bool holds, std::string_view option, double value, std::string_view allowed) {
  if (holds) return;
  throw Error(ErrorKind::usage, "rbm", fmt::format("{} is {}, allowed is {}", option, value, allowed));
}

RbmOptions hinton2006() {
  RbmOptions o;
  o.learning.learning_rate = 0.1;
  o.learning.momentum = 0.5;
  o.final_momentum = 0.9;
  o.learning.weight_decay = 2e-4;
  o.weights = init::Scheme::parse("normal(0, 0.1)");
  o.visible_bias = VisibleBias::zero;
  return o;
}

RbmOptions pcd() {
  RbmOptions o;
  o.learning.sampler = rbm::Sampler::pcd;
  o.learning.learning_rate = 0.01;
  o.learning.centered = true;
  o.learning.chains = 100;
  o.epochs = 50;
  return o;
}

RbmOptions gaussian() {
  RbmOptions o = hinton2006();
  o.visible_units = rbm::UnitKind::gaussian;
  o.learning.learning_rate = 0.001;
  o.learning.explosion_guard = true;
  o.weights = init::Scheme::parse("normal(0, 0.01)");
  return o;
}

}  // namespace

std::vector<std::string> RbmOptions::presets() {
  return {"hinton2006", "pcd", "gaussian"};
}

RbmOptions RbmOptions::preset(std::string_view name) {
  if (name == "hinton2006") return hinton2006();
  if (name == "pcd") return pcd();
  if (name == "gaussian") return gaussian();
  throw Error(ErrorKind::usage, "rbm",
              fmt::format("unknown preset '{}'{}; there are {}", name, did_you_mean(name, presets()),
                          fmt::join(presets(), ", ")));
}

void RbmOptions::set_units(rbm::UnitKind of_visible, rbm::UnitKind of_hidden) {
  constexpr double kUnbounded = 0.001;
  visible_units = of_visible;
  hidden_units = of_hidden;
  if (of_visible == rbm::UnitKind::binary && of_hidden == rbm::UnitKind::binary) return;
  learning.learning_rate = std::min(learning.learning_rate, kUnbounded);
  learning.explosion_guard = of_visible != rbm::UnitKind::binary;
  weights = init::Scheme::parse("normal(0, 0.01)");
}

void RbmOptions::validate() const {
  learning.validate();
  rbm::RbmSpec{1, hidden, visible_units, hidden_units, 0}.validate();
  require(final_momentum >= 0 && final_momentum < 1, "final momentum", final_momentum, "0 <= momentum < 1");
  require(final_momentum == 0 || learning.momentum > 0 || learning.centered, "momentum", learning.momentum,
          "above 0 where there is a final momentum");
  require(hidden_bias >= -100 && hidden_bias <= 100, "hidden bias", hidden_bias, "-100 to 100");
  if (k.empty()) throw Error(ErrorKind::usage, "rbm", "no Gibbs steps given, k is a list such as 1:3:10");
  for (const std::size_t steps : k) {
    rbm::ContrastiveDivergenceOptions each = learning;
    each.k = steps;
    each.validate();
  }
  require(monitor_every > 0, "monitor every", static_cast<double>(monitor_every), "at least 1");
  schedule.validate();
  binarization.validate();
}

rbm::RbmSpec RbmOptions::spec(const data::Dataset& data) const {
  return {data.features(), hidden, visible_units, hidden_units, labels ? data.classes() : 0};
}

VisibleBias parse_visible_bias(std::string_view text) {
  if (text == "logit") return VisibleBias::logit;
  if (text == "zero") return VisibleBias::zero;
  throw Error(ErrorKind::usage, "rbm", fmt::format("visible bias: '{}' given, allowed are logit and zero", text));
}

std::string str(VisibleBias bias) {
  return bias == VisibleBias::logit ? "logit" : "zero";
}

std::vector<std::size_t> parse_steps(std::string_view text) {
  constexpr std::size_t kMax = 1000;
  std::vector<std::size_t> k;
  for (const std::string& part : split_outside_parentheses(text, ':')) {
    const auto n = parse_unsigned(part);
    if (!n || *n == 0 || *n > kMax) {
      throw Error(ErrorKind::usage, "rbm",
                  fmt::format("k: '{}' given, allowed are numbers from 1 to {}, such as 1 or 1:3:10", text, kMax));
    }
    k.push_back(*n);
  }
  return k;
}

std::string steps_str(const std::vector<std::size_t>& k) {
  return fmt::format("{}", fmt::join(k, ":"));
}

}  // namespace fanin::train
