#include "fanin/rbm/pseudo_likelihood.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fanin/core/error.h"

#include "rbm/binary_rows.h"
#include "rbm/measure_kernels.h"

namespace fanin::rbm {
namespace {

constexpr std::size_t kRows = 16;  // of a task; they share what is read of the weights
constexpr double kMaxWeight = 600;

// The largest absolute weight.
double check(const Rbm& rbm, MatrixView<const float> v, std::size_t places) {
  const RbmSpec& spec = rbm.spec();
  if (spec.visible_units != UnitKind::binary || spec.hidden_units != UnitKind::binary || spec.labels > 0) {
    throw Error(ErrorKind::unsupported, "rbm", "the pseudo-likelihood is that of binary units without labels");
  }
  detail::require_shape(v, rbm.visible(), places, "places");
  detail::require_binary(v, rbm.visible(), "pseudo-likelihood");
  double largest = 0;
  for (const float w : rbm.values().first(rbm.hidden() * rbm.visible())) {
    const double size = std::abs(static_cast<double>(w));
    if (!(size <= kMaxWeight)) {
      throw Error(
          ErrorKind::numeric, "rbm",
          fmt::format("a weight is {}, allowed for the pseudo-likelihood is -{} to {}", w, kMaxWeight, kMaxWeight));
    }
    largest = std::max(largest, size);
  }
  return largest;
}

void inputs(const Rbm& rbm, const float* v, double* x) {
  for (std::size_t j = 0; j < rbm.hidden(); ++j) {
    x[j] = detail::dot(rbm.weight().row(j), v, rbm.visible(), static_cast<double>(rbm.hidden_bias()[j]));
  }
}

double log_sigmoid(double z) {
  return std::min(z, 0.0) - std::log1p(std::exp(-std::abs(z)));
}

}  // namespace

void pseudo_log_likelihood(const Rbm& rbm, MatrixView<const float> v, std::span<double> out, ThreadPool& pool) {
  const double largest = check(rbm, v, out.size());
  // Factors lie between e^-largest and e^largest, products within float64.
  const double room = kMaxWeight / static_cast<double>(detail::kChains) / std::max(largest, 1e-9);
  const auto terms = static_cast<std::size_t>(std::min(room, 64.0));
  const std::size_t padded = detail::padded_to_chains(rbm.hidden());
  const std::size_t visible = rbm.visible();

  // e^W, transposed, and the sum of each of its rows' exponents.
  std::vector<double> e(visible * padded, 0.0);
  std::vector<double> sums(visible);
  parallel_for(pool, visible, kRows, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      double* row = e.data() + i * padded;
      for (std::size_t j = 0; j < rbm.hidden(); ++j) {
        row[j] = static_cast<double>(rbm.weight()(j, i));
        sums[i] += row[j];
      }
      detail::exp(row, row, padded);
    }
  });

  parallel_for(pool, v.rows, kRows, [&](std::size_t first, std::size_t last) {
    const std::size_t rows = last - first;
    std::vector<double> x(padded), on(rows * padded, 0.0), off(rows * padded, 1.0);
    for (std::size_t r = 0; r < rows; ++r) {
      inputs(rbm, v.row(first + r), x.data());
      std::vector<double> p(padded);
      detail::sigmoid(x.data(), p.data(), padded);
      std::copy_n(p.data(), rbm.hidden(), on.data() + r * padded);
      for (double& value : x) value = -value;
      detail::sigmoid(x.data(), p.data(), padded);
      std::copy_n(p.data(), rbm.hidden(), off.data() + r * padded);
      out[first + r] = 0;
    }
    for (std::size_t i = 0; i < visible; ++i) {
      const auto bias = static_cast<double>(rbm.visible_bias()[i]);
      const double* row = e.data() + i * padded;
      for (std::size_t r = 0; r < rows; ++r) {
        const double* p = on.data() + r * padded;
        const double* q = off.data() + r * padded;
        // Switching off multiplies by q + p e^-W = e^-W (p + q e^W).
        const double rise = v(first + r, i) == 0 ? bias + detail::log_mixtures(q, p, row, padded, terms)
                                                 : -bias - sums[i] + detail::log_mixtures(p, q, row, padded, terms);
        out[first + r] += log_sigmoid(-rise);
      }
    }
  });
}

void pseudo_log_likelihood_cycle(const Rbm& rbm, MatrixView<const float> v, std::size_t first, std::span<double> out,
                                 ThreadPool& pool) {
  (void)check(rbm, v, out.size());
  const std::size_t padded = detail::padded_to_chains(rbm.hidden());
  parallel_for(pool, v.rows, kRows, [&](std::size_t begin, std::size_t end) {
    std::vector<double> x(padded, detail::kNoSoftplus), w(padded);
    for (std::size_t r = begin; r < end; ++r) {
      const std::size_t i = (first % rbm.visible() + r) % rbm.visible();
      const double change = v(r, i) == 0 ? 1 : -1;
      inputs(rbm, v.row(r), x.data());
      for (std::size_t j = 0; j < rbm.hidden(); ++j) w[j] = static_cast<double>(rbm.weight()(j, i));
      const double before = detail::add_softplus_sum(x.data(), w.data(), 0, padded);
      const double after = detail::add_softplus_sum(x.data(), w.data(), change, padded);
      const double rise = change * static_cast<double>(rbm.visible_bias()[i]) + after - before;
      out[r] = static_cast<double>(rbm.visible()) * log_sigmoid(-rise);
    }
  });
}

}  // namespace fanin::rbm
