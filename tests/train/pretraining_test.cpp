#include "fanin/train/pretraining.h"

#include <gtest/gtest.h>

#include <vector>

#include "fanin/core/error.h"
#include "fanin/train/trainer.h"

#include "tests/rbm/machines.h"
#include "tests/train/blobs.h"

namespace fanin::train {
namespace {

using rbm::test::error_of;

TEST(Pretraining, ReadsWhatItPrints) {
  for (const char* text :
       {"dbn(preset=hinton2006)", "dbn(preset=pcd, epochs=3, lr=0.05, k=2, weight_decay=0.001, lower_rate=0.1)"}) {
    EXPECT_EQ(Pretraining::parse(text).str(), text);
  }
  EXPECT_EQ(Pretraining::parse(" dbn ").str(), "dbn(preset=hinton2006)");
  EXPECT_EQ(Pretraining::parse("dbn( epochs = 4 )").epochs, 4U);
  EXPECT_TRUE(Pretraining::is_meant("dbn(nonsense"));
  EXPECT_FALSE(Pretraining::is_meant("he_normal"));
}

TEST(Pretraining, WrongTextsAreRejected) {
  for (const char* text :
       {"dbn(", "dbn(epochs)", "dbn(epochs=x)", "dbn(epochs=3, epochs=4)", "dbn(epoch=3)", "dbn(lr=0)", "dbn(lr=-1)",
        "dbn(k=0)", "dbn(preset=hinton)", "dbn(weight_decay=2)", "dbn(lower_rate=2)", "he_normal"}) {
    EXPECT_EQ(error_of([&] { (void)Pretraining::parse(text); }).first, ErrorKind::usage) << text;
  }
  EXPECT_EQ(error_of([] { (void)Pretraining::parse("dbn(epoch=3)"); }).second,
            "[init] 'dbn(epoch=3)': unknown key 'epoch', did you mean 'epochs'?; there are epochs, preset, lr, k, "
            "weight_decay and lower_rate");
}

nn::NetworkSpec sigmoid_network() {
  nn::NetworkSpec spec{{16, 12, 8, 3}};
  spec.activation = nn::ActivationKind::sigmoid;
  return spec;
}

class Counter final : public Observer {
 public:
  void on_rbm_epoch(std::size_t machine, std::size_t machines, const RbmEpoch& e, std::size_t epochs) override {
    EXPECT_EQ(machines, 2U);
    EXPECT_EQ(epochs, 3U);
    last = 10 * machine + e.epoch;
    ++calls;
  }
  bool stop_requested() override { return calls >= stop_after; }

