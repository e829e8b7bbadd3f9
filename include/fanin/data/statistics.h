#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/data/dataset.h"

/// What is known of a data set before a model sees it. Bytes count as x / 255 throughout.
namespace fanin::data {

/// Whether all values are exactly 0 or 1. A model of binary values gives gray ones no probability, so a log-likelihood
/// of data for which this is false means nothing.
[[nodiscard]] bool is_binary(const Dataset& data);

/// A value and where it is.
struct ValueAt {
  std::uint32_t sample = 0;
  std::size_t feature = 0;
  float value = 0;

  friend bool operator==(const ValueAt&, const ValueAt&) = default;
};

/// The first value outside [0, 1], by sample, then by feature. Never one of bytes.
[[nodiscard]] std::optional<ValueAt> first_outside_unit(const Dataset& data);

/// Of each feature over all samples.
struct FeatureStatistics {
  std::vector<double> mean;
  std::vector<double> variance;         ///< mean of (x - mean)^2: divided by n, exactly 0 for constant features
  std::vector<std::uint32_t> constant;  ///< the features that have one value in all samples, ascending
};

/// In float64, samples in ascending order, the mean first and then the variance around it: the same bits for any
/// number of threads.
[[nodiscard]] FeatureStatistics feature_statistics(const Dataset& data, ThreadPool& pool);

}  // namespace fanin::data
