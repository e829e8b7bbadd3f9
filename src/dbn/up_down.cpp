#include "fanin/dbn/up_down.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/linalg/outer_product.h"
#include "fanin/linalg/sum_rows.h"
#include "fanin/optim/optimizer.h"
#include "fanin/random/stream.h"

#include "rbm/plane.h"
#include "rbm/unit_kernels.h"
#include "rbm/unit_layer.h"

namespace fanin::dbn {
namespace {

// More rows than this in one piece push the visible units out of the second-level cache.
constexpr std::size_t kMaxSlab = 128;

[[noreturn]] void reject(std::string_view option, double value, std::string_view allowed) {
  throw Error(ErrorKind::usage, "dbn", fmt::format("{} is {}, allowed is {}", option, value, allowed));
}

optim::OptimizerOptions sgd() {
  optim::OptimizerOptions o;
  o.kind = optim::OptimizerKind::sgd;
  return o;
}

// a = (a - b) * scale
void subtract(MatrixView<float> a, MatrixView<const float> b, float scale) {
  for (std::size_t r = 0; r < a.rows; ++r) {
    for (std::size_t j = 0; j < a.cols; ++j) a(r, j) = (a(r, j) - b(r, j)) * scale;
  }
}

void scaled_copy(MatrixView<const float> from, float scale, MatrixView<float> to) {
  for (std::size_t r = 0; r < from.rows; ++r) {
    for (std::size_t j = 0; j < from.cols; ++j) to(r, j) = from(r, j) * scale;
  }
}

/// What one set of weights is changed by: W by its terms, both biases by their column sums. Left sides of the terms
/// and what the biases sum hold -1 / B or 1 / B, so that nothing is left to scale.
struct Update {
  rbm::Rbm* rbm;
  std::vector<linalg::OuterTerm> terms;
  std::vector<MatrixView<const float>> visible;  // empty: this side's biases are not used
  std::vector<MatrixView<const float>> hidden;
  optim::Optimizer optimizer;
  std::vector<float> sums, more;

  Update(rbm::Rbm& of, std::vector<linalg::OuterTerm> t, std::vector<MatrixView<const float>> v,
         std::vector<MatrixView<const float>> h)
      : rbm(&of),
        terms(std::move(t)),
        visible(std::move(v)),
        hidden(std::move(h)),
        optimizer(sgd(), of.values().size()),
        sums(std::max(of.visible(), of.hidden())),
        more(sums.size()) {}

  [[nodiscard]] std::size_t blocks() const { return linalg::outer_blocks(rbm->hidden(), rbm->visible()); }
  void weights(std::size_t index, linalg::Zeros zeros) {
    const std::size_t cols = rbm->visible();
    linalg::outer_product(
        terms, linalg::outer_block(rbm->hidden(), cols, index), zeros, [&](const linalg::OuterPiece& piece) {
          optimizer.update(piece.block.row * cols + piece.block.col, piece.values, cols, rbm->values().data());
          rbm->refresh(piece.block);
        });
  }
  void biases() {
    side(visible, rbm->visible_bias_offset(), rbm->visible());
    side(hidden, rbm->hidden_bias_offset(), rbm->hidden());
  }

 private:
  void side(const std::vector<MatrixView<const float>>& of, std::size_t offset, std::size_t n) {
    if (of.empty()) return;
    const std::span<float> sum = std::span(sums).first(n), next = std::span(more).first(n);
    linalg::sum_rows(of.front(), sum);
    for (std::size_t i = 1; i < of.size(); ++i) {
      linalg::sum_rows(of[i], next);
      for (std::size_t j = 0; j < n; ++j) sum[j] += next[j];
    }
    optimizer.update(offset, {sum.data(), 1, n}, n, rbm->values().data());
  }
};

}  // namespace

void UpDownOptions::validate() const {
  constexpr std::size_t kMaxSteps = 1000;
  constexpr std::size_t kMaxBatch = std::size_t{1} << 20;
  if (!(learning_rate > 0 && learning_rate <= 1e3)) reject("learning rate", learning_rate, "above 0 and at most 1000");
  if (batch == 0 || batch > kMaxBatch) {
    reject("batch size", static_cast<double>(batch), fmt::format("1 to {}", kMaxBatch));
  }
  if (k == 0 || k > kMaxSteps) reject("k", static_cast<double>(k), fmt::format("1 to {}", kMaxSteps));
}

struct UpDown::State {
  State(const UpDownOptions& o, Model& m, ThreadPool& p);

