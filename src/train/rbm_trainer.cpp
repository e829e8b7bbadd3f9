#include "fanin/train/rbm_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "fanin/core/error.h"
#include "fanin/data/statistics.h"

#include "train/rbm_findings.h"

namespace fanin::train {
namespace {

using Clock = std::chrono::steady_clock;

rbm::ContrastiveDivergenceOptions first_step(const RbmOptions& o) {
  rbm::ContrastiveDivergenceOptions learning = o.learning;
  learning.k = o.k.front();
  return learning;
}

const RbmOptions& checked(const RbmOptions& o) {
  o.validate();
  return o;
}

// Means and variances of what the machine sees in its first epoch, in slabs whose sums are added in order.
void moments(const rbm::Rbm& machine, const RbmData& data, ThreadPool& pool, std::vector<double>& means,
             std::vector<double>& variances) {
  constexpr std::size_t kSlab = 500;
  const std::size_t n = data.data->size();
  const std::size_t v = machine.visible();
  const std::size_t slabs = (n + kSlab - 1) / kSlab;
  std::vector<std::vector<double>> sums(slabs, std::vector<double>(2 * v));
  pool.run(slabs, [&](std::size_t slab) {
    const std::size_t first = slab * kSlab;
    const std::size_t count = std::min(kSlab, n - first);
    std::vector<std::uint32_t> indices(count);
    std::iota(indices.begin(), indices.end(), static_cast<std::uint32_t>(first));
    std::vector<float> x(count * v);
    data.rows(machine, 0, indices, {x.data(), count, v});
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto value = static_cast<double>(x[i]);
      sums[slab][i % v] += value;
      sums[slab][v + i % v] += value * value;
    }
  });
  means.assign(v, 0);
  variances.assign(v, 0);
  for (const std::vector<double>& s : sums) {
    for (std::size_t i = 0; i < v; ++i) {
      means[i] += s[i];
      variances[i] += s[v + i];
    }
  }
  for (std::size_t i = 0; i < v; ++i) {
    means[i] /= static_cast<double>(n);
    variances[i] = std::max(0.0, variances[i] / static_cast<double>(n) - means[i] * means[i]);
    // What cancellation leaves of a constant is no spread.
    if (variances[i] < 1e-12 * (1 + means[i] * means[i])) variances[i] = 0;
  }
}

double median_ratio(std::span<const float> before, std::span<const float> after) {
  std::vector<float> ratios;
  ratios.reserve(before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (after[i] != 0) ratios.push_back(std::abs((after[i] - before[i]) / after[i]));
  }
  if (ratios.empty()) return 0;
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  return static_cast<double>(*middle);
}

void require_finite(const rbm::Rbm& machine, std::size_t epoch, double learning_rate) {
  const std::span<const float> values = machine.values();
  const auto bad = std::find_if(values.begin(), values.end(), [](float x) { return !std::isfinite(x); });
  if (bad == values.end()) return;
  throw Error(ErrorKind::numeric, "rbm",
              fmt::format("diverged: parameter {} is {} after epoch {}; a smaller learning rate than {} may help",
                          bad - values.begin(), *bad, epoch, learning_rate));
}

}  // namespace

std::optional<double> RbmEpoch::free_energy_gap() const {
  if (!train || !test || !train->free_energy || !test->free_energy) return std::nullopt;
  return *test->free_energy - *train->free_energy;
}

RbmTrainer::RbmTrainer(const RbmOptions& options, const data::Dataset& data, const data::Dataset* test,
                       ThreadPool& pool)
    : options_(checked(options)),
      pool_(pool),
      machine_(options.spec(data)),
      data_{&data, options.binarization, random::Stream(options.learning.seed, "binarization")},
      order_(data.size(), {options.learning.batch, true, true}, random::Stream(options.learning.seed, "shuffle")),
      step_(first_step(options), machine_, pool) {
  data_.check(machine_);
  if (test != nullptr) {
    test_ = RbmData{test, options.binarization, random::Stream(options.learning.seed, "binarization of test data")};
    test_->check(machine_);
  }
  machine_.initialize(options_.weights, options_.learning.seed, pool);
  moments(machine_, data_, pool, means_, variances_);
  const std::span<float> values = machine_.values();
  std::vector<float> offsets(machine_.visible());
  const double least = 1 / (static_cast<double>(data.size()) + 2);
  const rbm::RbmSpec& spec = machine_.spec();
  for (std::size_t i = 0; i < machine_.visible(); ++i) {
    offsets[i] = static_cast<float>(means_[i]);
    if (options_.visible_bias == VisibleBias::zero) continue;
    const double p = std::clamp(means_[i], least, 1 - least);
    const bool label = i >= spec.visible;
    const bool binary = spec.visible_units == rbm::UnitKind::binary;
    values[machine_.visible_bias_offset() + i] = static_cast<float>(label    ? std::log(p)
                                                                    : binary ? std::log(p / (1 - p))
                                                                             : means_[i]);
  }
  std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(machine_.hidden_bias_offset()), machine_.hidden(),
              static_cast<float>(options_.hidden_bias));
  if (options_.learning.centered) {
    // Biases are those of the centered machine: with offsets mu and 1/2 the normal ones are b - W^T / 2 and c - W mu.
    const MatrixView<const float> w = machine_.weight();
    for (std::size_t j = 0; j < machine_.hidden(); ++j) {
      double inner = 0;
      for (std::size_t i = 0; i < machine_.visible(); ++i) {
        inner += static_cast<double>(w(j, i)) * static_cast<double>(offsets[i]);
        values[machine_.visible_bias_offset() + i] -= 0.5F * w(j, i);
      }
      values[machine_.hidden_bias_offset() + j] -= static_cast<float>(inner);
    }
    step_.set_offsets(offsets);
  }
  machine_.refresh();
}

