#include "fanin/data/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace fanin::data {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Floats = std::vector<float>;

TEST(IsBinary, BytesAreZeroAnd255) {
  EXPECT_TRUE(is_binary({"d", Shape{2}, Bytes{0, 255, 255, 0}, {0, 0}, 1}));
  EXPECT_FALSE(is_binary({"d", Shape{2}, Bytes{0, 255, 255, 1}, {0, 0}, 1}));
  EXPECT_FALSE(is_binary({"d", Shape{2}, Bytes{254, 255}, {0}, 1}));
}

TEST(IsBinary, FloatsAreZeroAndOne) {
  EXPECT_TRUE(is_binary({"d", Shape{3}, Floats{0, 1, -0.0F}, {0}, 1}));
  EXPECT_FALSE(is_binary({"d", Shape{2}, Floats{0, 1, 0, 255}, {0, 0}, 1}));
  EXPECT_FALSE(is_binary({"d", Shape{1}, Floats{std::nextafter(1.0F, 0.0F)}, {0}, 1}));
}

TEST(FirstOutsideUnit, IsFoundWithItsPlace) {
  EXPECT_EQ(first_outside_unit({"d", Shape{3}, Floats{0, 1, 0.5F, 1, 1.5F, -1}, {0, 0}, 1}), (ValueAt{1, 1, 1.5F}));
  EXPECT_EQ(first_outside_unit({"d", Shape{2}, Floats{0, -1e-45F}, {0}, 1}), (ValueAt{0, 1, -1e-45F}));
}

TEST(FirstOutsideUnit, IsNoneWithinAndForBytes) {
  EXPECT_EQ(first_outside_unit({"d", Shape{4}, Floats{0, 1, 0.5F, -0.0F}, {0}, 1}), std::nullopt);
  EXPECT_EQ(first_outside_unit({"d", Shape{2}, Bytes{0, 255}, {0}, 1}), std::nullopt);
}

TEST(FeatureStatistics, OfFloatsAreKnown) {
  const Dataset data("d", Shape{3}, Floats{1, 0.1F, -4, 3, 0.1F, 4, 5, 0.1F, 0}, {0, 0, 0}, 1);
  ThreadPool pool(1);
  const FeatureStatistics s = feature_statistics(data, pool);
  EXPECT_EQ(s.mean, (std::vector<double>{3, static_cast<double>(0.1F), 0}));
  EXPECT_DOUBLE_EQ(s.variance[0], 8.0 / 3);
  EXPECT_EQ(s.variance[1], 0);
  EXPECT_DOUBLE_EQ(s.variance[2], 32.0 / 3);
  EXPECT_EQ(s.constant, std::vector<std::uint32_t>{1});
}

TEST(FeatureStatistics, OfBytesAreThoseOfUnitPixels) {
  const Dataset data("d", Shape{2, 2}, Bytes{0, 7, 255, 0, 255, 7, 0, 0}, {0, 0}, 1);
  ThreadPool pool(1);
  const FeatureStatistics s = feature_statistics(data, pool);
  EXPECT_EQ(s.mean, (std::vector<double>{0.5, 7.0 / 255, 0.5, 0}));
  EXPECT_EQ(s.variance, (std::vector<double>{0.25, 0, 0.25, 0}));
  EXPECT_EQ(s.constant, (std::vector<std::uint32_t>{1, 3}));
}

TEST(FeatureStatistics, AFarMeanDoesNotDrownTheVariance) {
  const Dataset data("d", Shape{1}, Floats{16777215, 16777213}, {0, 0}, 1);
  ThreadPool pool(1);
  EXPECT_EQ(feature_statistics(data, pool).variance, std::vector<double>{1});
}

TEST(FeatureStatistics, OneSampleIsConstant) {
  ThreadPool pool(1);
  const FeatureStatistics s = feature_statistics({"d", Shape{2}, Floats{3, -4}, {0}, 1}, pool);
  EXPECT_EQ(s.variance, (std::vector<double>{0, 0}));
  EXPECT_EQ(s.constant, (std::vector<std::uint32_t>{0, 1}));
}

// Widths around the blocks of features; each feature is its own reference, computed alone.
TEST(FeatureStatistics, AreTheSameBitsForAnyThreads) {
  for (const std::size_t features : {1U, 63U, 64U, 65U, 200U}) {
    constexpr std::size_t kSamples = 37;
    Floats values(kSamples * features);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i));
    const Dataset data("d", Shape{features}, values, std::vector<std::int32_t>(kSamples), 1);
    ThreadPool one(1);
    ThreadPool three(3);
    const FeatureStatistics a = feature_statistics(data, one);
    const FeatureStatistics b = feature_statistics(data, three);
    EXPECT_EQ(a.mean, b.mean);
    EXPECT_EQ(a.variance, b.variance);
    EXPECT_TRUE(a.constant.empty());
    for (std::size_t j = 0; j < features; ++j) {
      double sum = 0;
      for (std::size_t i = 0; i < kSamples; ++i) sum += values[i * features + j];
      const double mean = sum / kSamples;
      double squares = 0;
      for (std::size_t i = 0; i < kSamples; ++i) squares += std::pow(values[i * features + j] - mean, 2);
      ASSERT_EQ(a.mean[j], mean) << features << " " << j;
      ASSERT_NEAR(a.variance[j], squares / kSamples, 1e-15) << features << " " << j;
    }
  }
}

}  // namespace
}  // namespace fanin::data
