#include "fanin/rbm/contrastive_divergence.h"

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

#include "rbm/unit_kernels.h"

namespace fanin::rbm {
namespace {

// More rows than this in one piece push the visible units out of the second-level cache.
constexpr std::size_t kMaxSlab = 128;
constexpr std::size_t kLine = 16;  // floats in a cache line

[[noreturn]] void reject(std::string_view option, double value, std::string_view allowed) {
  throw Error(ErrorKind::usage, "rbm", fmt::format("{} is {}, allowed is {}", option, value, allowed));
}

optim::OptimizerOptions sgd(double momentum, double weight_decay) {
  optim::OptimizerOptions o;
  o.kind = optim::OptimizerKind::sgd;
  o.momentum = momentum;
  o.weight_decay = weight_decay;
  return o;
}

/// Rows of a batch; an odd number of cache lines apart, so that they spread over all sets of the first-level cache.
struct Plane {
  Plane(std::size_t rows, std::size_t cols_)
      : cols(cols_), stride(((cols_ + kLine - 1) / kLine | 1) * kLine), data(rows * stride) {}
  [[nodiscard]] MatrixView<float> rows_at(std::size_t first, std::size_t count) {
    return {data.data() + first * stride, count, cols, stride};
  }
  std::size_t cols;
  std::size_t stride;
  Buffer<float> data;
};

MatrixView<float> at(const MatrixView<float>& m, const linalg::Block& b) {
  return {m.row(b.row) + b.col, b.rows, b.cols, m.stride};
}

}  // namespace

void ContrastiveDivergenceOptions::validate() const {
  constexpr std::size_t kMaxSteps = 1000;
  constexpr std::size_t kMaxBatch = std::size_t{1} << 20;
  if (k == 0 || k > kMaxSteps) reject("k", static_cast<double>(k), fmt::format("1 to {}", kMaxSteps));
  if (!(learning_rate > 0 && learning_rate <= 1e3)) reject("learning rate", learning_rate, "above 0 and at most 1000");
  if (!(momentum >= 0 && momentum < 1)) reject("momentum", momentum, "0 <= momentum < 1");
  if (!(weight_decay >= 0 && weight_decay <= 1)) reject("weight decay", weight_decay, "0 to 1");
  if (batch == 0 || batch > kMaxBatch) {
    reject("batch size", static_cast<double>(batch), fmt::format("1 to {}", kMaxBatch));
  }
}

struct ContrastiveDivergence::State {
  State(const ContrastiveDivergenceOptions& o, Rbm& machine, ThreadPool& p)
      : options(o),
        rbm(machine),
        pool(p),
        noise(o.seed, "hidden states"),
        weights(sgd(o.momentum, o.weight_decay), machine.visible_bias_offset()),
        biases(sgd(o.momentum, 0), machine.values().size()),
        v0(o.batch, machine.visible()),
        vk(o.batch, machine.visible()),
        p0(o.batch, machine.hidden()),
        pk(o.batch, machine.hidden()),
        states(o.batch, machine.hidden()),
        words(o.batch * machine.hidden()),
        row_error(o.batch),
        sums(4 * std::max(machine.visible(), machine.hidden())) {}

  ContrastiveDivergenceOptions options;
  Rbm& rbm;
  ThreadPool& pool;
  random::Stream noise;
  optim::Optimizer weights;
  optim::Optimizer biases;
  // Data, its reconstruction; -p(h | v0) / B, p(h | vk) / B: the two terms of the gradient need no further scaling.
  Plane v0, vk, p0, pk;
  Plane states;
  Buffer<std::uint32_t> words;
  std::vector<float> row_error;
  std::vector<float> sums;
  std::uint64_t steps = 0;

