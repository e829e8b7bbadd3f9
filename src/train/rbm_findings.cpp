#include "train/rbm_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace fanin::train {
namespace {

using Findings = std::vector<Finding>;
using Figure = std::function<std::optional<double>(const RbmEpoch&)>;

// The measured epochs' values of one figure.
struct Series {
  std::vector<std::size_t> epochs;
  std::vector<double> values;
};

Series series(std::span<const RbmEpoch> history, const Figure& figure) {
  Series s;
  for (const RbmEpoch& e : history) {
    if (!e.train) continue;
    if (const auto value = figure(e)) {
      s.epochs.push_back(e.epoch);
      s.values.push_back(*value);
    }
  }
  return s;
}

// What the model's fit is told by: the most trustworthy figure that was measured.
std::pair<std::string, Series> fit(std::span<const RbmEpoch> history) {
  Series s = series(history, [](const RbmEpoch& e) { return e.train->log_likelihood; });
  if (s.values.size() > 1) return {"the log-likelihood", s};
  return {"the pseudo-likelihood", series(history, [](const RbmEpoch& e) { return e.train->pseudo_likelihood; })};
}

void reconstruction_misleads(const RbmRun& run, Findings& out) {
  constexpr std::size_t kChecks = 3;
  const auto [name, likelihood] = fit(run.history);
  const Series error = series(run.history, [](const RbmEpoch& e) { return e.train->reconstruction_error; });
  if (likelihood.values.size() != error.values.size() || error.values.size() <= kChecks) return;
  for (std::size_t i = kChecks; i < error.values.size(); ++i) {
    const std::size_t from = i - kChecks;
    bool misleads = true;
    for (std::size_t c = from + 1; c <= i && misleads; ++c) {
      misleads = error.values[c] < error.values[c - 1] && likelihood.values[c] < likelihood.values[c - 1];
    }
    if (!misleads) continue;
    const auto best = std::max_element(likelihood.values.begin(), likelihood.values.end());
    out.push_back(
        {"W-RECON",
         fmt::format(
             "from epoch {} to {} the reconstruction error fell from {:.5f} to {:.5f} while {} fell from {:.2f} "
             "to {:.2f}; its best was {:.2f} at epoch {}, the last is {:.2f}",
             error.epochs[from], error.epochs[i], error.values[from], error.values[i], name, likelihood.values[from],
             likelihood.values[i], *best, likelihood.epochs[static_cast<std::size_t>(best - likelihood.values.begin())],
             likelihood.values.back()),
         "do not judge by the reconstruction: take --restore-best, more Gibbs steps (--k 1:3:10), --sampler pcd, a "
         "lower "
         "--lr or more weight decay"});
    return;
  }
}

void overfits(const RbmRun& run, Findings& out) {
  constexpr std::size_t kChecks = 5;
  constexpr double kNats = 1;
  const Series gap = series(run.history, [](const RbmEpoch& e) { return e.free_energy_gap(); });
  if (gap.values.size() <= kChecks) return;
  const std::size_t last = gap.values.size() - 1;
  for (std::size_t i = last; i > last - kChecks; --i) {
    if (gap.values[i] <= gap.values[i - 1]) return;
  }
  if (gap.values[last] <= kNats) return;
  out.push_back({"W-OVERFIT",
                 fmt::format("mean F(test) - mean F(train) rose over the last {} measurements to {:.2f} nats", kChecks,
                             gap.values[last]),
                 "train fewer epochs, or take more weight decay, fewer hidden units or more data"});
}

void update_size(const RbmRun& run, Findings& out) {
  constexpr double kHigh = 1e-2;
  constexpr double kLow = 1e-5;
  const double ratio = run.history.back().update_ratio;
  if (ratio > kHigh) {
    out.push_back(
        {"W-LR-HIGH",
         fmt::format("the last step changed a median weight by {:.2g} of its value, about 0.001 is usual", ratio),
         "divide --lr by 10, or end with a falling --schedule"});
  } else if (ratio < kLow) {
    out.push_back(
        {"W-LR-LOW",
         fmt::format("the last step changed a median weight by {:.2g} of its value, about 0.001 is usual", ratio),
         "multiply --lr by 10"});
  }
}

void units(const RbmRun& run, Findings& out) {
  constexpr double kDead = 0.001;
  constexpr double kSaturated = 0.999;
  if (!run.history.back().train || run.machine.spec().hidden_units != rbm::UnitKind::binary) return;
  const std::vector<double>& q = run.history.back().train->activity;
  const auto dead = std::count_if(q.begin(), q.end(), [&](double x) { return x < kDead; });
  const auto saturated = std::count_if(q.begin(), q.end(), [&](double x) { return x > kSaturated; });
  if (dead > 0) {
    out.push_back({"W-DEAD",
                   fmt::format("{} of {} hidden units are on in less than 0.1 % of the samples", dead, q.size()),
                   "lower --lr, start with --hidden-bias 0, or ask for activity with --sparsity-target 0.1"});
  }
  if (saturated > 0) {
    const bool all = static_cast<std::size_t>(saturated) == q.size();
    out.push_back({all ? "W-ALLONES" : "W-SATURATED",
                   fmt::format("{} of {} hidden units are on in more than 99.9 % of the samples{}", saturated, q.size(),
                               all ? ": the features say nothing" : ""),
                   "take --centered, or ask for less activity with --sparsity-target 0.1; sparse data want a negative "
                   "--hidden-bias"});
  }
}

void chains(const RbmRun& run, Findings& out) {
  constexpr double kFar = 20;  // nats
  const RbmEpoch& last = run.history.back();
  if (last.chain_free_energy && last.train && last.train->free_energy &&
      *last.chain_free_energy < *last.train->free_energy - kFar) {
    out.push_back(
        {"W-MIX",
         fmt::format("the persistent chains lie at a mean free energy of {:.1f}, the data at {:.1f}: the chains sit "
                     "in modes of their own",
                     *last.chain_free_energy, *last.train->free_energy),
         "lower --lr, more Gibbs steps (--k), more --weight-decay, or --sampler tempering"});
  }
  constexpr double kRare = 0.1;
  const auto rare = std::min_element(run.swap_rates.begin(), run.swap_rates.end());
  if (rare != run.swap_rates.end() && *rare < kRare) {
    out.push_back({"W-MIX",
                   fmt::format("neighbouring temperatures {} and {} of {} exchange states in {:.1f} % of the attempts",
                               rare - run.swap_rates.begin(), rare - run.swap_rates.begin() + 1,
                               run.swap_rates.size() + 1, 100 * *rare),
                   "more --temperatures"});
  }
}

void setup(const RbmRun& run, Findings& out) {
  const std::size_t explosions = [&] {
    std::size_t sum = 0;
    for (const RbmEpoch& e : run.history) sum += e.explosions;
    return sum;
  }();
  if (explosions > 0) {
    out.push_back(
        {"W-EXPLODE",
         fmt::format("reconstructions spread more than twice as far as the data in {} steps; each time the machine "
                     "was shrunk and the learning rate reduced by a tenth",
                     explosions),
         "a lower --lr"});
  }
  const auto constant = std::count_if(run.variances.begin(), run.variances.end(), [](double s) { return s == 0; });
  if (constant > 0) {
    out.push_back(
        {"W-CONSTANT",
         fmt::format("{} of {} visible units have the same value in all training samples", constant,
                     run.variances.size()),
         "their weights learn nothing; with --vbias logit their biases start at the constant, or leave them out"});
  }
  if (run.machine.spec().visible_units == rbm::UnitKind::gaussian) {
    constexpr double kMean = 0.1;
    constexpr double kVariance = 0.2;
    std::size_t off = 0;
    for (std::size_t i = 0; i < run.means.size(); ++i) {
      off += std::abs(run.means[i]) > kMean || std::abs(run.variances[i] - 1) > kVariance ? 1 : 0;
    }
    if (off > 0) {
      out.push_back({"W-SCALE",
                     fmt::format("{} of {} features do not have mean 0 and variance 1, which Gaussian units suppose",
                                 off, run.means.size()),
                     "add --standardize"});
    }
  }
  constexpr std::size_t kTimes = 10;
  if (run.data.classes() > 1 && run.options.learning.batch > kTimes * run.data.classes()) {
    out.push_back({"W-BATCH",
                   fmt::format("batches of {} for {} classes", run.options.learning.batch, run.data.classes()),
                   "batches of 10 to 100 learn faster an epoch"});
  }
  if (run.options.visible_bias == VisibleBias::zero && run.machine.spec().visible_units == rbm::UnitKind::binary) {
    constexpr double kFar = 2;
    std::size_t far = 0;
    for (const double p : run.means) far += std::abs(std::log((p + 1e-4) / (1 - p + 1e-4))) > kFar ? 1 : 0;
    if (2 * far > run.means.size()) {
      out.push_back(
          {"W-VBIAS",
           fmt::format("visible biases start at 0, {} of {} units are on in less than 12 % or more than 88 % of the "
                       "samples",
                       far, run.means.size()),
           "--vbias logit leaves hidden units free from learning the mean image"});
    }
  }
}

double entropy_bits(double p) {
  return p > 0 ? -p * std::log2(p) : 0;
}

// Hinton 2010, section 12: the bits that describe the data, by units that know nothing of each other (so rather too
// many), against what the machine has to describe them with.
void capacity(const RbmRun& run, Findings& out) {
  const rbm::RbmSpec& spec = run.machine.spec();
  if (spec.visible_units != rbm::UnitKind::binary) return;
  double bits = 0;
  for (std::size_t i = 0; i < run.means.size(); ++i) {
    bits += entropy_bits(run.means[i]);
    // Of labels exactly one is on: their entropy is that of one choice.
    if (i < spec.visible) bits += entropy_bits(1 - run.means[i]);
  }
  const double all = bits * static_cast<double>(run.data.size());
  const std::size_t parameters =
      run.machine.hidden() * run.machine.visible() + run.machine.visible() + run.machine.hidden();
  if (static_cast<double>(parameters) <= all) return;
  constexpr double kBitsForAParameter = 10;
  const double hidden =
      std::max(1.0, std::floor(all / kBitsForAParameter / static_cast<double>(run.machine.visible())));
  out.push_back(
      {"W-CAPACITY",
       fmt::format("{} parameters for {} samples of {:.1f} bits, {:.0f} bits in all", parameters, run.data.size(), bits,
                   all),
       fmt::format("one parameter for ten bits would be --hidden {:.0f}; else more data, more --weight-decay or "
                   "--sparsity-target 0.1",
                   hidden)});
}

}  // namespace

Findings rbm_findings(const RbmRun& run) {
  Findings out;
  if (run.history.empty()) return out;
  reconstruction_misleads(run, out);
  overfits(run, out);
  update_size(run, out);
  units(run, out);
  chains(run, out);
  setup(run, out);
  capacity(run, out);
  return out;
}

}  // namespace fanin::train
