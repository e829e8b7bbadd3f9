#include "fanin/dbn/up_down.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/dbn/generate.h"
#include "fanin/random/stream.h"

#include "tests/dbn/machines.h"

namespace fanin::dbn {
namespace {

using rbm::RbmSpec;
using rbm::UnitKind;

RbmSpec labelled(std::size_t visible, std::size_t hidden, std::size_t labels) {
  return {visible, hidden, UnitKind::binary, UnitKind::binary, labels};
}

std::vector<float> all_values(const Model& model) {
  std::vector<float> all;
  for (std::size_t l = 0; l < model.directed(); ++l) {
    for (const rbm::Rbm* rbm : {&model.recognition(l), &model.generation(l)}) {
      all.insert(all.end(), rbm->values().begin(), rbm->values().end());
    }
  }
  all.insert(all.end(), model.top().values().begin(), model.top().values().end());
  return all;
}

double step(UpDown& up_down, const std::vector<float>& batch, const std::vector<std::int32_t>& labels,
            std::size_t cols) {
  return up_down.step(
      [&](std::size_t first, MatrixView<float> out) {
        for (std::size_t r = 0; r < out.rows; ++r) std::copy_n(&batch[(first + r) * cols], cols, out.row(r));
      },
      labels);
}

using Vec = std::vector<double>;

Vec inputs_up(const rbm::Rbm& rbm, const Vec& v) {
  Vec x(rbm.hidden_bias().begin(), rbm.hidden_bias().end());
  for (std::size_t j = 0; j < x.size(); ++j) {
    for (std::size_t i = 0; i < v.size(); ++i) x[j] += static_cast<double>(rbm.weight()(j, i)) * v[i];
  }
  return x;
}
Vec inputs_down(const rbm::Rbm& rbm, const Vec& h) {
  Vec x(rbm.visible_bias().begin(), rbm.visible_bias().end());
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < h.size(); ++j) x[i] += static_cast<double>(rbm.weight()(j, i)) * h[j];
  }
  return x;
}
Vec sigmoid(Vec x) {
  for (double& value : x) value = 1 / (1 + std::exp(-value));
  return x;
}
Vec sampled(Vec p, const random::Stream& stream, std::size_t row, std::size_t units) {
  for (std::size_t j = 0; j < units; ++j) {
    p[j] = static_cast<double>(stream.word(row * units + j) >> 8U) * 0x1p-24 < p[j] ? 1 : 0;
  }
  return p;
}
// The last `labels` of the inputs are a softmax.
Vec visible_means(Vec x, std::size_t labels) {
  double z = 0;
  const std::size_t units = x.size() - labels;
  for (std::size_t i = units; i < x.size(); ++i) z += std::exp(x[i]);
  for (std::size_t i = 0; i < units; ++i) x[i] = 1 / (1 + std::exp(-x[i]));
  for (std::size_t i = units; i < x.size(); ++i) x[i] = std::exp(x[i]) / z;
  return x;
}

struct Twin {
  explicit Twin(const rbm::Rbm& rbm) : w(rbm.values().begin(), rbm.values().end()), of(&rbm) {}
  void learn(const Vec& h, const Vec& v, double rate) {
    for (std::size_t j = 0; j < of->hidden(); ++j) {
      for (std::size_t i = 0; i < of->visible(); ++i) w[j * of->visible() + i] += rate * h[j] * v[i];
    }
  }
  void bias(std::size_t offset, const Vec& by, double rate) {
    for (std::size_t i = 0; i < by.size(); ++i) w[offset + i] += rate * by[i];
  }
  Vec w;
  const rbm::Rbm* of;
};

