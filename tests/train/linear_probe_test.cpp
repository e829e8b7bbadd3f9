#include "fanin/train/linear_probe.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "fanin/train/pretraining.h"

#include "tests/rbm/machines.h"
#include "tests/train/blobs.h"

namespace fanin::train {
namespace {

using rbm::test::random_machine;

const auto kGoOn = [](const LayerProbe&) { return true; };

TEST(LinearProbe, FindsWhatALineSeparates) {
  const data::Dataset train = fanin::test::blobs(600, 3), test = fanin::test::blobs(300, 4);
  ThreadPool one(1), three(3);
  const double accuracy = linear_probe(train, test, 20, one);
  EXPECT_GT(accuracy, 0.95);
  EXPECT_EQ(linear_probe(train, test, 20, three), accuracy);
}

TEST(LayerProbes, AreThoseOfTheFeatures) {
  const data::Dataset train = fanin::test::blobs(300, 3), test = fanin::test::blobs(200, 4);
  std::vector<rbm::Rbm> stack;
  stack.push_back(random_machine({16, 9}, 1, 1));
  stack.push_back(random_machine({9, 5}, 1, 2));
  ThreadPool pool(2);
  std::size_t calls = 0;
  const std::vector<LayerProbe> probes =
      probe_layers(stack, train, test, data::Binarization::parse("0.5"), 3, pool, [&](const LayerProbe& p) {
        EXPECT_EQ(p.layer, calls++);
        return true;
      });
  ASSERT_EQ(probes.size(), 3U);
  EXPECT_EQ(calls, 3U);
  EXPECT_EQ(probes[0].units, 16U);
  EXPECT_EQ(probes[1].units, 9U);
  EXPECT_EQ(probes[2].units, 5U);
  const RbmData bits{&train, data::Binarization::parse("0.5")}, test_bits{&test, data::Binarization::parse("0.5")};
  const data::Dataset a = hidden_features(stack[0], bits, pool), b = hidden_features(stack[0], test_bits, pool);
  EXPECT_EQ(probes[1].test_accuracy, linear_probe(a, b, 3, pool));
  const data::Dataset c = hidden_features(stack[1], RbmData{&a}, pool),
                      d = hidden_features(stack[1], RbmData{&b}, pool);
  EXPECT_EQ(probes[2].test_accuracy, linear_probe(c, d, 3, pool));
  const std::vector<LayerProbe> grey = probe_layers(stack, train, test, {}, 3, pool, kGoOn);
  EXPECT_EQ(grey[0].test_accuracy, linear_probe(train, test, 3, pool));
  EXPECT_EQ(probe_layers(stack, train, test, {}, 3, pool, [](const LayerProbe&) { return false; }).size(), 1U);
}

// Weights that copy the labels into the features would make any probe perfect.
TEST(LayerProbes, DoNotSeeTheLabelsOfTheLastMachine) {
  const data::Dataset train = fanin::test::blobs(300, 3), test = fanin::test::blobs(300, 4);
  rbm::Rbm copies({16, 3, rbm::UnitKind::binary, rbm::UnitKind::binary, 3});
  for (std::size_t k = 0; k < 3; ++k) copies.values()[k * 19 + 16 + k] = 10;
  copies.refresh();
  ThreadPool pool(1);
  const std::vector<LayerProbe> probes = probe_layers({&copies, 1}, train, test, {}, 3, pool, kGoOn);
  // All features are alike: the probe names one class, which a third of the samples have, +- 5 standard deviations.
  EXPECT_NEAR(probes[1].test_accuracy, 1.0 / 3, 5 * std::sqrt(2.0 / 9 / 300));
}

}  // namespace
}  // namespace fanin::train
