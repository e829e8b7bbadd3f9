#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/data/binarization.h"
#include "fanin/data/dataset.h"
#include "fanin/random/stream.h"
#include "fanin/rbm/rbm.h"

namespace fanin::train {

/// The samples of a data set as a machine sees them: binarized, with their labels where the machine has label units.
struct RbmData {
  const data::Dataset* data = nullptr;
  data::Binarization binarization{};
  random::Stream stream{0};  ///< of the binarization

  /// Rows for samples `indices` in epoch `epoch`, machine.visible() values each.
  void rows(const rbm::Rbm& machine, std::uint64_t epoch, std::span<const std::uint32_t> indices,
            MatrixView<float> out) const;
  /// Throws Error(usage) for another number of features or classes than the machine has units, and Error(data) for
  /// values that the machine's visible units do not take (binary: 0 to 1), naming sample and value and what to do.
  void check(const rbm::Rbm& machine) const;
};

/// How well a machine models samples, in the order of how much the figures say. Natural logarithms, means over samples.
struct RbmMeasures {
  std::size_t samples = 0;
  std::optional<double> log_z;              ///< exact
  std::optional<double> log_likelihood;     ///< mean log p(v), exact
  std::optional<double> kl;                 ///< KL(p0 || p_model), p0 the samples' own distribution
  std::optional<double> pseudo_likelihood;  ///< sum over all visible units of log p(v_i | the others)
  std::optional<double> free_energy;
  /// Of v against p(v | p(h | v)), summed over visible units: a proxy. Of binary visible units.
  std::optional<double> reconstruction_cross_entropy;
  /// The same less the entropy of v, "actual vs recreation": 0 for a perfect one, also of grey pixels.
  std::optional<double> reconstruction_kl;
  double reconstruction_error = 0;  ///< mean over samples and visible units of (v - p(v | p(h | v)))^2: a proxy
  /// Share of samples whose label is the most probable one, p(y | v) exact; of label units over binary hidden ones.
  std::optional<double> label_accuracy;
  std::vector<double> activity;  ///< mean of each hidden unit
};

struct RbmMeasureOptions {
  std::size_t samples = 0;         ///< the first ones; 0 for all
  bool exact = false;              ///< log_z, log_likelihood and kl: needs a binary layer of at most 22 units
  bool pseudo_likelihood = false;  ///< of bits, in machines of binary units without labels; not measured of others
  std::uint64_t epoch = 0;         ///< of a binarization that draws anew each epoch
};

/// Throws as RbmData::check(), Error(usage) for a machine that is too large for what was asked, and Error(data) for the
/// log-likelihood of values that are not 0 or 1: a density of grey pixels is no probability of bits.
[[nodiscard]] RbmMeasures measure(const rbm::Rbm& machine, const RbmData& data, const RbmMeasureOptions& options,
                                  ThreadPool& pool);

/// Whether log Z by enumeration is possible: a binary layer of at most 22 units, and nothing that has no energy.
[[nodiscard]] bool can_be_exact(const rbm::Rbm& machine);

}  // namespace fanin::train
