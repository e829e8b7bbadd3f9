#include "fanin/rbm/contrastive_divergence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "fanin/random/stream.h"
#include "fanin/rbm/partition.h"

#include "rbm/unit_layer.h"
#include "tests/rbm/machines.h"
#include "tests/support/each_target.h"

namespace fanin::rbm {
namespace {

using test::random_machine;

constexpr std::size_t kV = 6;
constexpr std::size_t kH = 4;

// Rows of zeros and ones, the same for every call.
std::vector<float> data_rows(std::size_t rows, std::size_t cols, double p = 0.4) {
  std::vector<float> x(rows * cols);
  const random::Stream stream(11, "data");
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double share = static_cast<double>(1 + i % cols) / static_cast<double>(cols);
    x[i] = stream.word(i) * 0x1p-32 < 2 * p * share ? 1.0F : 0.0F;
  }
  return x;
}

StepResult step_on(ContrastiveDivergence& cd, const std::vector<float>& rows) {
  return cd.step([&](std::size_t first, MatrixView<float> out) {
    for (std::size_t r = 0; r < out.rows; ++r) {
      std::copy_n(rows.data() + (first + r) * out.cols, out.cols, out.row(r));
    }
  });
}

std::vector<double> as_doubles(std::span<const float> x) {
  return {x.begin(), x.end()};
}

// What a step did to W, over the learning rate: the ascent direction.
std::vector<double> direction(ContrastiveDivergenceOptions o, const Rbm& start, const std::vector<float>& rows) {
  Rbm rbm(start.spec());
  std::copy(start.values().begin(), start.values().end(), rbm.values().begin());
  rbm.refresh();
  ThreadPool pool(2);
  o.learning_rate = 1;
  ContrastiveDivergence cd(o, rbm, pool);
  (void)step_on(cd, rows);
  std::vector<double> d;
  for (std::size_t i = 0; i < kV * kH; ++i) {
    d.push_back(static_cast<double>(rbm.values()[i]) - static_cast<double>(start.values()[i]));
  }
  return d;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

TEST(ContrastiveDivergence, TheExactSamplerFollowsTheGradientOfTheLogLikelihood) {
  const Rbm rbm = random_machine({kV, kH}, 1, 2);
  const std::vector<float> rows = data_rows(40, kV);
  ThreadPool pool(1);
  const ModelMoments m = model_moments(rbm, pool);
  std::vector<double> expected(kV * kH);
  for (std::size_t r = 0; r < 40; ++r) {
    for (std::size_t j = 0; j < kH; ++j) {
      double x = rbm.hidden_bias()[j];
      for (std::size_t i = 0; i < kV; ++i) x += static_cast<double>(rbm.weight()(j, i)) * rows[r * kV + i];
      for (std::size_t i = 0; i < kV; ++i) expected[j * kV + i] += rows[r * kV + i] / (1 + std::exp(-x)) / 40;
    }
  }
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] -= m.vh[i];
  ContrastiveDivergenceOptions o;
  o.sampler = Sampler::exact;
  o.batch = 40;
  const std::vector<double> d = direction(o, rbm, rows);
  for (std::size_t i = 0; i < d.size(); ++i) EXPECT_NEAR(d[i], expected[i], 1e-6) << i;
}

// CD-k has a bias that vanishes with k; 40000 samples leave a noise of about 0.01 in all 24 weights together.
TEST(ContrastiveDivergence, MoreGibbsStepsComeCloserToTheGradient) {
  const Rbm rbm = random_machine({kV, kH}, 0.7, 2);
  const std::vector<float> rows = data_rows(40000, kV);
  ContrastiveDivergenceOptions o;
  o.batch = 40000;
  o.visible_states = true;
  o.sampler = Sampler::exact;
  const std::vector<double> exact = direction(o, rbm, rows);
  o.sampler = Sampler::cd;
  const double one = distance(direction(o, rbm, rows), exact);
  o.k = 5;
  const double five = distance(direction(o, rbm, rows), exact);
  o.k = 50;
  const double fifty = distance(direction(o, rbm, rows), exact);
  EXPECT_GT(one, 2 * five);
  EXPECT_GT(one, 5 * fifty);
  EXPECT_LT(fifty, 0.03);
}

// Chains visit states as often as the model says. The mean of 390000 independent states would have a standard deviation
// of at most 0.0008; 0.008 leaves room for states of a chain that resemble each other over up to 50 steps.
TEST(ContrastiveDivergence, ChainsSampleTheModel) {
  Rbm rbm = random_machine({kV, kH}, 1, 3);
  ThreadPool pool(2);
  const ModelMoments exact = model_moments(rbm, pool);
  for (const Sampler sampler : {Sampler::pcd, Sampler::tempering}) {
    ContrastiveDivergenceOptions o;
    o.sampler = sampler;
    o.batch = 1;
    o.chains = 100;
    o.temperatures = 4;
    o.learning_rate = 1e-12;
    ContrastiveDivergence cd(o, rbm, pool);
    const std::vector<float> rows = data_rows(1, kV);
    std::vector<double> sum(kV);
    constexpr int kSteps = 4000;
    for (int s = 0; s < kSteps; ++s) {
      (void)step_on(cd, rows);
      if (s < 100) continue;
      const MatrixView<const float> v = cd.chains();
      ASSERT_EQ(v.rows, 100U);
      for (std::size_t r = 0; r < v.rows; ++r) {
        for (std::size_t i = 0; i < kV; ++i) sum[i] += v(r, i);
      }
    }
    for (std::size_t i = 0; i < kV; ++i) {
      EXPECT_NEAR(sum[i] / (100.0 * (kSteps - 100)), exact.v[i], 0.008) << str(sampler) << i;
    }
    if (sampler == Sampler::tempering) {
      ASSERT_EQ(cd.swap_rates().size(), 3U);
      for (const double rate : cd.swap_rates()) {
        EXPECT_GT(rate, 0.3);
        EXPECT_LE(rate, 1);
      }
    }
  }
}

// The slow twin in the centered parameters, float64: E of v - mu and h - lambda, biases b' and c' of their own, exact
// expectations by enumeration of both layers.
struct CenteredTwin {
  std::vector<double> w, b, c, mu, lambda, mw, mb, mc;

