#include "fanin/train/trainer.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/data/batches.h"
#include "fanin/random/stream.h"

#include "tests/support/each_target.h"
#include "tests/train/trainer_fixture.h"

namespace fanin::train {
namespace {

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

}  // namespace
}  // namespace fanin::train