Vec minus(Vec a, const Vec& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

// The appendix's program for two directed layers, row by row in float64.
TEST(UpDown, OneStepIsThatOfThePaper) {
  const std::size_t rows = 5, labels = 3, k = 2;
  Model model(test::stack_of({{9, 7}, {7, 6}, labelled(6, 8, labels)}));
  for (std::size_t l = 0; l < 2; ++l) {  // untied from the start
    for (float& w : model.generation(l).values()) w *= -0.7F;
    model.generation(l).refresh();
  }
  const std::vector<float> batch = test::uniform(rows * 9, 4);
  const std::vector<std::int32_t> classes{0, 2, 1, 1, 0};
  const UpDownOptions options{0.05, rows, k, 11};
  const double rate = options.learning_rate / rows;

  const rbm::Rbm &r0 = model.recognition(0), &r1 = model.recognition(1), &g0 = model.generation(0),
                 &g1 = model.generation(1), &top = model.top();
  Twin tr0(r0), tr1(r1), tg0(g0), tg1(g1), tt(top);
  const random::Stream noise = random::Stream(options.seed, "up-down").fold_in(0);
  double error = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const random::Stream up = noise.fold_in(0), gibbs = noise.fold_in(1), down = noise.fold_in(2);
    const Vec data(&batch[r * 9], &batch[r * 9] + 9);
    const Vec wake1 = sampled(sigmoid(inputs_up(r0, data)), up.fold_in(0), r, 7);
    const Vec wake2 = sampled(sigmoid(inputs_up(r1, wake1)), up.fold_in(1), r, 6);
    Vec joint = wake2;
    joint.resize(6 + labels);
    joint[6 + static_cast<std::size_t>(classes[r])] = 1;
    const Vec wake_top = sampled(sigmoid(inputs_up(top, joint)), up.fold_in(2), r, 8);
    Vec neg_top = wake_top, neg;
    for (std::size_t s = 0; s < k; ++s) {
      neg = sampled(visible_means(inputs_down(top, neg_top), labels), gibbs.fold_in(2 * s), r, 6);
      neg_top = sampled(sigmoid(inputs_up(top, neg)), gibbs.fold_in(2 * s + 1), r, 8);
    }
    const Vec sleep2(neg.begin(), neg.begin() + 6);
    const Vec sleep1 = sampled(sigmoid(inputs_down(g1, sleep2)), down.fold_in(1), r, 7);
    const Vec sleep0 = sigmoid(inputs_down(g0, sleep1));

    const Vec down0 = minus(data, sigmoid(inputs_down(g0, wake1)));
    const Vec down1 = minus(wake1, sigmoid(inputs_down(g1, wake2)));
    tg0.learn(wake1, down0, rate);
    tg0.bias(g0.visible_bias_offset(), down0, rate);
    tg1.learn(wake2, down1, rate);
    tg1.bias(g1.visible_bias_offset(), down1, rate);
    tt.learn(wake_top, joint, rate);
    tt.learn(neg_top, neg, -rate);
    tt.bias(top.visible_bias_offset(), minus(joint, neg), rate);
    tt.bias(top.hidden_bias_offset(), minus(wake_top, neg_top), rate);
    const Vec up1 = minus(sleep2, sigmoid(inputs_up(r1, sleep1)));
    const Vec up0 = minus(sleep1, sigmoid(inputs_up(r0, sleep0)));
    tr1.learn(up1, sleep1, rate);
    tr1.bias(r1.hidden_bias_offset(), up1, rate);
    tr0.learn(up0, sleep0, rate);
    tr0.bias(r0.hidden_bias_offset(), up0, rate);
    for (const double d : down0) error += d * d;
  }
  ThreadPool pool(2);
  UpDown up_down(options, model, pool);
  EXPECT_NEAR(step(up_down, batch, classes, 9), error / (rows * 9), 1e-6);
  for (const Twin* twin : {&tr0, &tr1, &tg0, &tg1, &tt}) {
    for (std::size_t i = 0; i < twin->w.size(); ++i) ASSERT_NEAR(twin->of->values()[i], twin->w[i], 1e-6);
  }
}

TEST(UpDown, ThreadsDoNotChangeTheBits) {
  const std::size_t rows = 37;
  std::vector<std::vector<float>> results;
  for (const std::size_t threads : {1U, 2U, 3U}) {
    Model model(test::stack_of({{50, 70}, {70, 33}, labelled(33, 80, 4)}, 0.1));
    ThreadPool pool(threads);
    UpDown up_down({0.1, rows, 2, 3}, model, pool);
    std::vector<std::int32_t> labels(rows);
    for (std::size_t r = 0; r < rows; ++r) labels[r] = static_cast<std::int32_t>(r % 4);
    for (std::uint64_t s = 0; s < 3; ++s) (void)step(up_down, test::uniform(rows * 50, s), labels, 50);
    results.push_back(all_values(model));
  }
  EXPECT_EQ(std::memcmp(results[0].data(), results[1].data(), results[0].size() * sizeof(float)), 0);
  EXPECT_EQ(std::memcmp(results[0].data(), results[2].data(), results[0].size() * sizeof(float)), 0);
}