  explicit CenteredTwin(const Rbm& rbm, const std::vector<float>& offsets)
      : w(as_doubles(rbm.values().first(kV * kH))),
        b(as_doubles(rbm.visible_bias())),
        c(as_doubles(rbm.hidden_bias())),
        mu(as_doubles(offsets)),
        lambda(kH, 0.5),
        mw(kV * kH),
        mb(kV),
        mc(kH) {
    // From the normal parameters: b' = b + W^T lambda, c' = c + W mu.
    for (std::size_t j = 0; j < kH; ++j) {
      for (std::size_t i = 0; i < kV; ++i) {
        b[i] += w[j * kV + i] * lambda[j];
        c[j] += w[j * kV + i] * mu[i];
      }
    }
  }
  void move_offsets(const std::vector<double>& new_mu, const std::vector<double>& new_lambda) {
    for (std::size_t j = 0; j < kH; ++j) {
      for (std::size_t i = 0; i < kV; ++i) {
        b[i] += w[j * kV + i] * (new_lambda[j] - lambda[j]);
        c[j] += w[j * kV + i] * (new_mu[i] - mu[i]);
      }
    }
    mu = new_mu;
    lambda = new_lambda;
  }
  double hidden(const double* v, std::size_t j) const {
    double x = c[j];
    for (std::size_t i = 0; i < kV; ++i) x += w[j * kV + i] * (v[i] - mu[i]);
    return 1 / (1 + std::exp(-x));
  }
  void step(const std::vector<float>& rows, double rate, double momentum, double nu) {
    const std::size_t count = rows.size() / kV;
    const auto n = static_cast<double>(count);
    std::vector<double> v(rows.begin(), rows.end());
    std::vector<double> mean_v(kV), mean_h(kH);
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t i = 0; i < kV; ++i) mean_v[i] += v[r * kV + i] / n;
      for (std::size_t j = 0; j < kH; ++j) mean_h[j] += hidden(v.data() + r * kV, j) / n;
    }
    std::vector<double> new_mu(mu), new_lambda(lambda);
    for (std::size_t i = 0; i < kV; ++i) new_mu[i] += nu * (mean_v[i] - mu[i]);
    for (std::size_t j = 0; j < kH; ++j) new_lambda[j] += nu * (mean_h[j] - lambda[j]);
    move_offsets(new_mu, new_lambda);
    std::vector<double> gw(kV * kH), gb(kV), gc(kH);
    const auto add = [&](const double* state, double weight) {
      for (std::size_t j = 0; j < kH; ++j) {
        const double p = hidden(state, j) - lambda[j];
        for (std::size_t i = 0; i < kV; ++i) gw[j * kV + i] += weight * p * (state[i] - mu[i]);
        gc[j] += weight * (p + lambda[j]);
      }
      for (std::size_t i = 0; i < kV; ++i) gb[i] += weight * state[i];
    };
    for (std::size_t r = 0; r < count; ++r) add(v.data() + r * kV, -1.0 / n);
    std::vector<double> p(std::size_t{1} << kV);
    double z = 0;
    for (std::size_t s = 0; s < p.size(); ++s) {
      double log_p = 0;
      std::vector<double> state(kV);
      for (std::size_t i = 0; i < kV; ++i) {
        state[i] = static_cast<double>(s >> i & 1U);
        log_p += b[i] * (state[i] - mu[i]);
      }
      for (std::size_t j = 0; j < kH; ++j) {
        double x = c[j];
        for (std::size_t i = 0; i < kV; ++i) x += w[j * kV + i] * (state[i] - mu[i]);
        log_p += std::log(std::exp(-lambda[j] * x) + std::exp((1 - lambda[j]) * x));
      }
      p[s] = std::exp(log_p);
      z += p[s];
    }
    for (std::size_t s = 0; s < p.size(); ++s) {
      std::vector<double> state(kV);
      for (std::size_t i = 0; i < kV; ++i) state[i] = static_cast<double>(s >> i & 1U);
      add(state.data(), p[s] / z);
    }
    const auto descend = [&](std::vector<double>& x, std::vector<double>& m, const std::vector<double>& g) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        m[i] = momentum * m[i] + g[i];
        x[i] -= rate * m[i];
      }
    };
    descend(w, mw, gw);
    descend(b, mb, gb);
    descend(c, mc, gc);
  }
};

