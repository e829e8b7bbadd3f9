#include "fanin/rbm/ais.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numbers>

#include "fanin/rbm/partition.h"

#include "rbm/measure_kernels.h"
#include "tests/rbm/machines.h"
#include "tests/support/each_target.h"

namespace fanin::rbm {
namespace {

using test::error_of;
using test::random_machine;

// Exact samples: the states of all visible units in proportion to their probability, by inversion.
std::vector<float> exact_samples(const Rbm& rbm, std::size_t count, std::uint64_t seed) {
  const std::vector<float> states = test::all_states(rbm.visible());
  const std::size_t n = states.size() / rbm.visible();
  std::vector<double> f(n);
  rbm.free_energy({states.data(), n, rbm.visible()}, f);
  const double least = *std::min_element(f.begin(), f.end());
  double sum = 0;
  for (double& x : f) x = sum += std::exp(least - x);
  std::vector<float> samples;
  for (std::size_t k = 0; k < count; ++k) {
    const double u = (random::Stream(seed, "samples").word(k) + 0.5) * 0x1p-32 * sum;
    const auto at = static_cast<std::size_t>(std::lower_bound(f.begin(), f.end(), u) - f.begin()) * rbm.visible();
    samples.insert(samples.end(), states.begin() + static_cast<std::ptrdiff_t>(at),
                   states.begin() + static_cast<std::ptrdiff_t>(at + rbm.visible()));
  }
  return samples;
}

AisOptions quick(std::uint64_t seed) {
  AisOptions o;
  o.chains = 100;
  o.temperatures = 500;
  o.seed = seed;
  return o;
}

TEST(Ais, ExactLogZIsWithinTheIntervalOfNearlyAllSeeds) {
  ThreadPool pool(2);
  const Rbm rbm = random_machine({12, 10}, 1.0, 1);
  const double exact = log_partition(rbm, pool);
  int inside = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const AisResult r = ais(rbm, quick(seed), pool);
    EXPECT_LE(r.log_z_low, r.log_z);
    EXPECT_GE(r.log_z_high, r.log_z);
    EXPECT_LT(r.log_z_high - r.log_z_low, 1.5);
    EXPECT_NEAR(r.log_z, exact, 0.5);
    inside += r.log_z_low <= exact && exact <= r.log_z_high ? 1 : 0;
  }
  EXPECT_GE(inside, 18);
}

TEST(Ais, ReverseFromExactSamplesIsWithinItsIntervalOfNearlyAllSeeds) {
  ThreadPool pool(2);
  const Rbm rbm = random_machine({12, 10}, 1.0, 1);
  const double exact = log_partition(rbm, pool);
  int inside = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<float> start = exact_samples(rbm, 100, seed);
    const AisResult r = reverse_ais(rbm, {start.data(), 100, 12}, quick(seed), pool);
    EXPECT_LE(r.log_z_low, r.log_z);
    EXPECT_GE(r.log_z_high, r.log_z);
    EXPECT_NEAR(r.log_z, exact, 0.6);
    inside += r.log_z_low <= exact && exact <= r.log_z_high ? 1 : 0;
  }
  EXPECT_GE(inside, 18);
}

// A weight's mean is Z / Z_0 for any number of temperatures. Few of them make large steps, whose weights no small part
// of a step dominates; 60,000 chains find the mean of the two.
TEST(Ais, IsUnbiasedForFewTemperatures) {
  ThreadPool pool(2);
  const Rbm rbm = random_machine({6, 5}, 0.6, 2);
  const double exact = log_partition(rbm, pool);
  const std::vector<float> base{0.5F, -0.5F, 0.25F, 0, -0.25F, 1};
  const std::vector<float> start = exact_samples(rbm, 60000, 1);
  for (const std::size_t temperatures : {2, 3, 5}) {
    for (const AisSchedule schedule : {AisSchedule::linear, AisSchedule::salakhutdinov}) {
      AisOptions o = quick(3);
      o.chains = 60000;
      o.temperatures = temperatures;
      o.schedule = schedule;
      o.base_bias = base;
      const AisResult up = ais(rbm, o, pool);
      EXPECT_LE(up.log_z_low, exact) << temperatures;
      EXPECT_GE(up.log_z_high, exact) << temperatures;
      EXPECT_LT(up.log_z_high - up.log_z_low, 0.2);
      const AisResult down = reverse_ais(rbm, {start.data(), 60000, 6}, o, pool);
      EXPECT_LE(down.log_z_low, exact) << temperatures;
      EXPECT_GE(down.log_z_high, exact) << temperatures;
    }
  }
}

