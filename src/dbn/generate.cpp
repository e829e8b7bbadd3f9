#include "fanin/dbn/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"
#include "fanin/linalg/vector_math.h"
#include "fanin/random/stream.h"

#include "rbm/plane.h"
#include "rbm/unit_layer.h"

namespace fanin::dbn {
namespace {

constexpr std::size_t kMaxSlab = 64;

[[noreturn]] void reject(const std::string& sentence) {
  throw Error(ErrorKind::usage, "dbn", sentence);
}

/// All chains; different threads run different rows.
struct Chains {
  Chains(const Model& m, const GenerateOptions& o, std::span<const std::int32_t> clamped, std::size_t rows)
      : model(m),
        options(o),
        labels(clamped),
        noise(o.seed, "generate"),
        visible(rbm::UnitKind::binary, m.top_inputs(), m.labels(), rows),
        hidden(rbm::UnitKind::binary, m.top().hidden(), 0, rows),
        v(rows, m.top().visible()),
        h(rows, m.top().hidden()) {
    std::size_t widest = std::max(m.top().visible(), m.top().hidden());
    for (std::size_t l = 0; l < m.directed(); ++l) widest = std::max(widest, m.generation(l).visible());
    inputs.emplace_back(rows, widest);
    for (std::size_t l = 1; l < m.directed(); ++l) {
      const std::size_t width = m.generation(l).visible();
      units.emplace_back(rbm::UnitKind::binary, width, 0, rows);
      states.emplace_back(rows, width);
    }
  }

  const Model& model;
  const GenerateOptions& options;
  std::span<const std::int32_t> labels;
  random::Stream noise;
  rbm::detail::UnitLayer visible;
  rbm::detail::UnitLayer hidden;
  std::vector<rbm::detail::UnitLayer> units;  // of directed layers 1, 2, ...: their visible units
  rbm::detail::Plane v;
  rbm::detail::Plane h;
  std::vector<rbm::detail::Plane> states;
  std::vector<rbm::detail::Plane> inputs;  // one, as wide as the widest layer

