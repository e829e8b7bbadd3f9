#include "fanin/optim/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/simd.h"

namespace fanin::optim {
namespace {

OptimizerOptions sgd(double momentum = 0, bool nesterov = false, double decay = 0) {
  OptimizerOptions o;
  o.kind = OptimizerKind::sgd;
  o.momentum = momentum;
  o.nesterov = nesterov;
  o.weight_decay = decay;
  return o;
}

OptimizerOptions adam(OptimizerKind kind = OptimizerKind::adam, double decay = 0) {
  OptimizerOptions o;
  o.kind = kind;
  o.weight_decay = decay;
  return o;
}

std::vector<OptimizerOptions> all_options() {
  return {sgd(),
          sgd(0, false, 0.1),
          sgd(0.9),
          sgd(0.9, true, 0.1),
          adam(),
          adam(OptimizerKind::adam, 0.1),
          adam(OptimizerKind::adamw, 0.1)};
}

std::vector<float> numbers(std::size_t count, float scale, std::uint32_t state) {
  std::vector<float> x(count);
  for (float& v : x) {
    state = state * 1664525u + 1013904223u;
    v = scale * (static_cast<float>(state >> 8) * 0x1p-23f - 1.0f);
  }
  return x;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// The formulas of the header, one number at a time.
struct Twin {
  OptimizerOptions o;
  float m = 0, v = 0;
  int t = 0;

  float step(float w, float g, double lr) {
    ++t;
    const auto decay = static_cast<float>(o.weight_decay);
    if (o.kind == OptimizerKind::adamw) w *= static_cast<float>(1 - lr * o.weight_decay);
    if (o.kind != OptimizerKind::adamw && decay != 0) g = std::fma(decay, w, g);
    if (o.kind == OptimizerKind::sgd) {
      const auto mu = static_cast<float>(o.momentum);
      m = std::fma(mu, m, g);
      const float direction = mu == 0 ? g : o.nesterov ? std::fma(mu, m, g) : m;
      return std::fma(-static_cast<float>(lr), direction, w);
    }
    double power1 = 1, power2 = 1;
    for (int i = 0; i < t; ++i) {
      power1 *= o.beta1;
      power2 *= o.beta2;
    }
    m = std::fma(static_cast<float>(1 - o.beta1), g - m, m);
    v = std::fma(static_cast<float>(o.beta2), v, static_cast<float>(1 - o.beta2) * (g * g));
    const float denominator =
        std::fma(std::sqrt(v), static_cast<float>(1 / std::sqrt(1 - power2)), static_cast<float>(o.epsilon));
    return std::fma(-static_cast<float>(lr / (1 - power1)), m / denominator, w);
  }
};

template <class Call>
std::string usage_error(Call call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(Optimizer, EqualsTheScalarTwinBitForBitOnEveryTarget) {
  const std::size_t n = 77;
  for (const OptimizerOptions& o : all_options()) {
    for (const std::string& target : simd::targets()) {
      simd::use_target(target);
      Optimizer optimizer(o, n);
      std::vector<Twin> twins(n, Twin{o});
      std::vector<float> w = numbers(n, 1.0f, 1), want = w;
      for (std::uint32_t t = 0; t < 4; ++t) {
        const std::vector<float> g = numbers(n, 0.1f, 100 + t);
        const double lr = 0.01 / (t + 1);
        optimizer.begin_step(lr);
        optimizer.update(0, n, w.data(), g.data());
        for (std::size_t i = 0; i < n; ++i) want[i] = twins[i].step(want[i], g[i], lr);
      }
      EXPECT_TRUE(same_bits(w, want)) << str(o.kind) << ' ' << o.momentum << ' ' << o.weight_decay << ' ' << target;
      simd::use_target("best");
    }
  }
}

TEST(Optimizer, AFactorOfTheRateIsASmallerRate) {
  const std::size_t n = 33;
  for (const OptimizerOptions& o : all_options()) {
    const std::vector<float> start = numbers(n, 1.0f, 1);
    std::vector<float> plain = start, one = start, smaller = start, half = start;
    Optimizer a(o, n), b(o, n), c(o, n), d(o, n);
    for (std::uint32_t t = 0; t < 3; ++t) {
      const std::vector<float> g = numbers(n, 0.1f, 100 + t);
      for (Optimizer* optimizer : {&a, &b, &d}) optimizer->begin_step(0.01);
      c.begin_step(0.005);
      a.update(0, n, plain.data(), g.data());
      b.update(0, {g.data(), 1, n}, n, one.data(), b.step(1));
      c.update(0, n, smaller.data(), g.data());
      d.update(0, {g.data(), 1, n}, n, half.data(), d.step(0.5));
    }
    EXPECT_TRUE(same_bits(one, plain)) << str(o.kind);
    EXPECT_TRUE(same_bits(half, smaller)) << str(o.kind);
    EXPECT_FALSE(same_bits(half, plain)) << str(o.kind);
  }
}

// Without it the first steps of late parameters would be up to six times too long.
TEST(Optimizer, ParametersThatMissedStepsBeginAsIfTheStepsWereTheirFirst) {
  const std::size_t n = 33;
  for (const OptimizerOptions& o : all_options()) {
    std::vector<float> late = numbers(n, 1.0f, 1), fresh = late;
    Optimizer a(o, n), b(o, n);
    for (int t = 0; t < 5; ++t) a.begin_step(0.01);
    for (std::uint32_t t = 0; t < 3; ++t) {
      const std::vector<float> g = numbers(n, 0.1f, 100 + t);
      a.begin_step(0.01);
      a.update(0, {g.data(), 1, n}, n, late.data(), a.step(1, 5));
      b.begin_step(0.01);
      b.update(0, n, fresh.data(), g.data());
    }
    EXPECT_TRUE(same_bits(late, fresh)) << str(o.kind);
  }
}

TEST(Optimizer, ImpossibleStepsAreRejected) {
  Optimizer optimizer(adam(), 4);
  EXPECT_EQ(usage_error([&] { (void)optimizer.step(1); }), "[optimizer] a step needs a begin_step() before it");
  optimizer.begin_step(0.1);
  for (const double factor : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_NE(usage_error([&] { (void)optimizer.step(factor); }).find("allowed is [0, 1]"), std::string::npos);
  }
  EXPECT_EQ(usage_error([&] { (void)optimizer.step(1, 1); }), "[optimizer] 1 missed steps of 1 leave none");
}

TEST(Optimizer, BitsDoNotDependOnTheCut) {
  const std::size_t n = 211;
  for (const OptimizerOptions& o : all_options()) {
    const std::vector<float> start = numbers(n, 1.0f, 7), g = numbers(n, 0.1f, 8);
    std::vector<float> whole = start;
    Optimizer reference(o, n);
    for (int t = 0; t < 3; ++t) {
      reference.begin_step(0.01);
      reference.update(0, n, whole.data(), g.data());
    }
    for (const std::size_t length : {1u, 5u, 16u, 50u}) {
      std::vector<float> w = start;
      Optimizer optimizer(o, n);
      for (int t = 0; t < 3; ++t) {
        optimizer.begin_step(0.01);
        for (std::size_t i = 0; i < n; i += length) optimizer.update(i, std::min(length, n - i), w.data(), g.data());
      }
      EXPECT_TRUE(same_bits(w, whole)) << str(o.kind) << ' ' << length;
      for (std::size_t slot = 0; slot < optimizer.state_slots(); ++slot) {
        EXPECT_EQ(std::memcmp(optimizer.state(slot).data(), reference.state(slot).data(), n * sizeof(float)), 0);
      }
    }
  }
}

TEST(Optimizer, StepsAreThoseOfTorch) {
  struct Pinned {
    OptimizerOptions options;
    std::vector<double> w;
  };
  OptimizerOptions other = adam();
  other.beta1 = 0.5;
  other.beta2 = 0.75;
  other.epsilon = 1e-3;
  const std::vector<Pinned> pinned{
      {sgd(), {0.503750026, -1.25, 1.99625015, -0.00749999937}},
      {sgd(0, false, 0.1), {0.500726342, -1.24256229, 1.98422384, -0.00756860152}},
      {sgd(0.9), {0.527232468, -1.21782219, 2.03712296, 0.0420685001}},
      {sgd(0.9, true, 0.1), {0.516995907, -1.19408143, 1.98520768, 0.0296119507}},
      {adam(), {0.541620553, -1.21610618, 2.03073192, 0.0290401503}},
      {adam(OptimizerKind::adam, 0.1), {0.535328805, -1.2085222, 2.01857471, 0.0289569348}},
      {adam(OptimizerKind::adamw, 0.1), {0.538493514, -1.20875168, 2.01863885, 0.0289192535}},
      {other, {0.524007618, -1.23588836, 2.01056767, 0.00875630137}},
  };
  for (const Pinned& p : pinned) {
    std::vector<float> w{0.5f, -1.25f, 2.0f, 0.0f};
    Optimizer optimizer(p.options, 4);
    for (int t = 0; t < 6; ++t) {
      std::vector<float> g(4);
      for (int i = 0; i < 4; ++i) g[static_cast<std::size_t>(i)] = static_cast<float>((i + 1) * (t - 3) + i) * 0.125f;
      optimizer.begin_step(0.01);
      optimizer.update(0, 4, w.data(), g.data());
    }
    for (std::size_t i = 0; i < 4; ++i) {
      // Relative to the weight, or where the weight is near 0 to the distance that it went.
      EXPECT_NEAR(w[i], p.w[i], 1e-6 * std::max(std::fabs(p.w[i]), 0.02)) << str(p.options.kind) << ' ' << i;
    }
  }
}

TEST(Optimizer, FirstAdamStepIsTheLearningRateInTheGradientsDirection) {
  std::vector<float> w{1.0f, 1.0f, 1.0f, 1.0f};
  const std::vector<float> g{1e-3f, -20.0f, 1e4f, 0.0f};
  Optimizer optimizer(adam(), 4);
  optimizer.begin_step(0.125);
  optimizer.update(0, 4, w.data(), g.data());
  EXPECT_NEAR(w[0], 0.875f, 2e-6);
  EXPECT_NEAR(w[1], 1.125f, 2e-7);
  EXPECT_NEAR(w[2], 0.875f, 2e-7);
  EXPECT_EQ(w[3], 1.0f);
}

TEST(Optimizer, AllKindsMinimizeAQuadratic) {
  for (const OptimizerOptions& base : all_options()) {
    OptimizerOptions o = base;
    o.weight_decay = 0;
    const std::size_t n = 20;
    std::vector<float> w = numbers(n, 1.0f, 3), g(n);
    Optimizer optimizer(o, n);
    const int steps = 3000;
    for (int t = 0; t < steps; ++t) {
      for (std::size_t i = 0; i < n; ++i) g[i] = (1.0f + static_cast<float>(i)) * (w[i] - 0.25f);
      optimizer.begin_step(0.02 * (1 - static_cast<double>(t) / steps));
      optimizer.update(0, n, w.data(), g.data());
    }
    for (const float v : w) EXPECT_NEAR(v, 0.25f, 1e-5) << str(o.kind) << ' ' << o.momentum;
  }
}

TEST(Optimizer, DecoupledDecayShrinksWithoutAGradient) {
  std::vector<float> w{2.0f};
  const std::vector<float> g{0.0f};
  Optimizer optimizer(adam(OptimizerKind::adamw, 0.5), 1);
  optimizer.begin_step(0.25);
  optimizer.update(0, 1, w.data(), g.data());
  EXPECT_EQ(w[0], 2.0f * 0.875f);
}

TEST(Optimizer, ElementsOutsideTheRangeAreUntouched) {
  for (const OptimizerOptions& o : all_options()) {
    const std::vector<float> g(64, 1.0f);
    std::vector<float> w(64, 1.0f);
    Optimizer optimizer(o, 64);
    optimizer.begin_step(0.1);
    optimizer.update(19, 22, w.data(), g.data());
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(w[i] != 1.0f, i >= 19 && i < 41) << i;
  }
}

TEST(Optimizer, RestoredStateContinuesBitForBit) {
  const std::size_t n = 40;
  for (const OptimizerOptions& o : all_options()) {
    std::vector<float> w = numbers(n, 1.0f, 5);
    Optimizer first(o, n);
    const auto step = [&](Optimizer& optimizer, std::vector<float>& weights, std::uint32_t t) {
      const std::vector<float> g = numbers(n, 0.1f, 50 + t);
      optimizer.begin_step(0.01);
      optimizer.update(0, n, weights.data(), g.data());
    };
    for (std::uint32_t t = 0; t < 3; ++t) step(first, w, t);
    Optimizer second(o, n);
    std::vector<float> copy = w;
    second.restore(first.steps());
    for (std::size_t slot = 0; slot < first.state_slots(); ++slot) {
      std::copy(first.state(slot).begin(), first.state(slot).end(), second.state(slot).begin());
    }
    for (std::uint32_t t = 3; t < 6; ++t) {
      step(first, w, t);
      step(second, copy, t);
    }
    EXPECT_TRUE(same_bits(w, copy)) << str(o.kind);
    EXPECT_EQ(second.steps(), 6u);
  }
}

TEST(Optimizer, StateSlotsAreThoseOfTheRule) {
  EXPECT_EQ(Optimizer(sgd(), 3).state_slots(), 0u);
  EXPECT_EQ(Optimizer(sgd(0.5), 3).state_slots(), 1u);
  Optimizer optimizer(adam(), 3);
  EXPECT_EQ(optimizer.state_slots(), 2u);
  EXPECT_EQ(optimizer.state(1).size(), 3u);
  EXPECT_EQ(usage_error([&] { (void)optimizer.state(2); }), "[optimizer] no state slot 2, adam has 2");
  usage_error([] { (void)Optimizer(sgd(), 3).state(0); });
}

TEST(Optimizer, MillionsOfStepsKeepTheCorrectionsFinite) {
  Optimizer optimizer(adam(), 1);
  optimizer.restore(std::numeric_limits<std::uint64_t>::max() / 2);
  std::vector<float> w{1.0f};
  const std::vector<float> g{1.0f};
  optimizer.begin_step(0.5);
  optimizer.update(0, 1, w.data(), g.data());
  // m = 0.1, v = 0.001 and no correction left.
  EXPECT_NEAR(w[0], 1 - 0.5 * 0.1 / std::sqrt(0.001), 1e-6);
}

// A piece of a matrix in the store gets the update that a flat pass over the store gives it.
TEST(Optimizer, PiecesOfAMatrixAreUpdatedAsTheWhole) {
  constexpr std::size_t kRows = 9;
  constexpr std::size_t kCols = 37;
  for (const OptimizerOptions& options : {adam(), OptimizerOptions{.kind = OptimizerKind::sgd, .momentum = 0.9}}) {
    Optimizer whole(options, kRows * kCols), pieces(options, kRows * kCols);
    std::vector<float> w1(kRows * kCols, 0.5F), w2 = w1, g(kRows * kCols);
    for (std::size_t i = 0; i < g.size(); ++i) g[i] = std::sin(static_cast<float>(i));
    for (int step = 0; step < 3; ++step) {
      whole.begin_step(0.1);
      whole.update(0, g.size(), w1.data(), g.data());
      pieces.begin_step(0.1);
      for (const std::size_t col : {std::size_t{0}, std::size_t{20}}) {
        for (const std::size_t row : {std::size_t{0}, std::size_t{4}}) {
          const std::size_t rows = row == 0 ? 4 : 5;
          const std::size_t cols = col == 0 ? 20 : 17;
          const std::size_t first = row * kCols + col;
          pieces.update(first, {g.data() + first, rows, cols, kCols}, kCols, w2.data());
        }
      }
    }
    EXPECT_EQ(w1, w2);
  }
}

// A moment that nothing feeds shrinks to zero, not to a denormal number that would slow every later step down.
TEST(Optimizer, MomentsNeverBecomeDenormal) {
  for (const OptimizerOptions& options : {adam(), OptimizerOptions{.kind = OptimizerKind::sgd, .momentum = 0.9}}) {
    Optimizer optimizer(options, 1);
    float w = 1, g = 1;
    for (int step = 0; step < 900; ++step) {
      optimizer.begin_step(1e-3);
      optimizer.update(0, 1, &w, &g);
      g = 0;
      EXPECT_NE(std::fpclassify(optimizer.state(0)[0]), FP_SUBNORMAL) << step;
    }
    EXPECT_EQ(optimizer.state(0)[0], 0.0F);
  }
}

TEST(Optimizer, WrongUseIsRejected) {
  Optimizer optimizer(adam(), 10);
  std::vector<float> w(10), g(10);
  EXPECT_EQ(usage_error([&] { optimizer.update(0, 10, w.data(), g.data()); }),
            "[optimizer] an update needs a begin_step() before it");
  for (const double rate : {-0.1, std::nan(""), 1e40}) usage_error([&] { optimizer.begin_step(rate); });
  EXPECT_EQ(optimizer.steps(), 0u);
  optimizer.begin_step(0.1);
  usage_error([&] { optimizer.update(0, 11, w.data(), g.data()); });
  usage_error([&] { optimizer.update(11, 0, w.data(), g.data()); });
  usage_error([&] { optimizer.update(1, static_cast<std::size_t>(-1), w.data(), g.data()); });
  usage_error([&] { optimizer.update(0, {g.data(), 3, 3, 3}, 4, w.data()); });
  optimizer.update(1, {g.data(), 3, 1, 1}, 4, w.data());
  optimizer.update(10, 0, w.data(), g.data());
  optimizer.restore(4);
  usage_error([&] { optimizer.update(0, 10, w.data(), g.data()); });
}

TEST(OptimizerOptions, ValuesOutsideTheRangesAreRejected) {
  const auto rejected = [](auto change) {
    OptimizerOptions o;
    change(o);
    return usage_error([&] { o.validate(); });
  };
  EXPECT_EQ(rejected([](auto& o) { o.beta1 = 1; }), "[optimizer] beta1 is 1, allowed is [0, 1)");
  rejected([](auto& o) { o.beta2 = -0.1; });
  rejected([](auto& o) { o.beta2 = std::nan(""); });
  rejected([](auto& o) { o.epsilon = 0; });
  rejected([](auto& o) { o.weight_decay = -1; });
  rejected([](auto& o) { o.momentum = 0.9; });
  rejected([](auto& o) { o.nesterov = true; });
  rejected([](auto& o) { o = sgd(1.0); });
  rejected([](auto& o) { o = sgd(-0.5); });
  EXPECT_EQ(rejected([](auto& o) { o = sgd(0, true); }), "[optimizer] nesterov needs a momentum above 0, it is 0");
  usage_error([] { Optimizer(sgd(2.0), 1); });
  for (const OptimizerOptions& o : all_options()) o.validate();
}

TEST(OptimizerKind, TextRoundTrips) {
  for (const char* text : {"sgd", "adam", "adamw"}) EXPECT_EQ(str(parse_optimizer(text)), text);
  EXPECT_EQ(usage_error([] { (void)parse_optimizer("lbfgs"); }), "[optimizer] no optimizer 'lbfgs'");
  EXPECT_EQ(usage_error([] { (void)parse_optimizer("adamv"); }),
            "[optimizer] no optimizer 'adamv', did you mean 'adam'?");
}

}  // namespace
}  // namespace fanin::optim
