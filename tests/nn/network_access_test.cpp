#include "fanin/nn/network_access.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/init/data_dependent.h"
#include "fanin/nn/gradient_check.h"
#include "fanin/nn/initialize.h"
#include "fanin/random/distributions.h"

#include "tests/support/each_target.h"

namespace fanin::nn {
namespace {

constexpr std::size_t kSamples = 230;

std::vector<float> batch_of(std::size_t inputs, double mean = 0.3, double std = 0.5) {
  std::vector<float> x(kSamples * inputs);
  random::fill_normal(random::Stream(77), 0, x, mean, std);
  return x;
}

NetworkSpec spec_of(std::vector<std::size_t> widths, const char* activation) {
  NetworkSpec spec;
  spec.widths = std::move(widths);
  spec.activation = Activation::parse(activation);
  return spec;
}

std::vector<std::size_t> deep(std::size_t depth) {
  std::vector<std::size_t> widths(depth, 40);
  widths.front() = 20;
  widths.push_back(10);
  return widths;
}

/// A network with weights from a scheme, a batch, and the way to it.
struct Case {
  explicit Case(const NetworkSpec& spec, const char* scheme = "normal(0, 0.01)", bool last = true,
                std::size_t threads = 2)
      : pool(threads), network(spec), batch(batch_of(network.inputs())) {
    initialize(network, InitRules::parse(scheme), 5, pool);
    access.emplace(network, MatrixView<const float>(batch.data(), kSamples, network.inputs()), random::Stream(9, "eta"),
                   pool, last);
  }
  init::DataReport run(const char* text) { return init::DataDependent::parse(text).run(*access, 5, pool); }
  /// The outputs of layer l of the network, from the network's own forward pass.
  std::vector<double> outputs(std::size_t l) {
    // Every layer by itself: a workspace may hold an activation in the place of what it saw.
    std::vector<float> x = batch;
    std::size_t cols = network.inputs();
    for (std::size_t i = 0; i <= l; ++i) {
      const Layer& layer = *network.layers()[i];
      std::vector<float> y(kSamples * layer.outputs());
      layer.forward({}, {x.data(), kSamples, cols}, {y.data(), kSamples, layer.outputs()});
      x = std::move(y);
      cols = layer.outputs();
    }
    return {x.begin(), x.end()};
  }
  std::vector<float> function() {
    Workspace w = network.workspace(kSamples, false);
    for (std::size_t r = 0; r < kSamples; ++r) {
      std::copy_n(batch.data() + r * network.inputs(), network.inputs(), w.values(0, r, 1).data);
    }
    network.forward({}, w, 0, kSamples);
    std::vector<float> y;
    for (std::size_t r = 0; r < kSamples; ++r) {
      const float* row = w.values(network.layers().size(), r, 1).data;
      y.insert(y.end(), row, row + network.outputs());
    }
    return y;
  }

