#include "fanin/optim/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "fanin/core/error.h"

namespace fanin::optim {
namespace {

std::vector<double> values(std::string_view text, std::uint64_t steps, std::uint64_t total, std::uint64_t per_epoch) {
  const Schedule schedule = Schedule::parse(text);
  std::vector<double> result;
  for (std::uint64_t t = 0; t < steps; ++t) result.push_back(schedule.factor(t, total, per_epoch));
  return result;
}

void expect_near(const std::vector<double>& got, const std::vector<double>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-15) << i;
}

std::string rejection(std::string_view text) {
  try {
    (void)Schedule::parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  ADD_FAILURE() << text << " was accepted";
  return {};
}

TEST(Schedule, ConstantIsOne) {
  EXPECT_EQ(values("constant", 3, 3, 1), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(Schedule{}.factor(5, 0, 0), 1.0);
}

TEST(Schedule, StepDropsEveryFewEpochs) {
  // torch.optim.lr_scheduler.StepLR(step_size=2, gamma=0.5) with one step an epoch.
  EXPECT_EQ(values("step(every=2, factor=0.5)", 7, 7, 1), (std::vector<double>{1, 1, 0.5, 0.5, 0.25, 0.25, 0.125}));
  const Schedule schedule = Schedule::parse("step(every=5)");
  EXPECT_EQ(schedule.drop, 0.1);
  EXPECT_EQ(schedule.factor(5 * 600 - 1, 9000, 600), 1.0);
  EXPECT_EQ(schedule.factor(5 * 600, 9000, 600), 0.1);
  EXPECT_NEAR(schedule.factor(10 * 600, 9000, 600), 0.01, 1e-17);
}

TEST(Schedule, CosineIsThatOfTorch) {
  // CosineAnnealingLR(T_max=8, eta_min=0.1)
  expect_near(values("cosine(final=0.1)", 9, 8, 1),
              {1.0, 0.9657457896300791, 0.8681980515339464, 0.7222075445642905, 0.55, 0.3777924554357097,
               0.2318019484660537, 0.134254210369921, 0.1});
}

TEST(Schedule, CosineAgreesWithTheLibraryAndEndsExactly) {
  const Schedule schedule = Schedule::parse("cosine");
  for (std::uint64_t t = 0; t <= 1000; ++t) {
    const double pi = 3.14159265358979323846;
    EXPECT_NEAR(schedule.factor(t, 1000, 1), (1 + std::cos(pi * static_cast<double>(t) / 1000)) / 2, 3e-16) << t;
  }
  EXPECT_EQ(schedule.factor(0, 1000, 1), 1.0);
  EXPECT_EQ(schedule.factor(500, 1000, 1), 0.5);
  EXPECT_EQ(schedule.factor(1000, 1000, 1), 0.0);
  EXPECT_EQ(schedule.factor(5000, 1000, 1), 0.0);
}

TEST(Schedule, WarmupGrowsLinearlyAndReachesTheBase) {
  expect_near(values("constant(warmup=4)", 6, 6, 1), {0.25, 0.5, 0.75, 1, 1, 1});
  // Growth and decay meet: the cosine starts where the warm-up ends.
  expect_near(values("cosine(warmup=2)", 7, 6, 1),
              {0.5, 1, 1, (1 + std::sqrt(0.5)) / 2, 0.5, (1 - std::sqrt(0.5)) / 2, 0});
  expect_near(values("step(every=1, factor=0.5, warmup=4)", 6, 6, 2), {0.25, 0.5, 0.375, 0.5, 0.25, 0.25});
}

TEST(Schedule, WarmupLongerThanTheTrainingIsOnlyAWarmup) {
  expect_near(values("cosine(warmup=10)", 4, 4, 1), {0.1, 0.2, 0.3, 0.4});
  EXPECT_EQ(Schedule::parse("cosine(warmup=10)").factor(10, 10, 1), 1.0);
}

TEST(Schedule, TextRoundTrips) {
  for (const char* text :
       {"constant", "constant(warmup=500)", "step(every=5, factor=0.1)", "step(every=30, factor=0.5, warmup=7)",
        "cosine", "cosine(final=0.01)", "cosine(final=1e-05, warmup=500)", "cosine(warmup=500)"}) {
    EXPECT_EQ(Schedule::parse(text).str(), text);
    EXPECT_EQ(Schedule::parse(Schedule::parse(text).str()), Schedule::parse(text));
  }
  EXPECT_EQ(Schedule::parse(" cosine ( warmup = 5 , final=0 ) ").str(), "cosine(warmup=5)");
  EXPECT_EQ(Schedule::parse("step(factor=0.1, every=5)").str(), "step(every=5, factor=0.1)");
}

TEST(Schedule, UnknownNamesAndKeysSuggestTheNearest) {
  EXPECT_EQ(rejection("cosin"), "[schedule] 'cosin': no schedule 'cosin', did you mean 'cosine'?");
  EXPECT_EQ(rejection(""), "[schedule] '': no schedule ''");
  EXPECT_EQ(rejection("cosine(warmpu=5)"),
            "[schedule] 'cosine(warmpu=5)': 'warmpu=5' sets none of final, warmup, did you mean 'warmup'?");
  EXPECT_EQ(rejection("constant(final=0)"), "[schedule] 'constant(final=0)': 'final=0' sets none of warmup");
}

TEST(Schedule, MalformedTextIsRejected) {
  for (const char* text : {"step",
                           "step()",
                           "step(every=0)",
                           "step(every=-1)",
                           "step(every=1.5)",
                           "step(5)",
                           "step(every=5, every=6)",
                           "step(every=5",
                           "step(every=5) x",
                           "step(every=5,)",
                           "step(every=5, factor=0)",
                           "step(every=5, factor=1.5)",
                           "step(every=5, factor=nan)",
                           "cosine(final=-0.1)",
                           "cosine(final=2)",
                           "cosine(final=)",
                           "cosine(warmup=x)",
                           "constant()",
                           "cosine(final=inf)",
                           "step(every=99999999999999999999)"}) {
    EXPECT_NE(rejection(text), "") << text;
  }
  EXPECT_EQ(rejection("step(factor=0.5)"),
            "[schedule] 'step': every is 0 or not given, allowed is an integer from 1, in epochs");
  EXPECT_EQ(rejection("step(every=5, every=6)"), "[schedule] 'step(every=5, every=6)': every is given twice");
}

TEST(Schedule, FactorRejectsWhatItCannotCompute) {
  EXPECT_THROW((void)Schedule::parse("step(every=1)").factor(0, 10, 0), Error);
  Schedule schedule;
  schedule.kind = ScheduleKind::step;
  EXPECT_THROW((void)schedule.factor(0, 10, 1), Error);
  schedule.kind = ScheduleKind::cosine;
  schedule.final_value = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW((void)schedule.factor(0, 10, 1), Error);
}

}  // namespace
}  // namespace fanin::optim
