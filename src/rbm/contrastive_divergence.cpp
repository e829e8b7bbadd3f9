#include "fanin/rbm/contrastive_divergence.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/linalg/outer_product.h"
#include "fanin/linalg/sum_rows.h"
#include "fanin/optim/optimizer.h"
#include "fanin/random/stream.h"
#include "fanin/rbm/partition.h"

#include "rbm/plane.h"
#include "rbm/tempering.h"
#include "rbm/unit_kernels.h"
#include "rbm/unit_layer.h"

namespace fanin::rbm {
namespace {

using detail::Plane;

// More rows than this in one piece push the visible units out of the second-level cache.
constexpr std::size_t kMaxSlab = 128;

optim::OptimizerOptions sgd(const ContrastiveDivergenceOptions& o) {
  optim::OptimizerOptions sgd;
  sgd.kind = optim::OptimizerKind::sgd;
  // The centered biases follow the steps of W, which only the momentum remembers.
  constexpr double kKept = 0.5;
  sgd.momentum = o.momentum == 0 && o.centered ? kKept : o.momentum;
  sgd.weight_decay = o.weight_decay;
  return sgd;
}

const ContrastiveDivergenceOptions& checked(const ContrastiveDivergenceOptions& o, const Rbm& rbm) {
  o.validate();
  const RbmSpec& spec = rbm.spec();
  const bool binary = spec.visible_units == UnitKind::binary && spec.hidden_units == UnitKind::binary;
  const bool plain = binary && spec.labels == 0;
  if ((o.sampler == Sampler::tempering || o.sampler == Sampler::exact) && !plain) {
    throw Error(ErrorKind::unsupported, "rbm",
                fmt::format("the sampler {} is for machines of binary units without labels", str(o.sampler)));
  }
  if (o.sampler == Sampler::exact && std::min(spec.visible, spec.hidden) > kMaxEnumerated) {
    throw Error(
        ErrorKind::usage, "rbm",
        fmt::format("the sampler exact needs a layer of at most {} units, there are {} visible and {} hidden ones",
                    kMaxEnumerated, spec.visible, spec.hidden));
  }
  return o;
}

/// Mean and variance over all values of a plane.
std::pair<double, double> moments(MatrixView<const float> x) {
  double sum = 0, squares = 0;
  for (std::size_t r = 0; r < x.rows; ++r) {
    for (std::size_t i = 0; i < x.cols; ++i) {
      const auto value = static_cast<double>(x(r, i));
      sum += value;
      squares += value * value;
    }
  }
  const auto n = static_cast<double>(x.rows * x.cols);
  return {sum / n, std::max(0.0, squares / n - sum / n * (sum / n))};
}

}  // namespace

struct ContrastiveDivergence::State {
  State(const ContrastiveDivergenceOptions& o, Rbm& machine, ThreadPool& p)
      : options(checked(o, machine)),
        rbm(machine),
        pool(p),
        v(machine.visible()),
        h(machine.hidden()),
        samples(o.sampler == Sampler::exact                 ? machine.hidden()
                : o.sampler == Sampler::cd || o.chains == 0 ? o.batch
                                                            : o.chains),
        visible_samples(o.sampler != Sampler::cd || o.visible_states),
        hidden_noise(o.seed, "hidden states"),
        visible_noise(o.seed, "visible states"),
        weights(sgd(o), machine.visible_bias_offset()),
        visible_momentum(v),
        hidden_momentum(h),
        v0(o.batch, v),
        vk(samples, v),
        vs(visible_samples ? samples : 0, v),
        p0(o.batch, h),
        pk(samples, h),
        states(samples, h),
        hidden_units(machine.spec().hidden_units, h, 0, samples),
        row_error(o.batch),
        corrections((o.centered ? 2U : 0U) + (o.sparsity_target > 0 ? 1U : 0U)),
        left(corrections, h),
        right(corrections, v),
        mean_v0(v),
        delta_v(v),
        mean_p0(h),
        delta_h(h),
        step_v(v),
        step_h(h),
        visible_offsets(o.centered ? v : 0, 0.5F),
        hidden_offsets(o.centered ? h : 0, 0.5F),
        activity(o.sparsity_target > 0 ? h : 0, static_cast<float>(o.sparsity_target)) {
    const RbmSpec& spec = machine.spec();
    if (visible_samples) visible_units.emplace(spec.visible_units, spec.visible, spec.labels, samples);
    if (o.sampler == Sampler::pcd) {
      const random::Stream start(o.seed, "chains");
      for (std::size_t r = 0; r < samples; ++r) {
        for (std::size_t j = 0; j < h; ++j) states.all()(r, j) = static_cast<float>(start.word(r * h + j) >> 31U);
      }
    }
    if (o.sampler == Sampler::tempering) {
      tempering.emplace(samples, o.temperatures, v, h, random::Stream(o.seed, "chains"));
      swap_rates.resize(o.temperatures - 1);
    }
  }

