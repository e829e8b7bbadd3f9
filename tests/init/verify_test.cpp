#include "fanin/init/verify.h"

#include <algorithm>

#include "init/law_check.h"
#include "init/tail_bounds.h"
#include "init_test_support.h"
#include "plan_test_support.h"

namespace fanin::init {
namespace {

struct Case {
  std::string scheme;
  Shape shape{200, 300};
  FloatType dtype = FloatType::f32;
  std::uint64_t seed = 1;
};

Plan plan_of(const Case& c) {
  const ModelSpec spec({{.name = "w", .shape = c.shape, .dtype = c.dtype, .fans = {300, 200}}});
  return Plan::resolve(spec, rules({"* -> " + c.scheme}));
}

// The tensor as a file of that type has it.
std::vector<float> made(const Case& c) {
  std::vector<float> x = filled(c.scheme, c.shape, {300, 200}, random::Stream(c.seed, "w"));
  for (float& v : x) v = rounded(v, c.dtype);
  return x;
}

Verdict judged(const Case& c, const std::vector<float>& x, std::size_t threads = 1, std::uint64_t from = 0) {
  const Plan plan = plan_of(c);
  ThreadPool pool(threads);
  return verify(
      plan, plan.entries()[0], {from, x.size()},
      [&](std::uint64_t first, std::span<float> out) {
        std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(first), out.size(), out.begin());
      },
      false_alarm_of_one(1), pool);
}

std::string failed(const Verdict& v) {
  std::string names;
  for (const Check& c : v.checks) {
    if (!c.passed()) names += c.name + " ";
  }
  return names;
}

std::vector<std::string> all_schemes() {
  std::vector<std::string> all = random_schemes();
  all.insert(all.end(), {"zeros",
                         "constant(0.1)",
                         "orthogonal",
                         "orthogonal(0.5)",
                         "sparse(0.3)",
                         "identity(2)",
                         "truncated_normal(0, 1, 3, inf)",
                         "truncated_normal(1, 2, -inf, 0)",
                         "normal(1000, 0.001)",
                         "uniform(0, 1e-6)",
                         "normal(0, 0)",
                         "sparse(0.3, per=unit)",
                         "sparse_connections(5)",
                         "truncated_normal_absolute(0, 0.5, -1, 2)",
                         "hadamard",
                         "zero_hadamard",
                         "dct",
                         "dft(imaginary)",
                         "orthogonal(axis=1)",
                         "looks_linear",
                         "positive_unit_ball",
                         "nguyen_widrow",
                         "oivs",
                         "siren",
                         "kathirvalavakumar_subavathi(100)",
                         "prior_bias",
                         "inverse_softplus"});
  return all;
}

TEST(Verify, WhatASchemeMadePassesInEveryType) {
  for (const std::string& scheme : all_schemes()) {
    for (const FloatType dtype : {FloatType::f32, FloatType::bf16, FloatType::f16}) {
      for (const std::uint64_t seed : {1U, 2U, 3U}) {
        const Case c{scheme, {200, 300}, dtype, seed};
        const Verdict v = judged(c, made(c));
        EXPECT_TRUE(v.passed()) << scheme << " as " << to_string(dtype) << " fails " << failed(v);
        EXPECT_GE(v.checks.size(), 2U);
      }
    }
  }
}

TEST(Verify, TensorsOfAnySizePass) {
  for (const std::string& scheme : random_schemes()) {
    for (const std::size_t n : {1U, 2U, 3U, 10U, 100U}) {
      for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Case c{scheme, {n}, FloatType::f32, seed};
        const Verdict v = judged(c, made(c));
        EXPECT_TRUE(v.passed()) << scheme << " with " << n << " fails " << failed(v);
      }
    }
  }
  EXPECT_TRUE(judged({"normal", {0, 5}}, {}).passed());
}

TEST(Verify, FiguresDoNotDependOnThreads) {
  const Case c{"he_normal", {3000, 1100}};
  const std::vector<float> x = made(c);
  const Verdict one = judged(c, x, 1);
  const Verdict three = judged(c, x, 3);
  ASSERT_EQ(one.checks.size(), three.checks.size());
  for (std::size_t i = 0; i < one.checks.size(); ++i) EXPECT_EQ(one.checks[i].value, three.checks[i].value);
  EXPECT_EQ(one.std, three.std);
}

