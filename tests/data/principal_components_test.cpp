#include "fanin/data/principal_components.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/data/find.h"

namespace fanin::data {
namespace {

Dataset samples(std::vector<float> values, std::size_t features) {
  const std::size_t n = values.size() / features;
  return {"samples", Shape{features}, std::move(values), std::vector<std::int32_t>(n), 1};
}

// Points at +-2 along (3, 4) / 5 and +-1 across it, around (1, 2): the variances are 4 / 2 and 1 / 2.
Dataset cross() {
  return samples({1 + 1.2F, 2 + 1.6F, 1 - 1.2F, 2 - 1.6F, 1 - 0.8F, 2 + 0.6F, 1 + 0.8F, 2 - 0.6F}, 2);
}

TEST(PrincipalComponents, OfACrossAreItsArms) {
  ThreadPool pool(1);
  const PrincipalComponents p(cross(), 2, pool);
  ASSERT_EQ(p.size(), 2U);
  EXPECT_NEAR(p.variances()[0], 2, 1e-6);
  EXPECT_NEAR(p.variances()[1], 0.5, 1e-6);
  EXPECT_NEAR(p.component(0)[0], 0.6, 1e-6);
  EXPECT_NEAR(p.component(0)[1], 0.8, 1e-6);
}

TEST(PrincipalComponents, LeaveTheVarianceOfTheOthersAsError) {
  ThreadPool pool(1);
  const Dataset data = cross();
  EXPECT_NEAR(PrincipalComponents(data, 0, pool).squared_error(data, pool), 2.5, 1e-6);
  const PrincipalComponents one(data, 1, pool);
  EXPECT_NEAR(one.squared_error(data, pool), 0.5, 1e-6);
  EXPECT_NEAR(PrincipalComponents(data, 2, pool).squared_error(data, pool), 0, 1e-12);
  const std::vector<std::uint32_t> third{2};
  const std::vector<float> made = one.reconstructions(data, third);
  EXPECT_NEAR(made[0], 1, 1e-6);
  EXPECT_NEAR(made[1], 2, 1e-6);
}

TEST(PrincipalComponents, DoNotDependOnThreads) {
  const Split digits = load_named("digits");
  ThreadPool one(1);
  ThreadPool four(4);
  const PrincipalComponents a(digits.train, 5, one);
  const PrincipalComponents b(digits.train, 5, four);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(a.variances()[i], b.variances()[i]);
    EXPECT_TRUE(std::equal(a.component(i).begin(), a.component(i).end(), b.component(i).begin()));
  }
  EXPECT_EQ(a.squared_error(digits.test, one), b.squared_error(digits.test, four));
}

TEST(PrincipalComponents, WrongCallsAreRejected) {
  ThreadPool pool(1);
  const auto sentence_of = [](auto call) -> std::string {
    try {
      call();
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::usage);
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(sentence_of([&] { PrincipalComponents(cross(), 3, pool); }),
            "[pca] 3 components of 2 features asked for, allowed are 0 to 2 of up to 8192 features");
  const PrincipalComponents p(cross(), 1, pool);
  EXPECT_EQ(sentence_of([&] {
              (void)p.squared_error(samples({1, 2, 3}, 3), pool);
            }),
            "[pca] samples has 3 features a sample, the components have 2");
}

}  // namespace
}  // namespace fanin::data
