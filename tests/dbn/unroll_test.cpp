#include "fanin/dbn/unroll.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/nn/initialize.h"
#include "fanin/nn/loss.h"

#include "tests/dbn/machines.h"

namespace fanin::dbn {
namespace {

using rbm::UnitKind;

nn::Network initialized(const nn::NetworkSpec& spec) {
  nn::Network network(spec);
  ThreadPool pool(1);
  nn::initialize(network, nn::InitRules::parse("pytorch_default"), 5, pool);
  return network;
}

std::string usage_error(const Stack& stack, nn::Network& network) {
  const std::vector<float> before(network.values().begin(), network.values().end());
  try {
    unroll_into(stack, network);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::usage);
    EXPECT_TRUE(std::equal(before.begin(), before.end(), network.values().begin()));
    return e.what();
  }
  return "accepted";
}

TEST(Unroll, TheClassifierHoldsTheBitsAndKeepsItsOutputLayer) {
  const Stack stack = test::stack_of({{30, 20}, {20, 17}, {17, 24, UnitKind::binary, UnitKind::binary, 3}});
  const nn::NetworkSpec spec = classifier_spec(stack, 10);
  EXPECT_EQ(spec.widths_str(), "30-20-17-24-10");
  EXPECT_EQ(spec.activations_str(), "sigmoid");
  nn::Network network = initialized(spec);
  const std::vector<float> before(network.values().begin(), network.values().end());
  unroll_into(stack, network);
  for (std::size_t l = 0; l < 3; ++l) {
    const rbm::Rbm& rbm = stack.layer(l);
    const auto weight = network.values(network.parameters()[2 * l]);
    const auto bias = network.values(network.parameters()[2 * l + 1]);
    for (std::size_t j = 0; j < rbm.hidden(); ++j) {
      for (std::size_t i = 0; i < rbm.spec().visible; ++i) {
        ASSERT_EQ(weight[j * rbm.spec().visible + i], rbm.weight()(j, i));
      }
    }
    EXPECT_TRUE(std::equal(bias.begin(), bias.end(), rbm.hidden_bias().begin()));
  }
  const std::size_t output = network.parameters()[6].offset;
  EXPECT_TRUE(std::equal(before.begin() + static_cast<std::ptrdiff_t>(output), before.end(),
                         network.values().begin() + static_cast<std::ptrdiff_t>(output)));
}

TEST(Unroll, TheNetworksHiddenLayersAreTheStacksFeatures) {
  const Stack stack = test::stack_of({{30, 20, UnitKind::gaussian},
                                      {20, 17, UnitKind::binary, UnitKind::relu},
                                      {17, 24, UnitKind::relu, UnitKind::gaussian}});
  const nn::NetworkSpec spec = classifier_spec(stack, 4);
  EXPECT_EQ(spec.activations_str(), "sigmoid,relu,identity");
  nn::Network network = initialized(spec);
  unroll_into(stack, network);
  constexpr std::size_t kRows = 6;
  const std::vector<float> v = test::uniform(kRows * 30, 1);
  nn::Workspace w = network.workspace(kRows);
  for (std::size_t r = 0; r < kRows; ++r) std::copy_n(&v[r * 30], 30, w.values(0, r, 1).data);
  network.forward({}, w, 0, kRows);
  for (std::size_t l = 1; l <= 3; ++l) {
    const std::size_t cols = stack.widths()[l];
    std::vector<float> want(kRows * cols);
    stack.up({v.data(), kRows, 30}, l, {want.data(), kRows, cols});
    for (std::size_t r = 0; r < kRows; ++r) {
      EXPECT_EQ(std::memcmp(w.values(2 * l, r, 1).data, &want[r * cols], cols * sizeof(float)), 0) << l;
    }
  }
}

TEST(Unroll, NetworksThatDoNotFitAreRejectedUntouched) {
  const Stack stack = test::stack_of({{6, 5}, {5, 4, UnitKind::binary, UnitKind::relu}});
  const auto with = [&](std::vector<std::size_t> widths, const char* activations) {
    nn::NetworkSpec spec{std::move(widths)};
    spec.parse_activations(activations);
    nn::Network network = initialized(spec);
    return usage_error(stack, network);
  };
  EXPECT_EQ(with({6, 5, 4, 2}, "sigmoid,relu"), "accepted");
  EXPECT_EQ(with({6, 5, 4, 3, 2}, "sigmoid,relu,tanh"), "accepted");
  EXPECT_EQ(with({6, 5, 4, 2}, "sigmoid"), "[dbn] after '2.weight' comes sigmoid, the relu units of RBM 1 need relu");
  EXPECT_EQ(with({6, 5, 4, 2}, "relu"), "[dbn] after '0.weight' comes relu, the binary units of RBM 0 need sigmoid");
  EXPECT_EQ(with({6, 5, 3, 2}, "sigmoid,relu"), "[dbn] '2.weight' [3, 5] cannot hold the weights [4, 5] of RBM 1");
  EXPECT_EQ(with({6, 5, 4}, "sigmoid"), "[dbn] 2 linear layers cannot hold 2 RBMs and an output layer");
  EXPECT_THROW((void)classifier_spec(stack, 0), Error);
}

TEST(Autoencoder, IsTheStackUpAndItsTransposeDown) {
  const Stack stack = test::stack_of({{9, 7}, {7, 5}, {5, 3, UnitKind::binary, UnitKind::gaussian}});
  const Unrolled made = unroll_autoencoder(stack);
  EXPECT_EQ(made.spec.widths_str(), "9-7-5-3-5-7-9");
  EXPECT_EQ(made.spec.activations_str(), "sigmoid,sigmoid,identity,sigmoid,sigmoid");
  const std::vector<float> v = test::uniform(9, 3);
  std::vector<float> code(3), two(5), one(7), logits(9);
  stack.up({v.data(), 1, 9}, 3, {code.data(), 1, 3});
  stack.layer(2).visible_probabilities({code.data(), 1, 3}, {two.data(), 1, 5});
  stack.layer(1).visible_probabilities({two.data(), 1, 5}, {one.data(), 1, 7});
  stack.layer(0).visible_inputs({one.data(), 1, 7}, {logits.data(), 1, 9});
  nn::Workspace w = made.network.workspace(1);
  std::copy_n(v.data(), 9, w.values(0, 0, 1).data);
  made.network.forward({}, w, 0, 1);
  const std::size_t last = made.network.layers().size();
  EXPECT_EQ(last, 11U);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(w.values(last, 0, 1)(0, i), logits[i]);
}

// The loss and the unrolled network together: the slow twin is a central difference in float64.
TEST(Autoencoder, GradientOfTheReconstructionIsTheFiniteDifference) {
  const Stack stack = test::stack_of({{9, 6}, {6, 3, UnitKind::binary, UnitKind::gaussian}});
  Unrolled made = unroll_autoencoder(stack);
  nn::Network& network = made.network;
  constexpr std::size_t kRows = 4;
  const std::vector<float> x = test::uniform(kRows * 9, 4);
  const std::size_t last = network.layers().size();
  nn::Workspace w = network.workspace(kRows);
  std::vector<float> loss(kRows), gradient(network.values().size());
  for (std::size_t r = 0; r < kRows; ++r) std::copy_n(&x[r * 9], 9, w.values(0, r, 1).data);
  network.forward({}, w, 0, kRows);
  nn::sigmoid_cross_entropy(w.values(last, 0, kRows), w.values(0, 0, kRows), 1.0F / kRows,
                            w.derivatives(last, 0, kRows), loss);
  network.backward({}, w, 0, kRows);
  network.gradient(w, kRows, gradient);
  std::vector<double> parameters(network.values().begin(), network.values().end());
  const auto reference = [&] {
    double sum = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
      std::vector<double> y(&x[r * 9], &x[r * 9] + 9);
      for (const auto& layer : network.layers()) {
        std::vector<double> next(layer->outputs());
        layer->reference({}, parameters, y, next);
        y = next;
      }
      for (std::size_t i = 0; i < 9; ++i) sum += std::log1p(std::exp(y[i])) - static_cast<double>(x[r * 9 + i]) * y[i];
    }
    return sum / kRows;
  };
  EXPECT_NEAR(nn::mean(loss), reference(), 1e-5);
  for (const nn::Parameter& p : network.parameters()) {
    for (std::size_t i = p.offset; i < p.offset + p.shape.elements(); ++i) {
      const double value = parameters[i];
      parameters[i] = value + 1e-5;
      const double above = reference();
      parameters[i] = value - 1e-5;
      const double below = reference();
      parameters[i] = value;
      EXPECT_NEAR(gradient[i], (above - below) / 2e-5, 2e-6) << p.name;
    }
  }
}

TEST(Autoencoder, HasNoPlaceForLabels) {
  const Stack stack = test::stack_of({{6, 5}, {5, 4, UnitKind::binary, UnitKind::binary, 2}});
  try {
    (void)unroll_autoencoder(stack);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::unsupported);
  }
}

}  // namespace
}  // namespace fanin::dbn
