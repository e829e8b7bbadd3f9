#include "fanin/train/rbm_measures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "fanin/data/find.h"
#include "fanin/rbm/likelihood.h"
#include "fanin/rbm/partition.h"
#include "fanin/train/rbm_trainer.h"

#include "tests/rbm/machines.h"
#include "tests/train/blobs.h"

namespace fanin::train {
namespace {

using rbm::test::random_machine;

TEST(RbmMeasures, AreTheFormulasOfTheirHeader) {
  const data::Split split = data::load_named("bars_and_stripes(3)");
  const rbm::Rbm machine = random_machine({9, 4}, 0.7, 3);
  ThreadPool pool(2);
  const RbmMeasures m = measure(machine, RbmData{&split.train}, {0, true, true, 0}, pool);
  EXPECT_EQ(m.samples, 16U);
  double log_p = 0, error = 0, cross = 0;
  for (std::uint32_t s = 0; s < 16; ++s) {
    std::vector<float> v(9), h(4), back(9);
    const std::vector<std::uint32_t> index{s};
    split.train.gather(index, {v.data(), 1, 9});
    double f = 0;
    machine.free_energy({v.data(), 1, 9}, {&f, 1});
    log_p += (-f - rbm::log_partition(machine, pool)) / 16;
    machine.hidden_probabilities({v.data(), 1, 9}, {h.data(), 1, 4});
    machine.visible_probabilities({h.data(), 1, 4}, {back.data(), 1, 9});
    for (std::size_t i = 0; i < 9; ++i) {
      error += (v[i] - back[i]) * (v[i] - back[i]) / (16.0 * 9.0);
      cross -= std::log(v[i] == 1 ? static_cast<double>(back[i]) : 1 - static_cast<double>(back[i])) / 16;
    }
  }
  EXPECT_NEAR(*m.log_likelihood, log_p, 1e-5);
  // 16 patterns, of which two occur twice: H = log 16 - 4 / 16 log 2.
  EXPECT_NEAR(*m.kl, -(std::log(16.0) - 0.25 * std::log(2.0)) - log_p, 1e-5);
  EXPECT_NEAR(m.reconstruction_error, error, 1e-6);
  EXPECT_NEAR(*m.reconstruction_cross_entropy, cross, 1e-4);
  // Bits have no entropy of their own.
  EXPECT_NEAR(*m.reconstruction_kl, cross, 1e-4);
  EXPECT_LT(*m.pseudo_likelihood, 0);
}

TEST(RbmMeasures, TheReconstructionsKlIsZeroWhereGreyValuesComeBack) {
  // Without weights the reconstruction is sigmoid(b): here the data itself.
  std::vector<float> values(10 * 3);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.25F;
  const data::Dataset data("grey", Shape{3}, std::move(values), std::vector<std::int32_t>(10, 0), 1);
  rbm::Rbm machine(3, 2);
  for (std::size_t i = 0; i < 3; ++i) machine.values()[machine.visible_bias_offset() + i] = std::log(0.25F / 0.75F);
  machine.refresh();
  ThreadPool pool(1);
  const RbmMeasures m = measure(machine, RbmData{&data}, {}, pool);
  EXPECT_NEAR(*m.reconstruction_kl, 0, 1e-6);
  EXPECT_NEAR(*m.reconstruction_cross_entropy, 3 * (0.25 * std::log(4.0) + 0.75 * std::log(4.0 / 3)), 1e-5);
}

TEST(RbmMeasures, LogLikelihoodsOfGreyValuesAreRefused) {
  const data::Dataset data = fanin::test::blobs(20, 1);
  const rbm::Rbm machine = random_machine({16, 4}, 0.1, 3);
  ThreadPool pool(1);
  RbmMeasureOptions o;
  o.exact = true;
  const auto [kind, what] = rbm::test::error_of([&] { (void)measure(machine, RbmData{&data}, o, pool); });
  EXPECT_EQ(kind, ErrorKind::data);
  EXPECT_NE(what.find("choose --binarize"), std::string::npos) << what;
  o.exact = false;
  o.pseudo_likelihood = true;
  EXPECT_FALSE(measure(machine, RbmData{&data}, o, pool).pseudo_likelihood);
  const rbm::Rbm large = random_machine({30, 30}, 0.1, 3);
  EXPECT_FALSE(can_be_exact(large));
  EXPECT_TRUE(can_be_exact(machine));
  EXPECT_FALSE(can_be_exact(random_machine({4, 4, rbm::UnitKind::binary, rbm::UnitKind::gaussian}, 0.1, 3)));
}

TEST(RbmMeasures, LabelsAreVisibleUnits) {
  const data::Dataset data = fanin::test::blobs(20, 1);
  const rbm::Rbm machine = random_machine({16, 4, rbm::UnitKind::binary, rbm::UnitKind::binary, 3}, 0.1, 3);
  std::vector<float> row(19);
  const std::vector<std::uint32_t> index{7};
  RbmData{&data}.rows(machine, 0, index, {row.data(), 1, 19});
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(row[16 + k], static_cast<int>(k) == data.labels()[7] ? 1.0F : 0.0F);
  const rbm::Rbm wrong = random_machine({16, 4, rbm::UnitKind::binary, rbm::UnitKind::binary, 4}, 0.1, 3);
  EXPECT_THROW(RbmData{&data}.check(wrong), Error);
  EXPECT_THROW(RbmData{&data}.check(random_machine({15, 4}, 1, 1)), Error);
}

TEST(RbmMeasures, LabelAccuracyCountsTheLabelsOfLeastFreeEnergy) {
  const data::Dataset data = fanin::test::blobs(50, 1);
  const rbm::Rbm machine = random_machine({16, 5, rbm::UnitKind::binary, rbm::UnitKind::binary, 3}, 0.8, 3);
  ThreadPool pool(2);
  std::size_t right = 0;
  for (std::uint32_t s = 0; s < data.size(); ++s) {
    std::vector<float> row(19);
    const std::vector<std::uint32_t> index{s};
    RbmData{&data}.rows(machine, 0, index, {row.data(), 1, 19});
    std::vector<double> energy(3);
    for (std::size_t k = 0; k < 3; ++k) {
      std::fill_n(row.begin() + 16, 3, 0.0F);
      row[16 + k] = 1;
      machine.free_energy({row.data(), 1, 19}, std::span(energy).subspan(k, 1));
    }
    const auto best = std::min_element(energy.begin(), energy.end()) - energy.begin();
    if (best == data.labels()[s]) ++right;
  }
  ASSERT_GT(right, 0U);
  ASSERT_LT(right, data.size());
  const RbmMeasures m = measure(machine, RbmData{&data}, {}, pool);
  EXPECT_EQ(*m.label_accuracy, static_cast<double>(right) / static_cast<double>(data.size()));
  EXPECT_FALSE(measure(random_machine({16, 5}, 0.8, 3), RbmData{&data}, {}, pool).label_accuracy);
  const rbm::Rbm rectified = random_machine({16, 5, rbm::UnitKind::binary, rbm::UnitKind::relu, 3}, 0.8, 3);
  EXPECT_FALSE(measure(rectified, RbmData{&data}, {}, pool).label_accuracy);
}

RbmOptions bars(bool restore) {
  RbmOptions o;
  o.hidden = 16;
  o.learning.batch = 32;
  o.epochs = 12000;
  o.monitor_every = 1000;
  o.monitor_exactly = true;
  o.restore_best = restore;
  return o;
}

bool has(const std::vector<Finding>& findings, const std::string& id) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& f) { return f.id == id; });
}