// Three patterns with noise: afterwards the model names them, and draws them when it is told a name.
TEST(UpDown, LearnsToNameAndToDraw) {
  constexpr std::size_t kPixels = 12, kRows = 30;
  Model model(test::stack_of({{kPixels, 16}, labelled(16, 24, 3)}, 0.1));
  ThreadPool pool(2);
  UpDown up_down({0.2, kRows, 3, 5}, model, pool);
  const auto pixels = [&](std::uint64_t seed, std::vector<std::int32_t>& labels) {
    const random::Stream noise(seed, "pixels");
    std::vector<float> x(kRows * kPixels);
    labels.resize(kRows);
    for (std::size_t r = 0; r < kRows; ++r) {
      labels[r] = static_cast<std::int32_t>(r % 3);
      for (std::size_t i = 0; i < kPixels; ++i) {
        const bool flipped = noise.word(r * kPixels + i) % 20 == 0;
        x[r * kPixels + i] = (i / 4 == r % 3) != flipped ? 1.0F : 0.0F;
      }
    }
    return x;
  };
  std::vector<std::int32_t> labels;
  for (std::uint64_t s = 0; s < 1500; ++s) {
    const std::vector<float> x = pixels(s, labels);
    (void)step(up_down, x, labels, kPixels);
  }
  const std::vector<float> x = pixels(99999, labels);
  std::vector<float> p(kRows * 3), drawn(kRows * kPixels);
  label_probabilities(model, {x.data(), kRows, kPixels}, {p.data(), kRows, 3});
  generate(model, {200, 1}, labels, {drawn.data(), kRows, kPixels}, pool);
  std::size_t named = 0, drew = 0;
  for (std::size_t r = 0; r < kRows; ++r) {
    named += std::max_element(&p[r * 3], &p[r * 3] + 3) - &p[r * 3] == labels[r] ? 1 : 0;
    for (std::size_t i = 0; i < kPixels; ++i) drew += (drawn[r * kPixels + i] > 0.5F) == (i / 4 == r % 3) ? 1 : 0;
  }
  EXPECT_GE(named, 28U);
  EXPECT_GE(drew, kRows * kPixels * 9 / 10);
}

TEST(UpDown, WorksWithoutLabelsAndWithoutDirectedLayers) {
  ThreadPool pool(1);
  for (const std::vector<RbmSpec>& specs :
       {std::vector<RbmSpec>{{6, 5}}, {{6, 5}, {5, 4}}, {{6, 5, UnitKind::gaussian}, {5, 4}}}) {
    Model model(test::stack_of(specs));
    const std::vector<float> before = all_values(model);
    UpDown up_down({0.1, 4, 1, 0}, model, pool);
    EXPECT_GT(step(up_down, test::uniform(4 * 6, 1), {}, 6), 0);
    const std::vector<float> after = all_values(model);
    EXPECT_NE(after, before);
    for (const float w : after) EXPECT_TRUE(std::isfinite(w));
  }
}

TEST(UpDown, InvalidOptionsAndLabelsAreRejected) {
  ThreadPool pool(1);
  Model model(test::stack_of({{6, 5}, labelled(5, 4, 2)}));
  const auto make = [&](double rate, std::size_t batch, std::size_t k) { UpDown({rate, batch, k, 0}, model, pool); };
  EXPECT_THROW(make(0, 4, 1), Error);
  EXPECT_THROW(make(1001, 4, 1), Error);
  EXPECT_THROW(make(std::nan(""), 4, 1), Error);
  EXPECT_THROW(make(0.1, 0, 1), Error);
  EXPECT_THROW(make(0.1, (1U << 20) + 1, 1), Error);
  EXPECT_THROW(make(0.1, 4, 0), Error);
  EXPECT_THROW(make(0.1, 4, 1001), Error);
  UpDown up_down({0.1, 2, 1, 0}, model, pool);
  const std::vector<float> x(12);
  const std::vector<float> before = all_values(model);
  EXPECT_THROW(up_down.set_k(0), Error);
  EXPECT_THROW(up_down.set_learning_rate(0), Error);
  EXPECT_THROW((void)step(up_down, x, {}, 6), Error);
  EXPECT_THROW((void)step(up_down, x, {0, 1, 1}, 6), Error);
  try {
    (void)step(up_down, x, {0, 2}, 6);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::data);
    EXPECT_STREQ(e.what(), "[dbn] the label of row 1 is 2, allowed is 0 to 1");
  }
  EXPECT_EQ(all_values(model), before);
}

}  // namespace
}  // namespace fanin::dbn
