#include "fanin/train/rbm_measures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "fanin/core/error.h"
#include "fanin/data/statistics.h"
#include "fanin/rbm/label_probabilities.h"
#include "fanin/rbm/likelihood.h"
#include "fanin/rbm/partition.h"
#include "fanin/rbm/pseudo_likelihood.h"

namespace fanin::train {
namespace {

constexpr std::size_t kSlab = 100;  // samples at a time

bool binary_machine(const rbm::Rbm& m) {
  return m.spec().visible_units == rbm::UnitKind::binary && m.spec().hidden_units == rbm::UnitKind::binary;
}

// The cross-entropy of v against p and v's own entropy, p kept from 0 and 1 by what float32 resolves.
struct CrossEntropy {
  double cross = 0;
  double own = 0;

  void add(double v, double p) {
    constexpr double kLeast = 1e-7;
    p = std::clamp(p, kLeast, 1 - kLeast);
    if (v > 0) {
      cross -= v * std::log(p);
      own -= v * std::log(v);
    }
    if (v < 1) {
      cross -= (1 - v) * std::log1p(-p);
      own -= (1 - v) * std::log1p(-v);
    }
  }
};

double empirical_entropy(const std::map<std::vector<bool>, std::size_t>& counts, std::size_t n) {
  double sum = 0;
  for (const auto& [pattern, count] : counts) sum += static_cast<double>(count) * std::log(static_cast<double>(count));
  return std::log(static_cast<double>(n)) - sum / static_cast<double>(n);
}

/// How many of the rows, visible units and then a one-hot label, have that label as the most probable one.
std::size_t labels_found(const rbm::Rbm& machine, MatrixView<const float> rows) {
  const std::size_t features = machine.spec().visible;
  const std::size_t labels = machine.spec().labels;
  std::vector<float> p(rows.rows * labels);
  rbm::label_probabilities(machine, {rows.data, rows.rows, features, rows.stride}, {p.data(), rows.rows, labels});
  std::size_t found = 0;
  for (std::size_t r = 0; r < rows.rows; ++r) {
    const float* of_row = p.data() + r * labels;
    const auto best = static_cast<std::size_t>(std::max_element(of_row, of_row + labels) - of_row);
    if (rows(r, features + best) == 1) ++found;
  }
  return found;
}

struct Sums {
  std::size_t labels = 0;
  double error = 0, log_likelihood = 0, free_energy = 0;
  CrossEntropy entropy;
  std::vector<double> activity;
  bool bits = true;
};

}  // namespace

bool can_be_exact(const rbm::Rbm& machine) {
  const rbm::RbmSpec& s = machine.spec();
  if (s.hidden_units != rbm::UnitKind::binary || s.visible_units == rbm::UnitKind::relu) return false;
  if (s.hidden <= rbm::kMaxEnumerated) return true;
  return s.visible_units == rbm::UnitKind::binary && s.labels == 0 && s.visible <= rbm::kMaxEnumerated;
}

void RbmData::rows(const rbm::Rbm& machine, std::uint64_t epoch, std::span<const std::uint32_t> indices,
                   MatrixView<float> out) const {
  const std::size_t features = machine.spec().visible;
  data::gather(*data, binarization, stream, epoch, indices, {out.data, out.rows, features, out.stride});
  const std::size_t labels = machine.spec().labels;
  if (labels == 0) return;
  for (std::size_t r = 0; r < out.rows; ++r) {
    std::fill_n(out.row(r) + features, labels, 0.0F);
    out(r, features + static_cast<std::size_t>(data->labels()[indices[r]])) = 1;
  }
}

void RbmData::check(const rbm::Rbm& machine) const {
  const rbm::RbmSpec& spec = machine.spec();
  if (data->features() != spec.visible) {
    throw Error(ErrorKind::usage, "rbm",
                fmt::format("{} has {} features a sample, the machine has {} visible units", data->name(),
                            data->features(), spec.visible));
  }
  if (spec.labels != 0 && data->classes() != spec.labels) {
    throw Error(
        ErrorKind::usage, "rbm",
        fmt::format("{} has {} classes, the machine has {} label units", data->name(), data->classes(), spec.labels));
  }
  if (spec.visible_units != rbm::UnitKind::binary) return;
  if (const auto at = data::first_outside_unit(*data)) {
    throw Error(ErrorKind::data, "rbm",
                fmt::format("{}: sample {} has {} at {}, binary visible units take 0 to 1; scale the data, or take "
                            "Gaussian visible units for standardized data",
                            data->name(), at->sample, at->value, at->feature));
  }
}

RbmMeasures measure(const rbm::Rbm& machine, const RbmData& data, const RbmMeasureOptions& options, ThreadPool& pool) {
  data.check(machine);
  RbmMeasures m;
  m.samples = options.samples == 0 ? data.data->size() : std::min(options.samples, data.data->size());
  const bool has_energy =
      machine.spec().visible_units != rbm::UnitKind::relu && machine.spec().hidden_units != rbm::UnitKind::relu;
  const bool bits = binary_machine(machine);
  const bool has_labels = machine.spec().labels > 0 && machine.spec().hidden_units == rbm::UnitKind::binary;
  if (options.exact) {
    if (!can_be_exact(machine)) {
      throw Error(ErrorKind::usage, "rbm",
                  fmt::format("log Z of {} visible and {} hidden units by enumeration: a binary layer of at most {} is "
                              "needed; 'fanin rbm ais' estimates it for any size",
                              machine.visible(), machine.hidden(), rbm::kMaxEnumerated));
    }
    m.log_z = rbm::log_partition(machine, pool);
  }
  const std::size_t v = machine.visible();
  const std::size_t h = machine.hidden();
  const std::size_t slabs = (m.samples + kSlab - 1) / kSlab;
  std::vector<Sums> sums(slabs);
  std::vector<std::uint32_t> indices(m.samples);
  std::iota(indices.begin(), indices.end(), 0U);
  std::map<std::vector<bool>, std::size_t> patterns;
  constexpr std::size_t kMostPatterns = std::size_t{1} << 20;
  pool.run(slabs, [&](std::size_t slab) {
    Sums& s = sums[slab];
    const std::size_t first = slab * kSlab;
    const std::size_t count = std::min(kSlab, m.samples - first);
    std::vector<float> x(count * v), p(count * h), back(count * v);
    std::vector<double> row(count);
    const MatrixView<float> rows(x.data(), count, v);
    data.rows(machine, options.epoch, std::span(indices).subspan(first, count), rows);
    if (options.exact) {
      for (std::size_t i = 0; i < x.size() && machine.spec().visible_units == rbm::UnitKind::binary; ++i) {
        if (x[i] == 0 || x[i] == 1) continue;
        throw Error(ErrorKind::data, "rbm",
                    fmt::format("{}: sample {} has the grey value {} at {}; the log-likelihood is that of bits: choose "
                                "--binarize 0.5, sample or resample",
                                data.data->name(), first + i / v, x[i], i % v));
      }
      rbm::log_likelihood(machine, rows, *m.log_z, row, pool);
      s.log_likelihood = std::accumulate(row.begin(), row.end(), 0.0);
    }
    if (has_energy) {
      machine.free_energy(rows, row);
      s.free_energy = std::accumulate(row.begin(), row.end(), 0.0);
    }
    if (has_labels) s.labels = labels_found(machine, rows);
    machine.hidden_probabilities(rows, {p.data(), count, h});
    machine.visible_probabilities({p.data(), count, h}, {back.data(), count, v});
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto a = static_cast<double>(x[i]);
      const auto b = static_cast<double>(back[i]);
      s.error += (a - b) * (a - b);
      s.bits = s.bits && (x[i] == 0 || x[i] == 1);
      if (bits) s.entropy.add(a, b);
    }
    s.activity.resize(h);
    for (std::size_t i = 0; i < p.size(); ++i) s.activity[i % h] += static_cast<double>(p[i]);
  });
  if (options.exact && m.samples <= kMostPatterns) {
    std::vector<float> x(v);
    for (std::size_t i = 0; i < m.samples; ++i) {
      data.rows(machine, options.epoch, std::span(indices).subspan(i, 1), {x.data(), 1, v});
      std::vector<bool> key(v);
      for (std::size_t j = 0; j < v; ++j) key[j] = x[j] != 0;
      ++patterns[key];
    }
  }
  const auto n = static_cast<double>(m.samples);
  Sums total;
  total.activity.resize(h);
  for (const Sums& s : sums) {
    total.labels += s.labels;
    total.error += s.error;
    total.bits = total.bits && s.bits;
    total.log_likelihood += s.log_likelihood;
    total.free_energy += s.free_energy;
    total.entropy.cross += s.entropy.cross;
    total.entropy.own += s.entropy.own;
    for (std::size_t j = 0; j < h; ++j) total.activity[j] += s.activity[j];
  }
  m.reconstruction_error = total.error / (n * static_cast<double>(v));
  if (bits) {
    m.reconstruction_cross_entropy = total.entropy.cross / n;
    m.reconstruction_kl = (total.entropy.cross - total.entropy.own) / n;
  }
  for (double& a : total.activity) a /= n;
  m.activity = std::move(total.activity);
  if (has_energy) m.free_energy = total.free_energy / n;
  if (has_labels) m.label_accuracy = static_cast<double>(total.labels) / n;
  if (options.exact) {
    m.log_likelihood = total.log_likelihood / n;
    if (machine.spec().visible_units == rbm::UnitKind::binary && !patterns.empty()) {
      m.kl = -empirical_entropy(patterns, m.samples) - *m.log_likelihood;
    }
  }
  if (options.pseudo_likelihood && bits && total.bits && machine.spec().labels == 0) {
    double sum = 0;
    for (std::size_t first = 0; first < m.samples; first += kSlab) {
      const std::size_t count = std::min(kSlab, m.samples - first);
      std::vector<float> x(count * v);
      std::vector<double> row(count);
      data.rows(machine, options.epoch, std::span(indices).subspan(first, count), {x.data(), count, v});
      rbm::pseudo_log_likelihood(machine, {x.data(), count, v}, row, pool);
      sum += std::accumulate(row.begin(), row.end(), 0.0);
    }
    m.pseudo_likelihood = sum / n;
  }
  return m;
}

}  // namespace fanin::train