TEST(Centered, IsADescentInTheCenteredParameters) {
  const std::vector<float> rows = data_rows(30, kV);
  std::vector<float> offsets(kV, 0.3F);
  for (const double momentum : {0.0, 0.8}) {
    Rbm rbm = random_machine({kV, kH}, 0.5, 5);
    CenteredTwin twin(rbm, offsets);
    ThreadPool pool(2);
    ContrastiveDivergenceOptions o;
    o.sampler = Sampler::exact;
    o.centered = true;
    o.offset_rate = 0.1;
    o.momentum = momentum;
    o.learning_rate = 0.05;
    o.batch = 30;
    ContrastiveDivergence cd(o, rbm, pool);
    cd.set_rates(0.05, momentum);
    cd.set_offsets(offsets);
    for (int s = 0; s < 25; ++s) {
      (void)step_on(cd, rows);
      twin.step(rows, 0.05, momentum, 0.1);
    }
    for (std::size_t j = 0; j < kH; ++j) {
      EXPECT_NEAR(cd.hidden_offsets()[j], twin.lambda[j], 1e-5);
      double c = twin.c[j];
      for (std::size_t i = 0; i < kV; ++i) {
        EXPECT_NEAR(rbm.weight()(j, i), twin.w[j * kV + i], 2e-5) << momentum << j << i;
        c -= twin.w[j * kV + i] * twin.mu[i];
      }
      EXPECT_NEAR(rbm.hidden_bias()[j], c, 5e-5) << momentum << j;
    }
    for (std::size_t i = 0; i < kV; ++i) {
      double b = twin.b[i];
      for (std::size_t j = 0; j < kH; ++j) b -= twin.w[j * kV + i] * twin.lambda[j];
      EXPECT_NEAR(cd.visible_offsets()[i], twin.mu[i], 1e-5);
      EXPECT_NEAR(rbm.visible_bias()[i], b, 5e-5) << momentum << i;
    }
  }
}

