#include "fanin/rbm/likelihood.h"

#include <gtest/gtest.h>

#include <limits>

#include "fanin/rbm/partition.h"

#include "tests/rbm/machines.h"
#include "tests/support/each_target.h"

namespace fanin::rbm {
namespace {

using test::bits;
using test::error_of;
using test::random_machine;

TEST(LogLikelihood, IsThatOfAllStates) {
  ThreadPool pool(2);
  const Rbm rbm = random_machine({4, 3}, 1, 1);
  const std::vector<float> states = test::all_states(4);
  std::vector<double> log_p(16), sums(16);
  double z = 0;
  for (std::size_t n = 0; n < 16; ++n) {
    for (std::size_t m = 0; m < 8; ++m) sums[n] += std::exp(-test::energy(rbm, bits(n, 4), bits(m, 3)));
    z += sums[n];
  }
  log_likelihood(rbm, {states.data(), 16, 4}, log_partition(rbm, pool), log_p, pool);
  for (std::size_t n = 0; n < 16; ++n) EXPECT_NEAR(log_p[n], std::log(sums[n] / z), 1e-12);
}

TEST(LogLikelihood, ProbabilitiesOfAllStatesAddUpToOne) {
  ThreadPool pool(2);
  const Rbm rbm = random_machine({12, 9}, 0.7, 2);
  const std::vector<float> states = test::all_states(12);
  std::vector<double> log_p(4096);
  log_likelihood(rbm, {states.data(), 4096, 12}, log_partition(rbm, pool), log_p, pool);
  double sum = 0;
  for (const double x : log_p) sum += std::exp(x);
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(FreeEnergyF64, IsTheOneOfFloat32WithLessRounding) {
  ThreadPool pool(2);
  for (const RbmSpec& spec :
       {RbmSpec{70, 40}, RbmSpec{70, 40, UnitKind::gaussian}, RbmSpec{70, 40, UnitKind::binary, UnitKind::gaussian},
        RbmSpec{70, 40, UnitKind::gaussian, UnitKind::gaussian},
        RbmSpec{70, 40, UnitKind::binary, UnitKind::binary, 10}}) {
    const Rbm rbm = random_machine(spec, 0.1, 3);
    std::vector<float> v(37 * rbm.visible());
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(i % 11) / 11;
    std::vector<double> f32(37), f64(37);
    rbm.free_energy({v.data(), 37, rbm.visible()}, f32);
    free_energy_f64(rbm, {v.data(), 37, rbm.visible()}, f64, pool);
    for (std::size_t r = 0; r < 37; ++r) EXPECT_NEAR(f64[r], f32[r], 1e-4);
  }
}

TEST(FreeEnergyF64, ThreadsAndTargetsDoNotChangeTheBits) {
  const Rbm rbm = random_machine({70, 40}, 1, 3);
  std::vector<float> v(37 * 70);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(i % 11) / 11;
  ThreadPool one(1);
  std::vector<double> expected(37);
  free_energy_f64(rbm, {v.data(), 37, 70}, expected, one);
  fanin::test::for_each_target([&](const std::string& target) {
    for (const std::size_t threads : {1, 2, 3}) {
      ThreadPool pool(threads);
      std::vector<double> f(37);
      free_energy_f64(rbm, {v.data(), 37, 70}, f, pool);
      EXPECT_EQ(f, expected) << target << ' ' << threads;
    }
  });
}

TEST(LogLikelihood, RejectsWhatIsNoState) {
  ThreadPool pool(1);
  const Rbm rbm(3, 2);
  std::vector<float> v{0, 1, 0, 1, 0, 0.25F};
  std::vector<double> out(2);
  const auto call = [&] { log_likelihood(rbm, {v.data(), 2, 3}, 0, out, pool); };
  const auto [kind, text] = error_of(call);
  EXPECT_EQ(kind, ErrorKind::data);
  for (const char* part : {"row 1", "unit 2", "0.25"}) EXPECT_NE(text.find(part), std::string::npos) << text;
  v[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(error_of(call).first, ErrorKind::data);
  v[5] = 1;
  EXPECT_NO_THROW(call());
  std::vector<double> three(3);
  EXPECT_EQ(error_of([&] { log_likelihood(rbm, {v.data(), 2, 3}, 0, three, pool); }).first, ErrorKind::usage);
  EXPECT_EQ(error_of([&] { log_likelihood(rbm, {v.data(), 2, 2, 3}, 0, out, pool); }).first, ErrorKind::usage);

  const Rbm labelled({1, 2, UnitKind::binary, UnitKind::binary, 2});
  const auto labels = [&] { log_likelihood(labelled, {v.data(), 2, 3}, 0, out, pool); };
  v = {1, 1, 0, 1, 0, 1};
  EXPECT_NO_THROW(labels());
  v = {1, 1, 0, 1, 1, 1};
  EXPECT_EQ(error_of(labels).first, ErrorKind::data);
  v = {1, 1, 0, 1, 0, 0};
  EXPECT_EQ(error_of(labels).first, ErrorKind::data);
  v = {1, 1, 0, 1, 0.5F, 0.5F};
  EXPECT_EQ(error_of(labels).first, ErrorKind::data);

  const Rbm gaussian({3, 2, UnitKind::gaussian});
  v = {0.5F, -3, 0, 1, 2, 3};
  const auto real = [&] { log_likelihood(gaussian, {v.data(), 2, 3}, 0, out, pool); };
  EXPECT_NO_THROW(real());
  v[4] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(error_of(real).first, ErrorKind::data);
  const Rbm rectified({3, 2, UnitKind::binary, UnitKind::relu});
  v = {0, 1, 0, 1, 0, 1};
  EXPECT_EQ(error_of([&] { log_likelihood(rectified, {v.data(), 2, 3}, 0, out, pool); }).first, ErrorKind::unsupported);
}

TEST(KlDivergence, OfTheModelFromItselfIsZero) {
  ThreadPool pool(2);
  const Rbm rbm = random_machine({6, 4}, 1, 4);
  const std::vector<float> states = test::all_states(6);
  const double log_z = log_partition(rbm, pool);
  std::vector<double> p(64);
  log_likelihood(rbm, {states.data(), 64, 6}, log_z, p, pool);
  for (double& x : p) x = std::exp(x);
  EXPECT_NEAR(kl_divergence(rbm, {states.data(), 64, 6}, p, log_z, pool), 0, 1e-13);
}

// From the uniform distribution over 4 of the 8 states of a machine without weights: log 8 - log 4.
TEST(KlDivergence, IsTheDifferenceOfLogProbabilities) {
  ThreadPool pool(1);
  const Rbm rbm(3, 2);
  const double log_z = log_partition(rbm, pool);
  const std::vector<float> patterns{0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 1};
  const std::vector<double> p0{0.25, 0.25, 0.25, 0.25, 0};
  EXPECT_NEAR(kl_divergence(rbm, {patterns.data(), 5, 3}, p0, log_z, pool), std::log(2.0), 1e-13);
}

TEST(KlDivergence, RejectsWhatIsNoDistribution) {
  ThreadPool pool(1);
  const Rbm rbm(2, 2);
  const std::vector<float> patterns{0, 0, 1, 0};
  const auto kind_of = [&](const std::vector<float>& v, const std::vector<double>& p) {
    return error_of([&] { (void)kl_divergence(rbm, {v.data(), 2, 2}, p, 0, pool); }).first;
  };
  EXPECT_EQ(kind_of(patterns, {0.5, 0.4}), ErrorKind::usage);
  EXPECT_EQ(kind_of(patterns, {1.5, -0.5}), ErrorKind::usage);
  EXPECT_EQ(kind_of(patterns, {0.5, std::nan("")}), ErrorKind::usage);
  EXPECT_EQ(kind_of(patterns, {1}), ErrorKind::usage);
  EXPECT_EQ(kind_of({1, 0, 1, 0}, {0.5, 0.5}), ErrorKind::data);
}

}  // namespace
}  // namespace fanin::rbm
