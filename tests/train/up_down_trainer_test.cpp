#include "fanin/train/up_down_trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/data/batches.h"

#include "tests/dbn/machines.h"
#include "tests/rbm/machines.h"
#include "tests/train/blobs.h"

namespace fanin::train {
namespace {

using rbm::UnitKind;
using rbm::test::error_of;

dbn::Model labelled(std::size_t labels = 3) {
  return dbn::Model(fanin::test::stack_of({{16, 12}, {12, 20, UnitKind::binary, UnitKind::binary, labels}}, 0.1));
}

std::vector<float> all_values(const dbn::Model& model) {
  std::vector<float> all;
  for (std::size_t l = 0; l < model.directed(); ++l) {
    for (const rbm::Rbm* rbm : {&model.recognition(l), &model.generation(l)}) {
      all.insert(all.end(), rbm->values().begin(), rbm->values().end());
    }
  }
  all.insert(all.end(), model.top().values().begin(), model.top().values().end());
  return all;
}

UpDownTraining short_run() {
  UpDownTraining o;
  o.learning.batch = 30;
  o.learning.learning_rate = 0.1;
  o.k = {1, 3};
  o.epochs = 4;
  return o;
}

class Recorder final : public UpDownObserver {
 public:
  void on_epoch(const UpDownEpoch& e) override { epochs.push_back(e); }
  bool stop_requested() override { return epochs.size() >= stop_after; }

