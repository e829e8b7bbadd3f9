#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "fanin/bench/timing.h"
#include "fanin/data/dataset.h"
#include "fanin/train/options.h"

namespace fanin::bench {

/// A part of a training step, as one thread does it.
struct StepPart {
  std::string name;    ///< `forward linear(784, 256)`
  double seconds = 0;  ///< mean of a step
  double flops = 0;    ///< of its products, none of them left out; 0 where there are none
};

/// A training step with so many threads, everything included.
struct StepTime {
  std::size_t threads = 1;
  Timing seconds;
  double floor = 0;  ///< what the machine's rates allow: products at their peak, then the optimizer by itself
  /// Floor by median. Above 1 where products with zeros are left out.
  [[nodiscard]] double share() const { return seconds.median > 0 ? floor / seconds.median : 0; }
};

/// Where the time of a training step goes.
struct StepProfile {
  double flops = 0;              ///< of all products of a step
  double optimizer_seconds = 0;  ///< one update of all weights, by itself
  std::vector<StepPart> parts;
  std::vector<StepTime> steps;  ///< for 1 thread and for all of the pool
};

/// Floating-point operations of the products of one training step on `batch` samples: 2 batch n k forward, as many for
/// each weight's gradient, and as many for the derivatives of each layer's input but the first.
[[nodiscard]] double step_flops(const std::vector<std::size_t>& widths, std::size_t batch);

/// Trains on `data` for some steps and times them, as a whole and part by part. Throws what train::Trainer throws, and
/// Error(usage) for fewer samples than four batches.
[[nodiscard]] StepProfile profile_step(const train::TrainOptions& options, const data::Dataset& data, ThreadPool& pool);

}  // namespace fanin::bench
