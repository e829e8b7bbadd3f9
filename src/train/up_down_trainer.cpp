#include "fanin/train/up_down_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "fanin/core/error.h"
#include "fanin/data/batches.h"
#include "fanin/dbn/generate.h"
#include "fanin/train/rbm_measures.h"

namespace fanin::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSlab = 100;  // samples at a time

const rbm::Rbm& lowest(const dbn::Model& model) {
  return model.directed() > 0 ? model.recognition(0) : model.top();
}

void require_finite(const dbn::Model& model, std::size_t epoch, double rate) {
  const auto look = [&](const rbm::Rbm& rbm, const std::string& name) {
    for (const float w : rbm.values()) {
      if (std::isfinite(w)) continue;
      throw Error(ErrorKind::numeric, "dbn",
                  fmt::format("diverged: {} has {} after epoch {}; a smaller learning rate than {} may help", name, w,
                              epoch, rate));
    }
  };
  for (std::size_t l = 0; l < model.directed(); ++l) {
    look(model.recognition(l), fmt::format("recognition layer {}", l));
    look(model.generation(l), fmt::format("generation layer {}", l));
  }
  look(model.top(), "the top machine");
}

// One pass over the data.
class Pass {
 public:
  Pass(dbn::Model& model, const UpDownTraining& options, const BeliefData& data, ThreadPool& pool)
      : options_(options),
        data_(data),
        order_(data.data->size(), {options.learning.batch, true, true},
               random::Stream(options.learning.seed, "shuffle")),
        step_(first_step(options), model, pool),
        labels_(model.labels() > 0 ? options.learning.batch : 0) {}

  UpDownEpoch run(std::size_t epoch) {
    UpDownEpoch e;
    e.epoch = epoch;
    e.k = options_.k[std::min(options_.k.size() - 1, (epoch - 1) * options_.k.size() / options_.epochs)];
    step_.set_k(e.k);
    const Clock::time_point start = Clock::now();
    order_.begin_epoch(epoch - 1);
    const std::size_t batches = order_.batches();
    double error = 0;
    for (std::size_t b = 0; b < batches; ++b) {
      const auto batch = order_.batch(b);
      const std::size_t at = (epoch - 1) * batches + b;
      e.learning_rate =
          options_.learning.learning_rate * options_.schedule.factor(at, options_.epochs * batches, batches);
      // A schedule may end at 0, a step may not.
      e.learning_rate = std::max(e.learning_rate, std::numeric_limits<double>::min());
      step_.set_learning_rate(e.learning_rate);
      for (std::size_t r = 0; r < labels_.size(); ++r) labels_[r] = data_.data->labels()[batch[r]];
      error += step_.step(
          [&](std::size_t first, MatrixView<float> out) {
            data::gather(*data_.data, data_.binarization, data_.stream, epoch - 1, batch.subspan(first, out.rows), out);
          },
          labels_);
    }
    e.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    e.reconstruction_error = error / static_cast<double>(batches);
    return e;
  }

 private:
  static dbn::UpDownOptions first_step(const UpDownTraining& options) {
    dbn::UpDownOptions o = options.learning;
    o.k = options.k.front();
    return o;
  }

  const UpDownTraining& options_;
  BeliefData data_;
  data::BatchOrder order_;
  dbn::UpDown step_;
  std::vector<std::int32_t> labels_;
};

}  // namespace

void UpDownTraining::validate() const {
  if (k.empty()) throw Error(ErrorKind::usage, "dbn", "no Gibbs steps given, k is a list such as 3:6:10");
  for (const std::size_t steps : k) {
    dbn::UpDownOptions each = learning;
    each.k = steps;
    each.validate();
  }
  constexpr std::size_t kMaxEpochs = 1000000;
  if (epochs > kMaxEpochs) {
    throw Error(ErrorKind::usage, "dbn", fmt::format("epochs is {}, allowed is 0 to {}", epochs, kMaxEpochs));
  }
  schedule.validate();
  binarization.validate();
}

void BeliefData::check(const dbn::Model& model) const {
  if (data->features() != model.inputs()) {
    throw Error(ErrorKind::usage, "dbn",
                fmt::format("{} has {} features a sample, the model has {} visible units", data->name(),
                            data->features(), model.inputs()));
  }
  if (model.labels() != 0 && data->classes() != model.labels()) {
    throw Error(
        ErrorKind::usage, "dbn",
        fmt::format("{} has {} classes, the model has {} label units", data->name(), data->classes(), model.labels()));
  }
  RbmData{data, binarization, stream}.check(lowest(model));
}

double label_accuracy(const dbn::Model& model, const BeliefData& data, ThreadPool& pool) {
  data.check(model);
  const std::size_t n = data.data->size();
  const std::size_t inputs = model.inputs();
  const std::size_t classes = model.labels();
  std::vector<std::uint32_t> indices(n);
  std::iota(indices.begin(), indices.end(), 0U);
  std::vector<std::size_t> right((n + kSlab - 1) / kSlab);
  pool.run(right.size(), [&](std::size_t slab) {
    const auto part = std::span(indices).subspan(slab * kSlab, std::min(kSlab, n - slab * kSlab));
    std::vector<float> x(part.size() * inputs), p(part.size() * classes);
    const MatrixView<float> rows(x.data(), part.size(), inputs);
    data::gather(*data.data, data.binarization, data.stream, 0, part, rows);
    dbn::label_probabilities(model, rows, {p.data(), part.size(), classes});
    for (std::size_t r = 0; r < part.size(); ++r) {
      const auto first = p.begin() + static_cast<std::ptrdiff_t>(r * classes);
      const auto best = std::max_element(first, first + static_cast<std::ptrdiff_t>(classes)) - first;
      right[slab] += best == data.data->labels()[part[r]] ? 1 : 0;
    }
  });
  return static_cast<double>(std::accumulate(right.begin(), right.end(), std::size_t{0})) / static_cast<double>(n);
}

UpDownResult train_up_down(dbn::Model& model, const UpDownTraining& options, const data::Dataset& train,
                           const data::Dataset* test, ThreadPool& pool, UpDownObserver& observer) {
  options.validate();
  const std::uint64_t seed = options.learning.seed;
  const BeliefData seen{&train, options.binarization, random::Stream(seed, "binarization")};
  const BeliefData judged{test, options.binarization, random::Stream(seed, "binarization of test data")};
  seen.check(model);
  if (test != nullptr) judged.check(model);
  const bool has_accuracy = test != nullptr && model.labels() > 0;
  Pass pass(model, options, seen, pool);
  UpDownResult result;
  if (has_accuracy) result.accuracy_before = result.test_accuracy = label_accuracy(model, judged, pool);
  while (result.epochs.size() < options.epochs && !result.interrupted) {
    UpDownEpoch e = pass.run(result.epochs.size() + 1);
    result.seconds += e.seconds;
    require_finite(model, e.epoch, e.learning_rate);
    if (has_accuracy && options.test_each_epoch) e.test_accuracy = label_accuracy(model, judged, pool);
    result.epochs.push_back(e);
    observer.on_epoch(e);
    result.interrupted = result.epochs.size() < options.epochs && observer.stop_requested();
  }
  if (has_accuracy && !result.epochs.empty()) {
    const std::optional<double>& last = result.epochs.back().test_accuracy;
    result.test_accuracy = last ? *last : label_accuracy(model, judged, pool);
  }
  return result;
}

}  // namespace fanin::train
