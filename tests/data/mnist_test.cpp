#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>

#include "fanin/data/find.h"

namespace fanin::data {
namespace {

std::array<std::size_t, 10> histogram(const Dataset& set) {
  std::array<std::size_t, 10> counts{};
  for (const std::int32_t label : set.labels()) ++counts.at(static_cast<std::size_t>(label));
  return counts;
}

struct Moments {
  double mean;
  double std;
};

// Of all pixels in [0, 1]; exact integer sums.
Moments moments(const Dataset& set) {
  std::uint64_t sum = 0;
  std::uint64_t squares = 0;
  for (std::size_t i = 0; i < set.size(); ++i) {
    for (const std::uint64_t x : set.bytes(i)) {
      sum += x;
      squares += x * x;
    }
  }
  const double n = static_cast<double>(set.size() * set.features());
  const double mean = static_cast<double>(sum) / n;
  return {mean / 255, std::sqrt(static_cast<double>(squares) / n - mean * mean) / 255};
}

void expect_sizes(const Split& split, const std::string& name) {
  EXPECT_EQ(split.train.name(), name + "/train");
  EXPECT_EQ(split.test.name(), name + "/test");
  EXPECT_EQ(split.train.size(), 60000U);
  EXPECT_EQ(split.test.size(), 10000U);
  for (const Dataset* set : {&split.train, &split.test}) {
    EXPECT_EQ(set->sample_shape(), (Shape{28, 28}));
    EXPECT_EQ(set->features(), 784U);
    EXPECT_EQ(set->classes(), 10U);
    EXPECT_TRUE(set->is_bytes());
  }
}

TEST(Mnist, CountsLabelsAndMomentsAreThePublishedOnes) {
  const Split split = load_named("mnist");
  expect_sizes(split, "mnist");
  EXPECT_EQ(histogram(split.train),
            (std::array<std::size_t, 10>{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}));
  EXPECT_EQ(histogram(split.test),
            (std::array<std::size_t, 10>{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}));
  const Moments train = moments(split.train);
  EXPECT_NEAR(train.mean, 0.1307, 5e-5);
  EXPECT_NEAR(train.std, 0.3081, 5e-5);
  EXPECT_EQ(split.train.labels()[0], 5);
  EXPECT_EQ(split.test.labels()[0], 7);
}

TEST(FashionMnist, CountsLabelsAndMomentsAreThePublishedOnes) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
    GTEST_SKIP() << "the package dataset-fashion-mnist is not installed";
  }
  const Split split = load_named("fashion-mnist");
  expect_sizes(split, "fashion-mnist");
  std::array<std::size_t, 10> each{};
  each.fill(6000);
  EXPECT_EQ(histogram(split.train), each);
  each.fill(1000);
  EXPECT_EQ(histogram(split.test), each);
  const Moments train = moments(split.train);
  EXPECT_NEAR(train.mean, 0.2860, 5e-5);
  EXPECT_NEAR(train.std, 0.3530, 5e-5);
}

}  // namespace
}  // namespace fanin::data