// One unit in each layer: a word that both drew from would tie them together.
TEST(Ais, LayersDrawFromWordsOfTheirOwn) {
  ThreadPool pool(2);
  Rbm rbm(1, 1);
  rbm.values()[0] = 3;
  rbm.values()[rbm.visible_bias_offset()] = -2;
  rbm.values()[rbm.hidden_bias_offset()] = -1;
  rbm.refresh();
  const double exact = log_partition(rbm, pool);
  AisOptions o = quick(3);
  o.chains = 60000;
  o.temperatures = 50;
  o.schedule = AisSchedule::linear;
  const AisResult r = ais(rbm, o, pool);
  EXPECT_LE(r.log_z_low, exact);
  EXPECT_GE(r.log_z_high, exact);
  EXPECT_LT(r.log_z_high - r.log_z_low, 0.02);
}

TEST(Ais, BurnInForgetsTheStart) {
  ThreadPool pool(2);
  const Rbm rbm = random_machine({10, 8}, 0.7, 3);
  const double exact = log_partition(rbm, pool);
  const std::vector<float> zeros(200 * 10);
  AisOptions o = quick(1);
  o.burn_in = 300;
  const AisResult r = reverse_ais(rbm, {zeros.data(), 200, 10}, o, pool);
  EXPECT_LE(r.log_z_low, exact);
  EXPECT_GE(r.log_z_high, exact);
  EXPECT_EQ(r.chains, 200U);
}

TEST(Ais, ZeroWeightsGiveExactLogZWithoutVariance) {
  ThreadPool pool(2);
  Rbm rbm(20, 30);
  std::vector<float> base(20);
  for (std::size_t i = 0; i < 20; ++i) {
    base[i] = 0.2F * static_cast<float>(i) - 1;
    rbm.values()[rbm.visible_bias_offset() + i] = base[i];
  }
  rbm.refresh();
  AisOptions o = quick(1);
  o.base_bias = base;
  const double exact = log_partition(rbm, pool);
  const AisResult r = ais(rbm, o, pool);
  EXPECT_NEAR(r.log_z, exact, 1e-11);
  EXPECT_EQ(r.log_z_low, r.log_z_high);
  EXPECT_DOUBLE_EQ(r.ess, 100);
  for (const double w : r.log_weights) EXPECT_EQ(w, 0);
  const std::vector<float> start(100 * 20);
  EXPECT_NEAR(reverse_ais(rbm, {start.data(), 100, 20}, o, pool).log_z, exact, 1e-11);
}

TEST(Ais, ThreadsAndTargetsDoNotChangeTheBits) {
  const Rbm rbm = random_machine({33, 21}, 0.5, 4);
  std::vector<float> start(41 * 33);
  for (std::size_t i = 0; i < start.size(); ++i) start[i] = static_cast<float>(i % 3 == 0);
  AisOptions o = quick(5);
  o.chains = 41;
  o.temperatures = 60;
  o.burn_in = 7;
  ThreadPool one(1);
  const AisResult up = ais(rbm, o, one);
  const AisResult down = reverse_ais(rbm, {start.data(), 41, 33}, o, one);
  EXPECT_NE(up.log_weights[0], up.log_weights[1]);
  fanin::test::for_each_target([&](const std::string& target) {
    for (const std::size_t threads : {1, 2, 3}) {
      ThreadPool pool(threads);
      EXPECT_EQ(ais(rbm, o, pool).log_weights, up.log_weights) << target << ' ' << threads;
      EXPECT_EQ(reverse_ais(rbm, {start.data(), 41, 33}, o, pool).log_weights, down.log_weights)
          << target << ' ' << threads;
    }
  });
  // A chain does not see how many others there are.
  o.chains = 11;
  const AisResult fewer = ais(rbm, o, one);
  for (std::size_t r = 0; r < 11; ++r) EXPECT_EQ(fewer.log_weights[r], up.log_weights[r]);
}

