#include "fanin/rbm/likelihood.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "fanin/core/error.h"

#include "rbm/binary_rows.h"
#include "rbm/measure_kernels.h"

namespace fanin::rbm {
namespace {

constexpr std::size_t kRows = 16;  // of a task

void check_rows(const RbmSpec& spec, MatrixView<const float> v) {
  if (spec.visible_units == UnitKind::binary) detail::require_binary(v, spec.visible, "log p");
  if (spec.labels > 0) {
    const MatrixView<const float> labels(v.data + spec.visible, v.rows, spec.labels, v.stride);
    detail::require_binary(labels, spec.labels, "log p, labels");
  }
  for (std::size_t r = 0; r < v.rows; ++r) {
    if (spec.visible_units == UnitKind::gaussian) {
      for (std::size_t i = 0; i < spec.visible; ++i) {
        if (std::isfinite(v(r, i))) continue;
        throw Error(ErrorKind::data, "rbm",
                    fmt::format("log p of row {}: unit {} is {}, allowed are finite values", r, i, v(r, i)));
      }
    }
    const float on = std::accumulate(v.row(r) + spec.visible, v.row(r) + spec.visible + spec.labels, 0.0F);
    if (spec.labels > 0 && on != 1) {
      throw Error(ErrorKind::data, "rbm", fmt::format("log p of row {}: {} labels are 1, allowed is one", r, on));
    }
  }
}

}  // namespace

void free_energy_f64(const Rbm& rbm, MatrixView<const float> v, std::span<double> energy, ThreadPool& pool) {
  const RbmSpec& spec = rbm.spec();
  detail::require_shape(v, rbm.visible(), energy.size(), "energies");
  if (spec.hidden_units == UnitKind::relu || spec.visible_units == UnitKind::relu) {
    throw Error(ErrorKind::unsupported, "rbm", "rectified linear units have no free energy in closed form");
  }
  const bool binary_hidden = spec.hidden_units == UnitKind::binary;
  const std::size_t padded = detail::padded_to_chains(rbm.hidden());
  parallel_for(pool, v.rows, kRows, [&](std::size_t first, std::size_t last) {
    std::vector<double> x(padded, binary_hidden ? detail::kNoSoftplus : 0.0);
    const std::vector<double> zero(padded);
    for (std::size_t r = first; r < last; ++r) {
      for (std::size_t j = 0; j < rbm.hidden(); ++j) {
        x[j] = detail::dot(rbm.weight().row(j), v.row(r), rbm.visible(), static_cast<double>(rbm.hidden_bias()[j]));
      }
      double f = -detail::dot(rbm.visible_bias().data(), v.row(r), rbm.visible(), 0);
      if (spec.visible_units == UnitKind::gaussian) f += detail::dot(v.row(r), v.row(r), spec.visible, 0) / 2;
      f -= binary_hidden ? detail::add_softplus_sum(x.data(), zero.data(), 0, padded)
                         : detail::add_half_squares(x.data(), zero.data(), 0, padded);
      energy[r] = f;
    }
  });
}

void log_likelihood(const Rbm& rbm, MatrixView<const float> v, double log_z, std::span<double> out, ThreadPool& pool) {
  detail::require_shape(v, rbm.visible(), out.size(), "places");
  check_rows(rbm.spec(), v);
  free_energy_f64(rbm, v, out, pool);
  for (double& value : out) value = -value - log_z;
}

double kl_divergence(const Rbm& rbm, MatrixView<const float> patterns, std::span<const double> p0, double log_z,
                     ThreadPool& pool) {
  constexpr double kSlack = 1e-6;
  detail::require_shape(patterns, rbm.visible(), p0.size(), "probabilities");
  double sum = 0;
  for (const double p : p0) {
    if (!(p >= 0)) throw Error(ErrorKind::usage, "rbm", fmt::format("a probability is {}, allowed is 0 to 1", p));
    sum += p;
  }
  if (!(std::abs(sum - 1) <= kSlack)) {
    throw Error(ErrorKind::usage, "rbm", fmt::format("the probabilities' sum is {}, allowed is 1", sum));
  }
  std::vector<double> log_p(patterns.rows);
  log_likelihood(rbm, patterns, log_z, log_p, pool);

  std::vector<std::size_t> order(patterns.rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto row = [&](std::size_t r) { return std::span(patterns.row(r), patterns.cols); };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::lexicographical_compare(row(a).begin(), row(a).end(), row(b).begin(), row(b).end());
  });
  for (std::size_t k = 1; k < order.size(); ++k) {
    if (!std::equal(row(order[k - 1]).begin(), row(order[k - 1]).end(), row(order[k]).begin())) continue;
    throw Error(ErrorKind::data, "rbm",
                fmt::format("patterns {} and {} are equal, allowed are distinct ones", order[k - 1], order[k]));
  }

  double kl = 0;
  for (std::size_t r = 0; r < p0.size(); ++r) {
    if (p0[r] > 0) kl += p0[r] * (std::log(p0[r]) - log_p[r]);
  }
  return kl;
}

}  // namespace fanin::rbm