  std::size_t calls = 0;
  std::size_t last = 0;
  std::size_t stop_after = 1000;
};

TrainOptions pretrained_run() {
  TrainOptions o;
  o.network = sigmoid_network();
  o.set_init("dbn(epochs=3)");
  o.batch = 100;
  o.epochs = 0;
  return o;
}

std::vector<float> start_of(const TrainOptions& o, const data::Dataset& data, std::size_t threads) {
  ThreadPool pool(threads);
  Trainer trainer(o, data, nullptr, pool);
  Counter counter;
  const TrainResult r = trainer.run(counter);
  EXPECT_EQ(counter.calls, 6U);
  EXPECT_EQ(counter.last, 13U);
  EXPECT_GT(r.pretraining_seconds, 0);
  return {trainer.network().values().begin(), trainer.network().values().end()};
}

TEST(Pretraining, IsAnInitializerLikeAnyOther) {
  const data::Dataset data = fanin::test::blobs(400, 3);
  const TrainOptions o = pretrained_run();
  const std::vector<float> one = start_of(o, data, 1);
  EXPECT_EQ(start_of(o, data, 2), one);
  TrainOptions other = o;
  other.seed = 1;
  EXPECT_NE(start_of(other, data, 1), one);
  EXPECT_NE(o.fingerprint().find("init=dbn(preset=hinton2006, epochs=3)"), std::string::npos);
  EXPECT_EQ(o.init_str(), "dbn(preset=hinton2006, epochs=3)");
  // The second machine draws other weights than the first: their streams are their own.
  EXPECT_NE(one[0], one[16 * 12]);
}

TEST(Pretraining, StopsWhenAskedTo) {
  const data::Dataset data = fanin::test::blobs(400, 3);
  ThreadPool pool(1);
  Trainer trainer(pretrained_run(), data, nullptr, pool);
  Counter counter;
  counter.stop_after = 2;
  EXPECT_TRUE(trainer.run(counter).interrupted);
  EXPECT_EQ(counter.calls, 2U);
}

TEST(Pretraining, NeedsUnitsThatItKnows) {
  nn::NetworkSpec spec = sigmoid_network();
  EXPECT_EQ(pretraining_options(spec, {}).size(), 2U);
  spec.activation = nn::ActivationKind::relu;
  EXPECT_EQ(pretraining_options(spec, {})[1].visible_units, rbm::UnitKind::relu);
  spec.activations = {nn::ActivationKind::sigmoid, nn::ActivationKind::identity};
  EXPECT_EQ(pretraining_options(spec, {})[1].visible_units, rbm::UnitKind::binary);
  EXPECT_EQ(pretraining_options(spec, {})[1].hidden_units, rbm::UnitKind::gaussian);
  spec.activations.clear();
  spec.activation = nn::ActivationKind::tanh;
  EXPECT_EQ(error_of([&] { (void)pretraining_options(spec, {}); }).first, ErrorKind::usage);
}

TEST(FineTuning, LowerLayersFollowTheirOwnRate) {
  const data::Dataset data = fanin::test::blobs(200, 3);
  ThreadPool pool(1);
  const auto trained = [&](auto change) {
    TrainOptions o;
    o.network = sigmoid_network();
    o.batch = 20;
    o.epochs = 2;
    o.optimizer.kind = optim::OptimizerKind::sgd;
    change(o);
    Trainer trainer(o, data, nullptr, pool);
    Observer silent;
    (void)trainer.run(silent);
    return std::vector<float>(trainer.network().values().begin(), trainer.network().values().end());
  };
  const auto none = [](TrainOptions& o) { o.epochs = 0; };
  const std::vector<float> before = trained(none);
  const std::vector<float> frozen = trained([](TrainOptions& o) { o.lower_rate = 0; });
  const std::vector<float> top_first = trained([](TrainOptions& o) { o.top_only_epochs = 2; });
  const std::vector<float> slow = trained([](TrainOptions& o) { o.lower_rate = 0.1; });
  const std::vector<float> full = trained([](TrainOptions&) {});
  const std::size_t first = 16 * 12;
  EXPECT_TRUE(std::equal(before.begin(), before.begin() + first, frozen.begin()));
  EXPECT_EQ(frozen, top_first);
  EXPECT_NE(frozen, before);
  double far = 0, near = 0;
  for (std::size_t i = 0; i < first; ++i) {
    far += std::abs(full[i] - before[i]);
    near += std::abs(slow[i] - before[i]);
  }
  EXPECT_GT(far, 5 * near);
  EXPECT_GT(near, 0);
  TrainOptions bad;
  bad.lower_rate = 1.5;
  EXPECT_THROW(bad.validate(), Error);
  bad.lower_rate = -0.1;
  EXPECT_THROW(bad.validate(), Error);
}

TEST(FineTuning, OptionsThatAreNotUsedLeaveOldCheckpointsAlone) {
  TrainOptions o;
  EXPECT_EQ(o.fingerprint().rfind("layers=", 0), 0U);
  o.lower_rate = 0.1;
  o.top_only_epochs = 2;
  o.train_samples = 5;
  EXPECT_EQ(o.fingerprint().rfind("lower_rate=0.1; top_only_epochs=2; train_samples=5; layers=", 0), 0U);
}

TEST(FineTuning, LearnsFromAsManyLabelsAsAskedFor) {
  const data::Dataset data = fanin::test::blobs(200, 3);
  ThreadPool pool(1);
  TrainOptions o;
  o.network = sigmoid_network();
  o.batch = 10;
  o.train_samples = 30;
  o.epochs = 1;
  Trainer trainer(o, data, nullptr, pool);
  class Steps final : public Observer {
   public:
    void on_step(const Progress& p) override { steps = p.steps; }
    std::size_t steps = 0;
  } steps;
  (void)trainer.run(steps);
  EXPECT_EQ(steps.steps, 3U);
  o.train_samples = 201;
  EXPECT_THROW(Trainer(o, data, nullptr, pool), Error);
}

}  // namespace
}  // namespace fanin::train