TEST(Ais, ProgressReachesTheEndAndCanStop) {
  ThreadPool pool(2);
  const Rbm rbm = random_machine({8, 6}, 0.5, 4);
  std::vector<std::size_t> seen;
  const AisResult r = ais(rbm, quick(1), pool, [&](std::size_t step, std::size_t steps) {
    EXPECT_EQ(steps, 499U);
    seen.push_back(step);
    return true;
  });
  EXPECT_TRUE(r.finished);
  EXPECT_EQ(seen.back(), 499U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(r.log_z, ais(rbm, quick(1), pool).log_z);
  const AisResult half = ais(rbm, quick(1), pool, [](std::size_t step, std::size_t) { return step < 200; });
  EXPECT_FALSE(half.finished);
  EXPECT_TRUE(std::isnan(half.log_z));
  EXPECT_TRUE(half.log_weights.empty());
}

TEST(Ais, IntervalIsThatOfTheMeanWeight) {
  ThreadPool pool(1);
  const Rbm rbm = random_machine({12, 10}, 1.0, 1);
  AisOptions o = quick(2);
  o.chains = 50;
  const AisResult r = ais(rbm, o, pool);
  double mean = 0;
  double squares = 0;
  for (const double w : r.log_weights) mean += std::exp(w) / 50;
  for (const double w : r.log_weights) squares += std::exp(2 * w);
  const double error = std::sqrt((squares - 50 * mean * mean) / 49 / 50);
  EXPECT_NEAR(r.log_z, 22 * std::numbers::ln2 + std::log(mean), 1e-10);
  EXPECT_NEAR(r.log_z_low, 22 * std::numbers::ln2 + std::log(mean - 3 * error), 1e-10);
  EXPECT_NEAR(r.log_z_high, 22 * std::numbers::ln2 + std::log(mean + 3 * error), 1e-10);
  EXPECT_NEAR(r.ess, 2500 * mean * mean / squares, 1e-9);
}

// Two wild weights: their mean is less than 3 standard errors.
TEST(Ais, IntervalsOfFewChainsAreOpen) {
  ThreadPool pool(1);
  const Rbm rbm = random_machine({12, 10}, 3.0, 1);
  AisOptions o = quick(2);
  o.chains = 2;
  o.temperatures = 2;
  EXPECT_EQ(ais(rbm, o, pool).log_z_low, -std::numeric_limits<double>::infinity());
  const std::vector<float> start = exact_samples(rbm, 2, 3);
  std::vector<float> rows = start;
  std::fill_n(rows.begin(), 12, 0.0F);
  EXPECT_EQ(reverse_ais(rbm, {rows.data(), 2, 12}, o, pool).log_z_high, std::numeric_limits<double>::infinity());
}

TEST(AisTemperatures, AreThoseOfSalakhutdinovAndMurray) {
  const std::vector<double> b = ais_temperatures(AisSchedule::salakhutdinov, 14501);
  EXPECT_EQ(b.front(), 0);
  EXPECT_EQ(b.back(), 1);
  EXPECT_NEAR(b[1], 1e-3, 1e-12);
  EXPECT_NEAR(b[500], 0.5, 1e-12);
  EXPECT_NEAR(b[501], 0.5001, 1e-12);
  EXPECT_NEAR(b[4500], 0.9, 1e-12);
  EXPECT_NEAR(b[4501], 0.90001, 1e-12);
  for (const AisSchedule schedule : {AisSchedule::linear, AisSchedule::salakhutdinov}) {
    for (const std::size_t n : {2, 3, 100, 14500}) {
      const std::vector<double> t = ais_temperatures(schedule, n);
      EXPECT_EQ(t.size(), n);
      EXPECT_EQ(t.front(), 0);
      EXPECT_EQ(t.back(), 1);
      for (std::size_t k = 1; k < n; ++k) EXPECT_LT(t[k - 1], t[k]);
    }
  }
}

// Along the whole path the terms add up to those of float64: 500 inputs of all sizes, an error of 1e-6 of the sum.
TEST(MeasureKernels, SoftplusStepsAddUpToTheWholeWay) {
  std::vector<float> x(512);
  random::fill_normal(random::Stream(1, "x"), 0, std::span(x).first(500), -1, 8);
  const auto softplus = [](double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); };
  double expected = 0;
  for (std::size_t i = 0; i < 500; ++i) expected += softplus(x[i]) - softplus(0);
  const auto whole_way = [&](std::size_t n) {
    const std::vector<double> b = ais_temperatures(AisSchedule::salakhutdinov, n);
    double sum = 0;
    for (std::size_t k = 1; k < n; ++k) sum += detail::softplus_step(x.data(), b[k - 1], b[k], x.size());
    return sum;
  };
  EXPECT_NEAR(whole_way(14500), expected, 1e-3);
  fanin::test::for_each_target([&](const std::string& target) {
    EXPECT_NEAR(whole_way(2), expected, 1e-3) << target;
    EXPECT_NEAR(whole_way(60), expected, 1e-3) << target;
  });
}