  std::vector<UpDownEpoch> epochs;
  std::size_t stop_after = 1000;
};

// The same steps, one after the other.
TEST(UpDownTrainer, IsUpDownOverShuffledBatches) {
  const data::Dataset data = fanin::test::blobs(100, 3);
  UpDownTraining o = short_run();
  o.learning.seed = 7;
  o.schedule = optim::Schedule::parse("cosine");
  o.binarization = data::Binarization::parse("resample");
  dbn::Model trained = labelled(), stepped = labelled();
  ThreadPool pool(2);
  Recorder recorder;
  const UpDownResult r = train_up_down(trained, o, data, nullptr, pool, recorder);
  EXPECT_FALSE(r.test_accuracy);
  ASSERT_EQ(recorder.epochs.size(), 4U);

  dbn::UpDownOptions first = o.learning;
  first.k = 1;
  dbn::UpDown up_down(first, stepped, pool);
  data::BatchOrder order(100, {30, true, true}, random::Stream(7, "shuffle"));
  std::size_t at = 0;
  for (std::size_t epoch = 0; epoch < 4; ++epoch) {
    order.begin_epoch(epoch);
    up_down.set_k(epoch < 2 ? 1 : 3);
    EXPECT_EQ(recorder.epochs[epoch].k, epoch < 2 ? 1U : 3U);
    double error = 0;
    for (std::size_t b = 0; b < 3; ++b, ++at) {
      up_down.set_learning_rate(0.1 * o.schedule.factor(at, 12, 3));
      std::vector<std::int32_t> labels;
      for (const std::uint32_t i : order.batch(b)) labels.push_back(data.labels()[i]);
      error += up_down.step(
          [&](std::size_t row, MatrixView<float> out) {
            data::gather(data, o.binarization, random::Stream(7, "binarization"), epoch,
                         order.batch(b).subspan(row, out.rows), out);
          },
          labels);
    }
    EXPECT_EQ(recorder.epochs[epoch].reconstruction_error, error / 3);
  }
  EXPECT_EQ(all_values(trained), all_values(stepped));
}

TEST(UpDownTrainer, ThreadsDoNotChangeTheBitsAndSeedsDo) {
  const data::Dataset data = fanin::test::blobs(200, 3);
  const auto run = [&](std::size_t threads, std::uint64_t seed) {
    dbn::Model model = labelled();
    ThreadPool pool(threads);
    UpDownTraining o = short_run();
    o.learning.seed = seed;
    Recorder recorder;
    const UpDownResult r = train_up_down(model, o, data, &data, pool, recorder);
    return std::pair(all_values(model), *r.test_accuracy);
  };
  const auto one = run(1, 0);
  EXPECT_EQ(run(2, 0), one);
  EXPECT_EQ(run(4, 0), one);
  EXPECT_NE(run(1, 1).first, one.first);
}

TEST(UpDownTrainer, LearnsToName) {
  const data::Dataset data = fanin::test::blobs(600, 3), test = fanin::test::blobs(300, 4);
  dbn::Model model = labelled();
  ThreadPool pool(2);
  UpDownTraining o = short_run();
  o.epochs = 60;
  Recorder recorder;
  const UpDownResult r = train_up_down(model, o, data, &test, pool, recorder);
  EXPECT_LT(*r.accuracy_before, 0.6);
  EXPECT_GT(*r.test_accuracy, 0.95);
  EXPECT_EQ(r.test_accuracy, r.epochs.back().test_accuracy);
  EXPECT_EQ(*r.test_accuracy, label_accuracy(model, {&test}, pool));
  EXPECT_LT(r.epochs.back().reconstruction_error, r.epochs.front().reconstruction_error);
}

TEST(UpDownTrainer, StopsWhenAskedToAndMeasuresTheLastEpoch) {
  const data::Dataset data = fanin::test::blobs(100, 3);
  dbn::Model model = labelled();
  ThreadPool pool(1);
  UpDownTraining o = short_run();
  o.test_each_epoch = false;
  Recorder recorder;
  recorder.stop_after = 2;
  const UpDownResult r = train_up_down(model, o, data, &data, pool, recorder);
  EXPECT_TRUE(r.interrupted);
  EXPECT_EQ(r.epochs.size(), 2U);
  EXPECT_FALSE(r.epochs.back().test_accuracy);
  EXPECT_EQ(*r.test_accuracy, label_accuracy(model, {&data}, pool));
  o.epochs = 0;
  EXPECT_EQ(*train_up_down(model, o, data, &data, pool, recorder).test_accuracy, *r.test_accuracy);
}

TEST(UpDownTrainer, WithoutLabelUnitsThereIsNoAccuracy) {
  const data::Dataset data = fanin::test::blobs(100, 3);
  dbn::Model model(fanin::test::stack_of({{16, 12}, {12, 8}}, 0.1));
  ThreadPool pool(1);
  Recorder recorder;
  const UpDownResult r = train_up_down(model, short_run(), data, &data, pool, recorder);
  EXPECT_EQ(r.epochs.size(), 4U);
  EXPECT_FALSE(r.accuracy_before || r.test_accuracy || r.epochs.back().test_accuracy);
}

TEST(UpDownTrainer, WhatDoesNotFitIsRejected) {
  const data::Dataset data = fanin::test::blobs(100, 3);
  ThreadPool pool(1);
  Recorder recorder;
  const auto rejected = [&](auto change, ErrorKind kind, const std::string& part, std::size_t labels = 3) {
    dbn::Model model = labelled(labels);
    const std::vector<float> before = all_values(model);
    UpDownTraining o = short_run();
    change(o);
    const auto [found, what] = error_of([&] { (void)train_up_down(model, o, data, &data, pool, recorder); });
    EXPECT_EQ(found, kind) << what;
    EXPECT_NE(what.find(part), std::string::npos) << what;
    EXPECT_EQ(all_values(model), before);
  };
  rejected([](UpDownTraining& o) { o.k = {}; }, ErrorKind::usage, "3:6:10");
  rejected([](UpDownTraining& o) { o.k = {3, 1001}; }, ErrorKind::usage, "k is 1001");
  rejected([](UpDownTraining& o) { o.epochs = 1000001; }, ErrorKind::usage, "epochs is 1000001");
  rejected([](UpDownTraining& o) { o.learning.learning_rate = 0; }, ErrorKind::usage, "learning rate is 0");
  rejected([](UpDownTraining& o) { o.learning.batch = 101; }, ErrorKind::usage, "101");
  rejected([](UpDownTraining& o) { o.binarization = {data::Binarization::Kind::threshold, 2}; }, ErrorKind::usage, "2");
  rejected([](UpDownTraining& o) { o.schedule.kind = optim::ScheduleKind::step; }, ErrorKind::usage, "every");
  rejected([](UpDownTraining&) {}, ErrorKind::usage, "blobs has 3 classes, the model has 4 label units", 4);
  EXPECT_TRUE(recorder.epochs.empty());
  const auto misfit = [&](const data::Dataset& other, ErrorKind kind, const std::string& part) {
    dbn::Model model = labelled();
    const auto [found, what] = error_of([&] { (void)label_accuracy(model, {&other}, pool); });
    EXPECT_EQ(found, kind) << what;
    EXPECT_NE(what.find(part), std::string::npos) << what;
  };
  misfit({"small", Shape{4}, std::vector<float>(4), {0}, 3}, ErrorKind::usage, "small has 4 features");
  misfit({"bright", Shape{16}, std::vector<float>(16, 2), {0}, 3}, ErrorKind::data, "sample 0 has 2");
}

TEST(UpDownTrainer, DivergenceIsAnErrorNotANumber) {
  const data::Dataset data = fanin::test::blobs(100, 3);
  dbn::Model model = labelled();
  model.generation(0).values()[3] = std::numeric_limits<float>::infinity();
  model.generation(0).refresh();
  ThreadPool pool(1);
  Recorder recorder;
  const auto [kind, what] = error_of([&] { (void)train_up_down(model, short_run(), data, nullptr, pool, recorder); });
  EXPECT_EQ(kind, ErrorKind::numeric);
  EXPECT_NE(what.find("after epoch 1"), std::string::npos) << what;
}

}  // namespace
}  // namespace fanin::train
