#include "fanin/dbn/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/rbm/label_probabilities.h"

#include "tests/dbn/machines.h"

namespace fanin::dbn {
namespace {

using rbm::RbmSpec;
using rbm::UnitKind;

RbmSpec labelled(std::size_t visible, std::size_t hidden, std::size_t labels) {
  return {visible, hidden, UnitKind::binary, UnitKind::binary, labels};
}

std::vector<float> generated(const Model& model, const std::vector<std::int32_t>& labels, std::size_t rows,
                             std::size_t threads, std::size_t steps, std::uint64_t seed = 1) {
  ThreadPool pool(threads);
  std::vector<float> out(rows * model.inputs());
  generate(model, {steps, seed}, labels, {out.data(), rows, model.inputs()}, pool);
  return out;
}

TEST(LabelProbabilities, AreThoseOfTheFreeEnergies) {
  const rbm::Rbm top = test::machine(labelled(6, 9, 4), 1, 1);
  const std::vector<float> v = test::uniform(3 * 6, 1);
  std::vector<float> p(3 * 4);
  rbm::label_probabilities(top, {v.data(), 3, 6}, {p.data(), 3, 4});
  for (std::size_t r = 0; r < 3; ++r) {
    std::vector<float> joint(4 * 10);
    for (std::size_t k = 0; k < 4; ++k) {
      std::copy_n(&v[r * 6], 6, &joint[k * 10]);
      joint[k * 10 + 6 + k] = 1;
    }
    std::vector<double> f(4);
    top.free_energy({joint.data(), 4, 10}, f);
    double z = 0;
    for (const double x : f) z += std::exp(-x);
    for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(p[r * 4 + k], std::exp(-f[k]) / z, 2e-6);
  }
}

TEST(LabelProbabilities, OfAModelComeFromItsFeatures) {
  const Stack stack = test::stack_of({{8, 6}, labelled(6, 9, 3)}, 1);
  const Model model(stack);
  const std::vector<float> x = test::uniform(2 * 8, 1);
  std::vector<float> v(2 * 6), want(2 * 3), got(2 * 3);
  stack.up({x.data(), 2, 8}, 1, {v.data(), 2, 6});
  rbm::label_probabilities(model.top(), {v.data(), 2, 6}, {want.data(), 2, 3});
  label_probabilities(model, {x.data(), 2, 8}, {got.data(), 2, 3});
  EXPECT_EQ(got, want);
}

TEST(LabelProbabilities, AreTheSameBitsForEveryCutOfTheRows) {
  const Model model(test::stack_of({{8, 6}, labelled(6, 9, 3)}));
  constexpr std::size_t kRows = 150;
  const std::vector<float> x = test::uniform(kRows * 8, 1);
  std::vector<float> whole(kRows * 3), rows(kRows * 3);
  label_probabilities(model, {x.data(), kRows, 8}, {whole.data(), kRows, 3});
  for (std::size_t r = 0; r < kRows; ++r) label_probabilities(model, {&x[r * 8], 1, 8}, {&rows[r * 3], 1, 3});
  EXPECT_EQ(whole, rows);
}

// By enumeration of (v, y): the chains' means are within five standard deviations of the model's, 5 * 0.5 / sqrt 4000.
TEST(Generate, SamplesHaveTheModelsMarginals) {
  const std::size_t visible = 4, labels = 2, rows = 4000;
  const Model model(test::stack_of({labelled(visible, 3, labels)}, 0.8));
  for (const int clamped : {-1, 0, 1}) {
    std::vector<double> mean(visible);
    double z = 0;
    for (std::size_t state = 0; state < (1U << visible); ++state) {
      for (std::size_t y = 0; y < labels; ++y) {
        if (clamped >= 0 && static_cast<std::size_t>(clamped) != y) continue;
        std::vector<float> v(visible + labels);
        for (std::size_t i = 0; i < visible; ++i) v[i] = static_cast<float>(state >> i & 1U);
        v[visible + y] = 1;
        double f = 0;
        model.top().free_energy({v.data(), 1, v.size()}, {&f, 1});
        z += std::exp(-f);
        for (std::size_t i = 0; i < visible; ++i) mean[i] += v[i] * std::exp(-f);
      }
    }
    const std::vector<std::int32_t> held(clamped < 0 ? 0 : rows, clamped);
    const std::vector<float> out = generated(model, held, rows, 2, 40);
    for (std::size_t i = 0; i < visible; ++i) {
      double sum = 0;
      for (std::size_t r = 0; r < rows; ++r) sum += out[r * visible + i];
      EXPECT_NEAR(sum / rows, mean[i] / z, 0.04) << clamped << ' ' << i;
    }
  }
}

// Hidden units that copy the visible ones and back: a chain stays where it began, at the recognition of random pixels.
TEST(Generate, ChainsBeginWithARandomPictureTakenUpward) {
  constexpr std::size_t kUnits = 4, kRows = 400;
  Model model(test::stack_of({{6, kUnits}, {kUnits, kUnits}}, 0));
  rbm::Rbm& top = model.top();
  for (std::size_t j = 0; j < kUnits; ++j) {
    top.values()[j * kUnits + j] = 400;
    top.values()[top.visible_bias_offset() + j] = -200;
    top.values()[top.hidden_bias_offset() + j] = -200;
  }
  top.refresh();
  rbm::Rbm& down = model.generation(0);
  for (std::size_t j = 0; j < kUnits; ++j) down.values()[j * 6 + j] = 400;
  for (std::size_t i = 0; i < 6; ++i) down.values()[down.visible_bias_offset() + i] = -200;
  down.refresh();
  rbm::Rbm& up = model.recognition(0);
  const std::size_t c = up.hidden_bias_offset();
  up.values()[0 * 6 + 2] = 400;  // what pixel 2 is
  up.values()[c + 0] = -200;
  up.values()[c + 1] = 200;   // always
  up.values()[c + 2] = -200;  // never
  up.refresh();               // and unit 3 by the toss of a coin
  const std::vector<float> out = generated(model, {}, kRows, 2, 5);
  std::vector<double> on(6);
  for (std::size_t i = 0; i < out.size(); ++i) on[i % 6] += out[i];
  // Within five standard deviations of 400 coins.
  EXPECT_NEAR(on[0], kRows / 2.0, 50);
  EXPECT_EQ(on[1], kRows);
  EXPECT_EQ(on[2], 0);
  EXPECT_NEAR(on[3], kRows / 2.0, 50);
}

// Weights that leave no choice: unit i of each layer is what unit i above it is.
TEST(Generate, SamplesGoDownByTheGenerationWeights) {
  Stack stack = test::stack_of({{5, 4}, {4, 3}, labelled(3, 2, 2)}, 0);
  Model model(stack);
  for (std::size_t l = 0; l < 2; ++l) {
    rbm::Rbm& g = model.generation(l);
    for (std::size_t j = 0; j < g.hidden(); ++j) g.values()[j * g.visible() + j] = 400;
    for (std::size_t i = 0; i < g.visible(); ++i) g.values()[g.visible_bias_offset() + i] = -200;
    g.refresh();
  }
  // Unit 1 is always on, the others never.
  const std::size_t b = model.top().visible_bias_offset();
  for (std::size_t i = 0; i < 3; ++i) model.top().values()[b + i] = i == 1 ? 200 : -200;
  EXPECT_EQ(generated(model, {}, 2, 1, 3), (std::vector<float>{0, 1, 0, 0, 0, 0, 1, 0, 0, 0}));
}

TEST(Generate, ThreadsDoNotChangeTheBitsAndSeedsDo) {
  const Model model(test::stack_of({{20, 15, UnitKind::gaussian}, {15, 12}, labelled(12, 10, 3)}));
  const std::size_t rows = 70;
  std::vector<std::int32_t> labels(rows);
  for (std::size_t r = 0; r < rows; ++r) labels[r] = static_cast<std::int32_t>(r % 3);
  for (const std::vector<std::int32_t>& l : {labels, std::vector<std::int32_t>()}) {
    const std::vector<float> one = generated(model, l, rows, 1, 5);
    EXPECT_EQ(generated(model, l, rows, 2, 5), one);
    EXPECT_EQ(generated(model, l, rows, 3, 5), one);
    EXPECT_NE(generated(model, l, rows, 1, 5, 2), one);
  }
}

TEST(Generate, WhatDoesNotFitIsRejected) {
  const Model model(test::stack_of({{5, 4}, labelled(4, 3, 2)}));
  const Model bare(test::stack_of({{5, 4}, {4, 3}}));
  ThreadPool pool(1);
  std::vector<float> x(10), p(4);
  const auto call = [&](const Model& m, GenerateOptions o, std::vector<std::int32_t> labels, std::size_t cols) {
    generate(m, o, labels, {x.data(), 2, cols}, pool);
  };
  call(model, {1, 0}, {1, 0}, 5);
  call(bare, {1, 0}, {}, 5);
  EXPECT_THROW(call(model, {0, 0}, {}, 5), Error);
  EXPECT_THROW(call(model, {10000001, 0}, {}, 5), Error);
  EXPECT_THROW(call(model, {1, 0}, {}, 4), Error);
  EXPECT_THROW(call(model, {1, 0}, {1}, 5), Error);
  EXPECT_THROW(call(model, {1, 0}, {1, 2}, 5), Error);
  EXPECT_THROW(call(model, {1, 0}, {1, -1}, 5), Error);
  EXPECT_THROW(call(bare, {1, 0}, {0, 0}, 5), Error);
  EXPECT_THROW(label_probabilities(model, {x.data(), 2, 4}, {p.data(), 2, 2}), Error);
  EXPECT_THROW(rbm::label_probabilities(model.top(), {x.data(), 2, 4}, {p.data(), 2, 1}), Error);
  EXPECT_THROW(rbm::label_probabilities(bare.top(), {x.data(), 2, 4}, {p.data(), 2, 0}), Error);
}

TEST(Model, OtherKindsOfUnitsAreUnsupported) {
  for (const std::vector<RbmSpec>& specs : {std::vector<RbmSpec>{{5, 4, UnitKind::binary, UnitKind::relu}, {4, 3}},
                                            {{5, 4, UnitKind::relu}, {4, 3}},
                                            {{5, 4}, {4, 3, UnitKind::gaussian}},
                                            {{5, 4}, {4, 3, UnitKind::binary, UnitKind::gaussian}},
                                            {{5, 4, UnitKind::gaussian}}}) {
    try {
      (void)Model(test::stack_of(specs));
      FAIL();
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::unsupported);
    }
  }
  Model model(test::stack_of({{5, 4, UnitKind::gaussian}, {4, 3}}));
  EXPECT_THROW((void)model.recognition(1), Error);
  EXPECT_THROW((void)model.generation(1), Error);
}

}  // namespace
}  // namespace fanin::dbn
