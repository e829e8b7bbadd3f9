#include "fanin/rbm/learning_options.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

namespace fanin::rbm {
namespace {

constexpr std::array<std::string_view, 4> kSamplers{"cd", "pcd", "tempering", "exact"};

void require(bool holds, std::string_view option, double value, std::string_view allowed) {
  if (holds) return;
  throw Error(ErrorKind::usage, "rbm", fmt::format("{} is {}, allowed is {}", option, value, allowed));
}

void require_count(std::string_view option, std::size_t value, std::size_t least, std::size_t most) {
  require(value >= least && value <= most, option, static_cast<double>(value), fmt::format("{} to {}", least, most));
}

}  // namespace

Sampler parse_sampler(std::string_view text) {
  for (std::size_t i = 0; i < kSamplers.size(); ++i) {
    if (text == kSamplers.at(i)) return static_cast<Sampler>(i);
  }
  const std::vector<std::string> known(kSamplers.begin(), kSamplers.end());
  throw Error(
      ErrorKind::usage, "rbm",
      fmt::format("unknown sampler '{}'{} (there are cd, pcd, tempering and exact)", text, did_you_mean(text, known)));
}

std::string str(Sampler sampler) {
  return std::string(kSamplers.at(static_cast<std::size_t>(sampler)));
}

void ContrastiveDivergenceOptions::validate() const {
  constexpr std::size_t kMaxSteps = 1000;
  constexpr std::size_t kMaxBatch = std::size_t{1} << 20;
  constexpr std::size_t kMaxChains = 65536;
  require_count("k", k, 1, kMaxSteps);
  require_count("chains", chains, 0, kMaxChains);
  require_count("temperatures", temperatures, 2, kMaxSteps);
  require_count("batch size", batch, 1, kMaxBatch);
  require(learning_rate > 0 && learning_rate <= 1e3, "learning rate", learning_rate, "above 0 and at most 1000");
  require(momentum >= 0 && momentum < 1, "momentum", momentum, "0 <= momentum < 1");
  require(weight_decay >= 0 && weight_decay <= 1, "weight decay", weight_decay, "0 to 1");
  require(l1 >= 0 && l1 <= 1, "l1", l1, "0 to 1");
  require(offset_rate > 0 && offset_rate <= 1, "offset rate", offset_rate, "above 0 and at most 1");
  require(sparsity_target >= 0 && sparsity_target < 1, "sparsity target", sparsity_target, "0 <= target < 1");
  require(sparsity_cost >= 0 && sparsity_cost <= 1e3, "sparsity cost", sparsity_cost, "0 to 1000");
  require(sparsity_decay >= 0 && sparsity_decay < 1, "sparsity decay", sparsity_decay, "0 <= decay < 1");
}

}  // namespace fanin::rbm
