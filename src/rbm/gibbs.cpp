#include "fanin/rbm/gibbs.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/random/stream.h"

#include "rbm/unit_layer.h"

namespace fanin::rbm {

void gibbs(const Rbm& rbm, std::size_t steps, std::uint64_t seed, MatrixView<float> v, MatrixView<float> means,
           std::span<const std::uint8_t> clamped, ThreadPool& pool) {
  const RbmSpec& spec = rbm.spec();
  const std::size_t n = v.rows;
  if (v.cols != rbm.visible() || means.cols != v.cols || means.rows != n ||
      (!clamped.empty() && clamped.size() != v.cols)) {
    throw Error(ErrorKind::usage, "rbm",
                fmt::format("states of {} x {}, means of {} x {} and a mask of {} for {} visible units", n, v.cols,
                            means.rows, means.cols, clamped.size(), rbm.visible()));
  }
  detail::UnitLayer visible(spec.visible_units, spec.visible, spec.labels, n);
  detail::UnitLayer hidden(spec.hidden_units, spec.hidden, 0, n);
  std::vector<float> inputs(n * rbm.hidden());
  std::vector<float> states(n * rbm.hidden());
  constexpr std::size_t kSlab = 32;
  parallel_for(pool, n, kSlab, [&](std::size_t first, std::size_t last) {
    const std::size_t count = last - first;
    const MatrixView<float> rows = v.rows_at(first, count);
    const MatrixView<float> p = means.rows_at(first, count);
    const MatrixView<float> x(inputs.data() + first * rbm.hidden(), count, rbm.hidden());
    const MatrixView<float> h(states.data() + first * rbm.hidden(), count, rbm.hidden());
    std::vector<float> drawn(count * v.cols);
    const MatrixView<float> sample(drawn.data(), count, v.cols);
    for (std::size_t r = 0; r < count; ++r) std::copy_n(rows.row(r), v.cols, p.row(r));
    for (std::size_t s = 0; s < steps; ++s) {
      hidden.draw(random::Stream(seed, "gibbs hidden").fold_in(s), first, count);
      rbm.hidden_inputs(rows, x, linalg::Zeros::automatic,
                        [&](const linalg::Block& b) { hidden.apply(b, first, x, 1, h); });
      visible.draw(random::Stream(seed, "gibbs visible").fold_in(s), first, count);
      rbm.visible_inputs(h, p, linalg::Zeros::automatic,
                         [&](const linalg::Block& b) { visible.apply(b, first, p, 1, sample); });
      visible.finish(first, p, 1, sample);
      for (std::size_t r = 0; r < count; ++r) {
        for (std::size_t i = 0; i < v.cols; ++i) {
          if (!clamped.empty() && clamped[i] != 0) {
            p(r, i) = rows(r, i);
          } else {
            rows(r, i) = sample(r, i);
          }
        }
      }
    }
  });
}

}  // namespace fanin::rbm