TEST(Verify, StandardDeviationTakenForVarianceIsFound) {
  const Case c{"xavier_normal", {256, 784}};
  std::vector<float> x = filled("normal(0, 0.2094)", c.shape, {784, 256});
  const std::string names = failed(judged(c, x));
  EXPECT_NE(names.find("variance"), std::string::npos) << names;
  EXPECT_NE(names.find("ks"), std::string::npos) << names;
}

TEST(Verify, EachKindOfDefectIsFoundByItsTest) {
  const Case normal{"normal(0, 0.02)"};
  const auto spoiled = [](const Case& c, const auto& change) {
    std::vector<float> x = made(c);
    change(x);
    return failed(judged(c, x));
  };
  EXPECT_EQ(spoiled(normal, [](auto& x) { x[7] = std::numeric_limits<float>::quiet_NaN(); }), "finite ");
  EXPECT_EQ(spoiled(normal, [](auto& x) { x[7] = std::numeric_limits<float>::infinity(); }), "finite ");
  EXPECT_NE(spoiled(normal,
                    [](auto& x) {
                      for (float& v : x) v += 0.001F;
                    })
                .find("mean"),
            std::string::npos);
  EXPECT_NE(spoiled(normal,
                    [](auto& x) {
                      for (float& v : x) v *= 1.05F;
                    })
                .find("variance"),
            std::string::npos);
  EXPECT_EQ(spoiled(normal, [](auto& x) { std::fill_n(x.begin(), 100, 0.0F); }), "zeros ");
  const Case uniform{"uniform(-0.1, 0.1)"};
  EXPECT_EQ(spoiled(uniform, [](auto& x) { x[9] = 0.1001F; }), "bounds ");
  // Another law of the same mean and variance: only its shape tells.
  EXPECT_EQ(failed(judged({"normal(0, 0.1)"}, made({"uniform(-0.17320508, 0.17320508)"}))), "ks ");
  EXPECT_EQ(spoiled({"constant(0.1)"}, [](auto& x) { x[3] = 0.2F; }), "bounds exact ");
  EXPECT_EQ(spoiled({"identity"}, [](auto& x) { x[301] = 0; }), "exact ");
  EXPECT_NE(spoiled({"sparse(0.3)"},
                    [](auto& x) {
                      for (float& v : x) v = v == 0 ? 0.01F : v;
                    })
                .find("zeros"),
            std::string::npos);
  EXPECT_NE(spoiled({"truncated_normal"}, [](auto& x) { x[0] = 2.5F; }).find("bounds"), std::string::npos);
}

TEST(Verify, TruncatedNormalIsNoNormalOfTheSameStd) {
  const Case c{"variance_scaling(1, fan_in, truncated_normal)"};
  EXPECT_NE(failed(judged(c, made({"variance_scaling(1, fan_in, normal)"}))).find("bounds"), std::string::npos);
}

TEST(Verify, BrokenOrthogonalityIsFoundOnEitherSide) {
  for (const Shape& shape : {Shape{200, 300}, Shape{300, 200}, Shape{64, 8, 3, 3}}) {
    for (const FloatType dtype : {FloatType::f32, FloatType::bf16}) {
      const Case c{"orthogonal", shape, dtype};
      std::vector<float> x = made(c);
      ASSERT_EQ(failed(judged(c, x)), "") << shape.str();
      const std::size_t cols = shape.elements() / shape[0];
      for (std::size_t i = 0; i < cols; ++i) x[3 * cols + i] = x[5 * cols + i];  // a row twice
      EXPECT_EQ(failed(judged(c, x)), "orthogonal ") << shape.str();
    }
  }
  const Case c{"orthogonal", {200, 300}};
  std::vector<float> scaled = made(c);
  for (float& v : scaled) v *= 1.01F;
  EXPECT_EQ(failed(judged(c, scaled)), "orthogonal ");
}