// CD-1's likelihood rises and then falls while its reconstructions get better (Fischer & Igel 2010; Schulz et al.
// 2010).
TEST(RbmFindings, AFallingLikelihoodBehindABetterReconstructionIsReported) {
  const data::Split split = data::load_named("bars_and_stripes(4)");
  ThreadPool pool(1);
  const auto run = [&](bool restore) {
    RbmTrainer trainer(bars(restore), split.train, nullptr, pool);
    while (!trainer.finished()) (void)trainer.run_epoch();
    EXPECT_TRUE(has(trainer.findings(), "W-RECON"));
    double best = -1e9;
    for (const RbmEpoch& e : trainer.history()) {
      if (e.train) best = std::max(best, 32 * *e.train->log_likelihood);
    }
    EXPECT_GT(best - 32 * *trainer.history().back().train->log_likelihood, 20);
    const std::size_t restored = trainer.finish();
    const RbmMeasures m = measure(trainer.machine(), trainer.train_data(), {0, true, false, 0}, pool);
    return std::pair{restored, 32 * *m.log_likelihood - best};
  };
  EXPECT_EQ(run(false).first, 0U);
  const auto [epoch, lost] = run(true);
  EXPECT_GT(epoch, 0U);
  EXPECT_NEAR(lost, 0, 1e-6);
}

