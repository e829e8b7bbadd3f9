#include "fanin/core/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "fanin/core/error.h"

namespace fanin {
namespace {

// One thread, as many as a small machine has, an odd number, and more than its cores.
constexpr std::size_t kTeams[] = {1, 2, 3, 4, 9};

// Waits up to ten seconds, which nothing but a defect needs.
template <class Condition>
bool eventually(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

std::string failure_of(ThreadPool& pool, std::size_t count, FunctionRef<void(std::size_t)> task) {
  try {
    pool.run(count, task);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "none";
}

TEST(ThreadPool, RunsEveryTaskOnce) {
  for (const std::size_t threads : kTeams) {
    ThreadPool pool(threads);
    ASSERT_EQ(pool.threads(), threads);
    for (const std::size_t count : {1U, 2U, 3U, 4U, 5U, 8U, 100U, 1000U}) {
      std::vector<std::atomic<int>> calls(count);
      pool.run(count, [&](std::size_t i) { calls.at(i).fetch_add(1); });
      for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(calls[i].load(), 1) << threads << ' ' << count << ' ' << i;
    }
  }
}

TEST(ThreadPool, NoTasksCallNothing) {
  for (const std::size_t threads : kTeams) {
    ThreadPool pool(threads);
    pool.run(0, [](std::size_t) { FAIL(); });
  }
}

TEST(ThreadPool, ZeroThreadsMeansTheCoresOfTheProcess) {
  const ThreadPool pool;
  EXPECT_GE(pool.threads(), 1U);
  EXPECT_LE(pool.threads(), std::max(1U, std::thread::hardware_concurrency()));
}

TEST(ThreadPool, TooManyThreadsAreRejected) {
  try {
    const ThreadPool pool(1025);
    FAIL() << "accepted";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::usage);
    EXPECT_STREQ(e.what(), "[threads] 1025 given, allowed are 0 (all cores) to 1024");
  }
  EXPECT_THROW(ThreadPool(static_cast<std::size_t>(-1)), Error);
}

TEST(ThreadPool, TheTeamTakesOverWhatAThreadHasNotBegun) {
  ThreadPool pool(2);
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> others{0};
    bool all_others_done = false;
    // Tasks 1 to 4 belong to the thread that is stuck in task 0.
    pool.run(10, [&](std::size_t i) {
      if (i != 0) {
        others.fetch_add(1);
      } else {
        all_others_done = eventually([&] { return others.load() == 9; });
      }
    });
    ASSERT_TRUE(all_others_done);
  }
}

TEST(ThreadPool, ResultsAreTheSameBytesForAnyThreadCount) {
  constexpr std::size_t kTasks = 37;
  constexpr std::size_t kItems = 1000;
  const auto compute = [&](std::size_t threads) {
    ThreadPool pool(threads);
    std::vector<double> sums(kTasks);
    pool.run(kTasks, [&](std::size_t task) {
      for (std::size_t i = 0; i < kItems; ++i) sums[task] += std::sin(static_cast<double>(task * kItems + i));
    });
    return sums;
  };
  const auto expected = compute(1);
  for (const std::size_t threads : kTeams) ASSERT_EQ(compute(threads), expected) << threads;
}

TEST(ThreadPool, WhatTasksWroteIsVisibleAfterTheRun) {
  ThreadPool pool(4);
  std::vector<std::size_t> values(64);
  for (std::size_t round = 1; round <= 2000; ++round) {
    pool.run(values.size(), [&](std::size_t i) { values[i] += i; });
    ASSERT_EQ(values[63], 63 * round);
    ASSERT_EQ(values[17], 17 * round);
  }
}

TEST(ThreadPool, WorkersWakeUpAfterAPause) {
  ThreadPool pool(4);
  std::atomic<int> calls{0};
  for (int round = 1; round <= 5; ++round) {
    // Longer than any worker spins, so that it sleeps.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    pool.run(8, [&](std::size_t) { calls.fetch_add(1); });
    ASSERT_EQ(calls.load(), 8 * round);
  }
}

TEST(ThreadPool, TheExceptionOfTheLowestTaskIsRethrown) {
  for (const std::size_t threads : kTeams) {
    ThreadPool pool(threads);
    for (const std::size_t lowest : {0U, 1U, 13U, 50U, 99U}) {
      const auto task = [lowest](std::size_t i) {
        if (i == lowest) std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (i >= lowest) throw std::runtime_error("task " + std::to_string(i));
      };
      ASSERT_EQ(failure_of(pool, 100, task), "task " + std::to_string(lowest)) << threads;
    }
  }
}

TEST(ThreadPool, WorksOnAfterAnException) {
  for (const std::size_t threads : kTeams) {
    ThreadPool pool(threads);
    ASSERT_EQ(failure_of(pool, 10, [](std::size_t i) { throw std::runtime_error(std::to_string(i)); }), "0");
    std::atomic<int> calls{0};
    ASSERT_EQ(failure_of(pool, 10, [&](std::size_t) { calls.fetch_add(1); }), "none");
    ASSERT_EQ(calls.load(), 10);
    // The flag of being inside a task is down again: the run above used the team, so does this one.
    if (threads == 1) continue;
    std::atomic<int> arrived{0};
    std::atomic<int> met{0};
    pool.run(2, [&](std::size_t) {
      arrived.fetch_add(1);
      if (eventually([&] { return arrived.load() == 2; })) met.fetch_add(1);
    });
    ASSERT_EQ(met.load(), 2);
  }
}

TEST(ThreadPool, DoesNotKeepAnExceptionItRethrew) {
  ThreadPool pool(2);
  const auto witness = std::make_shared<int>(1);
  struct Holder {
    std::shared_ptr<int> p;
  };
  EXPECT_THROW(pool.run(4, [&](std::size_t) { throw Holder{witness}; }), Holder);
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(ThreadPool, ARunInsideATaskRunsInThatThread) {
  for (const std::size_t threads : kTeams) {
    ThreadPool pool(threads);
    std::vector<std::atomic<int>> calls(6 * 5);
    std::atomic<int> strangers{0};
    pool.run(6, [&](std::size_t outer) {
      const auto self = std::this_thread::get_id();
      pool.run(5, [&](std::size_t inner) {
        calls[outer * 5 + inner].fetch_add(1);
        if (std::this_thread::get_id() != self) strangers.fetch_add(1);
      });
    });
    for (const auto& c : calls) ASSERT_EQ(c.load(), 1);
    ASSERT_EQ(strangers.load(), 0);
  }
}

TEST(ThreadPool, AnExceptionOfANestedRunComesOutOfTheOuterOne) {
  for (const std::size_t threads : kTeams) {
    ThreadPool pool(threads);
    const auto task = [&pool](std::size_t outer) {
      pool.run(3, [outer](std::size_t inner) {
        if (outer == 2 && inner == 1) throw std::runtime_error("2.1");
      });
    };
    ASSERT_EQ(failure_of(pool, 4, task), "2.1");
  }
}

TEST(ThreadPool, SeveralThreadsMayShareOnePool) {
  ThreadPool pool(2);
  constexpr std::size_t kUsers = 3;
  constexpr std::size_t kRounds = 300;
  constexpr std::size_t kTasks = 20;
  std::vector<std::vector<std::size_t>> sums(kUsers, std::vector<std::size_t>(kTasks));
  std::vector<std::thread> users;
  for (auto& mine : sums) {
    users.emplace_back([&pool, &mine] {
      for (std::size_t round = 0; round < kRounds; ++round) {
        pool.run(kTasks, [&mine](std::size_t i) { mine[i] += i + 1; });
      }
    });
  }
  for (auto& user : users) user.join();
  for (const auto& mine : sums) {
    for (std::size_t i = 0; i < kTasks; ++i) ASSERT_EQ(mine[i], kRounds * (i + 1));
  }
}

TEST(ThreadPool, ManyTeamsComeAndGo) {
  std::atomic<int> calls{0};
  for (int round = 0; round < 100; ++round) {
    ThreadPool used(3);
    const ThreadPool unused(3);
    used.run(3, [&](std::size_t) { calls.fetch_add(1); });
  }
  EXPECT_EQ(calls.load(), 300);
}

}  // namespace
}  // namespace fanin
