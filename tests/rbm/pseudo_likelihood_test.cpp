#include "fanin/rbm/pseudo_likelihood.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "fanin/rbm/likelihood.h"

#include "tests/rbm/machines.h"
#include "tests/support/each_target.h"

namespace fanin::rbm {
namespace {

using test::error_of;
using test::random_machine;

std::vector<float> random_states(std::size_t n, std::uint64_t seed) {
  std::vector<std::uint32_t> words(n);
  random::Stream(seed, "states").words(0, words);
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<float>(words[i] >> 31U);
  return v;
}

// log p(v_i | v_-i) from free energies of the row and of the row with the unit flipped.
double of_unit(const Rbm& rbm, std::vector<float> v, std::size_t i, ThreadPool& pool) {
  std::vector<double> f(2);
  free_energy_f64(rbm, {v.data(), 1, v.size()}, {f.data(), 1}, pool);
  v[i] = 1 - v[i];
  free_energy_f64(rbm, {v.data(), 1, v.size()}, {f.data() + 1, 1}, pool);
  const double z = f[1] - f[0];
  return std::min(z, 0.0) - std::log1p(std::exp(-std::abs(z)));
}

// Weights up to those where each factor has a logarithm of its own.
TEST(PseudoLikelihood, IsThatOfAllFlips) {
  ThreadPool pool(2);
  constexpr std::size_t kRows = 19;
  for (const double std : {0.0, 0.01, 0.3, 3.0, 30.0}) {
    const Rbm rbm = random_machine({23, 41}, std, 1);
    const std::vector<float> v = random_states(kRows * 23, 2);
    std::vector<double> out(kRows);
    pseudo_log_likelihood(rbm, {v.data(), kRows, 23}, out, pool);
    for (std::size_t r = 0; r < kRows; ++r) {
      const std::vector<float> row(v.begin() + static_cast<std::ptrdiff_t>(r * 23),
                                   v.begin() + static_cast<std::ptrdiff_t>((r + 1) * 23));
      double sum = 0;
      for (std::size_t i = 0; i < 23; ++i) sum += of_unit(rbm, row, i, pool);
      EXPECT_NEAR(out[r], sum, 1e-12 * std::max(1.0, -sum)) << std;
    }
  }
}

// Products of e^(sum of weights) would leave float64 on either side.
TEST(PseudoLikelihood, ManyStrongWeightsStayFinite) {
  ThreadPool pool(1);
  for (const float weight : {2.5F, -2.5F, 90.0F, -90.0F, 600.0F}) {
    Rbm rbm(2, 1000);
    std::fill_n(rbm.values().data(), 2000, weight);
    std::fill_n(rbm.values().data() + rbm.hidden_bias_offset(), 1000, -1.0F);
    rbm.refresh();
    const std::vector<float> v{1, 0, 0, 0, 1, 1};
    std::vector<double> out(3);
    pseudo_log_likelihood(rbm, {v.data(), 3, 2}, out, pool);
    for (std::size_t r = 0; r < 3; ++r) {
      const std::vector<float> row(v.begin() + static_cast<std::ptrdiff_t>(r * 2),
                                   v.begin() + static_cast<std::ptrdiff_t>(r * 2 + 2));
      const double sum = of_unit(rbm, row, 0, pool) + of_unit(rbm, row, 1, pool);
      EXPECT_NEAR(out[r], sum, 1e-9 * std::max(1.0, -sum)) << weight << ' ' << r;
    }
  }
}

TEST(PseudoLikelihood, OfZeroWeightsIsThatOfTheBiases) {
  ThreadPool pool(1);
  Rbm rbm(3, 2);
  rbm.values()[rbm.visible_bias_offset()] = 2;
  rbm.refresh();
  const std::vector<float> v{1, 0, 1};
  double out = 0;
  pseudo_log_likelihood(rbm, {v.data(), 1, 3}, {&out, 1}, pool);
  EXPECT_NEAR(out, -std::log1p(std::exp(-2.0)) - 2 * std::log(2.0), 1e-14);
}

TEST(PseudoLikelihood, CycleTakesTheNextUnitOfEachRow) {
  ThreadPool pool(2);
  const Rbm rbm = random_machine({7, 20}, 1, 3);
  const std::vector<float> v = random_states(35 * 7, 4);
  std::vector<double> cycle(35), mean(35), all(35);
  for (std::size_t first = 0; first < 7; ++first) {
    pseudo_log_likelihood_cycle(rbm, {v.data(), 35, 7}, first, cycle, pool);
    for (std::size_t r = 0; r < 35; ++r) {
      const std::vector<float> row(v.begin() + static_cast<std::ptrdiff_t>(r * 7),
                                   v.begin() + static_cast<std::ptrdiff_t>((r + 1) * 7));
      EXPECT_NEAR(cycle[r], 7 * of_unit(rbm, row, (first + r) % 7, pool), 1e-12);
      mean[r] += cycle[r] / 7;
    }
  }
  pseudo_log_likelihood(rbm, {v.data(), 35, 7}, all, pool);
  for (std::size_t r = 0; r < 35; ++r) EXPECT_NEAR(mean[r], all[r], 1e-12);
}

TEST(PseudoLikelihood, ThreadsAndTargetsDoNotChangeTheBits) {
  const Rbm rbm = random_machine({30, 50}, 1, 3);
  const std::vector<float> v = random_states(50 * 30, 4);
  ThreadPool one(1);
  std::vector<double> expected(50);
  pseudo_log_likelihood(rbm, {v.data(), 50, 30}, expected, one);
  fanin::test::for_each_target([&](const std::string& target) {
    for (const std::size_t threads : {1, 2, 3}) {
      ThreadPool pool(threads);
      std::vector<double> out(50);
      pseudo_log_likelihood(rbm, {v.data(), 50, 30}, out, pool);
      EXPECT_EQ(out, expected) << target << ' ' << threads;
    }
  });
}

TEST(PseudoLikelihood, RejectsOtherUnitsGreyValuesAndBrokenWeights) {
  ThreadPool pool(1);
  std::vector<float> v{0, 1, 0, 1};
  std::vector<double> out(2);
  const auto kind_of = [&](const Rbm& rbm, std::size_t cols) {
    const auto all = error_of([&] { pseudo_log_likelihood(rbm, {v.data(), 2, cols, 2}, out, pool); });
    const auto cycle = error_of([&] { pseudo_log_likelihood_cycle(rbm, {v.data(), 2, cols, 2}, 0, out, pool); });
    EXPECT_EQ(all, cycle);
    return all.first;
  };
  EXPECT_EQ(kind_of(Rbm({2, 3, UnitKind::gaussian}), 2), ErrorKind::unsupported);
  EXPECT_EQ(kind_of(Rbm({2, 3, UnitKind::binary, UnitKind::relu}), 2), ErrorKind::unsupported);
  EXPECT_EQ(kind_of(Rbm(2, 3), 1), ErrorKind::usage);
  out.resize(1);
  EXPECT_EQ(kind_of(Rbm(2, 3), 2), ErrorKind::usage);
  out.resize(2);
  Rbm broken(2, 3);
  broken.values()[4] = std::nanf("");
  EXPECT_EQ(kind_of(broken, 2), ErrorKind::numeric);
  v[3] = 0.5F;
  EXPECT_EQ(kind_of(Rbm(2, 3), 2), ErrorKind::data);
}

}  // namespace
}  // namespace fanin::rbm