// Exchange of 0 and 1 in the data: with W negated, c + W 1 and -b the machine is the same one of flipped states, and
// the centered gradient keeps it so; the normal one does not.
TEST(Centered, LearnsFlippedDataAsWell) {
  const std::vector<float> rows = data_rows(30, kV);
  std::vector<float> flipped(rows);
  for (float& x : flipped) x = 1 - x;
  const auto differ = [&](bool centered) {
    Rbm one = random_machine({kV, kH}, 0.5, 5);
    Rbm other = random_machine({kV, kH}, 0.5, 5);
    for (std::size_t j = 0; j < kH; ++j) {
      for (std::size_t i = 0; i < kV; ++i) {
        other.values()[other.hidden_bias_offset() + j] += one.weight()(j, i);
        other.values()[j * kV + i] = -one.weight()(j, i);
      }
    }
    for (std::size_t i = 0; i < kV; ++i) other.values()[other.visible_bias_offset() + i] = -one.visible_bias()[i];
    other.refresh();
    ThreadPool pool(1);
    ContrastiveDivergenceOptions o;
    o.sampler = Sampler::exact;
    o.centered = centered;
    o.batch = 30;
    ContrastiveDivergence a(o, one, pool), b(o, other, pool);
    if (centered) {
      a.set_offsets(std::vector<float>(kV, 0.25F));
      b.set_offsets(std::vector<float>(kV, 0.75F));
    }
    for (int s = 0; s < 20; ++s) {
      (void)step_on(a, rows);
      (void)step_on(b, flipped);
    }
    double most = 0;
    for (std::size_t i = 0; i < kV * kH; ++i) {
      most = std::max(most, std::abs(static_cast<double>(one.values()[i] + other.values()[i])));
    }
    return most;
  };
  EXPECT_LT(differ(true), 1e-5);
  EXPECT_GT(differ(false), 1e-2);
}

std::vector<float> after_steps(const RbmSpec& spec, ContrastiveDivergenceOptions o, std::size_t threads) {
  Rbm rbm = random_machine(spec, 0.1, 7);
  ThreadPool pool(threads);
  ContrastiveDivergence cd(o, rbm, pool);
  std::vector<float> rows = data_rows(o.batch, rbm.visible());
  for (std::size_t r = 0; r < o.batch && spec.labels > 0; ++r) {
    std::fill_n(rows.data() + r * rbm.visible() + spec.visible, spec.labels, 0.0F);
    rows[r * rbm.visible() + spec.visible + r % spec.labels] = 1;
  }
  for (int s = 0; s < 5; ++s) (void)step_on(cd, rows);
  return {rbm.values().begin(), rbm.values().end()};
}

TEST(ContrastiveDivergence, ThreadsAndTargetsDoNotChangeTheBitsOfAnySamplerOrUnit) {
  const auto unchanged = [](const RbmSpec& spec, const ContrastiveDivergenceOptions& o, const char* what) {
    const std::vector<float> expected = after_steps(spec, o, 1);
    for (const float x : expected) ASSERT_TRUE(std::isfinite(x)) << what;
    fanin::test::for_each_target([&](const std::string& target) {
      for (const std::size_t threads : {1U, 2U, 3U}) {
        const std::vector<float> x = after_steps(spec, o, threads);
        EXPECT_EQ(std::memcmp(x.data(), expected.data(), x.size() * sizeof(float)), 0) << what << target << threads;
      }
    });
  };
  ContrastiveDivergenceOptions o;
  o.batch = 33;
  o.k = 2;
  o.learning_rate = 0.01;
  o.momentum = 0.5;
  o.weight_decay = 1e-3;
  o.l1 = 1e-3;
  const std::size_t v = 37;
  const std::size_t h = 19;
  for (const bool centered : {false, true}) {
    o.centered = centered;
    o.sparsity_target = centered ? 0.1 : 0;
    o.sampler = Sampler::cd;
    unchanged({v, h}, o, "cd");
    unchanged({v, h, UnitKind::gaussian, UnitKind::binary}, o, "gaussian visible");
    unchanged({v, h, UnitKind::binary, UnitKind::relu}, o, "relu hidden");
    unchanged({v, h, UnitKind::relu, UnitKind::gaussian}, o, "relu visible");
    unchanged({v, h, UnitKind::binary, UnitKind::binary, 5}, o, "labels");
    o.sampler = Sampler::pcd;
    o.chains = 11;
    unchanged({v, h}, o, "pcd");
    unchanged({v, h, UnitKind::binary, UnitKind::binary, 5}, o, "pcd labels");
    o.sampler = Sampler::tempering;
    o.temperatures = 3;
    unchanged({v, h}, o, "tempering");
    o.sampler = Sampler::exact;
    unchanged({v, 6}, o, "exact");
  }
}