  void sample_rows(BatchRows rows, std::size_t first, std::size_t count);
  void update_block(std::size_t index);
  void update_biases();
};

// Gibbs sampling of some rows of the batch: rows do not see each other.
void ContrastiveDivergence::State::sample_rows(BatchRows rows, std::size_t first, std::size_t count) {
  const std::size_t h = rbm.hidden();
  const float scale = 1.0F / static_cast<float>(options.batch);
  const random::Stream of_step = noise.fold_in(steps);
  const MatrixView<const std::uint32_t> mine(words.data() + first * h, count, h);
  const MatrixView<float> data_rows = v0.rows_at(first, count);
  const MatrixView<float> visible = vk.rows_at(first, count);
  const MatrixView<float> hidden = states.rows_at(first, count);
  rows(first, data_rows);
  for (std::size_t s = 0; s <= options.k; ++s) {
    const bool last = s == options.k;
    const MatrixView<float> p = (s == 0 ? p0 : pk).rows_at(first, count);
    if (!last) of_step.fold_in(s).words(first * h, std::span(words.data() + first * h, count * h));
    rbm.hidden_inputs(s == 0 ? data_rows : visible, p, options.zeros, [&](const linalg::Block& b) {
      const MatrixView<const std::uint32_t> w(mine.row(b.row) + b.col, b.rows, b.cols, h);
      const float factor = s == 0 ? -scale : last ? scale : 1.0F;
      detail::sigmoid_and_sample(at(p, b), factor, w, last ? MatrixView<float>() : at(hidden, b));
    });
    if (last) break;
    rbm.visible_inputs(hidden, visible, options.zeros,
                       [&](const linalg::Block& b) { detail::sigmoid(at(visible, b)); });
    if (s > 0) continue;
    for (std::size_t r = 0; r < count; ++r) {
      row_error[first + r] = detail::squared_distance(data_rows.row(r), visible.row(r), rbm.visible());
    }
  }
}

// The gradient of a block of W in pieces; each is applied and repacked while it is in the cache.
void ContrastiveDivergence::State::update_block(std::size_t index) {
  const std::size_t v = rbm.visible();
  const std::size_t n = options.batch;
  const std::array<linalg::OuterTerm, 2> terms{
      {{p0.rows_at(0, n), v0.rows_at(0, n)}, {pk.rows_at(0, n), vk.rows_at(0, n)}}};
  const linalg::Block block = linalg::outer_block(rbm.hidden(), v, index);
  linalg::outer_product(terms, block, options.zeros, [&](const linalg::OuterPiece& piece) {
    weights.update(piece.block.row * v + piece.block.col, piece.values, v, rbm.values().data());
    rbm.refresh(piece.block);
  });
}

void ContrastiveDivergence::State::update_biases() {
  const std::size_t n = options.batch;
  const float scale = 1.0F / static_cast<float>(n);
  const std::size_t v = rbm.visible();
  const std::size_t h = rbm.hidden();
  const std::span<float> first = std::span(sums).first(std::max(v, h));
  const std::span<float> second = std::span(sums).subspan(first.size(), first.size());
  linalg::sum_rows(v0.rows_at(0, n), first.first(v));
  linalg::sum_rows(vk.rows_at(0, n), second.first(v));
  for (std::size_t i = 0; i < v; ++i) first[i] = (second[i] - first[i]) * scale;
  biases.update(rbm.visible_bias_offset(), {first.data(), 1, v}, v, rbm.values().data());
  linalg::sum_rows(p0.rows_at(0, n), first.first(h));
  linalg::sum_rows(pk.rows_at(0, n), second.first(h));
  for (std::size_t j = 0; j < h; ++j) first[j] += second[j];
  biases.update(rbm.hidden_bias_offset(), {first.data(), 1, h}, h, rbm.values().data());
}

ContrastiveDivergence::ContrastiveDivergence(const ContrastiveDivergenceOptions& options, Rbm& rbm, ThreadPool& pool) {
  options.validate();
  state_ = std::make_unique<State>(options, rbm, pool);
}

ContrastiveDivergence::~ContrastiveDivergence() = default;

double ContrastiveDivergence::step(BatchRows rows, Meanwhile meanwhile) {
  State& s = *state_;
  const std::size_t n = s.options.batch;
  const std::size_t slab = std::min(kMaxSlab, (n + s.pool.threads() - 1) / s.pool.threads());
  parallel_for(s.pool, n, slab, [&](std::size_t first, std::size_t last) { s.sample_rows(rows, first, last - first); });
  s.weights.begin_step(s.options.learning_rate);
  s.biases.begin_step(s.options.learning_rate);
  const std::size_t blocks = linalg::outer_blocks(s.rbm.hidden(), s.rbm.visible());
  s.pool.run(blocks + 1, [&](std::size_t task) {
    meanwhile(task, blocks + 1);
    if (task == 0) {
      s.update_biases();
    } else {
      s.update_block(task - 1);
    }
  });
  ++s.steps;
  const double error = std::accumulate(s.row_error.begin(), s.row_error.end(), 0.0);
  return error / static_cast<double>(n * s.rbm.visible());
}

}  // namespace fanin::rbm