TEST(Verify, PartsOfATensorAreJudgedToo) {
  const Case normal{"normal"};
  std::vector<float> x = made(normal);
  EXPECT_EQ(failed(judged(normal, {x.begin() + 15000, x.begin() + 30000}, 1, 15000)), "");
  const Case eye{"identity"};
  x = made(eye);
  const std::vector<float> part(x.begin() + 15000, x.begin() + 30000);
  EXPECT_EQ(failed(judged(eye, part, 1, 15000)), "");
  EXPECT_EQ(failed(judged(eye, part, 1, 0)), "exact ") << "these rows belong elsewhere";
  const Case wide{"orthogonal", {200, 300}};
  x = made(wide);
  EXPECT_EQ(judged(wide, {x.begin() + 15000, x.begin() + 30000}, 1, 15000).checks.size(), 3U);
  const Case tall{"orthogonal", {300, 200}};
  x = made(tall);
  EXPECT_EQ(judged(tall, {x.begin() + 20000, x.begin() + 40000}, 1, 20000).checks.size(), 2U) << "needs all rows";
}

TEST(Verify, RangesOutsideAreRejected) {
  const Case c{"normal", {2, 3}};
  const std::vector<float> x(7);
  expect_error(ErrorKind::usage, {"'w' [2, 3]", "7 elements", "it has 6"}, [&] { judged(c, x); });
  expect_error(ErrorKind::usage, {"from 1"}, [&] { judged(c, std::vector<float>(6), 1, 1); });
}

TEST(TailBounds, HaveTheirTextbookValues) {
  EXPECT_NEAR(mean_limit(2 * std::exp(-8.0)), 4, 1e-12);
  EXPECT_NEAR(ks_limit(200, 2 * std::exp(-4.0)), 0.1, 1e-12);
  EXPECT_NEAR(chi_square_limit_above(100, 2 * std::exp(-1.0)), 0.2 + 0.02, 1e-12);
  EXPECT_NEAR(chi_square_limit_below(100, 2 * std::exp(-1.0)), 0.2, 1e-12);
  // P(X >= 9) for 10 tosses of a coin is at most exp(-10 KL(0.9 || 0.5)) = 0.0252, P(X >= 8) at most 0.146.
  EXPECT_EQ(binomial_limit(10, 0.5, 0.03), 9U);
  EXPECT_EQ(binomial_limit(10, 0.5, 0.15), 8U);
  EXPECT_EQ(binomial_limit(10, 1, 0.1), 10U);
  EXPECT_EQ(binomial_limit(10, 0.5, 1e-9), 10U);
}

TEST(LawGrid, DistanceOfTheLawsOwnQuantilesIsNearZero) {
  const Law law{Law::Kind::uniform, -1, 1};
  const LawGrid grid(law, FloatType::f32);
  std::vector<std::uint64_t> counts(LawGrid::kBins);
  for (int i = 0; i < 100000; ++i) ++counts[grid.bin(static_cast<float>(-1 + (2 * i + 1) / 100000.0))];
  EXPECT_LT(grid.distance(counts, 100000), 1.1e-5);
  EXPECT_NEAR(distribution_function({Law::Kind::normal, 1, 2}, 1 + 2 * 1.959963984540054), 0.975, 1e-12);
  EXPECT_NEAR(distribution_function({Law::Kind::truncated_normal, 0, 1, -2, 2}, 0), 0.5, 1e-15);
  EXPECT_NEAR(distribution_function({Law::Kind::truncated_normal, 0, 1, 3, HUGE_VAL}, 3.2226), 0.5292, 1e-3);
}

TEST(LawGrid, NextNumberIsTheNextOfItsType) {
  EXPECT_EQ(next_above(1, FloatType::bf16), 1.0078125F);
  EXPECT_EQ(next_above(-1, FloatType::f16), -0.99951171875F);
  EXPECT_EQ(next_above(0, FloatType::f16), 0x1p-24F);
  EXPECT_EQ(next_above(-0x1p-24F, FloatType::f16), 0.0F);
}

}  // namespace
}  // namespace fanin::init
