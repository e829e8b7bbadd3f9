#include "fanin/rbm/gibbs.h"

#include <gtest/gtest.h>

#include <vector>

#include "fanin/rbm/partition.h"

#include "tests/rbm/machines.h"

namespace fanin::rbm {
namespace {

using test::random_machine;

// 50000 independent rows after 30 steps: five standard errors of a frequency are 0.011.
TEST(Gibbs, SamplesHaveTheMeansOfTheModel) {
  const Rbm rbm = random_machine({6, 4}, 0.8, 3);
  ThreadPool pool(2);
  constexpr std::size_t kRows = 50000;
  std::vector<float> v(kRows * 6), means(v.size());
  gibbs(rbm, 30, 1, {v.data(), kRows, 6}, {means.data(), kRows, 6}, {}, pool);
  const ModelMoments exact = model_moments(rbm, pool);
  std::vector<double> of_states(6), of_means(6);
  for (std::size_t i = 0; i < v.size(); ++i) {
    ASSERT_TRUE(v[i] == 0 || v[i] == 1);
    of_states[i % 6] += v[i] / static_cast<double>(kRows);
    of_means[i % 6] += static_cast<double>(means[i]) / static_cast<double>(kRows);
  }
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(of_states[i], exact.v[i], 0.011);
    EXPECT_NEAR(of_means[i], exact.v[i], 0.011);
  }
}

TEST(Gibbs, ClampedUnitsKeepTheirValues) {
  const Rbm rbm = random_machine({6, 4, UnitKind::binary, UnitKind::binary, 2}, 1, 3);
  ThreadPool pool(1);
  const std::vector<std::uint8_t> clamped{1, 0, 0, 1, 0, 0, 1, 1};
  std::vector<float> v{0.25F, 0, 0, 1, 0, 0, 0, 1}, means(8);
  gibbs(rbm, 9, 1, {v.data(), 1, 8}, {means.data(), 1, 8}, clamped, pool);
  for (const std::size_t i : {0U, 3U, 6U, 7U}) EXPECT_EQ(means[i], v[i]);
  EXPECT_EQ(v[0], 0.25F);
  EXPECT_EQ(v[3], 1);
  EXPECT_EQ(v[7], 1);
  EXPECT_NE(means[1], v[1]);
}

TEST(Gibbs, ThreadsDoNotChangeTheBits) {
  const Rbm rbm = random_machine({20, 9}, 0.5, 3);
  const auto run = [&](std::size_t threads) {
    ThreadPool pool(threads);
    std::vector<float> v(100 * 20), means(v.size());
    gibbs(rbm, 3, 8, {v.data(), 100, 20}, {means.data(), 100, 20}, {}, pool);
    return means;
  };
  EXPECT_EQ(run(1), run(2));
  EXPECT_EQ(run(1), run(3));
}

TEST(Gibbs, WrongSizesAreRejected) {
  const Rbm rbm = random_machine({6, 4}, 1, 3);
  ThreadPool pool(1);
  std::vector<float> v(12), means(12);
  const std::vector<std::uint8_t> mask(5);
  EXPECT_THROW(gibbs(rbm, 1, 1, {v.data(), 2, 5}, {means.data(), 2, 5}, {}, pool), Error);
  EXPECT_THROW(gibbs(rbm, 1, 1, {v.data(), 2, 6}, {means.data(), 1, 6}, {}, pool), Error);
  EXPECT_THROW(gibbs(rbm, 1, 1, {v.data(), 2, 6}, {means.data(), 2, 6}, mask, pool), Error);
}

}  // namespace
}  // namespace fanin::rbm
