#include "fanin/dbn/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"
#include "fanin/random/stream.h"
#include "fanin/rbm/label_probabilities.h"

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
  const std::size_t top_units = model.top_inputs();
  Buffer<float> picture(n * cols);
  for (std::size_t i = 0; i < n * cols; ++i) picture[i] = static_cast<float>(up.word(first * cols + i) >> 31U);
  model.up({picture.data(), n, cols}, {to.data, n, top_units, to.stride});
  const random::Stream bits = up.fold_in(0);
  for (std::size_t r = 0; r < n; ++r) {
    float* row = to.row(r);
    for (std::size_t j = 0; j < top_units; ++j) {
      const float u = static_cast<float>(bits.word((first + r) * top_units + j) >> 8U) * 0x1p-24F;
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

void label_probabilities(const Model& model, MatrixView<const float> x, MatrixView<float> p) {
  std::vector<float> top(x.rows * model.top_inputs());
  const MatrixView<float> v(top.data(), x.rows, model.top_inputs());
  model.up(x, v);
  rbm::label_probabilities(model.top(), v, p);
}

}  // namespace fanin::dbn
