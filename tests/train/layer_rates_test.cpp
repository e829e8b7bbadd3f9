#include <cstring>

#include "fanin/core/error.h"
#include "fanin/data/batches.h"
#include "fanin/random/stream.h"

#include "tests/train/trainer_fixture.h"

namespace fanin::train {
namespace {

bool same_layer(const nn::Network& network, std::size_t parameter, const std::vector<float>& a,
                const std::vector<float>& b) {
  const nn::Parameter& p = network.parameters()[parameter];
  return std::memcmp(&a[p.offset], &b[p.offset], p.shape.elements() * sizeof(float)) == 0;
}

TEST_F(TrainerTest, InTopOnlyEpochsOnlyTheLastLayerMoves) {
  TrainOptions o = small_run();
  const nn::Network network(o.network);
  std::vector<float> start, frozen, all;
  o.epochs = 0;
  (void)run(o, &start);
  o.epochs = 2;
  o.top_only_epochs = 2;
  const TrainResult r = run(o, &frozen, 2);
  EXPECT_LT(r.epochs.back().cost, r.epochs.front().cost);
  o.epochs = 3;
  (void)run(o, &all);
  for (std::size_t p = 0; p < network.parameters().size(); ++p) {
    const bool top = p + 2 >= network.parameters().size();
    EXPECT_EQ(same_layer(network, p, start, frozen), !top) << p;
    EXPECT_FALSE(same_layer(network, p, start, all)) << p;
  }
  // A rate of 0 leaves them as they are for good.
  o.top_only_epochs = 0;
  o.lower_rate = 0;
  (void)run(o, &all);
  EXPECT_TRUE(same_layer(network, 0, start, all));
  EXPECT_FALSE(same_layer(network, network.parameters().size() - 1, start, all));
}

TEST_F(TrainerTest, TheLowerRateIsThatOfAllLayersButTheLast) {
  TrainOptions o = small_run();
  o.optimizer.kind = optim::OptimizerKind::sgd;
  o.batch = 205;
  o.epochs = 1;
  const nn::Network network(o.network);
  std::vector<float> usual, slower, all_slower;
  (void)run(o, &usual);
  o.lower_rate = 0.25;
  (void)run(o, &slower);
  o.lower_rate = 1;
  o.learning_rate *= 0.25;
  (void)run(o, &all_slower);
  for (std::size_t p = 0; p < network.parameters().size(); ++p) {
    const bool top = p + 2 >= network.parameters().size();
    EXPECT_EQ(same_layer(network, p, slower, usual), top) << p;
    EXPECT_EQ(same_layer(network, p, slower, all_slower), !top) << p;
  }
}

// The slow twin: two optimizers, that of the lower layers made when they join.
TEST_F(TrainerTest, LayersThatJoinLateTakeTheStepsOfAFreshOptimizer) {
  TrainOptions o = small_run();
  o.optimizer.kind = optim::OptimizerKind::adamw;
  o.optimizer.weight_decay = 0.01;
  o.lower_rate = 0.3;
  o.top_only_epochs = 1;
  o.epochs = 3;
  std::vector<float> got;
  (void)run(o, &got, 2);

  ThreadPool pool(1);
  nn::Network network(o.network);
  nn::initialize(network, o.init, o.seed, pool);
  const std::size_t size = network.values().size();
  const std::size_t top = network.parameters()[4].offset;
  optim::Optimizer of_top(o.optimizer, size), of_lower(o.optimizer, size);
  data::BatchOrder order(train_.size(), {o.batch, o.drop_last, o.shuffle}, random::Stream(o.seed, "shuffle"));
  nn::Workspace w = network.workspace(o.batch);
  std::vector<float> gradient(size), loss(o.batch);
  std::vector<std::int32_t> labels(o.batch);
  const std::size_t last = network.layers().size();
  for (std::size_t epoch = 0; epoch < o.epochs; ++epoch) {
    order.begin_epoch(epoch);
    for (std::size_t b = 0; b < order.batches(); ++b) {
      const auto batch = order.batch(b);
      for (std::size_t r = 0; r < o.batch; ++r) labels[r] = train_.labels()[batch[r]];
      train_.gather(batch, w.values(0, 0, o.batch));
      network.forward({}, w, 0, o.batch);
      nn::loss_rows(o.loss, w.values(last, 0, o.batch), labels, 1.0F / static_cast<float>(o.batch),
                    w.derivatives(last, 0, o.batch), loss);
      network.backward({}, w, 0, o.batch);
      network.gradient(w, o.batch, gradient);
      of_top.begin_step(o.learning_rate);
      of_top.update(top, size - top, network.values().data(), gradient.data());
      if (epoch >= o.top_only_epochs) {
        of_lower.begin_step(0.3 * o.learning_rate);
        of_lower.update(0, top, network.values().data(), gradient.data());
      }
      network.refresh();
    }
  }
  EXPECT_TRUE(same_bits(got, {network.values().begin(), network.values().end()}));
}

TEST_F(TrainerTest, RatesOfLayersAndASubsetKeepTheBitsForThreadsAndResumption) {
  TrainOptions o = small_run();
  o.lower_rate = 0.1;
  o.top_only_epochs = 1;
  o.train_samples = 60;
  std::vector<float> one, three, resumed;
  (void)run(o, &one, 1);
  (void)run(o, &three, 3);
  EXPECT_TRUE(same_bits(one, three));
  ThreadPool pool(2);
  StopAfter stop(9);
  Trainer first(o, train_, &test_, pool);
  ASSERT_TRUE(first.run(stop, {path_, 0}).interrupted);
  Trainer second(o, train_, &test_, pool);
  second.resume(path_);
  Observer silent;
  (void)second.run(silent);
  EXPECT_TRUE(same_bits(one, weights_of(second)));
  TrainOptions other = o;
  other.lower_rate = 1;
  other.top_only_epochs = 0;
  other.train_samples = 0;
  Trainer third(other, train_, &test_, pool);
  EXPECT_THROW(third.resume(path_), Error);
}

TEST_F(TrainerTest, ASubsetIsWhatTheStreamChooses) {
  TrainOptions o = small_run();
  o.train_samples = 30;
  ThreadPool pool(1);
  class Steps final : public Observer {
   public:
    void on_step(const Progress& p) override { steps = p.steps; }
    std::size_t steps = 0;
  } observer;
  Trainer trainer(o, train_, &test_, pool);
  (void)trainer.run(observer);
  EXPECT_EQ(observer.steps, 3U);

  const std::vector<std::uint32_t> chosen =
      data::balanced_subset(train_.labels(), 3, 30, random::Stream(o.seed, "train samples"));
  std::vector<std::uint8_t> bytes;
  std::vector<std::int32_t> labels;
  for (const std::uint32_t i : chosen) {
    bytes.insert(bytes.end(), train_.bytes(i).begin(), train_.bytes(i).end());
    labels.push_back(train_.labels()[i]);
  }
  const data::Dataset small("small", Shape{4, 4}, bytes, labels, 3);
  o.train_samples = 0;
  Trainer same(o, small, &test_, pool);
  (void)same.run(observer);
  EXPECT_TRUE(same_bits(weights_of(trainer), weights_of(same)));

  o.train_samples = 206;
  EXPECT_THROW(Trainer(o, train_, &test_, pool), Error);
  o.train_samples = 9;  // drop_last leaves no batch of 10
  EXPECT_THROW(Trainer(o, train_, &test_, pool), Error);
}

TEST_F(TrainerTest, StartsFromGivenWeights) {
  TrainOptions o = small_run();
  ThreadPool pool(1);
  TrainOptions other = o;
  other.seed = 99;
  nn::Network given(o.network);
  nn::initialize(given, other.init, other.seed, pool);
  o.epochs = 0;
  Observer silent;
  Trainer trainer(o, train_, &test_, pool);
  trainer.start_from(given.values());
  EXPECT_NEAR(trainer.run(silent).loss_before, evaluate(given, test_, o.loss, pool).loss, 1e-12);
  EXPECT_TRUE(same_bits(weights_of(trainer), {given.values().begin(), given.values().end()}));
  EXPECT_THROW(trainer.start_from(given.values()), Error);
}

TEST_F(TrainerTest, WeightsToStartFromThatDoNotFitAreRejected) {
  ThreadPool pool(1);
  const TrainOptions o = small_run();
  Trainer trainer(o, train_, &test_, pool);
  std::vector<float> values = weights_of(trainer);
  EXPECT_THROW(trainer.start_from(std::span(values).first(values.size() - 1)), Error);
  values[3] = std::nanf("");
  try {
    trainer.start_from(values);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::numeric);
    EXPECT_NE(std::string(e.what()).find("element 3 of '0.weight'"), std::string::npos) << e.what();
  }
}

TEST(TrainOptions, RatesOfLayersAreValidatedAndNamedOnlyWhereUsed) {
  TrainOptions o = small_run();
  const std::string usual = o.fingerprint();
  EXPECT_EQ(usual.find("lower_rate"), std::string::npos);
  EXPECT_EQ(usual.find("train_samples"), std::string::npos);
  o.lower_rate = 0.1;
  o.top_only_epochs = 3;
  o.train_samples = 50;
  o.validate();
  EXPECT_EQ(o.fingerprint(), usual + "; lower_rate=0.1; top_only_epochs=3; train_samples=50");
  for (const double rate : {-0.1, 1.5, std::nan("")}) {
    o.lower_rate = rate;
    EXPECT_THROW(o.validate(), Error) << rate;
  }
  o.lower_rate = 1;
  o.top_only_epochs = 1000001;
  EXPECT_THROW(o.validate(), Error);
}

}  // namespace
}  // namespace fanin::train