TEST(RbmFindings, SaySomethingAboutDataUnitsAndRates) {
  const data::Dataset data = fanin::test::blobs(200, 3);
  ThreadPool pool(1);
  const auto ids = [&](auto change, const data::Dataset& on) {
    RbmOptions o;
    o.hidden = 5;
    o.learning.batch = 20;
    o.learning.learning_rate = 0.01;
    o.weights = init::Scheme::parse("normal(0, 0.5)");
    o.epochs = 2;
    change(o);
    RbmTrainer trainer(o, on, nullptr, pool);
    while (!trainer.finished()) (void)trainer.run_epoch();
    return trainer.findings();
  };
  const std::vector<Finding> none = ids([](RbmOptions&) {}, data);
  for (const char* id :
       {"W-CONSTANT", "W-SCALE", "W-BATCH", "W-DEAD", "W-SATURATED", "W-LR-HIGH", "W-EXPLODE", "W-CAPACITY"}) {
    EXPECT_FALSE(has(none, id)) << id;
  }
  EXPECT_TRUE(has(ids([](RbmOptions& o) { o.learning.batch = 50; }, data), "W-BATCH"));
  EXPECT_TRUE(has(ids([](RbmOptions& o) { o.learning.learning_rate = 1; }, data), "W-LR-HIGH"));
  EXPECT_TRUE(has(ids([](RbmOptions& o) { o.learning.learning_rate = 1e-9; }, data), "W-LR-LOW"));
  EXPECT_TRUE(has(ids([](RbmOptions& o) { o.hidden_bias = -50; }, data), "W-DEAD"));
  EXPECT_TRUE(has(ids([](RbmOptions& o) { o.hidden_bias = 50; }, data), "W-ALLONES"));
  EXPECT_TRUE(has(ids([](RbmOptions& o) { o.visible_units = rbm::UnitKind::gaussian; }, data), "W-SCALE"));
  EXPECT_TRUE(has(ids(
                      [](RbmOptions& o) {
                        o.visible_units = rbm::UnitKind::gaussian;
                        o.weights = init::Scheme::parse("normal(0, 3)");
                        o.learning.explosion_guard = true;
                      },
                      data),
                  "W-EXPLODE"));
  std::vector<std::uint8_t> bytes(200 * 4, 255);
  for (std::size_t i = 0; i < 200; ++i) bytes[4 * i] = static_cast<std::uint8_t>(i);
  const data::Dataset constant("constant", Shape{4}, std::move(bytes), std::vector<std::int32_t>(200, 0), 1);
  EXPECT_TRUE(has(ids([](RbmOptions&) {}, constant), "W-CONSTANT"));
}

