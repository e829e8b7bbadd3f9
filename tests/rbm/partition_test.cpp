#include "fanin/rbm/partition.h"

#include <gtest/gtest.h>

#include <limits>
#include <numbers>

#include "fanin/rbm/likelihood.h"

#include "rbm/measure_kernels.h"
#include "tests/rbm/machines.h"
#include "tests/support/each_target.h"

namespace fanin::rbm {
namespace {

using test::bits;
using test::energy;
using test::error_of;
using test::random_machine;

struct BruteForce {
  double z = 0;
  std::vector<double> vh, v, h;
};

// Sums over all (v, h) of e^-E, v h, v and h.
BruteForce brute_force(const Rbm& rbm) {
  const std::size_t nv = rbm.visible();
  const std::size_t nh = rbm.hidden();
  BruteForce b{0, std::vector<double>(nv * nh), std::vector<double>(nv), std::vector<double>(nh)};
  for (std::size_t n = 0; n < std::size_t{1} << (nv + nh); ++n) {
    const std::vector<float> v = bits(n, nv);
    const std::vector<float> h = bits(n >> nv, nh);
    const double w = std::exp(-energy(rbm, v, h));
    b.z += w;
    for (std::size_t i = 0; i < nv; ++i) b.v[i] += w * v[i];
    for (std::size_t j = 0; j < nh; ++j) {
      b.h[j] += w * h[j];
      for (std::size_t i = 0; i < nv; ++i) b.vh[j * nv + i] += w * h[j] * v[i];
    }
  }
  return b;
}

TEST(LogPartition, IsTheSumOverAllStates) {
  ThreadPool pool(2);
  for (const auto& [v, h] : {std::pair{4, 3}, std::pair{3, 4}, std::pair{1, 1}, std::pair{6, 6}, std::pair{11, 2}}) {
    const Rbm rbm = random_machine({static_cast<std::size_t>(v), static_cast<std::size_t>(h)}, 1, 7);
    EXPECT_NEAR(log_partition(rbm, pool), std::log(brute_force(rbm).z), 1e-12) << v << " x " << h;
  }
}

TEST(LogPartition, IsThatOfUniformStatesForZeroWeights) {
  ThreadPool pool(1);
  EXPECT_NEAR(log_partition(Rbm(784, 16), pool), 800 * std::numbers::ln2, 1e-10);
  EXPECT_NEAR(log_partition(Rbm(1000, 1), pool), 1001 * std::numbers::ln2, 1e-10);
  EXPECT_NEAR(log_partition(Rbm(16, 600), pool), 616 * std::numbers::ln2, 1e-10);
}

// 13 units make 8 blocks, of which those after the first start from a code of their own.
TEST(LogPartition, EitherLayerMayBeEnumerated) {
  ThreadPool pool(2);
  const Rbm rbm = random_machine({13, 40}, 0.5, 3);
  const Rbm turned = test::transposed(rbm);
  const double z = log_partition(rbm, pool);
  EXPECT_NEAR(log_partition(turned, pool), z, 1e-11);
  // Here the layers are of one size, so the hidden one of each is enumerated: the visible one of the other.
  const Rbm square = random_machine({13, 13}, 0.5, 4);
  EXPECT_NEAR(log_partition(test::transposed(square), pool), log_partition(square, pool), 1e-11);
}

TEST(LogPartition, HugeEnergiesStayFinite) {
  ThreadPool pool(1);
  Rbm rbm(3, 2);
  for (std::size_t i = 0; i < 6; ++i) rbm.values()[i] = 1000;
  rbm.refresh();
  EXPECT_NEAR(log_partition(rbm, pool), 6000, 1e-9);
  for (std::size_t i = 0; i < 6; ++i) rbm.values()[i] = -1000;
  rbm.refresh();
  // Any v without h, any h without v.
  EXPECT_NEAR(log_partition(rbm, pool), std::log(8.0 + 4.0 - 1.0), 1e-12);
}

TEST(LogPartition, OfGaussianVisibleUnitsIsTheIntegral) {
  ThreadPool pool(2);
  constexpr double kStep = 0.02;
  constexpr int kHalf = 600;
  const Rbm one = random_machine({1, 3, UnitKind::gaussian}, 1, 5);
  std::vector<float> grid;
  for (int k = -kHalf; k <= kHalf; ++k) grid.push_back(static_cast<float>(k * kStep));
  std::vector<double> f(grid.size());
  free_energy_f64(one, {grid.data(), grid.size(), 1}, f, pool);
  double sum = 0;
  for (const double x : f) sum += std::exp(-x) * kStep;
  EXPECT_NEAR(log_partition(one, pool), std::log(sum), 1e-6);

  const Rbm two = random_machine({2, 2, UnitKind::gaussian}, 1, 6);
  constexpr double kCoarse = 0.0625;  // exact in float32; a sum over a smooth function is the integral
  constexpr int kSide = 192;
  std::vector<float> points;
  for (int a = -kSide; a <= kSide; ++a) {
    for (int b = -kSide; b <= kSide; ++b) {
      points.push_back(static_cast<float>(a * kCoarse));
      points.push_back(static_cast<float>(b * kCoarse));
    }
  }
  std::vector<double> g(points.size() / 2);
  free_energy_f64(two, {points.data(), g.size(), 2}, g, pool);
  sum = 0;
  for (const double x : g) sum += std::exp(-x) * kCoarse * kCoarse;
  EXPECT_NEAR(log_partition(two, pool), std::log(sum), 1e-9);
}

// Visible states are enumerated: hidden units are Gaussian, and Z has no constant of theirs, as F has none.
TEST(LogPartition, OfGaussianHiddenUnitsGoesWithTheFreeEnergy) {
  ThreadPool pool(2);
  const Rbm rbm = random_machine({9, 5, UnitKind::binary, UnitKind::gaussian}, 0.3, 5);
  const std::vector<float> states = test::all_states(9);
  std::vector<double> log_p(512);
  log_likelihood(rbm, {states.data(), 512, 9}, log_partition(rbm, pool), log_p, pool);
  double sum = 0;
  for (const double x : log_p) sum += std::exp(x);
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(LogPartition, LabelsAreOneOfManyStates) {
  ThreadPool pool(2);
  const Rbm rbm = random_machine({5, 4, UnitKind::binary, UnitKind::binary, 3}, 1, 8);
  std::vector<float> states;
  for (std::size_t n = 0; n < 32; ++n) {
    for (std::size_t k = 0; k < 3; ++k) {
      std::vector<float> row = bits(n, 5);
      row.resize(8);
      row[5 + k] = 1;
      states.insert(states.end(), row.begin(), row.end());
    }
  }
  std::vector<double> log_p(96);
  log_likelihood(rbm, {states.data(), 96, 8}, log_partition(rbm, pool), log_p, pool);
  double sum = 0;
  for (const double x : log_p) sum += std::exp(x);
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(LogPartition, ThreadsAndTargetsDoNotChangeTheBits) {
  const Rbm rbm = random_machine({50, 12}, 0.5, 2);
  ThreadPool one(1);
  const double z = log_partition(rbm, one);
  const ModelMoments m = model_moments(rbm, one);
  for (const std::size_t threads : {2, 3}) {
    ThreadPool pool(threads);
    EXPECT_EQ(log_partition(rbm, pool), z);
    EXPECT_EQ(model_moments(rbm, pool).vh, m.vh);
  }
  fanin::test::for_each_target([&](const std::string& target) {
    EXPECT_EQ(log_partition(rbm, one), z) << target;
    EXPECT_EQ(model_moments(rbm, one).vh, m.vh) << target;
  });
}

TEST(LogPartition, RejectsWhatItCannotSum) {
  ThreadPool pool(1);
  const auto [kind, text] = error_of([&] { (void)log_partition(Rbm(784, 23), pool); });
  EXPECT_EQ(kind, ErrorKind::usage);
  EXPECT_NE(text.find("23 binary hidden"), std::string::npos) << text;
  EXPECT_NE(text.find("1 to 22"), std::string::npos) << text;
  const auto kind_of = [&](const RbmSpec& spec) {
    return error_of([&] { (void)log_partition(Rbm(spec), pool); }).first;
  };
  EXPECT_EQ(kind_of({5, 3, UnitKind::binary, UnitKind::relu}), ErrorKind::unsupported);
  EXPECT_EQ(kind_of({5, 3, UnitKind::relu, UnitKind::binary}), ErrorKind::unsupported);
  EXPECT_EQ(kind_of({5, 3, UnitKind::gaussian, UnitKind::gaussian}), ErrorKind::usage);
  EXPECT_EQ(kind_of({5, 30, UnitKind::binary, UnitKind::binary, 2}), ErrorKind::usage);
  Rbm broken(3, 2);
  broken.values()[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(error_of([&] { (void)log_partition(broken, pool); }).first, ErrorKind::numeric);
}

TEST(ModelMoments, AreThoseOfAllStates) {
  ThreadPool pool(2);
  for (const auto& [v, h] : {std::pair{4, 3}, std::pair{3, 4}, std::pair{9, 3}, std::pair{3, 9}}) {
    const Rbm rbm = random_machine({static_cast<std::size_t>(v), static_cast<std::size_t>(h)}, 1, 9);
    const BruteForce b = brute_force(rbm);
    const ModelMoments m = model_moments(rbm, pool);
    EXPECT_NEAR(m.log_z, std::log(b.z), 1e-12);
    ASSERT_EQ(m.vh.size(), b.vh.size());
    for (std::size_t i = 0; i < b.vh.size(); ++i) EXPECT_NEAR(m.vh[i], b.vh[i] / b.z, 1e-13);
    for (std::size_t i = 0; i < b.v.size(); ++i) EXPECT_NEAR(m.v[i], b.v[i] / b.z, 1e-13);
    for (std::size_t j = 0; j < b.h.size(); ++j) EXPECT_NEAR(m.h[j], b.h[j] / b.z, 1e-13);
  }
}

// Steps of 2^-6 and 2^-7, exact in float32; Richardson's combination leaves an error of their fourth power.
TEST(ModelMoments, AreTheDerivativesOfLogZ) {
  ThreadPool pool(2);
  for (const auto& [v, h] : {std::pair{14, 11}, std::pair{11, 14}}) {
    Rbm rbm = random_machine({static_cast<std::size_t>(v), static_cast<std::size_t>(h)}, 0.5, 10);
    const ModelMoments m = model_moments(rbm, pool);
    const auto derivative = [&](std::size_t at) {
      const float kept = rbm.values()[at];
      const auto difference = [&](float step) {
        rbm.values()[at] = kept + step;
        const double above = log_partition(rbm, pool);
        rbm.values()[at] = kept - step;
        const double below = log_partition(rbm, pool);
        rbm.values()[at] = kept;
        return (above - below) / (2 * static_cast<double>(step));
      };
      return (4 * difference(0x1p-8F) - difference(0x1p-7F)) / 3;
    };
    const auto expect = [&](std::size_t at, double moment) { EXPECT_NEAR(derivative(at) / moment, 1, 1e-6) << at; };
    for (std::size_t k = 0; k < m.vh.size(); k += 3) expect(k, m.vh[k]);
    for (std::size_t i = 0; i < m.v.size(); ++i) expect(rbm.visible_bias_offset() + i, m.v[i]);
    for (std::size_t j = 0; j < m.h.size(); ++j) expect(rbm.hidden_bias_offset() + j, m.h[j]);
  }
}

TEST(ModelMoments, AreOfBinaryUnitsOnly) {
  ThreadPool pool(1);
  const auto kind_of = [&](const RbmSpec& spec) {
    return error_of([&] { (void)model_moments(Rbm(spec), pool); }).first;
  };
  EXPECT_EQ(kind_of({5, 3, UnitKind::gaussian}), ErrorKind::unsupported);
  EXPECT_EQ(kind_of({5, 3, UnitKind::binary, UnitKind::binary, 2}), ErrorKind::unsupported);
  EXPECT_EQ(kind_of({23, 23}), ErrorKind::usage);
}

// Float64 against libm: a few units in the last place.
TEST(MeasureKernels, ExpAndSigmoidAreThoseOfLibm) {
  fanin::test::for_each_target([](const std::string& target) {
    std::vector<double> x(1600), y(1600), s(1600);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = (static_cast<double>(i) - 800.3) * 0.87;
    detail::exp(x.data(), y.data(), x.size());
    detail::sigmoid(x.data(), s.data(), x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(y[i] / std::exp(x[i]), 1, 1e-15) << target << ' ' << x[i];
      EXPECT_NEAR(s[i] * (1 + std::exp(-x[i])), 1, 1e-15) << target << ' ' << x[i];
    }
  });
}

}  // namespace
}  // namespace fanin::rbm
