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

TEST(Pretraining, UnboundedUnitsGetSmallerSteps) {
  RbmOptions o = RbmOptions::preset("hinton2006");
  o.set_units(rbm::UnitKind::binary, rbm::UnitKind::binary);
  EXPECT_EQ(o.learning.learning_rate, 0.1);
  EXPECT_EQ(o.weights.str(), RbmOptions::preset("hinton2006").weights.str());
  o.set_units(rbm::UnitKind::binary, rbm::UnitKind::gaussian);
  EXPECT_EQ(o.learning.learning_rate, 0.001);
  EXPECT_EQ(o.weights.str(), init::Scheme::parse("normal(0, 0.01)").str());
  EXPECT_FALSE(o.learning.explosion_guard);
  EXPECT_EQ(o.hidden_units, rbm::UnitKind::gaussian);
  o.learning.learning_rate = 0.0001;
  o.set_units(rbm::UnitKind::relu, rbm::UnitKind::binary);
  EXPECT_EQ(o.learning.learning_rate, 0.0001);
  EXPECT_TRUE(o.learning.explosion_guard);
  EXPECT_EQ(pretraining_options(sigmoid_network(), {}, rbm::UnitKind::gaussian)[0].learning.learning_rate, 0.001);
}

// Rows of a lab can differ in it: dbn(lower_rate=0.1) against a scheme.
TEST(Pretraining, BringsALowerRateOfItsOwn) {
  const data::Dataset data = fanin::test::blobs(400, 3);
  ThreadPool pool(1);
  const auto trained = [&](const char* init, std::size_t epochs, double rate) {
    TrainOptions o = pretrained_run();
    o.set_init(init);
    o.epochs = epochs;
    o.lower_rate = rate;
    Trainer trainer(o, data, nullptr, pool);
    Observer silent;
    (void)trainer.run(silent);
    return std::vector<float>(trainer.network().values().begin(), trainer.network().values().end());
  };
  const std::vector<float> before = trained("dbn(epochs=1)", 0, 1);
  const std::vector<float> frozen = trained("dbn(epochs=1, lower_rate=0)", 2, 1);
  EXPECT_TRUE(std::equal(before.begin(), before.begin() + 16 * 12, frozen.begin()));
  EXPECT_NE(frozen, before);
  EXPECT_EQ(trained("dbn(epochs=1, lower_rate=0.5)", 2, 1), trained("dbn(epochs=1)", 2, 0.5));
}

}  // namespace
}  // namespace fanin::train
