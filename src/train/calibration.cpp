#include "train/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "fanin/core/buffer.h"
#include "fanin/core/error.h"
#include "fanin/data/batches.h"
#include "fanin/nn/network_access.h"
#include "fanin/random/permutation.h"

namespace fanin::train {
namespace {

bool has_last_layer(const TrainOptions& o) {
  return o.init.output_weights == o.init.weights;
}

}  // namespace

std::vector<std::uint32_t> calibration_samples(const TrainOptions& options, const data::Dataset& data) {
  const init::DataDependent& method = *options.data_dependent;
  const std::vector<std::uint32_t> all =
      data::validation_split(data.size(), options.validation, random::Stream(options.seed, "validation")).train;
  if (method.samples_are_a_must() && method.samples() > all.size()) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("{} asks for {} samples, {} has {} to learn from", method.str(), method.samples(),
                            data.name(), all.size()));
  }
  const std::size_t n = std::min(method.samples(), all.size());
  std::vector<std::uint32_t> order(all.size());
  if (method.drawn()) {
    random::permutation(random::Stream(options.seed, "calibration"), order);
  } else {
    std::iota(order.begin(), order.end(), 0U);
  }
  std::vector<std::uint32_t> chosen;
  for (std::size_t i = 0; i < n; ++i) chosen.push_back(all[order[i]]);
  const std::vector<std::size_t>& widths = options.network.widths;
  std::vector<Shape> shapes;
  for (std::size_t l = 0; l + (has_last_layer(options) ? 1 : 2) < widths.size(); ++l) {
    shapes.push_back(Shape{widths[l + 1], widths[l]});
  }
  method.check(shapes, n);
  return chosen;
}

init::DataReport calibrate(const TrainOptions& options, const data::Dataset& data, nn::Network& network,
                           ThreadPool& pool) {
  const std::vector<std::uint32_t> samples = calibration_samples(options, data);
  Buffer<float> values(samples.size() * data.features());
  const MatrixView<float> batch(values.data(), samples.size(), data.features());
  data.gather(samples, batch);
  nn::NetworkAccess access(network, batch, random::Stream(options.seed, "calibration gradient"), pool,
                           has_last_layer(options));
  return options.data_dependent->run(access, options.seed, pool);
}

}  // namespace fanin::train
