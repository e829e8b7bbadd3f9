#include "fanin/train/rbm_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <vector>

#include "fanin/core/error.h"

namespace fanin::train {
namespace {

using Clock = std::chrono::steady_clock;

const data::Dataset& checked(const rbm::Rbm& machine, const data::Dataset& data) {
  if (data.features() != machine.visible()) {
    throw Error(ErrorKind::usage, "rbm",
                fmt::format("{} has {} features a sample, the machine has {} visible units", data.name(),
                            data.features(), machine.visible()));
  }
  for (std::size_t i = 0; i < data.size() && !data.is_bytes(); ++i) {
    const std::span<const float> v = data.floats(i);
    for (std::size_t j = 0; j < v.size(); ++j) {
      if (v[j] >= 0 && v[j] <= 1) continue;
      throw Error(ErrorKind::data, "rbm",
                  fmt::format("{}: sample {} has {} at {}, binary visible units take 0 to 1", data.name(), i, v[j], j));
    }
  }
  return data;
}

void require_finite(const rbm::Rbm& machine, std::size_t epoch, double learning_rate) {
  const std::span<const float> values = machine.values();
  const auto bad = std::find_if(values.begin(), values.end(), [](float x) { return !std::isfinite(x); });
  if (bad == values.end()) return;
  throw Error(ErrorKind::numeric, "rbm",
              fmt::format("diverged: parameter {} is {} after epoch {}; a smaller learning rate than {} may help",
                          bad - values.begin(), *bad, epoch, learning_rate));
}

}  // namespace

RbmTrainer::RbmTrainer(const rbm::ContrastiveDivergenceOptions& options, rbm::Rbm& machine, const data::Dataset& data,
                       ThreadPool& pool)
    : machine_(machine),
      data_(checked(machine, data)),
      learning_rate_(options.learning_rate),
      order_(data.size(), {options.batch, true, true}, random::Stream(options.seed, "shuffle")),
      step_(options, machine, pool) {}

RbmEpoch RbmTrainer::run_epoch() {
  const Clock::time_point start = Clock::now();
  order_.begin_epoch(epochs_);
  const std::size_t batches = order_.batches();
  double error = 0;
  for (std::size_t b = 0; b < batches; ++b) {
    const auto batch = order_.batch(b);
    const auto next = b + 1 < batches ? order_.batch(b + 1) : std::span<const std::uint32_t>();
    error +=
        step_.step([&](std::size_t first, MatrixView<float> out) { data_.gather(batch.subspan(first, out.rows), out); },
                   // A few samples at a time: waiting for memory hides behind the arithmetic.
                   [&](std::size_t part, std::size_t parts) {
                     const std::size_t begin = next.size() * part / parts;
                     data_.prefetch(next.subspan(begin, next.size() * (part + 1) / parts - begin));
                   });
  }
  ++epochs_;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  require_finite(machine_, epochs_, learning_rate_);
  return {epochs_, error / static_cast<double>(batches), seconds};
}

double reconstruction_error(const rbm::Rbm& machine, const data::Dataset& data, std::size_t samples, ThreadPool& pool) {
  const std::size_t n = std::min(samples, checked(machine, data).size());
  if (n == 0) return 0;
  std::vector<std::uint32_t> indices(n);
  std::iota(indices.begin(), indices.end(), 0U);
  std::vector<double> row_error(n);
  constexpr std::size_t kSlab = 100;
  const std::size_t v = machine.visible();
  parallel_for(pool, n, kSlab, [&](std::size_t first, std::size_t last) {
    const std::size_t count = last - first;
    std::vector<float> x(count * v), h(count * machine.hidden()), back(count * v);
    data.gather(std::span(indices).subspan(first, count), {x.data(), count, v});
    machine.hidden_probabilities({x.data(), count, v}, {h.data(), count, machine.hidden()});
    machine.visible_probabilities({h.data(), count, machine.hidden()}, {back.data(), count, v});
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double difference = static_cast<double>(x[i]) - static_cast<double>(back[i]);
      row_error[first + i / v] += difference * difference;
    }
  });
  return std::accumulate(row_error.begin(), row_error.end(), 0.0) / static_cast<double>(n * v);
}

}  // namespace fanin::train