  ContrastiveDivergenceOptions options;
  Rbm& rbm;
  ThreadPool& pool;
  std::size_t v;
  std::size_t h;
  std::size_t samples;  // of the model
  bool visible_samples;
  random::Stream hidden_noise, visible_noise;
  optim::Optimizer weights;
  std::vector<float> visible_momentum, hidden_momentum;
  // Data, the model's means and (where they are drawn) states; -p(h | v0) / B, p(h | vk) / C: the two terms of the
  // gradient need no further scaling.
  Plane v0, vk, vs, p0, pk;
  Plane states;
  detail::UnitLayer hidden_units;
  std::optional<detail::UnitLayer> visible_units;
  std::optional<detail::Tempering> tempering;
  std::vector<float> row_error;
  // A third term of W's gradient, left^T right: centering and sparsity change it by outer products of few vectors.
  std::size_t corrections;
  Plane left, right;
  std::vector<float> mean_v0, delta_v, mean_p0,
      delta_h;  // delta: mean over the model's samples less that over the data
  std::vector<float> step_v, step_h;
  std::vector<float> visible_offsets, hidden_offsets;
  std::vector<float> activity;
  std::vector<double> swap_rates;
  std::uint64_t steps = 0;

  [[nodiscard]] bool reconstructs() const { return options.sampler == Sampler::cd; }
  [[nodiscard]] Plane& model_visible() { return visible_samples ? vs : vk; }

