#include "fanin/train/trainer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/data/batches.h"
#include "fanin/random/stream.h"

#include "tests/support/each_target.h"
#include "tests/train/blobs.h"

namespace fanin::train {
namespace {

TrainOptions small_run() {
  TrainOptions o;
  o.network = nn::NetworkSpec{{16, 20, 12, 3}};
  o.batch = 10;
  o.epochs = 4;
  o.learning_rate = 0.01;
  o.seed = 7;
  return o;
}

/// Stops after a number of steps.
class StopAfter final : public Observer {
 public:
  explicit StopAfter(std::size_t steps) : left_(steps) {}
  bool stop_requested() override { return --left_ == 0; }

 private:
  std::size_t left_;
};

std::vector<float> weights_of(Trainer& trainer) {
  return {trainer.network().values().begin(), trainer.network().values().end()};
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

class TrainerTest : public ::testing::Test {
 protected:
  TrainerTest() : train_(test::blobs(205, 1)), test_(test::blobs(100, 2)) {
    path_ = testing::TempDir() + "fanin_trainer_" + std::to_string(getpid()) + ".checkpoint";
    std::filesystem::remove(path_);
  }
  ~TrainerTest() override { std::filesystem::remove(path_); }

  TrainResult run(const TrainOptions& o, std::vector<float>* weights = nullptr, std::size_t threads = 1) {
    ThreadPool pool(threads);
    Observer silent;
    Trainer trainer(o, train_, &test_, pool);
    TrainResult r = trainer.run(silent);
    if (weights != nullptr) *weights = weights_of(trainer);
    return r;
  }

  data::Dataset train_;
  data::Dataset test_;
  std::string path_;
};

TEST_F(TrainerTest, LearnsWhatCanBeLearned) {
  const TrainResult r = run(small_run());
  EXPECT_GT(r.test->accuracy, 0.95);
  EXPECT_LT(r.epochs.back().cost, r.epochs.front().cost);
  EXPECT_EQ(r.epochs.size(), 4U);
  EXPECT_EQ(r.best_epoch, 4U);
  EXPECT_FALSE(r.interrupted);
}

TEST_F(TrainerTest, LossBeforeTheFirstStepOfZerosIsLnOfTheClasses) {
  TrainOptions o = small_run();
  o.epochs = 0;
  o.init = nn::InitRules::parse("zeros");
  const TrainResult r = run(o);
  EXPECT_NEAR(r.loss_before, std::log(3.0), 1e-6);
  EXPECT_TRUE(r.epochs.empty());
  EXPECT_EQ(r.test->dead_fraction, 1.0);
}

// The slow twin: the whole gradient first, then the whole update, rows one by one.
TEST_F(TrainerTest, FusedStepsEqualPlainOnesBitForBit) {
  for (const optim::OptimizerKind kind :
       {optim::OptimizerKind::sgd, optim::OptimizerKind::adam, optim::OptimizerKind::adamw}) {
    TrainOptions o = small_run();
    o.optimizer.kind = kind;
    o.optimizer.weight_decay = 0.01;
    o.optimizer.momentum = kind == optim::OptimizerKind::sgd ? 0.9 : 0;
    o.network.dropout = 0.2;
    o.epochs = 2;
    std::vector<float> fused;
    (void)run(o, &fused, 2);

    ThreadPool pool(1);
    nn::Network network(o.network);
    nn::initialize(network, o.init, o.seed, pool);
    optim::Optimizer optimizer(o.optimizer, network.values().size());
    data::BatchOrder order(train_.size(), {o.batch, o.drop_last, o.shuffle}, random::Stream(o.seed, "shuffle"));
    nn::Workspace w = network.workspace(o.batch);
    std::vector<float> gradient(network.values().size());
    const std::size_t last = network.layers().size();
    std::uint64_t step = 0;
    for (std::size_t epoch = 0; epoch < o.epochs; ++epoch) {
      order.begin_epoch(epoch);
      for (std::size_t b = 0; b < order.batches(); ++b, ++step) {
        const auto batch = order.batch(b);
        const nn::Pass pass{true, random::Stream(o.seed, "dropout").fold_in(step)};
        std::vector<float> loss(1);
        for (std::size_t r = 0; r < batch.size(); ++r) {
          train_.gather(batch.subspan(r, 1), w.values(0, r, 1));
          network.forward(pass, w, r, 1);
          nn::loss_rows(o.loss, w.values(last, r, 1), train_.labels().subspan(batch[r], 1),
                        1.0F / static_cast<float>(batch.size()), w.derivatives(last, r, 1), loss);
          network.backward(pass, w, r, 1);
        }
        network.gradient(w, batch.size(), gradient);
        optimizer.begin_step(o.learning_rate);
        optimizer.update(0, network.values().size(), network.values().data(), gradient.data());
        network.refresh();
      }
    }
    EXPECT_TRUE(same_bits(fused, {network.values().begin(), network.values().end()})) << optim::str(kind);
  }
}

TEST_F(TrainerTest, ThreadsAndTargetsDoNotChangeTheBits) {
  TrainOptions o = small_run();
  o.network = nn::NetworkSpec{{16, 40, 33, 3}, nn::ActivationKind::silu, 0.1};
  o.batch = 33;
  o.drop_last = false;
  for (const nn::Precision precision : {nn::Precision::fp32, nn::Precision::bf16}) {
    o.network.precision = precision;
    std::vector<float> expected;
    (void)run(o, &expected, 1);
    test::for_each_target([&](const std::string& target) {
      for (const std::size_t threads : {1U, 2U, 4U}) {
        std::vector<float> got;
        (void)run(o, &got, threads);
        EXPECT_TRUE(same_bits(got, expected)) << target << " " << threads << " " << nn::str(precision);
      }
    });
  }
}

TEST_F(TrainerTest, SkippingZerosChangesNoBit) {
  TrainOptions o = small_run();
  std::vector<float> expected;
  o.network.zeros = linalg::Zeros::multiply;
  (void)run(o, &expected, 1);
  for (const linalg::Zeros zeros : {linalg::Zeros::skip, linalg::Zeros::automatic}) {
    o.network.zeros = zeros;
    std::vector<float> got;
    (void)run(o, &got, 2);
    EXPECT_TRUE(same_bits(got, expected)) << linalg::str(zeros);
  }
}

TEST_F(TrainerTest, Bf16LearnsTooAndIsAnotherRun) {
  TrainOptions o = small_run();
  std::vector<float> exact;
  (void)run(o, &exact);
  o.network.precision = nn::Precision::bf16;
  std::vector<float> rounded;
  const TrainResult r = run(o, &rounded);
  EXPECT_FALSE(same_bits(exact, rounded));
  ASSERT_TRUE(r.test.has_value());
  EXPECT_LT(r.test->loss, 0.5 * r.loss_before);
  EXPECT_NE(o.fingerprint(), small_run().fingerprint());
}

TEST_F(TrainerTest, ARunStoppedAnywhereResumesBitForBit) {
  TrainOptions o = small_run();
  o.network.dropout = 0.3;
  o.drop_last = false;
  o.schedule = optim::Schedule::parse("cosine(final=0.1, warmup=5)");
  std::vector<float> expected;
  const TrainResult whole = run(o, &expected);
  ThreadPool pool(2);
  for (const std::size_t stop : {1U, 5U, 20U, 21U, 22U, 42U, 60U, 83U}) {
    {
      Trainer trainer(o, train_, &test_, pool);
      StopAfter observer(stop);
      EXPECT_TRUE(trainer.run(observer, {path_, 0}).interrupted) << stop;
    }
    Trainer trainer(o, train_, &test_, pool);
    trainer.resume(path_);
    Observer silent;
    const TrainResult r = trainer.run(silent);
    EXPECT_TRUE(same_bits(weights_of(trainer), expected)) << stop;
    ASSERT_EQ(r.epochs.size(), whole.epochs.size());
    for (std::size_t e = 0; e < r.epochs.size(); ++e) EXPECT_EQ(r.epochs[e].cost, whole.epochs[e].cost) << stop;
    EXPECT_EQ(r.loss_before, whole.loss_before);
  }
}

TEST_F(TrainerTest, EarlyStoppingKeepsTheBestAndSurvivesResuming) {
  TrainOptions o = small_run();
  o.validation = 0.3;
  o.patience = 2;
  o.epochs = 200;
  o.learning_rate = 0.05;
  std::vector<float> expected;
  const TrainResult whole = run(o, &expected);
  ASSERT_TRUE(whole.stopped_early);
  EXPECT_EQ(whole.epochs.size(), whole.best_epoch + 2);
  for (const EpochResult& e : whole.epochs)
    EXPECT_GE(*e.validation_loss, *whole.epochs[whole.best_epoch - 1].validation_loss);
  ThreadPool pool(1);
  {
    Trainer trainer(o, train_, &test_, pool);
    StopAfter observer(whole.best_epoch * 14 + 3);
    (void)trainer.run(observer, {path_, 0});
  }
  Trainer trainer(o, train_, &test_, pool);
  trainer.resume(path_);
  Observer silent;
  EXPECT_EQ(trainer.run(silent).best_epoch, whole.best_epoch);
  EXPECT_TRUE(same_bits(weights_of(trainer), expected));
}

TEST_F(TrainerTest, AFinishedRunCanBeExtended) {
  TrainOptions o = small_run();
  std::vector<float> expected;
  (void)run(o, &expected);
  o.epochs = 2;
  ThreadPool pool(1);
  Observer silent;
  {
    Trainer trainer(o, train_, &test_, pool);
    (void)trainer.run(silent, {path_, 0});
  }
  o.epochs = 4;
  Trainer trainer(o, train_, &test_, pool);
  trainer.resume(path_);
  (void)trainer.run(silent);
  EXPECT_TRUE(same_bits(weights_of(trainer), expected));
}

TEST_F(TrainerTest, ACheckpointOfAnotherRunIsRefusedAndTheDifferenceNamed) {
  const TrainOptions o = small_run();
  ThreadPool pool(1);
  Observer silent;
  {
    Trainer trainer(o, train_, &test_, pool);
    (void)trainer.run(silent, {path_, 0});
  }
  TrainOptions other = o;
  other.learning_rate = 0.02;
  Trainer trainer(other, train_, &test_, pool);
  try {
    trainer.resume(path_);
    FAIL() << "resumed";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(e.what()).find("lr=0.01"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("lr=0.02"), std::string::npos) << e.what();
  }
  const data::Dataset elsewhere = test::blobs(205, 3);
  Trainer on_other_data(o, elsewhere, &test_, pool);
  EXPECT_THROW(on_other_data.resume(path_), Error);
  TrainOptions fewer = o;
  fewer.epochs = 1;
  Trainer shorter(fewer, train_, &test_, pool);
  EXPECT_THROW(shorter.resume(path_), Error);
}

TEST_F(TrainerTest, TheDifferenceIsNamedAlsoWhereOneValueBeginsWithTheOther) {
  TrainOptions o = small_run();
  o.init = nn::InitRules::parse("normal(0, 0.1)");
  ThreadPool pool(1);
  Observer silent;
  {
    Trainer trainer(o, train_, &test_, pool);
    (void)trainer.run(silent, {path_, 0});
  }
  const auto message = [&](const TrainOptions& other) -> std::string {
    Trainer trainer(other, train_, &test_, pool);
    try {
      trainer.resume(path_);
    } catch (const Error& e) {
      return e.what();
    }
    return "resumed";
  };
  TrainOptions rate = o;
  rate.learning_rate = 0.015;
  EXPECT_NE(message(rate).find("it has lr=0.01, this run has lr=0.015"), std::string::npos) << message(rate);
  TrainOptions scheme = o;
  scheme.init = nn::InitRules::parse("normal(0, 0.15)");
  EXPECT_NE(message(scheme).find("it has init=normal(0, 0.1), this run has init=normal(0, 0.15)"), std::string::npos)
      << message(scheme);
}

TEST_F(TrainerTest, ACheckpointBeyondTheEpochsAskedForIsRefused) {
  TrainOptions o = small_run();
  ThreadPool pool(1);
  {
    Trainer trainer(o, train_, &test_, pool);
    StopAfter observer(2 * 20 + 5);  // in epoch 3
    ASSERT_TRUE(trainer.run(observer, {path_, 0}).interrupted);
  }
  o.epochs = 2;
  Trainer trainer(o, train_, &test_, pool);
  EXPECT_THROW(trainer.resume(path_), Error);
  o.epochs = 3;
  Trainer enough(o, train_, &test_, pool);
  EXPECT_NO_THROW(enough.resume(path_));
}

TEST_F(TrainerTest, AnotherTestSetIsAnotherRun) {
  const TrainOptions o = small_run();
  ThreadPool pool(1);
  Observer silent;
  {
    Trainer trainer(o, train_, &test_, pool);
    (void)trainer.run(silent, {path_, 0});
  }
  const data::Dataset other = test::blobs(100, 9);
  Trainer trainer(o, train_, &other, pool);
  EXPECT_THROW(trainer.resume(path_), Error);
}

TEST_F(TrainerTest, ATrainerRunsOnce) {
  ThreadPool pool(1);
  Observer silent;
  Trainer trainer(small_run(), train_, &test_, pool);
  (void)trainer.run(silent);
  EXPECT_THROW((void)trainer.run(silent), Error);
}

/// The blobs as float32, the first value of one sample replaced.
data::Dataset with_outlier(const data::Dataset& data, std::size_t sample, float value) {
  std::vector<float> floats;
  for (std::size_t i = 0; i < data.size(); ++i) {
    for (const std::uint8_t b : data.bytes(i)) floats.push_back(static_cast<float>(b) / 255.0F);
  }
  floats[sample * data.features()] = value;
  return {"outlier", data.sample_shape(), std::move(floats), {data.labels().begin(), data.labels().end()}, 3};
}

// Logits of an outlier overflow to infinities of both signs, and the loss of that sample is no number.
TEST_F(TrainerTest, ALossThatIsNoNumberBeforeTheFirstStepDoesNotBreakTheCheckpoint) {
  const data::Dataset odd = with_outlier(test_, 4, 3e38F);
  TrainOptions o = small_run();
  o.init = nn::InitRules::parse("normal(0, 5)");
  ThreadPool pool(1);
  {
    Trainer trainer(o, train_, &odd, pool);
    StopAfter observer(25);
    ASSERT_FALSE(std::isfinite(trainer.run(observer, {path_, 0}).loss_before));
  }
  Trainer trainer(o, train_, &odd, pool);
  trainer.resume(path_);
  Observer silent;
  EXPECT_FALSE(std::isfinite(trainer.run(silent).loss_before));
}

TEST_F(TrainerTest, AValidationLossThatIsNoNumberIsNeverTheBest) {
  TrainOptions o = small_run();
  o.init = nn::InitRules::parse("normal(0, 5)");
  o.validation = 0.3;
  o.patience = 2;
  const auto split = data::validation_split(train_.size(), o.validation, random::Stream(o.seed, "validation"));
  const data::Dataset odd = with_outlier(train_, split.validation.front(), 3e38F);
  ThreadPool pool(1);
  Observer silent;
  Trainer trainer(o, odd, &test_, pool);
  const TrainResult r = trainer.run(silent);
  EXPECT_FALSE(std::isfinite(*r.epochs.front().validation_loss));
  EXPECT_EQ(r.epochs.size(), 2U);
  EXPECT_EQ(r.best_epoch, 2U) << "no epoch was the best, the weights are the last ones";
}

TEST_F(TrainerTest, DivergenceInTheLastStepIsFound) {
  TrainOptions o = small_run();
  o.optimizer.kind = optim::OptimizerKind::sgd;
  o.optimizer.weight_decay = 1e37;
  o.learning_rate = 1e37;
  o.batch = 205;
  o.epochs = 1;
  try {
    (void)run(o);
    FAIL() << "did not diverge";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::numeric);
    EXPECT_NE(std::string(e.what()).find("0.weight"), std::string::npos) << e.what();
  }
}

TEST_F(TrainerTest, DamagedCheckpointsAreErrorsNeverCrashes) {
  const TrainOptions o = small_run();
  ThreadPool pool(1);
  Observer silent;
  {
    Trainer trainer(o, train_, &test_, pool);
    (void)trainer.run(silent, {path_, 0});
  }
  std::ifstream in(path_, std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(in)), {});
  const random::Stream stream(1, "damage");
  const std::size_t header = 8 + static_cast<unsigned char>(good[0]) + 256U * static_cast<unsigned char>(good[1]);
  for (std::uint64_t i = 0; i < 300; ++i) {
    std::string bad = good;
    if (i % 10 == 0) {
      bad.resize(stream.word(3 * i) % bad.size());
    } else {
      bad[stream.word(3 * i) % header] = static_cast<char>(stream.word(3 * i + 1));
    }
    std::ofstream(path_, std::ios::binary) << bad;
    Trainer trainer(o, train_, &test_, pool);
    try {
      trainer.resume(path_);
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find(path_), std::string::npos) << e.what();
    }
  }
  Trainer trainer(o, train_, &test_, pool);
  EXPECT_THROW(trainer.resume(path_ + ".missing"), Error);
}