// Each of the three other kinds against its definition: 200000 samples have means within 5 standard errors.
TEST(Units, SamplesHaveTheMeansThatTheStatisticsUse) {
  constexpr std::size_t kRows = 200000;
  for (const UnitKind kind : {UnitKind::binary, UnitKind::gaussian, UnitKind::relu}) {
    const std::vector<float> inputs{-3, -0.5, 0, 0.7F, 2};
    detail::UnitLayer layer(kind, inputs.size(), 0, kRows);
    layer.draw(random::Stream(3, "units"), 0, kRows);
    std::vector<float> x(kRows * inputs.size()), states(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = inputs[i % inputs.size()];
    layer.apply({0, kRows, 0, inputs.size()}, 0, {x.data(), kRows, inputs.size()}, 1,
                {states.data(), kRows, inputs.size()});
    for (std::size_t j = 0; j < inputs.size(); ++j) {
      double sum = 0, squares = 0;
      for (std::size_t r = 0; r < kRows; ++r) {
        sum += states[r * inputs.size() + j];
        squares += static_cast<double>(states[r * inputs.size() + j]) * states[r * inputs.size() + j];
      }
      const double mean = sum / kRows;
      const double error = std::sqrt((squares / kRows - mean * mean) / kRows);
      EXPECT_NEAR(x[j], mean, 5 * error + 1e-6) << str(kind) << inputs[j];
    }
  }
}

TEST(Units, LabelsAreDrawnAsOftenAsTheirSoftmaxSays) {
  constexpr std::size_t kRows = 100000;
  detail::UnitLayer layer(UnitKind::binary, 1, 3, kRows);
  layer.draw(random::Stream(3, "labels"), 0, kRows);
  std::vector<float> x(kRows * 4), states(x.size());
  const double odds[] = {1, 2, 5};
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t k = 0; k < 3; ++k) x[r * 4 + 1 + k] = static_cast<float>(std::log(odds[k]) + 40);
  }
  layer.finish(0, {x.data(), kRows, 4}, 0.5F, {states.data(), kRows, 4});
  for (std::size_t k = 0; k < 3; ++k) {
    double sum = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
      sum += states[r * 4 + 1 + k];
      ASSERT_EQ(states[r * 4 + 1] + states[r * 4 + 2] + states[r * 4 + 3], 1.0F);
    }
    const double p = odds[k] / 8;
    EXPECT_NEAR(sum / kRows, p, 5 * std::sqrt(p * (1 - p) / kRows));
    EXPECT_NEAR(x[1 + k], p / 2, 1e-6);
  }
}

TEST(ContrastiveDivergence, SparsityBringsActivitiesToTheirTarget) {
  Rbm rbm = random_machine({kV, kH}, 0.1, 7);
  ThreadPool pool(1);
  ContrastiveDivergenceOptions o;
  o.batch = 50;
  o.sparsity_target = 0.1;
  o.sparsity_cost = 5;
  ContrastiveDivergence cd(o, rbm, pool);
  const std::vector<float> rows = data_rows(50, kV);
  for (int s = 0; s < 2000; ++s) (void)step_on(cd, rows);
  for (const float q : cd.activity()) EXPECT_NEAR(q, 0.1, 0.05);
}

