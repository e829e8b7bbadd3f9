#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "fanin/bench/machine.h"
#include "fanin/bench/step_profile.h"
#include "fanin/core/error.h"

#include "tests/train/blobs.h"

namespace fanin::bench {
namespace {

// No test here judges a time: only what must hold on any machine, however busy.

TEST(Timing, SummaryIsMedianAndMinimum) {
  EXPECT_EQ(summary({3, 1, 2}).median, 2);
  EXPECT_EQ(summary({3, 1, 2}).best, 1);
  EXPECT_EQ(summary({4, 1, 2, 3}).median, 2.5);
  EXPECT_EQ(summary({}).median, 0);
}

TEST(Timing, MeasureRunsOnceMoreThanItCounts) {
  int runs = 0;
  const Timing t = measure(5, 0, [&] { ++runs; });
  EXPECT_EQ(runs, 6);
  EXPECT_LE(t.best, t.median);
}

// 2 * 100 * (784 * 256 + 256 * 256 + 256 * 10) forward and for the weights, without the first layer for the inputs.
TEST(StepFlops, TheLabsStepHas121MegaFlop) {
  EXPECT_EQ(step_flops({784, 256, 256, 10}, 100), 121139200.0);
  EXPECT_EQ(step_flops({3, 2}, 5), 2 * 2 * 5 * 3 * 2);
}

TEST(Machine, RatesArePositiveAndThreadsAreNamed) {
  ThreadPool pool(2);
  const Machine m = measure_machine(pool);
  ASSERT_EQ(m.fp32_gflops.size(), 2U);
  EXPECT_EQ(m.fp32_gflops[0].threads, 1U);
  EXPECT_EQ(m.fp32_gflops[1].threads, 2U);
  for (const auto& rates : {m.fp32_gflops, m.bf16_gflops}) {
    for (const Rate& r : rates) {
      EXPECT_GT(r.median, 0);
      EXPECT_GE(r.best, r.median);
    }
  }
  ASSERT_FALSE(m.read.empty());
  for (const Bandwidth& b : m.read) EXPECT_GE(b.best, b.median);
  EXPECT_FALSE(m.simd.empty());
  EXPECT_GT(fp32_gflops_now(pool), 0);
  EXPECT_EQ(bf16_gflops_now(pool) > 0, !m.bf16_gflops.empty());
}

TEST(StepProfile, EveryProductIsAPartAndTheirFlopsAddUp) {
  const data::Dataset data = test::blobs(64, 1);
  train::TrainOptions o;
  o.network = nn::NetworkSpec{{16, 9, 7, 3}};
  o.network.dropout = 0.2;
  o.batch = 8;
  ThreadPool pool(2);
  const StepProfile p = profile_step(o, data, pool);
  EXPECT_EQ(p.flops, step_flops(o.network.widths, o.batch));
  const double sum = std::accumulate(p.parts.begin(), p.parts.end(), 0.0,
                                     [](double s, const StepPart& part) { return s + part.flops; });
  EXPECT_EQ(sum, p.flops);
  for (const StepPart& part : p.parts) EXPECT_GT(part.seconds, 0) << part.name;
  ASSERT_EQ(p.steps.size(), 2U);
  EXPECT_EQ(p.steps[1].threads, 2U);
  for (const StepTime& s : p.steps) {
    EXPECT_GT(s.floor, 0);
    EXPECT_DOUBLE_EQ(s.share(), s.floor / s.seconds.median);
  }
}

TEST(StepProfile, TooFewSamplesAreRejected) {
  const data::Dataset data = test::blobs(31, 1);
  train::TrainOptions o;
  o.network = nn::NetworkSpec{{16, 3}};
  o.batch = 8;
  ThreadPool pool(1);
  EXPECT_THROW((void)profile_step(o, data, pool), Error);
  o.batch = 0;
  EXPECT_THROW((void)profile_step(o, data, pool), Error);
}

}  // namespace
}  // namespace fanin::bench