const RbmEpoch& RbmTrainer::run_epoch() {
  RbmEpoch e;
  e.epoch = history_.size() + 1;
  const std::size_t batches = order_.batches();
  const std::size_t total = std::max<std::size_t>(options_.epochs, 1) * batches;
  e.k = options_.k[std::min(options_.k.size() - 1,
                            (e.epoch - 1) * options_.k.size() / std::max<std::size_t>(options_.epochs, 1))];
  const double final_momentum = options_.final_momentum > 0 ? options_.final_momentum : options_.learning.momentum;
  e.momentum = e.epoch > options_.momentum_epochs ? final_momentum : options_.learning.momentum;
  step_.set_k(e.k);
  const Clock::time_point start = Clock::now();
  order_.begin_epoch(e.epoch - 1);
  double error = 0;
  for (std::size_t b = 0; b < batches; ++b) {
    const auto batch = order_.batch(b);
    const auto next = b + 1 < batches ? order_.batch(b + 1) : std::span<const std::uint32_t>();
    const std::size_t at = std::min((e.epoch - 1) * batches + b, total - 1);
    e.learning_rate = options_.learning.learning_rate * options_.schedule.factor(at, total, batches) * rate_factor_;
    // A schedule may end at 0, a step may not.
    e.learning_rate = std::max(e.learning_rate, std::numeric_limits<double>::min());
    step_.set_rates(e.learning_rate, e.momentum);
    const bool last = b + 1 == batches;
    if (last) before_.assign(machine_.weight().data, machine_.weight().data + machine_.hidden() * machine_.visible());
    const rbm::StepResult r = step_.step(
        [&](std::size_t first, MatrixView<float> out) {
          data_.rows(machine_, e.epoch - 1, batch.subspan(first, out.rows), out);
        },
        // A few samples at a time: waiting for memory hides behind the arithmetic.
        [&](std::size_t part, std::size_t parts) {
          const std::size_t begin = next.size() * part / parts;
          data_.data->prefetch(next.subspan(begin, next.size() * (part + 1) / parts - begin));
        });
    error += r.reconstruction_error;
    if (r.exploded) {
      constexpr double kSlower = 0.9;
      ++e.explosions;
      rate_factor_ *= kSlower;
    }
  }
  e.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  e.reconstruction_error = error / static_cast<double>(batches);
  e.update_ratio = median_ratio(before_, {machine_.weight().data, before_.size()});
  require_finite(machine_, e.epoch, e.learning_rate);
  if (options_.monitor_samples > 0 && (e.epoch % options_.monitor_every == 0 || e.epoch == options_.epochs)) {
    measure_epoch(e);
  }
  history_.push_back(std::move(e));
  return history_.back();
}

void RbmTrainer::measure_epoch(RbmEpoch& e) {
  // Up to 2^12 states an epoch are no cost worth an option.
  constexpr std::size_t kCheap = 12;
  RbmMeasureOptions o;
  o.samples = options_.monitor_samples;
  o.epoch = e.epoch - 1;
  const bool cheap = std::min(machine_.visible(), machine_.hidden()) <= kCheap;
  const bool bits = options_.binarization.kind != data::Binarization::Kind::none || data::is_binary(*data_.data);
  o.exact = can_be_exact(machine_) && bits && (options_.monitor_exactly || cheap);
  o.pseudo_likelihood =
      machine_.spec().visible_units == rbm::UnitKind::binary && machine_.spec().hidden_units == rbm::UnitKind::binary;
  e.train = measure(machine_, data_, o, pool_);
  if (test_) e.test = measure(machine_, *test_, o, pool_);
  const MatrixView<const float> chains = step_.chains();
  if (chains.rows > 0 && e.train->free_energy) {
    std::vector<double> energies(chains.rows);
    machine_.free_energy(chains, energies);
    e.chain_free_energy = std::accumulate(energies.begin(), energies.end(), 0.0) / static_cast<double>(energies.size());
  }
  keep_best(e);
}

void RbmTrainer::keep_best(const RbmEpoch& e) {
  if (!options_.restore_best) return;
  const RbmMeasures& judged = e.test ? *e.test : *e.train;
  const std::optional<double> score = judged.log_likelihood ? judged.log_likelihood : judged.pseudo_likelihood;
  if (!score || (best_score_ && *score <= *best_score_)) return;
  best_score_ = score;
  best_epoch_ = e.epoch;
  best_.assign(machine_.values().begin(), machine_.values().end());
}

std::size_t RbmTrainer::finish() {
  if (best_.empty() || best_epoch_ == history_.size()) return 0;
  std::copy(best_.begin(), best_.end(), machine_.values().begin());
  machine_.refresh();
  return best_epoch_;
}

std::vector<Finding> RbmTrainer::findings() const {
  return rbm_findings({options_, *data_.data, machine_, history_, means_, variances_, step_.swap_rates()});
}

double reconstruction_error(const rbm::Rbm& machine, const data::Dataset& data, std::size_t samples, ThreadPool& pool) {
  if (samples == 0) return 0;
  return measure(machine, RbmData{&data}, {samples}, pool).reconstruction_error;
}

}  // namespace fanin::train