TEST_F(TrainerTest, DivergenceIsANumericErrorThatSaysWhere) {
  TrainOptions o = small_run();
  o.optimizer.kind = optim::OptimizerKind::sgd;
  o.learning_rate = 1e20;
  try {
    (void)run(o);
    FAIL() << "did not diverge";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::numeric);
    EXPECT_NE(std::string(e.what()).find("epoch 1, step "), std::string::npos) << e.what();
  }
}

TEST_F(TrainerTest, WhatDoesNotFitIsRejected) {
  ThreadPool pool(1);
  const auto rejected = [&](auto change) {
    TrainOptions o = small_run();
    change(o);
    EXPECT_THROW((void)Trainer(o, train_, &test_, pool), Error);
  };
  rejected([](TrainOptions& o) { o.network.widths = {17, 3}; });
  rejected([](TrainOptions& o) { o.network.widths = {16, 2}; });
  rejected([](TrainOptions& o) { o.learning_rate = 0; });
  rejected([](TrainOptions& o) { o.learning_rate = std::nan(""); });
  rejected([](TrainOptions& o) { o.learning_rate = 1e38; });
  rejected([](TrainOptions& o) { o.batch = 0; });
  rejected([](TrainOptions& o) { o.batch = 206; });
  rejected([](TrainOptions& o) { o.batch = std::size_t{1} << 40; });
  rejected([](TrainOptions& o) { o.validation = 1; });
  rejected([](TrainOptions& o) { o.validation = -0.1; });
  rejected([](TrainOptions& o) { o.patience = 3; });
  rejected([](TrainOptions& o) { o.epochs = 100000000; });
  rejected([](TrainOptions& o) { o.network.dropout = 1; });
}