  ThreadPool pool;
  Network network;
  std::vector<float> batch;
  std::optional<NetworkAccess> access;
};

double mean_of(const std::vector<double>& y) {
  double sum = 0;
  for (const double v : y) sum += v;
  return sum / static_cast<double>(y.size());
}

double std_of(const std::vector<double>& y) {
  const double mean = mean_of(y);
  double sum = 0;
  for (const double v : y) sum += (v - mean) * (v - mean);
  return std::sqrt(sum / static_cast<double>(y.size()));
}

TEST(NetworkAccess, Lsuv20LayersDeepEveryStdIsOne) {
  for (const char* activation : {"tanh", "relu"}) {
    for (const char* text : {"lsuv(tolerance=0.01)", "lsuv(std=2, tolerance=0.01)"}) {
      SCOPED_TRACE(activation);
      Case c(spec_of(deep(20), activation));
      const double wanted = std::string(text).find("std=2") == std::string::npos ? 1 : 2;
      EXPECT_GT(std::abs(std_of(c.outputs(0)) - wanted), 0.5);
      const init::DataReport r = c.run(text);
      EXPECT_TRUE(r.findings.empty());
      ASSERT_EQ(r.layers.size(), 20U);
      for (std::size_t k = 0; k < 20; ++k) {
        EXPECT_NEAR(std_of(c.outputs(2 * k)), wanted, 0.01) << k;
        EXPECT_NEAR(r.layers[k].std_after, std_of(c.outputs(2 * k)), 1e-6) << k;
        EXPECT_NEAR(r.layers[k].mean_after, mean_of(c.outputs(2 * k)), 1e-6) << k;
        EXPECT_EQ(r.layers[k].name, std::to_string(2 * k) + ".weight");
        EXPECT_EQ(r.layers[k].rows, kSamples);
      }
      const std::vector<float> once(c.network.values().begin(), c.network.values().end());
      (void)c.run(text);
      EXPECT_TRUE(std::equal(once.begin(), once.end(), c.network.values().begin()));
    }
  }
}

// What the std of a whole layer does not tell: units of sigmoid have means that differ, and the more layers there are
// the less of it comes from the samples. Centering units one by one, as weight_norm does, keeps the signal.
TEST(NetworkAccess, LsuvSaysHowMuchOfTheStdIsOfSamples) {
  Case c(spec_of(deep(6), "sigmoid"));
  const init::DataReport r = c.run("lsuv(tolerance=0.01)");
  ASSERT_EQ(r.findings.size(), 1U);
  EXPECT_NE(r.findings[0].find("the samples make 0.0"), std::string::npos) << r.findings[0];
  EXPECT_NEAR(r.layers[5].std_after, 1, 0.01);
  EXPECT_LT(r.layers[5].unit_std_after, 0.1);
  EXPECT_GT(r.layers[0].unit_std_after, 0.5);
  EXPECT_NEAR(Case(spec_of(deep(6), "sigmoid")).run("weight_norm").layers[5].unit_std_after, 1, 1e-4);
  Case deeper(spec_of(deep(20), "sigmoid"));
  try {
    (void)deeper.run("lsuv");
    ADD_FAILURE() << "no error";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("the same for all 230 rows"), std::string::npos) << e.what();
  }
  EXPECT_TRUE(Case(spec_of(deep(20), "sigmoid")).run("weight_norm").findings.empty());
}

TEST(NetworkAccess, CenteredLsuvHasMeansOfZeroToo) {
  Case c(spec_of(deep(5), "relu"));
  EXPECT_TRUE(c.run("lsuv(orthogonal, tolerance=0.01, center=yes)").findings.empty());
  for (std::size_t k = 0; k < 5; ++k) {
    EXPECT_NEAR(mean_of(c.outputs(2 * k)), 0, 0.01) << k;
    EXPECT_NEAR(std_of(c.outputs(2 * k)), 1, 0.01) << k;
  }
}

TEST(NetworkAccess, WeightNormUnitsHaveMeanZeroAndStdOne) {
  Case c(spec_of(deep(6), "relu"));
  EXPECT_TRUE(c.run("weight_norm").findings.empty());
  for (std::size_t k = 0; k < 6; ++k) {
    const std::vector<double> y = c.outputs(2 * k);
    const std::size_t units = y.size() / kSamples;
    for (std::size_t u = 0; u < units; ++u) {
      std::vector<double> unit;
      for (std::size_t r = 0; r < kSamples; ++r) unit.push_back(y[r * units + u]);
      EXPECT_NEAR(mean_of(unit), 0, 1e-5) << k;
      EXPECT_NEAR(std_of(unit), 1, 1e-5) << k;
    }
  }
}

// Its gradients against a finite difference of the loss that they are of.
TEST(NetworkAccess, GradientsAreThoseOfTheRandomLoss) {
  Case c(spec_of({6, 5, 4, 3}, "tanh"), "xavier_normal");
  std::vector<float> eta(kSamples * 3);
  random::fill_normal(random::Stream(9, "eta"), 0, eta, 0, 1);
  const auto loss = [&] {
    const std::vector<double> y = c.outputs(4);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += static_cast<double>(eta[i]) * y[i];
    return sum;
  };
  std::vector<std::vector<float>> gradients(3);
  c.access->gradients([&](std::size_t k, std::span<const float> g) { gradients[k].assign(g.begin(), g.end()); });
  for (std::size_t k = 0; k < 3; ++k) {
    const std::span<float> w = c.access->layer(k).weight;
    ASSERT_EQ(gradients[k].size(), w.size());
    for (const std::size_t i : {std::size_t{0}, w.size() / 2, w.size() - 1}) {
      const float kept = w[i];
      constexpr float kStep = 0x1p-8;
      w[i] = kept + kStep;
      c.access->changed(k);
      const double above = loss();
      w[i] = kept - kStep;
      c.access->changed(k);
      const double below = loss();
      w[i] = kept;
      c.access->changed(k);
      EXPECT_NEAR(gradients[k][i], (above - below) / (2.0 * kStep), 0.02 * (1 + std::abs(gradients[k][i]))) << k;
    }
  }
}

TEST(NetworkAccess, CalibratedRatiosAgreeAndAReluNetworkRemainsTheSameFunction) {
  Case c(spec_of(deep(8), "relu"), "he_normal");
  (void)c.run("krahenbuhl(calibrate=no)");
  const std::vector<float> before = c.function();
  const init::DataReport r = init::calibrate_gradient_ratios(*c.access, {}, c.pool);
  EXPECT_TRUE(r.findings.empty());
  EXPECT_EQ(r.gradient_rounds, 1U);
  for (std::size_t k = 1; k < 8; ++k) {
    EXPECT_NEAR(*r.layers[k].gradient_ratio_after / *r.layers[0].gradient_ratio_after, 1, 0.02) << k;
  }
  const std::vector<float> after = c.function();
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_NEAR(after[i], before[i], 1e-4 * (1 + std::abs(before[i])));
}

TEST(NetworkAccess, CalibrationComesNearForTanhToo) {
  Case c(spec_of(deep(8), "tanh"), "xavier_normal");
  const init::DataReport r = c.run("krahenbuhl(tolerance=0.002, rounds=30)");
  EXPECT_TRUE(r.findings.empty()) << r.findings[0];
  EXPECT_GT(r.gradient_rounds, 1U);
}

TEST(NetworkAccess, EveryMethodHasTheSameBitsForAnyThreadsAndTarget) {
  for (const char* text : {"lsuv", "krahenbuhl", "krahenbuhl(pca)", "krahenbuhl(zca)", "krahenbuhl(kmeans)",
                           "krahenbuhl(patches)", "weight_norm"}) {
    std::vector<float> bits;
    for (const std::size_t threads : {1U, 2U, 4U}) {
      test::for_each_target([&](const std::string& target) {
        Case c(spec_of({30, 24, 12, 8}, "tanh"), "normal(0, 0.1)", true, threads);
        (void)c.run(text);
        if (bits.empty()) bits.assign(c.network.values().begin(), c.network.values().end());
        EXPECT_TRUE(std::equal(bits.begin(), bits.end(), c.network.values().begin())) << text << threads << target;
      });
    }
  }
}

TEST(NetworkAccess, AnswersAreOfTheWeightsThatAreThere) {
  Case c(spec_of({8, 7, 6, 5}, "tanh"), "xavier_normal");
  const auto asked = [&](std::size_t k) {
    std::vector<double> y;
    c.access->outputs(k, [&](MatrixView<const float> rows) { y.assign(rows.data, rows.data + rows.rows * rows.cols); });
    return y;
  };
  for (const std::size_t k : {2U, 0U, 1U, 2U, 2U}) EXPECT_EQ(asked(k), c.outputs(2 * k)) << k;
  // Layers 0 and 1 have been run for layer 2, and are out of date.
  const std::vector<double> before = asked(2);
  c.access->layer(0).weight[3] += 1;
  c.access->changed(0);
  EXPECT_EQ(asked(2), c.outputs(4));
  EXPECT_NE(asked(2), before);
  std::vector<double> seen;
  c.access->inputs(1, [&](MatrixView<const float> rows) { seen.assign(rows.data, rows.data + rows.rows * rows.cols); });
  EXPECT_EQ(seen, c.outputs(1));
}

// A change of any of these numbers changes networks that someone made before.
TEST(NetworkAccess, EveryMethodHasItsBits) {
  const std::pair<const char*, std::uint64_t> golden[] = {
      {"lsuv", 0x2acf82ceac5dfa1f},
      {"lsuv(std=0.5, tolerance=0.01, center=yes)", 0xc1052f8b411ef085},
      {"krahenbuhl", 0x9a122682be0addf5},
      {"krahenbuhl(pca)", 0x2b32b39ee9634612},
      {"krahenbuhl(zca, calibrate=no)", 0x6e3240030a54f07b},
      {"krahenbuhl(kmeans)", 0x30c319e43a53af93},
      {"krahenbuhl(patches)", 0x0171345d5c053ccb},
      {"weight_norm", 0x1cf658d4b78de561},
      {"weight_norm(gain=norm_preserving)", 0x57e76cac2d17eea0},
  };
  for (const auto& [text, checksum] : golden) {
    Case c(spec_of({30, 24, 12, 8}, "tanh"), "normal(0, 0.1)");
    (void)c.run(text);
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const float x : c.network.values()) {
      hash = (hash ^ std::bit_cast<std::uint32_t>(x)) * 0x100000001b3;
    }
    EXPECT_EQ(hash, checksum) << text << std::hex << " 0x" << hash;
  }
}