  void run(std::size_t first, MatrixView<float> out);
  void start(std::size_t first, MatrixView<float> to);
  void hold_labels(std::size_t first, MatrixView<float> to);
  void sample_visible(std::size_t step, std::size_t first, MatrixView<const float> from, MatrixView<float> to);
};

void Chains::sample_visible(std::size_t step, std::size_t first, MatrixView<const float> from, MatrixView<float> to) {
  visible.draw(noise.fold_in(2 * step), first, to.rows);
  const MatrixView<float> x = inputs.front().rows_at(first, to.rows, to.cols);
  model.top().visible_inputs(from, x, linalg::Zeros::automatic,
                             [&](const linalg::Block& b) { visible.apply(b, first, x, 1, to); });
  visible.finish(first, x, 1, to);
  if (!labels.empty()) hold_labels(first, to);
}

// Free ones become none.
void Chains::hold_labels(std::size_t first, MatrixView<float> to) {
  for (std::size_t r = 0; r < to.rows; ++r) {
    float* y = to.row(r) + model.top_inputs();
    std::fill_n(y, model.labels(), 0.0F);
    if (!labels.empty()) y[labels[first + r]] = 1;
  }
}

void Chains::start(std::size_t first, MatrixView<float> to) {
  const random::Stream up = noise.fold_in(0);
  const std::size_t n = to.rows;
  const std::size_t cols = model.inputs();
  const std::size_t units = model.top_inputs();
  Buffer<float> picture(n * cols);
  for (std::size_t i = 0; i < n * cols; ++i) picture[i] = static_cast<float>(up.word(first * cols + i) >> 31U);
  model.up({picture.data(), n, cols}, {to.data, n, units, to.stride});
  const random::Stream states = up.fold_in(0);
  for (std::size_t r = 0; r < n; ++r) {
    float* row = to.row(r);
    for (std::size_t j = 0; j < units; ++j) {
      const float u = static_cast<float>(states.word((first + r) * units + j) >> 8U) * 0x1p-24F;
      row[j] = u < row[j] ? 1.0F : 0.0F;
    }
  }
  hold_labels(first, to);
}

void Chains::run(std::size_t first, MatrixView<float> out) {
  const std::size_t n = out.rows;
  const rbm::Rbm& top = model.top();
  const MatrixView<float> below = v.rows_at(first, n);
  const MatrixView<float> above = h.rows_at(first, n);
  start(first, below);
  for (std::size_t s = 1; s <= options.steps; ++s) {
    hidden.draw(noise.fold_in(2 * s - 1), first, n);
    const MatrixView<float> x = inputs.front().rows_at(first, n, top.hidden());
    top.hidden_inputs(below, x, linalg::Zeros::automatic,
                      [&](const linalg::Block& b) { hidden.apply(b, first, x, 1, above); });
    sample_visible(s, first, above, below);
  }
  if (model.directed() == 0) {
    const MatrixView<float> p = inputs.front().rows_at(first, n, top.visible());
    top.visible_probabilities(above, p);
    for (std::size_t r = 0; r < n; ++r) std::copy_n(p.row(r), out.cols, out.row(r));
    return;
  }
  MatrixView<const float> from(below.data, n, model.top_inputs(), below.stride);
  const random::Stream down = noise.fold_in(2 * options.steps + 1);
  for (std::size_t l = model.directed(); l-- > 1;) {
    const MatrixView<float> to = states[l - 1].rows_at(first, n);
    const MatrixView<float> x = inputs.front().rows_at(first, n, to.cols);
    units[l - 1].draw(down.fold_in(l), first, n);
    model.generation(l).visible_inputs(from, x, linalg::Zeros::automatic,
                                       [&](const linalg::Block& b) { units[l - 1].apply(b, first, x, 1, to); });
    from = to;
  }
  model.generation(0).visible_probabilities(from, out);
}

}  // namespace

void GenerateOptions::validate() const {
  constexpr std::size_t kMaxSteps = 10000000;
  if (steps == 0 || steps > kMaxSteps) reject(fmt::format("{} steps given, allowed are 1 to {}", steps, kMaxSteps));
}

void generate(const Model& model, const GenerateOptions& options, std::span<const std::int32_t> labels,
              MatrixView<float> out, ThreadPool& pool) {
  options.validate();
  if (out.cols != model.inputs()) {
    reject(fmt::format("samples of {} values asked for, the model has {}", out.cols, model.inputs()));
  }
  if (!labels.empty() && labels.size() != out.rows) {
    reject(fmt::format("{} labels for {} samples, allowed are none or one each", labels.size(), out.rows));
  }
  for (const std::int32_t label : labels) {
    if (label >= 0 && static_cast<std::size_t>(label) < model.labels()) continue;
    reject(fmt::format("label {} given, the model has {}", label, model.labels()));
  }
  Chains chains(model, options, labels, out.rows);
  const std::size_t slab = std::min(kMaxSlab, out.rows / pool.threads() + 1);
  parallel_for(pool, out.rows, slab,
               [&](std::size_t first, std::size_t last) { chains.run(first, out.rows_at(first, last - first)); });
}

void label_probabilities(const rbm::Rbm& top, MatrixView<const float> v, MatrixView<float> p) {
  const std::size_t units = top.spec().visible;
  const std::size_t labels = top.spec().labels;
  const std::size_t hidden = top.hidden();
  if (labels == 0) reject("the top RBM has no labels");
  if (v.cols != units || p.cols != labels || p.rows != v.rows) {
    reject(fmt::format("[{}, {}] of [{}, {}] asked for, the top RBM makes [{}, {}] of [{}, {}]", p.rows, p.cols, v.rows,
                       v.cols, v.rows, labels, v.rows, units));
  }
  if (top.spec().hidden_units != rbm::UnitKind::binary) {
    throw Error(ErrorKind::unsupported, "dbn",
                fmt::format("p(y | v) of {} hidden units asked for, only that of binary ones is known here",
                            rbm::str(top.spec().hidden_units)));
  }
  std::vector<float> of_label(labels * hidden);
  for (std::size_t k = 0; k < labels; ++k) {
    for (std::size_t j = 0; j < hidden; ++j) of_label[k * hidden + j] = top.weight()(j, units + k);
  }
  const std::size_t slab = std::min(kMaxSlab, v.rows);
  std::vector<float> wide(slab * top.visible()), inputs(slab * hidden), terms(hidden);
  std::vector<double> score(labels);
  for (std::size_t first = 0; first < v.rows; first += slab) {
    const std::size_t n = std::min(slab, v.rows - first);
    const MatrixView<float> joint(wide.data(), n, top.visible()), x(inputs.data(), n, hidden);
    for (std::size_t r = 0; r < n; ++r) std::copy_n(v.row(first + r), units, joint.row(r));
    top.hidden_inputs(joint, x);
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t k = 0; k < labels; ++k) {
        for (std::size_t j = 0; j < hidden; ++j) terms[j] = x(r, j) + of_label[k * hidden + j];
        linalg::softplus(terms, terms);
        score[k] = static_cast<double>(top.visible_bias()[units + k]);
        for (const float term : terms) score[k] += static_cast<double>(term);
      }
      const double best = *std::max_element(score.begin(), score.end());
      double sum = 0;
      for (double& s : score) sum += s = std::exp(s - best);
      for (std::size_t k = 0; k < labels; ++k) p(first + r, k) = static_cast<float>(score[k] / sum);
    }
  }
}

void label_probabilities(const Model& model, MatrixView<const float> x, MatrixView<float> p) {
  std::vector<float> top(x.rows * model.top_inputs());
  const MatrixView<float> v(top.data(), x.rows, model.top_inputs());
  model.up(x, v);
  label_probabilities(model.top(), v, p);
}

}  // namespace fanin::dbn