TEST_F(TrainerTest, RawPixelsAreAFigureOfTheirOwn) {
  const TrainResult r = run(small_run());
  ASSERT_TRUE(r.test_accuracy_raw_pixels.has_value());
  ThreadPool pool(1);
  Observer silent;
  Trainer trainer(small_run(), train_, &test_, pool);
  (void)trainer.run(silent);
  EXPECT_EQ(
      evaluate(trainer.network(), test_, nn::LossKind::softmax_cross_entropy, pool, data::PixelRange::raw).accuracy,
      *r.test_accuracy_raw_pixels);
}

TEST_F(TrainerTest, EvaluationCountsEverySampleOnceForAnyThreads) {
  ThreadPool one(1);
  ThreadPool four(4);
  nn::Network network(nn::NetworkSpec{{16, 20, 12, 3}});
  nn::initialize(network, nn::InitRules::parse("he_normal"), 1, one);
  const Evaluation a = evaluate(network, train_, nn::LossKind::softmax_cross_entropy, one);
  const Evaluation b = evaluate(network, train_, nn::LossKind::softmax_cross_entropy, four);
  EXPECT_EQ(a.samples, 205U);
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(a.predictions, b.predictions);
  EXPECT_EQ(a.dead_fraction, b.dead_fraction);
  const std::vector<std::uint32_t> some{3, 1, 204};
  const Evaluation c =
      evaluate(network, train_, nn::LossKind::softmax_cross_entropy, one, data::PixelRange::unit, some);
  EXPECT_EQ(c.predictions[2], a.predictions[204]);
  EXPECT_EQ(c.sample_loss[0], a.sample_loss[3]);
}

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
