#include "fanin/train/linear_probe.h"

#include <algorithm>
#include <optional>

#include "fanin/train/pretraining.h"
#include "fanin/train/trainer.h"

namespace fanin::train {
namespace {

data::Dataset values_of(const RbmData& seen) {
  const std::size_t n = seen.data->size();
  const std::size_t cols = seen.data->features();
  std::vector<float> x(n * cols);
  std::vector<std::uint32_t> one(1);
  for (std::size_t i = 0; i < n; ++i) {
    one[0] = static_cast<std::uint32_t>(i);
    data::gather(*seen.data, seen.binarization, seen.stream, 0, one, {x.data() + i * cols, 1, cols});
  }
  return {seen.data->name(),
          Shape{cols},
          std::move(x),
          {seen.data->labels().begin(), seen.data->labels().end()},
          seen.data->classes()};
}

}  // namespace

double linear_probe(const data::Dataset& train, const data::Dataset& test, std::size_t epochs, ThreadPool& pool) {
  TrainOptions o;
  o.network.widths = {train.features(), train.classes()};
  o.epochs = epochs;
  o.set_init("zeros");
  o.schedule = optim::Schedule::parse("cosine");
  constexpr double kRate = 0.01;
  o.learning_rate = kRate;
  o.batch = std::min<std::size_t>(o.batch, train.size());
  Trainer trainer(o, train, &test, pool);
  Observer silent;
  return trainer.run(silent).test->accuracy;
}

std::vector<LayerProbe> probe_layers(std::span<const rbm::Rbm> stack, const data::Dataset& train,
                                     const data::Dataset& test, const data::Binarization& binarization,
                                     std::size_t epochs, ThreadPool& pool,
                                     const std::function<bool(const LayerProbe&)>& done) {
  std::vector<LayerProbe> probes;
  RbmData below{&train, binarization, random::Stream(0, "binarization")};
  RbmData judged{&test, binarization, random::Stream(0, "binarization of test data")};
  std::optional<data::Dataset> features, test_features;
  const auto probe = [&](const data::Dataset& x, const data::Dataset& y) {
    probes.push_back({probes.size(), x.features(), linear_probe(x, y, epochs, pool)});
    return done(probes.back());
  };
  const bool as_they_are = binarization == data::Binarization{};
  if (!(as_they_are ? probe(train, test) : probe(values_of(below), values_of(judged)))) return probes;
  for (const rbm::Rbm& machine : stack) {
    data::Dataset above = hidden_features(machine, below, pool);
    data::Dataset test_above = hidden_features(machine, judged, pool);
    features = std::move(above);
    test_features = std::move(test_above);
    if (!probe(*features, *test_features)) break;
    // What is above the data is no pixels any more.
    below = RbmData{&*features};
    judged = RbmData{&*test_features};
  }
  return probes;
}

}  // namespace fanin::train