TEST(Ais, RejectsInvalidOptionsAndMachines) {
  ThreadPool pool(1);
  const Rbm rbm(4, 3);
  const std::vector<float> start(2 * 4);
  const auto kind_of = [&](const auto& change) {
    AisOptions o = quick(1);
    change(o);
    const ErrorKind kind = error_of([&] { (void)ais(rbm, o, pool); }).first;
    EXPECT_EQ(error_of([&] { (void)reverse_ais(rbm, {start.data(), 2, 4}, o, pool); }).first, kind);
    return kind;
  };
  const std::vector<float> three(3);
  const std::vector<float> wild(4, std::numeric_limits<float>::infinity());
  EXPECT_EQ(kind_of([](AisOptions& o) { o.chains = 1; }), ErrorKind::usage);
  EXPECT_EQ(kind_of([](AisOptions& o) { o.chains = 65537; }), ErrorKind::usage);
  EXPECT_EQ(kind_of([](AisOptions& o) { o.temperatures = 1; }), ErrorKind::usage);
  EXPECT_EQ(kind_of([&](AisOptions& o) { o.base_bias = three; }), ErrorKind::usage);
  EXPECT_EQ(kind_of([&](AisOptions& o) { o.base_bias = wild; }), ErrorKind::usage);
  const auto kind_with = [&](const Rbm& other) { return error_of([&] { (void)ais(other, quick(1), pool); }).first; };
  EXPECT_EQ(kind_with(Rbm({4, 3, UnitKind::gaussian})), ErrorKind::unsupported);
  EXPECT_EQ(kind_with(Rbm({4, 3, UnitKind::binary, UnitKind::relu})), ErrorKind::unsupported);
  EXPECT_EQ(kind_with(Rbm({4, 3, UnitKind::binary, UnitKind::binary, 2})), ErrorKind::unsupported);
  Rbm broken(4, 3);
  broken.values()[broken.hidden_bias_offset()] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(kind_with(broken), ErrorKind::numeric);
  const auto kind_from = [&](const MatrixView<const float>& rows) {
    return error_of([&] { (void)reverse_ais(rbm, rows, quick(1), pool); }).first;
  };
  EXPECT_EQ(kind_from({start.data(), 1, 4}), ErrorKind::usage);
  EXPECT_EQ(kind_from({start.data(), 2, 3}), ErrorKind::usage);
  const std::vector<float> grey(8, 0.5F);
  EXPECT_EQ(kind_from({grey.data(), 2, 4}), ErrorKind::data);
}

}  // namespace
}  // namespace fanin::rbm
