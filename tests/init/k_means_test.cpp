#include "init/k_means.h"

#include "foreign_network.h"
#include "tests/support/each_target.h"

namespace fanin::init {
namespace {

// `each` points around (10, 0), (0, 10), (-10, -10), (20, 20), one cluster after the other.
std::vector<float> clusters(std::size_t each) {
  const float at[][2] = {{10, 0}, {0, 10}, {-10, -10}, {20, 20}};
  std::vector<float> x = normals(11, 4 * each * 2, 0, 0.5);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += at[i / 2 / each][i % 2];
  return x;
}

TEST(KMeans, FindsTheCentresOfSeparateClusters) {
  constexpr std::size_t kEach = 100;
  const std::vector<float> x = clusters(kEach);
  ThreadPool pool(2);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const KMeans found = k_means({x.data(), 4 * kEach, 2}, 4, "test", random::Stream(seed), pool);
    EXPECT_TRUE(found.converged);
    for (std::size_t cluster = 0; cluster < 4; ++cluster) {
      const std::uint32_t c = found.nearest[cluster * kEach];
      double mean[2] = {0, 0};
      for (std::size_t i = cluster * kEach; i < (cluster + 1) * kEach; ++i) {
        EXPECT_EQ(found.nearest[i], c);
        for (std::size_t j = 0; j < 2; ++j) mean[j] += static_cast<double>(x[2 * i + j]) / kEach;
      }
      for (std::size_t j = 0; j < 2; ++j) EXPECT_NEAR(found.centers[c * 2 + j], mean[j], 1e-5);
    }
  }
}

TEST(KMeans, AsManyCentresAsRowsAreTheRows) {
  const std::vector<float> x{1, 5, 2, 9};
  ThreadPool pool(1);
  KMeans found = k_means({x.data(), 4, 1}, 4, "test", random::Stream(1), pool);
  std::sort(found.centers.begin(), found.centers.end());
  EXPECT_EQ(found.centers, (std::vector<float>{1, 2, 5, 9}));
}

TEST(KMeans, ItsBitsAreThoseOfEveryThreadCountAndTarget) {
  constexpr std::size_t kRows = 700, kCols = 37, kCenters = 29;
  const std::vector<float> x = normals(12, kRows * kCols);
  ThreadPool one(1);
  const KMeans first = k_means({x.data(), kRows, kCols}, kCenters, "test", random::Stream(3), one);
  EXPECT_GT(first.rounds, 2U);
  for (const std::size_t threads : {1U, 2U, 4U}) {
    ThreadPool pool(threads);
    test::for_each_target([&](const std::string& target) {
      const KMeans again = k_means({x.data(), kRows, kCols}, kCenters, "test", random::Stream(3), pool);
      EXPECT_EQ(again.centers, first.centers) << target;
      EXPECT_EQ(again.nearest, first.nearest) << target;
    });
  }
}

// Two centres far away from all rows: they become the rows that are farthest from the one that has them all.
TEST(KMeans, CentresWithoutRowsBecomeTheFarthestRows) {
  const std::vector<float> x{0, 1, 2, 10, 30};
  ThreadPool pool(1);
  KMeans found = lloyd({x.data(), 5, 1}, {1, 1000, 2000}, pool);
  EXPECT_TRUE(found.converged);
  EXPECT_EQ(found.centers, (std::vector<float>{1, 30, 10}));
  EXPECT_EQ(found.nearest, (std::vector<std::uint32_t>{0, 0, 0, 2, 1}));
}

TEST(KMeans, StopsAfterItsRoundsAndSaysSo) {
  const std::vector<float> x = normals(12, 700 * 5);
  ThreadPool pool(1);
  const KMeans found = k_means({x.data(), 700, 5}, 40, "test", random::Stream(3), pool, 1);
  EXPECT_FALSE(found.converged);
  EXPECT_EQ(found.rounds, 1U);
}

TEST(KMeans, TooFewRowsAreRejected) {
  const std::vector<float> x{1, 1, 1, 2, 2};
  ThreadPool pool(1);
  const auto run = [&](std::size_t k) { (void)k_means({x.data(), 5, 1}, k, "test", random::Stream(1), pool); };
  expect_error(ErrorKind::numeric, {"[test]", "2 different rows", "3 centres"}, [&] { run(3); });
  expect_error(ErrorKind::numeric, {"5 rows", "6 centres"}, [&] { run(6); });
  expect_error(ErrorKind::numeric, {"0 centres"}, [&] { run(0); });
  EXPECT_NO_THROW(run(2));
}

}  // namespace
}  // namespace fanin::init