// Five pixels that are on in half, a quarter and none of 64 samples: 2 + 2 * 0.8113 bits a sample, 231 in all.
TEST(RbmFindings, MoreParametersThanTheDataHaveBitsAreReported) {
  std::vector<float> values(64 * 5);
  for (std::size_t i = 0; i < 64; ++i) {
    values[5 * i] = i % 2 == 0 ? 1.0F : 0.0F;
    values[5 * i + 1] = i / 2 % 2 == 0 ? 1.0F : 0.0F;
    values[5 * i + 2] = i % 4 == 0 ? 1.0F : 0.0F;
    values[5 * i + 3] = i % 4 == 1 ? 1.0F : 0.0F;
  }
  std::vector<std::int32_t> labels(64);
  for (std::size_t i = 0; i < 64; ++i) labels[i] = static_cast<std::int32_t>(i % 4);
  const data::Dataset data("bits", Shape{5}, std::move(values), std::move(labels), 4);
  ThreadPool pool(1);
  const auto found = [&](std::size_t hidden, bool with_labels, rbm::UnitKind visible) {
    RbmOptions o;
    o.hidden = hidden;
    o.labels = with_labels;
    o.visible_units = visible;
    o.learning.batch = 16;
    o.epochs = 1;
    RbmTrainer trainer(o, data, nullptr, pool);
    (void)trainer.run_epoch();
    std::vector<Finding> capacity;
    for (const Finding& f : trainer.findings()) {
      if (f.id == "W-CAPACITY") capacity.push_back(f);
    }
    return capacity;
  };
  // 5 H + 5 + H parameters: 227 of 37 hidden units, 233 of 38.
  EXPECT_TRUE(found(37, false, rbm::UnitKind::binary).empty());
  const std::vector<Finding> one = found(38, false, rbm::UnitKind::binary);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].figure, "233 parameters for 64 samples of 3.6 bits, 232 bits in all");
  EXPECT_NE(one[0].advice.find("--hidden 4;"), std::string::npos) << one[0].advice;
  // The labels bring log2 4 bits, 360 in all, and 9 H + 9 + H parameters: 359 of 35, 369 of 36.
  EXPECT_TRUE(found(35, true, rbm::UnitKind::binary).empty());
  EXPECT_EQ(found(36, true, rbm::UnitKind::binary).size(), 1U);
  // Real numbers have no such bits.
  EXPECT_TRUE(found(100, false, rbm::UnitKind::gaussian).empty());
}

// 784 x 500 weights are too many for a thousand images of MNIST, and far from it for all 60,000.
TEST(RbmFindings, TheLabsMachineIsNotTooLargeForMnist) {
  const data::Split mnist = data::load_named("mnist");
  ThreadPool pool(2);
  const auto too_large = [&](std::size_t images) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i < images; ++i) {
      const auto image = mnist.train.bytes(i);
      bytes.insert(bytes.end(), image.begin(), image.end());
    }
    const auto labels = mnist.train.labels().first(images);
    const data::Dataset part("part", Shape{784}, std::move(bytes), {labels.begin(), labels.end()}, 10);
    RbmOptions o;
    o.epochs = 1;
    o.monitor_samples = 0;
    RbmTrainer trainer(o, part, nullptr, pool);
    (void)trainer.run_epoch();
    return has(trainer.findings(), "W-CAPACITY");
  };
  EXPECT_TRUE(too_large(1000));
  EXPECT_FALSE(too_large(4000));
}

TEST(RbmTrainer, MomentumAndGibbsStepsFollowTheirSchedules) {
  const data::Dataset data = fanin::test::blobs(100, 3);
  ThreadPool pool(1);
  RbmOptions o = RbmOptions::preset("hinton2006");
  o.hidden = 5;
  o.learning.batch = 20;
  o.epochs = 6;
  o.momentum_epochs = 4;
  o.k = parse_steps("1:3:5");
  RbmTrainer trainer(o, data, nullptr, pool);
  while (!trainer.finished()) (void)trainer.run_epoch();
  std::vector<std::size_t> k;
  std::vector<double> momentum;
  for (const RbmEpoch& e : trainer.history()) {
    k.push_back(e.k);
    momentum.push_back(e.momentum);
  }
  EXPECT_EQ(k, (std::vector<std::size_t>{1, 1, 3, 3, 5, 5}));
  EXPECT_EQ(momentum, (std::vector<double>{0.5, 0.5, 0.5, 0.5, 0.9, 0.9}));
}

// The biases of a centered machine that starts without weights are the logits of the means.
TEST(RbmTrainer, VisibleBiasesStartAtTheLogitOfTheMeans) {
  const data::Dataset data = fanin::test::blobs(500, 3);
  ThreadPool pool(1);
  for (const bool centered : {false, true}) {
    RbmOptions o;
    o.hidden = 3;
    o.weights = init::Scheme::parse("zeros");
    o.learning.centered = centered;
    const RbmTrainer trainer(o, data, nullptr, pool);
    double mean = 0;
    for (std::size_t i = 0; i < 500; ++i) mean += data.bytes(i)[5] / 255.0 / 500;
    EXPECT_NEAR(trainer.machine().visible_bias()[5], std::log(mean / (1 - mean)), 1e-5);
  }
}

}  // namespace
}  // namespace fanin::train