TEST(NetworkAccess, LeavesOutTheLastLayerIfAskedTo) {
  Case c(spec_of({8, 7, 6}, "relu"), "normal(0, 0.01)", false);
  EXPECT_EQ(c.access->layers(), 1U);
  const init::LayerView last = [&] {
    return NetworkAccess(c.network, {c.batch.data(), kSamples, 8}, random::Stream(0), c.pool).layer(1);
  }();
  const std::vector<float> before(last.weight.begin(), last.weight.end());
  EXPECT_EQ(c.run("lsuv").layers.size(), 1U);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), last.weight.begin()));
  EXPECT_NEAR(std_of(c.outputs(0)), 1, 0.1);
}

TEST(NetworkAccess, DropoutDoesNotAct) {
  NetworkSpec spec = spec_of({8, 40, 40, 6}, "relu");
  spec.dropout = 0.5;
  Case c(spec);
  EXPECT_TRUE(c.run("lsuv(tolerance=0.001)").findings.empty());
  // Layers: linear, relu, dropout, linear, relu, dropout, linear; outputs() is the pass of an evaluation.
  for (const std::size_t l : {0U, 3U, 6U}) EXPECT_NEAR(std_of(c.outputs(l)), 1, 0.001) << l;
}

TEST(NetworkAccess, WorksInBfloat16) {
  NetworkSpec spec = spec_of(deep(6), "relu");
  spec.precision = Precision::bf16;
  for (const char* text : {"lsuv(tolerance=0.01)", "krahenbuhl(kmeans, tolerance=0.03)", "weight_norm"}) {
    Case c(spec, "he_normal");
    const init::DataReport r = c.run(text);
    EXPECT_TRUE(r.findings.empty()) << text << r.findings[0];
  }
}

TEST(NetworkAccess, BatchesThatDoNotFitAreRejected) {
  ThreadPool pool(1);
  Network network(spec_of({8, 7, 6}, "relu"));
  const std::vector<float> x(80);
  EXPECT_THROW(NetworkAccess(network, {x.data(), 10, 7}, random::Stream(0), pool), Error);
  EXPECT_THROW(NetworkAccess(network, {x.data(), 0, 8}, random::Stream(0), pool), Error);
  // Zero weights: every layer is dead.
  NetworkAccess access(network, {x.data(), 10, 8}, random::Stream(0), pool);
  EXPECT_THROW((void)init::lsuv(access, {}, pool), Error);
}

}  // namespace
}  // namespace fanin::nn