  UpDownOptions options;
  Model& model;
  ThreadPool& pool;
  random::Stream noise;
  std::size_t directed;
  std::vector<rbm::detail::UnitLayer> units;    // of layers 1, 2, ..., the top RBM's visible and hidden units
  std::vector<rbm::detail::Plane> wake;         // layers 0, 1, ..., the top RBM's visible units with labels, its hidden
  std::vector<rbm::detail::Plane> sleep;        // the same
  std::vector<rbm::detail::Plane> unlike_wake;  // (p(w_l | w_l+1) - w_l) / B for directed layers
  std::vector<rbm::detail::Plane> unlike_sleep;  // (p(s_l+1 | s_l) - s_l+1) / B
  // The top RBM's hidden states, times -1 / B and 1 / B, and its visible ones' differences / B.
  std::vector<rbm::detail::Plane> top;
  std::vector<rbm::detail::Plane> inputs;  // one, as wide as the widest layer
  std::vector<Update> updates;
  std::vector<std::pair<std::size_t, std::size_t>> tasks;  // update, block of W; the block after the last is the biases
  std::vector<float> row_error;
  std::uint64_t steps = 0;

  void run_rows(SampleRows rows, std::span<const std::int32_t> labels, std::size_t first, std::size_t n);
  void wake_up(const random::Stream& stream, std::size_t first, std::size_t n);
  void gibbs(const random::Stream& stream, std::size_t first, std::size_t n);
  void fall_asleep(const random::Stream& stream, std::size_t first, std::size_t n);
  void compare(std::size_t first, std::size_t n);
  void sample_hidden(const rbm::Rbm& rbm, std::size_t layer, MatrixView<const float> from, MatrixView<float> to,
                     const random::Stream& stream, std::size_t first);
  [[nodiscard]] std::size_t width(std::size_t layer) const {
    return layer < directed ? model.generation(layer).visible() : model.top_inputs();
  }
};

UpDown::State::State(const UpDownOptions& o, Model& m, ThreadPool& p)
    : options(o), model(m), pool(p), noise(o.seed, "up-down"), directed(m.directed()), row_error(o.batch) {
  const std::size_t n = o.batch;
  const rbm::Rbm& undirected = m.top();
  for (std::size_t l = 0; l <= directed; ++l) {
    const std::size_t cols = l == directed ? undirected.visible() : width(l);
    wake.emplace_back(n, cols);
    sleep.emplace_back(n, cols);
    if (l > 0 || directed == 0) {
      units.emplace_back(rbm::UnitKind::binary, width(l), l == directed ? m.labels() : 0, n);
    }
  }
  wake.emplace_back(n, undirected.hidden());
  sleep.emplace_back(n, undirected.hidden());
  units.emplace_back(rbm::UnitKind::binary, undirected.hidden(), 0, n);
  std::size_t widest = std::max(undirected.visible(), undirected.hidden());
  for (std::size_t l = 0; l < directed; ++l) {
    unlike_wake.emplace_back(n, width(l));
    unlike_sleep.emplace_back(n, width(l + 1));
    widest = std::max(widest, width(l));
  }
  top.emplace_back(n, undirected.hidden());
  top.emplace_back(n, undirected.hidden());
  top.emplace_back(n, undirected.visible());
  inputs.emplace_back(n, widest);

  // The planes stay where they are from here on.
  using Views = std::vector<MatrixView<const float>>;
  for (std::size_t l = 0; l < directed; ++l) {
    const MatrixView<float> down = unlike_wake[l].rows_at(0, n), up = unlike_sleep[l].rows_at(0, n);
    updates.emplace_back(m.generation(l),
                         std::vector<linalg::OuterTerm>{{wake[l + 1].rows_at(0, n, width(l + 1)), down}}, Views{down},
                         Views{});
    updates.emplace_back(m.recognition(l), std::vector<linalg::OuterTerm>{{up, sleep[l].rows_at(0, n)}}, Views{},
                         Views{up});
  }
  updates.emplace_back(m.top(),
                       std::vector<linalg::OuterTerm>{{top[0].rows_at(0, n), wake[directed].rows_at(0, n)},
                                                      {top[1].rows_at(0, n), sleep[directed].rows_at(0, n)}},
                       Views{top[2].rows_at(0, n)}, Views{top[0].rows_at(0, n), top[1].rows_at(0, n)});
  for (std::size_t u = 0; u < updates.size(); ++u) {
    for (std::size_t b = 0; b <= updates[u].blocks(); ++b) tasks.emplace_back(u, b);
  }
}

// States of the hidden units of `rbm`, which are layer `layer` of `units`.
void UpDown::State::sample_hidden(const rbm::Rbm& rbm, std::size_t layer, MatrixView<const float> from,
                                  MatrixView<float> to, const random::Stream& stream, std::size_t first) {
  rbm::detail::UnitLayer& layer_units = units[layer];
  layer_units.draw(stream, first, from.rows);
  const MatrixView<float> x = inputs.front().rows_at(first, from.rows, rbm.hidden());
  rbm.hidden_inputs(from, x, options.zeros, [&](const linalg::Block& b) { layer_units.apply(b, first, x, 1, to); });
}

void UpDown::State::wake_up(const random::Stream& stream, std::size_t first, std::size_t n) {
  for (std::size_t l = 0; l < directed; ++l) {
    sample_hidden(model.recognition(l), l, wake[l].rows_at(first, n), wake[l + 1].rows_at(first, n), stream.fold_in(l),
                  first);
  }
  sample_hidden(model.top(), units.size() - 1, wake[directed].rows_at(first, n), wake.back().rows_at(first, n),
                stream.fold_in(directed), first);
}

void UpDown::State::gibbs(const random::Stream& stream, std::size_t first, std::size_t n) {
  const MatrixView<float> below = sleep[directed].rows_at(first, n), above = sleep.back().rows_at(first, n);
  const MatrixView<float> x = inputs.front().rows_at(first, n, below.cols);
  rbm::detail::UnitLayer& visible = units[units.size() - 2];
  for (std::size_t s = 0; s < options.k; ++s) {
    visible.draw(stream.fold_in(2 * s), first, n);
    model.top().visible_inputs(s == 0 ? wake.back().rows_at(first, n) : above, x, options.zeros,
                               [&](const linalg::Block& b) { visible.apply(b, first, x, 1, below); });
    // Of the labels the probabilities are taken, as in the paper.
    visible.finish(first, x, 1, {});
    for (std::size_t r = 0; r < n; ++r) {
      std::copy_n(x.row(r) + model.top_inputs(), model.labels(), below.row(r) + model.top_inputs());
    }
    sample_hidden(model.top(), units.size() - 1, below, above, stream.fold_in(2 * s + 1), first);
  }
}

void UpDown::State::fall_asleep(const random::Stream& stream, std::size_t first, std::size_t n) {
  for (std::size_t l = directed; l-- > 0;) {
    const MatrixView<float> from = sleep[l + 1].rows_at(first, n, width(l + 1)), to = sleep[l].rows_at(first, n);
    if (l == 0) {
      model.generation(0).visible_probabilities(from, to);
      break;
    }
    const MatrixView<float> x = inputs.front().rows_at(first, n, width(l));
    units[l - 1].draw(stream.fold_in(l), first, n);
    model.generation(l).visible_inputs(from, x, options.zeros,
                                       [&](const linalg::Block& b) { units[l - 1].apply(b, first, x, 1, to); });
  }
}

// What each half of the directed weights would have said about the states that the other half made.
void UpDown::State::compare(std::size_t first, std::size_t n) {
  const float scale = 1.0F / static_cast<float>(options.batch);
  for (std::size_t l = 0; l < directed; ++l) {
    const MatrixView<float> down = unlike_wake[l].rows_at(first, n), up = unlike_sleep[l].rows_at(first, n);
    model.generation(l).visible_probabilities(wake[l + 1].rows_at(first, n, width(l + 1)), down);
    if (l == 0) {
      for (std::size_t r = 0; r < n; ++r) {
        row_error[first + r] =
            rbm::detail::squared_distance(down.row(r), wake[0].rows_at(first + r, 1).data, down.cols);
      }
    }
    subtract(down, wake[l].rows_at(first, n), scale);
    model.recognition(l).hidden_probabilities(sleep[l].rows_at(first, n), up);
    subtract(up, sleep[l + 1].rows_at(first, n), scale);
  }
  const MatrixView<float> data = wake[directed].rows_at(first, n), fantasy = sleep[directed].rows_at(first, n);
  scaled_copy(wake.back().rows_at(first, n), -scale, top[0].rows_at(first, n));
  scaled_copy(sleep.back().rows_at(first, n), scale, top[1].rows_at(first, n));
  scaled_copy(fantasy, 1, top[2].rows_at(first, n));
  subtract(top[2].rows_at(first, n), data, scale);
  if (directed > 0) return;
  for (std::size_t r = 0; r < n; ++r) {
    row_error[first + r] = rbm::detail::squared_distance(data.row(r), fantasy.row(r), model.top_inputs());
  }
}

void UpDown::State::run_rows(SampleRows rows, std::span<const std::int32_t> labels, std::size_t first, std::size_t n) {
  const random::Stream of_step = noise.fold_in(steps);
  rows(first, wake[0].rows_at(first, n, width(0)));
  const MatrixView<float> visible = wake[directed].rows_at(first, n);
  for (std::size_t r = 0; r < n && !labels.empty(); ++r) {
    float* y = visible.row(r) + model.top_inputs();
    std::fill_n(y, model.labels(), 0.0F);
    y[labels[first + r]] = 1;
  }
  wake_up(of_step.fold_in(0), first, n);
  gibbs(of_step.fold_in(1), first, n);
  fall_asleep(of_step.fold_in(2), first, n);
  compare(first, n);
}

UpDown::UpDown(const UpDownOptions& options, Model& model, ThreadPool& pool) {
  options.validate();
  state_ = std::make_unique<State>(options, model, pool);
}

UpDown::~UpDown() = default;

void UpDown::set_learning_rate(double learning_rate) {
  UpDownOptions changed = state_->options;
  changed.learning_rate = learning_rate;
  changed.validate();
  state_->options = changed;
}

void UpDown::set_k(std::size_t k) {
  UpDownOptions changed = state_->options;
  changed.k = k;
  changed.validate();
  state_->options = changed;
}

double UpDown::step(SampleRows rows, std::span<const std::int32_t> labels) {
  State& s = *state_;
  const std::size_t n = s.options.batch;
  const std::size_t classes = s.model.labels();
  if (labels.size() != (classes == 0 ? 0 : n)) {
    throw Error(ErrorKind::usage, "dbn",
                fmt::format("{} labels for a batch of {} and a model of {} classes", labels.size(), n, classes));
  }
  for (std::size_t r = 0; r < labels.size(); ++r) {
    if (labels[r] >= 0 && static_cast<std::size_t>(labels[r]) < classes) continue;
    throw Error(ErrorKind::data, "dbn",
                fmt::format("the label of row {} is {}, allowed is 0 to {}", r, labels[r], classes - 1));
  }
  const std::size_t slab = std::min(kMaxSlab, (n + s.pool.threads() - 1) / s.pool.threads());
  parallel_for(s.pool, n, slab,
               [&](std::size_t first, std::size_t last) { s.run_rows(rows, labels, first, last - first); });
  for (Update& u : s.updates) u.optimizer.begin_step(s.options.learning_rate);
  s.pool.run(s.tasks.size(), [&](std::size_t task) {
    const auto [update, block] = s.tasks[task];
    Update& u = s.updates[update];
    if (block == u.blocks()) {
      u.biases();
    } else {
      u.weights(block, s.options.zeros);
    }
  });
  ++s.steps;
  const double error = std::accumulate(s.row_error.begin(), s.row_error.end(), 0.0);
  return error / static_cast<double>(n * s.model.inputs());
}

}  // namespace fanin::dbn
