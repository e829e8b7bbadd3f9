#include "fanin/rbm/rbm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/random/stream.h"

#include "rbm/unit_kernels.h"
#include "tests/support/each_target.h"

namespace fanin::rbm {
namespace {

constexpr std::size_t kVisible = 7;
constexpr std::size_t kHidden = 5;

// A small machine with weights and biases of every sign.
Rbm small() {
  Rbm rbm(kVisible, kHidden);
  ThreadPool pool(1);
  rbm.initialize(init::Scheme::parse("normal(0, 1)"), 3, pool);
  for (std::size_t i = 0; i < kVisible; ++i) {
    rbm.values()[rbm.visible_bias_offset() + i] = 0.3F * static_cast<float>(i) - 1;
  }
  for (std::size_t j = 0; j < kHidden; ++j) {
    rbm.values()[rbm.hidden_bias_offset() + j] = 0.5F - 0.4F * static_cast<float>(j);
  }
  rbm.refresh();
  return rbm;
}

double energy(const Rbm& rbm, const std::vector<float>& v, const std::vector<float>& h) {
  double e = 0;
  for (std::size_t i = 0; i < v.size(); ++i) e -= static_cast<double>(rbm.visible_bias()[i]) * v[i];
  for (std::size_t j = 0; j < h.size(); ++j) {
    e -= static_cast<double>(rbm.hidden_bias()[j]) * h[j];
    for (std::size_t i = 0; i < v.size(); ++i) e -= static_cast<double>(rbm.weight()(j, i)) * h[j] * v[i];
  }
  return e;
}

std::vector<float> bits(std::size_t number, std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(number >> i & 1U);
  return x;
}

// By enumeration of all hidden states: sum_h e^-E is e^-F, and p(h | v) is what it should be.
TEST(Rbm, FreeEnergyAndHiddenProbabilitiesAreThoseOfTheEnergy) {
  const Rbm rbm = small();
  for (std::size_t number = 0; number < (1U << kVisible); number += 5) {
    const std::vector<float> v = bits(number, kVisible);
    double sum = 0;
    std::vector<double> on(kHidden);
    for (std::size_t state = 0; state < (1U << kHidden); ++state) {
      const std::vector<float> h = bits(state, kHidden);
      const double weight = std::exp(-energy(rbm, v, h));
      sum += weight;
      for (std::size_t j = 0; j < kHidden; ++j) on[j] += weight * h[j];
    }
    double f = 0;
    rbm.free_energy({v.data(), 1, kVisible}, {&f, 1});
    EXPECT_NEAR(f, -std::log(sum), 1e-5);
    std::vector<float> p(kHidden);
    rbm.hidden_probabilities({v.data(), 1, kVisible}, {p.data(), 1, kHidden});
    for (std::size_t j = 0; j < kHidden; ++j) EXPECT_NEAR(p[j], on[j] / sum, 1e-6);
  }
}

TEST(Rbm, VisibleProbabilitiesAreThoseOfTheEnergy) {
  const Rbm rbm = small();
  for (std::size_t state = 0; state < (1U << kHidden); ++state) {
    const std::vector<float> h = bits(state, kHidden);
    double sum = 0;
    std::vector<double> on(kVisible);
    for (std::size_t number = 0; number < (1U << kVisible); ++number) {
      const std::vector<float> v = bits(number, kVisible);
      const double weight = std::exp(-energy(rbm, v, h));
      sum += weight;
      for (std::size_t i = 0; i < kVisible; ++i) on[i] += weight * v[i];
    }
    std::vector<float> p(kVisible);
    rbm.visible_probabilities({h.data(), 1, kHidden}, {p.data(), 1, kVisible});
    for (std::size_t i = 0; i < kVisible; ++i) EXPECT_NEAR(p[i], on[i] / sum, 1e-6);
  }
}

TEST(Rbm, ZerosCutsAndTargetsDoNotChangeTheBits) {
  Rbm rbm(100, 70);
  ThreadPool pool(1);
  rbm.initialize(init::Scheme::parse("normal(0, 0.3)"), 1, pool);
  constexpr std::size_t kRows = 9;
  std::vector<float> v(kRows * 100);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = i % 3 == 0 ? 0.0F : static_cast<float>(i % 7) / 7;
  std::vector<float> expected(kRows * 70);
  rbm.hidden_inputs({v.data(), kRows, 100}, {expected.data(), kRows, 70}, linalg::Zeros::multiply);
  test::for_each_target([&](const std::string& target) {
    std::vector<float> whole(kRows * 70), rows(kRows * 70);
    rbm.hidden_inputs({v.data(), kRows, 100}, {whole.data(), kRows, 70}, linalg::Zeros::skip);
    for (std::size_t r = 0; r < kRows; ++r) {
      rbm.hidden_inputs({v.data() + r * 100, 1, 100}, {rows.data() + r * 70, 1, 70});
    }
    EXPECT_EQ(whole, expected) << target;
    EXPECT_EQ(rows, expected) << target;
  });
}

// 10^5 states with probability sigmoid(-1) = 0.2689: five standard deviations of their mean are 0.0070.
TEST(Sampling, StatesAreOnAsOftenAsTheirProbability) {
  constexpr std::size_t kCount = 100000;
  test::for_each_target([](const std::string& target) {
    std::vector<float> p(kCount, -1.0F), states(kCount);
    std::vector<std::uint32_t> words(kCount);
    random::Stream(1, "states").words(0, words);
    detail::sigmoid_and_sample({p.data(), 1, kCount}, 1, {words.data(), 1, kCount}, {states.data(), 1, kCount});
    double sum = 0;
    for (const float s : states) {
      ASSERT_TRUE(s == 0.0F || s == 1.0F);
      sum += s;
    }
    EXPECT_NEAR(sum / kCount, 0.26894, 0.0070) << target;
    EXPECT_NEAR(p[17], 0.26894F, 1e-5);
  });
}

TEST(Sampling, CertainUnitsAreNeverSurprised) {
  std::vector<float> p{-200, 200, -200, 200}, states(4);
  const std::vector<std::uint32_t> words{0, 0xFFFFFFFFU, 0xFFFFFFFFU, 0};
  detail::sigmoid_and_sample({p.data(), 1, 4}, 1, {words.data(), 1, 4}, {states.data(), 1, 4});
  EXPECT_EQ(states, (std::vector<float>{0, 1, 0, 1}));
}

TEST(Rbm, SizesAndShapesAreChecked) {
  EXPECT_THROW(Rbm(0, 5), Error);
  EXPECT_THROW(Rbm(5, 0), Error);
  EXPECT_THROW(Rbm((1U << 20) + 1, 1), Error);
  const Rbm rbm = small();
  const std::vector<float> v(2 * kVisible);
  std::vector<double> f(1);
  EXPECT_THROW(rbm.free_energy({v.data(), 2, kVisible}, f), Error);
}

}  // namespace
}  // namespace fanin::rbm