  void sample_batch(BatchRows rows, std::size_t first, std::size_t count);
  void advance_chains(std::size_t first, std::size_t count);
  void advance_tempered(std::size_t first, std::size_t count);
  void take_expectations();
  void to_visible(std::size_t step, std::size_t first, std::size_t count);
  void to_hidden(MatrixView<const float> from, Plane& means, float scale, std::optional<std::size_t> step,
                 std::size_t first, std::size_t count);
  bool guard();
  void find_means();
  void find_corrections();
  void update_block(std::size_t index);
  void update_biases();
};

// Means of the hidden units, times `scale`, and their samples where a Gibbs step follows.
void ContrastiveDivergence::State::to_hidden(MatrixView<const float> from, Plane& means, float scale,
                                             std::optional<std::size_t> step, std::size_t first, std::size_t count) {
  const MatrixView<float> x = means.rows_at(first, count);
  const MatrixView<float> out = step ? states.rows_at(first, count) : MatrixView<float>();
  if (step) hidden_units.draw(hidden_noise.fold_in(steps).fold_in(*step), first, count);
  rbm.hidden_inputs(from, x, options.zeros,
                    [&](const linalg::Block& b) { hidden_units.apply(b, first, x, scale, out); });
}

// From the hidden states to means of the visible units and, where they are wanted, samples.
void ContrastiveDivergence::State::to_visible(std::size_t step, std::size_t first, std::size_t count) {
  const MatrixView<float> x = vk.rows_at(first, count);
  if (visible_samples) {
    const MatrixView<float> out = vs.rows_at(first, count);
    visible_units->draw(visible_noise.fold_in(steps).fold_in(step), first, count);
    rbm.visible_inputs(states.rows_at(first, count), x, options.zeros,
                       [&](const linalg::Block& b) { visible_units->apply(b, first, x, 1.0F, out); });
    visible_units->finish(first, x, 1.0F, out);
    return;
  }
  rbm.visible_probabilities(states.rows_at(first, count), x, options.zeros);
}

// Gibbs sampling of some rows of the batch: rows do not see each other.
void ContrastiveDivergence::State::sample_batch(BatchRows rows, std::size_t first, std::size_t count) {
  const float scale = 1.0F / static_cast<float>(options.batch);
  const MatrixView<float> data_rows = v0.rows_at(first, count);
  rows(first, data_rows);
  if (!reconstructs()) return to_hidden(data_rows, p0, -scale, std::nullopt, first, count);
  to_hidden(data_rows, p0, -scale, 0, first, count);
  for (std::size_t s = 0; s < options.k; ++s) {
    const bool last = s + 1 == options.k;
    to_visible(s, first, count);
    to_hidden(model_visible().rows_at(first, count), pk, last ? scale : 1.0F,
              last ? std::nullopt : std::optional(s + 1), first, count);
    if (s > 0) continue;
    for (std::size_t r = first; r < first + count; ++r) {
      row_error[r] = detail::squared_distance(v0.rows_at(r, 1).data, vk.rows_at(r, 1).data, v);
    }
  }
}

void ContrastiveDivergence::State::advance_chains(std::size_t first, std::size_t count) {
  const float scale = 1.0F / static_cast<float>(samples);
  for (std::size_t s = 0; s < options.k; ++s) {
    to_visible(s, first, count);
    to_hidden(vs.rows_at(first, count), pk, s + 1 == options.k ? scale : 1.0F, s, first, count);
  }
}

void ContrastiveDivergence::State::advance_tempered(std::size_t first, std::size_t count) {
  tempering->advance(rbm, hidden_noise.fold_in(steps), options.k, options.zeros, first, count);
  for (std::size_t r = first; r < first + count; ++r) {
    const std::span<const float> state = tempering->visible(r);
    std::copy(state.begin(), state.end(), vs.rows_at(r, 1).data);
    const std::span<const float> inputs = tempering->hidden_inputs(r);
    std::copy(inputs.begin(), inputs.end(), pk.rows_at(r, 1).data);
  }
  hidden_units.apply({0, count, 0, h}, first, pk.rows_at(first, count), 1.0F / static_cast<float>(samples), {});
}

// E[h v^T] as a sum of outer products: row j of the visible "samples" is E[h_j v], its hidden unit j is 1.
void ContrastiveDivergence::State::take_expectations() {
  const ModelMoments m = model_moments(rbm, pool);
  for (std::size_t j = 0; j < h; ++j) {
    std::copy_n(m.vh.data() + j * v, v, vs.rows_at(j, 1).data);
    pk.all()(j, j) = 1;
  }
  std::copy(m.v.begin(), m.v.end(), delta_v.begin());
  std::copy(m.h.begin(), m.h.end(), delta_h.begin());
}

bool ContrastiveDivergence::State::guard() {
  const double data = moments(v0.all()).second;
  const double model = moments(model_visible().all()).second;
  constexpr double kTwiceInVariance = 4;
  if (!(kTwiceInVariance * data < model)) return false;
  const auto ratio = static_cast<float>(std::sqrt(data / model));
  for (float& x : rbm.values()) x *= ratio;
  rbm.refresh();
  for (std::size_t s = 0; s < weights.state_slots(); ++s) {
    std::fill(weights.state(s).begin(), weights.state(s).end(), 0.0F);
  }
  std::fill(visible_momentum.begin(), visible_momentum.end(), 0.0F);
  std::fill(hidden_momentum.begin(), hidden_momentum.end(), 0.0F);
  return true;
}

void ContrastiveDivergence::State::find_means() {
  const bool exact = options.sampler == Sampler::exact;
  pool.run(exact ? 2 : 4, [&](std::size_t task) {
    if (task == 0) linalg::sum_rows(v0.all(), mean_v0);
    if (task == 1) linalg::sum_rows(p0.all(), mean_p0);
    if (task == 2) linalg::sum_rows(model_visible().all(), delta_v);
    if (task == 3) linalg::sum_rows(pk.all(), delta_h);
  });
  const float of_data = 1.0F / static_cast<float>(options.batch);
  const float of_model = exact ? 1.0F : 1.0F / static_cast<float>(samples);
  for (std::size_t i = 0; i < v; ++i) {
    delta_v[i] = options.batch == samples && !exact ? (delta_v[i] - mean_v0[i]) * of_data
                                                    : delta_v[i] * of_model - mean_v0[i] * of_data;
    mean_v0[i] *= of_data;
  }
  for (std::size_t j = 0; j < h; ++j) {
    delta_h[j] += mean_p0[j];
    mean_p0[j] = -mean_p0[j];
  }
}

void ContrastiveDivergence::State::find_corrections() {
  std::size_t row = 0;
  if (options.centered) {
    const auto rate = static_cast<float>(options.offset_rate);
    for (std::size_t i = 0; i < v; ++i) visible_offsets[i] += rate * (mean_v0[i] - visible_offsets[i]);
    for (std::size_t j = 0; j < h; ++j) hidden_offsets[j] += rate * (mean_p0[j] - hidden_offsets[j]);
    for (std::size_t i = 0; i < v; ++i) {
      right.all()(0, i) = -visible_offsets[i];
      right.all()(1, i) = -delta_v[i];
    }
    std::copy(delta_h.begin(), delta_h.end(), left.rows_at(0, 1).data);
    std::copy(hidden_offsets.begin(), hidden_offsets.end(), left.rows_at(1, 1).data);
    row = 2;
  }
  if (options.sparsity_target > 0) {
    const auto kept = static_cast<float>(options.sparsity_decay);
    const auto target = static_cast<float>(options.sparsity_target);
    const auto cost = static_cast<float>(options.sparsity_cost);
    for (std::size_t j = 0; j < h; ++j) {
      activity[j] = kept * activity[j] + (1 - kept) * mean_p0[j];
      const float penalty = cost * (activity[j] - target);
      left.all()(row, j) = penalty;
      delta_h[j] += penalty;
    }
    std::copy(mean_v0.begin(), mean_v0.end(), right.rows_at(row, 1).data);
  }
}

// The gradient of a block of W in pieces; each is applied and repacked while it is in the cache.
void ContrastiveDivergence::State::update_block(std::size_t index) {
  const std::array<linalg::OuterTerm, 3> terms{
      {{p0.all(), v0.all()}, {pk.all(), model_visible().all()}, {left.all(), right.all()}}};
  const linalg::Block block = linalg::outer_block(h, v, index);
  const auto shrink = static_cast<float>(options.learning_rate * options.l1);
  linalg::outer_product(std::span(terms).first(corrections > 0 ? 3 : 2), block, options.zeros,
                        [&](const linalg::OuterPiece& piece) {
                          const linalg::Block& b = piece.block;
                          float* w = rbm.values().data();
                          weights.update(b.row * v + b.col, piece.values, v, w);
                          for (std::size_t r = b.row; shrink > 0 && r < b.row + b.rows; ++r) {
                            for (float *x = w + r * v + b.col, *end = x + b.cols; x != end; ++x) {
                              *x = std::copysign(std::max(0.0F, std::abs(*x) - shrink), *x);
                            }
                          }
                          rbm.refresh(b);
                        });
}

void ContrastiveDivergence::State::update_biases() {
  const auto momentum = static_cast<float>(options.momentum);
  const auto rate = static_cast<float>(options.learning_rate);
  const auto update = [&](std::size_t offset, std::vector<float>& m, const std::vector<float>& g,
                          const std::vector<float>* moved) {
    float* b = rbm.values().data() + offset;
    for (std::size_t i = 0; i < g.size(); ++i) {
      m[i] = std::fma(momentum, m[i], g[i]);
      // As the optimizer does for W: denormals are slow.
      if (std::abs(m[i]) < std::numeric_limits<float>::min()) m[i] = 0;
      b[i] = std::fma(-rate, moved == nullptr ? m[i] : m[i] - (*moved)[i], b[i]);
    }
  };
  update(rbm.visible_bias_offset(), visible_momentum, delta_v, options.centered ? &step_v : nullptr);
  update(rbm.hidden_bias_offset(), hidden_momentum, delta_h, options.centered ? &step_h : nullptr);
}

ContrastiveDivergence::ContrastiveDivergence(const ContrastiveDivergenceOptions& options, Rbm& rbm, ThreadPool& pool)
    : state_(std::make_unique<State>(options, rbm, pool)) {}

ContrastiveDivergence::~ContrastiveDivergence() = default;

void ContrastiveDivergence::set_rates(double learning_rate, double momentum) {
  State& s = *state_;
  ContrastiveDivergenceOptions changed = s.options;
  changed.learning_rate = learning_rate;
  changed.momentum = momentum;
  changed.validate();
  if (s.weights.state_slots() > 0) {
    s.weights.set_momentum(momentum);
  } else if (momentum != 0) {
    throw Error(ErrorKind::usage, "rbm", fmt::format("momentum {} for a machine that learns without", momentum));
  }
  s.options = changed;
}

void ContrastiveDivergence::set_k(std::size_t k) {
  ContrastiveDivergenceOptions changed = state_->options;
  changed.k = k;
  changed.validate();
  state_->options = changed;
}

void ContrastiveDivergence::set_offsets(std::span<const float> visible) {
  if (visible.size() != state_->v) {
    throw Error(ErrorKind::usage, "rbm", fmt::format("{} offsets for {} visible units", visible.size(), state_->v));
  }
  if (state_->options.centered) std::copy(visible.begin(), visible.end(), state_->visible_offsets.begin());
}

std::span<const float> ContrastiveDivergence::visible_offsets() const {
  return state_->visible_offsets;
}

std::span<const float> ContrastiveDivergence::hidden_offsets() const {
  return state_->hidden_offsets;
}

MatrixView<const float> ContrastiveDivergence::chains() const {
  const Sampler sampler = state_->options.sampler;
  if (sampler != Sampler::pcd && sampler != Sampler::tempering) return {};
  return state_->vs.all();
}

std::span<const double> ContrastiveDivergence::swap_rates() const {
  if (state_->tempering) state_->tempering->swap_rates(state_->swap_rates);
  return state_->swap_rates;
}

std::span<const float> ContrastiveDivergence::activity() const {
  return state_->activity;
}

StepResult ContrastiveDivergence::step(BatchRows rows, Meanwhile meanwhile) {
  State& s = *state_;
  const std::size_t n = s.options.batch;
  const auto slab_of = [&](std::size_t items) {
    return std::min(kMaxSlab, (items + s.pool.threads() - 1) / s.pool.threads());
  };
  const std::size_t slab = slab_of(n);
  const std::size_t slabs = (n + slab - 1) / slab;
  const bool chains = s.options.sampler == Sampler::pcd || s.options.sampler == Sampler::tempering;
  const std::size_t chain_slab = slab_of(s.samples);
  const std::size_t chain_slabs = chains ? (s.samples + chain_slab - 1) / chain_slab : 0;
  s.pool.run(slabs + chain_slabs, [&](std::size_t task) {
    if (task < slabs) return s.sample_batch(rows, task * slab, std::min(slab, n - task * slab));
    const std::size_t first = (task - slabs) * chain_slab;
    const std::size_t count = std::min(chain_slab, s.samples - first);
    s.tempering ? s.advance_tempered(first, count) : s.advance_chains(first, count);
  });
  StepResult result;
  result.reconstruction_error =
      s.reconstructs() ? std::accumulate(s.row_error.begin(), s.row_error.end(), 0.0) / static_cast<double>(n * s.v)
                       : std::numeric_limits<double>::quiet_NaN();
  if (s.options.explosion_guard && s.guard()) {
    ++s.steps;
    result.exploded = true;
    return result;
  }
  if (s.options.sampler == Sampler::exact) s.take_expectations();
  s.find_means();
  s.find_corrections();
  s.weights.begin_step(s.options.learning_rate);
  const std::size_t blocks = linalg::outer_blocks(s.h, s.v);
  s.pool.run(blocks, [&](std::size_t block) {
    meanwhile(block, blocks);
    s.update_block(block);
  });
  if (s.options.centered) {
    // What the step of W moves the offsets' inputs by: m_W^T lambda and m_W mu.
    const MatrixView<const float> m(s.weights.state(0).data(), s.h, s.v);
    constexpr std::size_t kCols = 128;
    const std::size_t col_tasks = (s.v + kCols - 1) / kCols;
    s.pool.run(col_tasks + 1, [&](std::size_t task) {
      if (task == col_tasks) {
        for (std::size_t j = 0; j < s.h; ++j) s.step_h[j] = detail::dot(m.row(j), s.visible_offsets.data(), s.v);
        return;
      }
      const std::size_t col = task * kCols;
      const std::size_t cols = std::min(kCols, s.v - col);
      linalg::gemm(linalg::LeftOperand::plain({s.hidden_offsets.data(), 1, s.h}), {m.data + col, s.h, cols, s.v},
                   linalg::Start::zero, {s.step_v.data() + col, 1, cols});
    });
  }
  s.update_biases();
  ++s.steps;
  return result;
}

}  // namespace fanin::rbm