TEST(ContrastiveDivergence, L1LeavesExactZeros) {
  Rbm rbm = random_machine({kV, kH}, 0.01, 7);
  ThreadPool pool(1);
  ContrastiveDivergenceOptions o;
  o.batch = 50;
  o.l1 = 1;
  ContrastiveDivergence cd(o, rbm, pool);
  const std::vector<float> rows = data_rows(50, kV);
  for (int s = 0; s < 10; ++s) (void)step_on(cd, rows);
  for (std::size_t i = 0; i < kV * kH; ++i) EXPECT_EQ(rbm.values()[i], 0.0F) << i;
}

TEST(ContrastiveDivergence, TheGuardShrinksAMachineThatExplodes) {
  Rbm rbm = random_machine({kV, kH, UnitKind::gaussian, UnitKind::relu}, 3, 7);
  const std::vector<float> before(rbm.values().begin(), rbm.values().end());
  ThreadPool pool(1);
  ContrastiveDivergenceOptions o;
  o.batch = 50;
  o.explosion_guard = true;
  ContrastiveDivergence cd(o, rbm, pool);
  const std::vector<float> rows = data_rows(50, kV);
  EXPECT_TRUE(step_on(cd, rows).exploded);
  const float ratio = rbm.values()[0] / before[0];
  EXPECT_GT(ratio, 0);
  EXPECT_LT(ratio, 0.5);
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(rbm.values()[i], ratio * before[i], 1e-6);
}

TEST(ContrastiveDivergence, WrongOptionsAreRejected) {
  Rbm rbm(kV, kH);
  ThreadPool pool(1);
  const auto rejected = [&](const RbmSpec& spec, auto change, ErrorKind kind = ErrorKind::usage) {
    Rbm machine(spec);
    ContrastiveDivergenceOptions o;
    change(o);
    EXPECT_EQ(test::error_of([&] { ContrastiveDivergence cd(o, machine, pool); }).first, kind);
  };
  const RbmSpec plain{kV, kH};
  rejected(plain, [](auto& o) { o.chains = 65537; });
  rejected(plain, [](auto& o) { o.temperatures = 1; });
  rejected(plain, [](auto& o) { o.l1 = -1; });
  rejected(plain, [](auto& o) { o.offset_rate = 0; });
  rejected(plain, [](auto& o) { o.sparsity_target = 1; });
  rejected(plain, [](auto& o) { o.sparsity_cost = -1; });
  rejected(plain, [](auto& o) { o.sparsity_decay = 1; });
  rejected({30, 30}, [](auto& o) { o.sampler = Sampler::exact; });
  rejected(
      {kV, kH, UnitKind::gaussian}, [](auto& o) { o.sampler = Sampler::exact; }, ErrorKind::unsupported);
  rejected(
      {kV, kH, UnitKind::binary, UnitKind::relu}, [](auto& o) { o.sampler = Sampler::tempering; },
      ErrorKind::unsupported);
  rejected(
      {kV, kH, UnitKind::binary, UnitKind::binary, 3}, [](auto& o) { o.sampler = Sampler::tempering; },
      ErrorKind::unsupported);
  ContrastiveDivergence cd({}, rbm, pool);
  EXPECT_EQ(test::error_of([&] { cd.set_k(0); }).first, ErrorKind::usage);
  EXPECT_EQ(test::error_of([&] { cd.set_rates(-1, 0); }).first, ErrorKind::usage);
  EXPECT_EQ(test::error_of([&] { cd.set_rates(0.1, 0.5); }).first, ErrorKind::usage);
  EXPECT_EQ(test::error_of([&] { cd.set_offsets(std::vector<float>(2)); }).first, ErrorKind::usage);
  EXPECT_EQ(test::error_of([] { (void)parse_sampler("pdc"); }).second,
            "[rbm] unknown sampler 'pdc', did you mean 'pcd'? (there are cd, pcd, tempering and exact)");
  EXPECT_EQ(test::error_of([] { (void)parse_units("softmax"); }).first, ErrorKind::usage);
  EXPECT_EQ(test::error_of([] { Rbm one({4, 4, UnitKind::binary, UnitKind::binary, 1}); }).first, ErrorKind::usage);
}

}  // namespace
}  // namespace fanin::rbm
