#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/data/find.h"
#include "fanin/rbm/ais.h"
#include "fanin/train/rbm_trainer.h"

namespace fanin::train {
namespace {

struct Variant {
  const char* name;
  bool centered, flip;
  double low, high;  // mean log p of the test images, in nats

  [[nodiscard]] data::Binarization binarization() const {
    data::Binarization b = data::Binarization::parse("0.5");
    b.flip = flip;
    return b;
  }
};

void PrintTo(const Variant& v, std::ostream* out) {
  *out << v.name;
}

// log odds of the training images' pixels, from which annealing starts.
std::vector<float> base_rates(const data::Dataset& train, const data::Binarization& binarization) {
  const std::size_t n = train.size();
  const std::size_t features = train.features();
  std::vector<double> sum(features);
  std::vector<float> row(features);
  for (std::uint32_t i = 0; i < n; ++i) {
    data::gather(train, binarization, random::Stream(0), 0, {&i, 1}, {row.data(), 1, features});
    for (std::size_t j = 0; j < features; ++j) sum[j] += static_cast<double>(row[j]);
  }
  std::vector<float> bias(features);
  for (std::size_t j = 0; j < features; ++j) {
    bias[j] = static_cast<float>(std::log((sum[j] + 1) / (static_cast<double>(n) - sum[j] + 1)));
  }
  return bias;
}

rbm::Rbm trained(const data::Split& mnist, const Variant& variant, std::uint64_t seed, ThreadPool& pool) {
  RbmOptions o = RbmOptions::preset("pcd");
  o.hidden = 16;
  o.learning.centered = variant.centered;
  o.learning.seed = seed;
  o.binarization = variant.binarization();
  o.epochs = 50;
  o.monitor_samples = 0;
  RbmTrainer trainer(o, mnist.train, nullptr, pool);
  while (!trainer.finished()) (void)trainer.run_epoch();
  return std::move(trainer.machine());
}

RbmMeasures exact_measures(const rbm::Rbm& machine, const data::Dataset& test, const Variant& variant,
                           ThreadPool& pool) {
  return measure(machine, {&test, variant.binarization()}, {.exact = true}, pool);
}

constexpr double kTolerance = 0.6;  // nats, of an estimate of log Z

class Mnist16 : public testing::TestWithParam<Variant> {};

// PCD-1 with 16 hidden units, threshold 0.5, whose log Z is a sum of 65,536 terms. Seeds differ by up to 4 nats.
TEST_P(Mnist16, TestLogLikelihoodIsThePublishedOneAndAnnealingFindsIt) {
  constexpr std::uint64_t kSeeds = 4;
  const Variant variant = GetParam();
  const data::Split mnist = data::load_named("mnist");
  ThreadPool pool(std::thread::hardware_concurrency());
  double sum = 0;
  for (std::uint64_t seed = 1; seed < kSeeds; ++seed) {
    sum += *exact_measures(trained(mnist, variant, seed, pool), mnist.test, variant, pool).log_likelihood;
  }
  const rbm::Rbm machine = trained(mnist, variant, 0, pool);
  const RbmMeasures exact = exact_measures(machine, mnist.test, variant, pool);
  const double mean = (sum + *exact.log_likelihood) / kSeeds;
  fmt::print("{}: mean log p {:.3f} over {} seeds\n", variant.name, mean, kSeeds);
  EXPECT_GE(mean, variant.low);
  EXPECT_LE(mean, variant.high);

  const std::vector<float> bias = base_rates(mnist.train, variant.binarization());
  rbm::AisOptions ais;
  ais.base_bias = bias;
  const rbm::AisResult up = rbm::ais(machine, ais, pool);
  std::vector<float> start(ais.chains * machine.visible());
  std::vector<std::uint32_t> first(ais.chains);
  std::iota(first.begin(), first.end(), 0U);
  const MatrixView<float> rows(start.data(), ais.chains, machine.visible());
  RbmData{&mnist.train, variant.binarization()}.rows(machine, 0, first, rows);
  const rbm::AisResult down = rbm::reverse_ais(machine, rows, ais, pool);
  fmt::print("{}: log Z {:.3f}, AIS {:.3f} [{:.3f}, {:.3f}], reverse {:.3f} [{:.3f}, {:.3f}]\n", variant.name,
             *exact.log_z, up.log_z, up.log_z_low, up.log_z_high, down.log_z, down.log_z_low, down.log_z_high);
  EXPECT_NEAR(up.log_z, *exact.log_z, kTolerance);
  EXPECT_NEAR(down.log_z, *exact.log_z, kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Variants, Mnist16,
                         testing::Values(Variant{"centered", true, false, -144.6, -140.6},
                                         Variant{"normal", false, false, -152.1, -146.1},
                                         Variant{"flipped_centered", true, true, -144.1, -140.1},
                                         Variant{"flipped_normal", false, true, -1000, -170}),
                         [](const auto& which) { return which.param.name; });

TEST(Mnist16Centered, AtLeast18Of20IntervalsOfAnnealingHoldTheExactLogZ) {
  constexpr int kSeeds = 20;
  constexpr int kEnough = 18;
  const Variant variant{"centered", true, false, 0, 0};
  const data::Split mnist = data::load_named("mnist");
  ThreadPool pool(std::thread::hardware_concurrency());
  const rbm::Rbm machine = trained(mnist, variant, 0, pool);
  const double log_z = *exact_measures(machine, mnist.test, variant, pool).log_z;
  const std::vector<float> bias = base_rates(mnist.train, variant.binarization());
  rbm::AisOptions ais;
  ais.base_bias = bias;
  int covered = 0;
  double worst = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    ais.seed = static_cast<std::uint64_t>(seed);
    const rbm::AisResult r = rbm::ais(machine, ais, pool);
    worst = std::max(worst, std::abs(r.log_z - log_z));
    if (r.log_z_low <= log_z && log_z <= r.log_z_high) ++covered;
  }
  fmt::print("of {} intervals {} hold log Z, the largest error is {:.3f}\n", kSeeds, covered, worst);
  EXPECT_GE(covered, kEnough);
  EXPECT_LE(worst, kTolerance);
}

}  // namespace
}  // namespace fanin::train
