#include "fanin/train/rbm_trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/data/batches.h"
#include "fanin/linalg/vector_math.h"

#include "tests/support/each_target.h"
#include "tests/train/blobs.h"

namespace fanin::train {
namespace {

using rbm::ContrastiveDivergenceOptions;
using rbm::Rbm;

constexpr std::size_t kHidden = 21;

RbmOptions run_of(const ContrastiveDivergenceOptions& o) {
  RbmOptions run;
  run.hidden = kHidden;
  run.learning = o;
  run.k = {o.k};
  run.weights = init::Scheme::parse("normal(0, 0.1)");
  run.visible_bias = VisibleBias::zero;
  run.monitor_samples = 0;
  return run;
}

std::vector<float> trained(const data::Dataset& data, ContrastiveDivergenceOptions o, std::size_t threads,
                           std::size_t epochs = 2) {
  ThreadPool pool(threads);
  RbmTrainer trainer(run_of(o), data, nullptr, pool);
  for (std::size_t e = 0; e < epochs; ++e) (void)trainer.run_epoch();
  return {trainer.machine().values().begin(), trainer.machine().values().end()};
}

ContrastiveDivergenceOptions options() {
  ContrastiveDivergenceOptions o;
  o.batch = 24;
  o.momentum = 0.5;
  o.weight_decay = 0.001;
  o.k = 2;
  return o;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

float sigmoid(float x) {
  linalg::sigmoid({&x, 1}, {&x, 1});
  return x;
}

// The formulas of the header, one number after the other, with the same random words.
std::vector<float> slow_twin(const data::Dataset& data, const ContrastiveDivergenceOptions& o, std::size_t epochs) {
  const std::size_t V = data.features();
  const std::size_t H = kHidden;
  const std::size_t B = o.batch;
  Rbm machine(V, H);
  ThreadPool pool(1);
  machine.initialize(init::Scheme::parse("normal(0, 0.1)"), o.seed, pool);
  std::vector<float> x(machine.values().begin(), machine.values().end());
  std::vector<float> m(x.size());
  const std::size_t b = machine.visible_bias_offset();
  const std::size_t c = machine.hidden_bias_offset();
  data::BatchOrder order(data.size(), {B, true, true}, random::Stream(o.seed, "shuffle"));
  std::uint64_t step = 0;
  const float scale = 1.0F / static_cast<float>(B);
  const auto rate = static_cast<float>(o.learning_rate);
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    order.begin_epoch(epoch);
    for (std::size_t batch = 0; batch < order.batches(); ++batch, ++step) {
      std::vector<float> v0(B * V), v(B * V), p0(B * H), pk(B * H), state(B * H);
      data.gather(order.batch(batch), {v0.data(), B, V});
      v = v0;
      for (std::size_t s = 0; s <= o.k; ++s) {
        const random::Stream words = random::Stream(o.seed, "hidden states").fold_in(step).fold_in(s);
        for (std::size_t r = 0; r < B; ++r) {
          for (std::size_t j = 0; j < H; ++j) {
            float sum = x[c + j];
            for (std::size_t i = 0; i < V; ++i) sum = std::fma(v[r * V + i], x[j * V + i], sum);
            const float p = sigmoid(sum);
            const float u = static_cast<float>(words.word(r * H + j) >> 8) * 0x1p-24F;
            state[r * H + j] = u < p ? 1.0F : 0.0F;
            if (s == 0) p0[r * H + j] = p * -scale;
            if (s == o.k) pk[r * H + j] = p * scale;
          }
        }
        if (s == o.k) break;
        for (std::size_t r = 0; r < B; ++r) {
          for (std::size_t i = 0; i < V; ++i) {
            float sum = x[b + i];
            for (std::size_t j = 0; j < H; ++j) sum = std::fma(state[r * H + j], x[j * V + i], sum);
            v[r * V + i] = sigmoid(sum);
          }
        }
      }
      const auto update = [&](std::size_t at, float g, bool decays) {
        if (decays && o.weight_decay != 0) g = std::fma(static_cast<float>(o.weight_decay), x[at], g);
        if (o.momentum != 0) {
          m[at] = std::fma(static_cast<float>(o.momentum), m[at], g);
          if (std::abs(m[at]) < 0x1p-126F) m[at] = 0;
          g = m[at];
        }
        x[at] = std::fma(-rate, g, x[at]);
      };
      for (std::size_t j = 0; j < H; ++j) {
        for (std::size_t i = 0; i < V; ++i) {
          float g = 0;
          for (std::size_t r = 0; r < B; ++r) g = std::fma(p0[r * H + j], v0[r * V + i], g);
          for (std::size_t r = 0; r < B; ++r) g = std::fma(pk[r * H + j], v[r * V + i], g);
          update(j * V + i, g + 0.0F, true);
        }
      }
      for (std::size_t i = 0; i < V; ++i) {
        float before = 0, after = 0;
        for (std::size_t r = 0; r < B; ++r) before += v0[r * V + i];
        for (std::size_t r = 0; r < B; ++r) after += v[r * V + i];
        update(b + i, (after - before) * scale, false);
      }
      for (std::size_t j = 0; j < H; ++j) {
        float before = 0, after = 0;
        for (std::size_t r = 0; r < B; ++r) before += p0[r * H + j];
        for (std::size_t r = 0; r < B; ++r) after += pk[r * H + j];
        update(c + j, before + after, false);
      }
    }
  }
  return x;
}

TEST(RbmTrainer, EqualsItsFormulasBitForBit) {
  const data::Dataset data = fanin::test::blobs(100, 3);
  for (const std::size_t k : {1U, 2U}) {
    for (const double momentum : {0.0, 0.5}) {
      ContrastiveDivergenceOptions o = options();
      o.k = k;
      o.momentum = momentum;
      EXPECT_TRUE(same_bits(trained(data, o, 1), slow_twin(data, o, 2))) << k << " " << momentum;
    }
  }
}

TEST(RbmTrainer, ThreadsZerosAndTargetsDoNotChangeTheBits) {
  const data::Dataset data = fanin::test::blobs(100, 3);
  const std::vector<float> expected = trained(data, options(), 1);
  fanin::test::for_each_target([&](const std::string& target) {
    for (const std::size_t threads : {1U, 2U, 4U}) {
      for (const linalg::Zeros zeros : {linalg::Zeros::multiply, linalg::Zeros::skip, linalg::Zeros::automatic}) {
        ContrastiveDivergenceOptions o = options();
        o.zeros = zeros;
        EXPECT_TRUE(same_bits(trained(data, o, threads), expected)) << target << threads << linalg::str(zeros);
      }
    }
  });
}

TEST(RbmTrainer, TheSeedDecidesTheRun) {
  const data::Dataset data = fanin::test::blobs(100, 3);
  ContrastiveDivergenceOptions o = options();
  const std::vector<float> one = trained(data, o, 1);
  o.seed = 1;
  EXPECT_FALSE(same_bits(trained(data, o, 1), one));
}

TEST(RbmTrainer, ReconstructionsGetBetter) {
  const data::Dataset data = fanin::test::blobs(600, 3);
  ThreadPool pool(2);
  ContrastiveDivergenceOptions o;
  o.batch = 20;
  RbmTrainer trainer(run_of(o), data, nullptr, pool);
  const Rbm& machine = trainer.machine();
  const double before = reconstruction_error(machine, data, data.size(), pool);
  RbmEpoch last;
  for (int e = 0; e < 20; ++e) last = trainer.run_epoch();
  EXPECT_EQ(last.epoch, 20U);
  EXPECT_GT(last.seconds, 0);
  EXPECT_LT(reconstruction_error(machine, data, data.size(), pool), 0.8 * before);
  EXPECT_LT(last.reconstruction_error, before);
}

TEST(RbmTrainer, BadOptionsAndDataAreRejected) {
  const data::Dataset data = fanin::test::blobs(100, 3);
  ThreadPool pool(1);
  const auto rejected = [&](auto change) {
    ContrastiveDivergenceOptions o = options();
    change(o);
    EXPECT_THROW(RbmTrainer(run_of(o), data, nullptr, pool), Error);
  };
  rejected([](auto& o) { o.k = 0; });
  rejected([](auto& o) { o.k = 1001; });
  rejected([](auto& o) { o.learning_rate = 0; });
  rejected([](auto& o) { o.learning_rate = std::nan(""); });
  rejected([](auto& o) { o.learning_rate = 1e4; });
  rejected([](auto& o) { o.momentum = 1; });
  rejected([](auto& o) { o.momentum = -0.1; });
  rejected([](auto& o) { o.weight_decay = -1; });
  rejected([](auto& o) { o.weight_decay = 2; });
  rejected([](auto& o) { o.batch = 0; });
  rejected([](auto& o) { o.batch = 101; });
  Rbm other(data.features() + 1, kHidden);
  const auto rejected_run = [&](auto change) {
    RbmOptions o = run_of(options());
    change(o);
    EXPECT_THROW(RbmTrainer(o, data, nullptr, pool), Error);
  };
  rejected_run([](auto& o) { o.hidden = 0; });
  rejected_run([](auto& o) { o.k = {}; });
  rejected_run([](auto& o) { o.k = {1, 0}; });
  rejected_run([](auto& o) { o.final_momentum = 1; });
  rejected_run([](auto& o) {
    o.learning.momentum = 0;
    o.final_momentum = 0.9;
  });
  rejected_run([](auto& o) { o.hidden_bias = 1000; });
  rejected_run([](auto& o) { o.monitor_every = 0; });
  EXPECT_THROW((void)RbmOptions::preset("hinton"), Error);
  EXPECT_THROW((void)parse_steps("1:x"), Error);
  EXPECT_THROW((void)parse_steps(""), Error);
  EXPECT_THROW((void)parse_steps("1:1001"), Error);
  EXPECT_THROW((void)reconstruction_error(other, data, 5, pool), Error);
}

TEST(RbmTrainer, ValuesOutsideZeroToOneAreNamed) {
  std::vector<float> values(100 * 4, 0.5F);
  values[37] = 1.5F;
  const data::Dataset data("grey", Shape{4}, std::move(values), std::vector<std::int32_t>(100, 0), 1);
  ThreadPool pool(1);
  try {
    RbmTrainer trainer(run_of(options()), data, nullptr, pool);
    FAIL() << "1.5 was taken";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::data);
    EXPECT_STREQ(e.what(),
                 "[rbm] grey: sample 9 has 1.5 at 1, binary visible units take 0 to 1; scale the "
                 "data, or take Gaussian visible units for standardized data");
  }
}

TEST(RbmTrainer, DivergenceIsAnErrorNotANumber) {
  const data::Dataset data = fanin::test::blobs(100, 3);
  ThreadPool pool(1);
  RbmTrainer trainer(run_of(options()), data, nullptr, pool);
  trainer.machine().values()[3] = std::numeric_limits<float>::infinity();
  trainer.machine().refresh();
  EXPECT_THROW((void)trainer.run_epoch(), Error);
}

}  // namespace
}  // namespace fanin::train
