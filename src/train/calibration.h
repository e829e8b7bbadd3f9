#pragma once

#include <cstdint>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/data/dataset.h"
#include "fanin/init/data_report.h"
#include "fanin/nn/network.h"
#include "fanin/train/options.h"

namespace fanin::train {

/// The samples that options.data_dependent looks at: drawn by the seed, or the first ones, of those that are not held
/// out for validation, with labels or without. Throws Error(usage) where there are fewer than it asks for, and for
/// layers that so many samples cannot serve.
[[nodiscard]] std::vector<std::uint32_t> calibration_samples(const TrainOptions& options, const data::Dataset& data);

/// Runs options.data_dependent on `network`, whose weights are there. Where the last layer has a scheme of its own, it
/// is left as it is.
[[nodiscard]] init::DataReport calibrate(const TrainOptions& options, const data::Dataset& data, nn::Network& network,
                                         ThreadPool& pool);

}  // namespace fanin::train
