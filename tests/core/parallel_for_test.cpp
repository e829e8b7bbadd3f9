#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/thread_pool.h"

namespace fanin {
namespace {

using Ranges = std::vector<std::pair<std::size_t, std::size_t>>;

Ranges ranges(ThreadPool& pool, std::size_t items, std::size_t grain) {
  Ranges seen;
  std::mutex mutex;
  parallel_for(pool, items, grain, [&](std::size_t first, std::size_t last) {
    const std::lock_guard lock(mutex);
    seen.emplace_back(first, last);
  });
  std::sort(seen.begin(), seen.end());
  return seen;
}

TEST(ParallelFor, CutsIntoGrainsAndARest) {
  ThreadPool pool(2);
  EXPECT_EQ(ranges(pool, 10, 4), (Ranges{{0, 4}, {4, 8}, {8, 10}}));
  EXPECT_EQ(ranges(pool, 8, 4), (Ranges{{0, 4}, {4, 8}}));
  EXPECT_EQ(ranges(pool, 1, 4), (Ranges{{0, 1}}));
}

TEST(ParallelFor, RangesDoNotDependOnTheThreadCount) {
  ThreadPool one(1);
  ThreadPool four(4);
  for (const std::size_t items : {1U, 7U, 100U, 1001U}) EXPECT_EQ(ranges(one, items, 7), ranges(four, items, 7));
}

TEST(ParallelFor, NoItemsCallNothing) {
  ThreadPool pool(2);
  EXPECT_TRUE(ranges(pool, 0, 4).empty());
}

TEST(ParallelFor, AGrainBeyondTheItemsIsOneRange) {
  ThreadPool pool(2);
  EXPECT_EQ(ranges(pool, 3, std::numeric_limits<std::size_t>::max()), (Ranges{{0, 3}}));
}

TEST(ParallelFor, TheLastItemsOfTheIndexRangeAreReached) {
  constexpr std::size_t kMax = std::numeric_limits<std::size_t>::max();
  ThreadPool pool(2);
  EXPECT_EQ(ranges(pool, kMax, kMax - 1), (Ranges{{0, kMax - 1}, {kMax - 1, kMax}}));
}

TEST(ParallelFor, AGrainOfZeroIsRejected) {
  ThreadPool pool(2);
  EXPECT_THROW(ranges(pool, 10, 0), Error);
  EXPECT_THROW(ranges(pool, 0, 0), Error);
}

}  // namespace
}  // namespace fanin
