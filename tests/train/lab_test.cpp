#include "fanin/train/lab.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "fanin/core/error.h"

#include "tests/train/blobs.h"
#include "train/lab_findings.h"

namespace fanin::train {
namespace {

LabOptions small_lab() {
  LabOptions o;
  o.base.network = nn::NetworkSpec{{16, 20, 3}};
  o.base.batch = 10;
  o.base.epochs = 3;
  o.base.learning_rate = 0.01;
  o.inits = {"zeros", "xavier_uniform", "he_normal"};
  o.seeds = 3;
  o.target_accuracy = 0.9;
  return o;
}

data::Split small_data() {
  return {test::blobs(200, 1), test::blobs(100, 2)};
}

/// Keeps what the lab reports.
class Keeping final : public LabObserver {
 public:
  void on_run(std::size_t, std::size_t runs, const std::string&, std::uint64_t seed) override {
    seeds.push_back(seed);
    total = runs;
  }
  void on_best(const std::string& init, std::uint64_t, const nn::Network&) override { best = init; }
  bool stop_requested() override { return seeds.size() == stop_at; }

  std::vector<std::uint64_t> seeds;
  std::size_t total = 0;
  std::size_t stop_at = 0;
  std::string best;
};

TEST(Lab, ARowForEachInitOverSeedsFromZero) {
  ThreadPool pool(2);
  Keeping observer;
  const LabResult r = run_lab(small_lab(), small_data(), pool, observer);
  ASSERT_EQ(r.rows.size(), 3U);
  EXPECT_EQ(observer.seeds, (std::vector<std::uint64_t>{0, 1, 2, 0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(observer.total, 9U);
  EXPECT_NE(observer.best, "zeros");
  EXPECT_NEAR(r.rows[0].loss_before.mean, std::log(3.0), 1e-6);
  EXPECT_EQ(r.rows[0].dead_fraction.mean, 1.0);
  EXPECT_EQ(r.rows[0].epochs_to_target.n, 0U);
  EXPECT_GT(r.rows[1].test_accuracy.mean, 0.9);
  EXPECT_GT(r.rows[1].epoch1_cost.std, 0.0);
  EXPECT_EQ(r.rows[1].epochs_to_target.n, 3U);
  EXPECT_NE(r.findings.front().find("zeros never learns"), std::string::npos) << r.findings.front();
}

TEST(Lab, OneSeedIsTheBasesOwnAndClaimsNoRanking) {
  LabOptions o = small_lab();
  o.seeds = 1;
  o.base.seed = 42;
  ThreadPool pool(1);
  Keeping observer;
  const LabResult r = run_lab(o, small_data(), pool, observer);
  EXPECT_EQ(observer.seeds, (std::vector<std::uint64_t>{42, 42, 42}));
  EXPECT_NE(r.findings.back().find("--seeds 5"), std::string::npos);
}

TEST(Lab, ADivergingRowIsAResult) {
  LabOptions o = small_lab();
  o.base.optimizer.kind = optim::OptimizerKind::sgd;
  o.base.learning_rate = 1e25;
  o.inits = {"he_normal"};
  ThreadPool pool(1);
  LabObserver silent;
  const LabResult r = run_lab(o, small_data(), pool, silent);
  EXPECT_EQ(r.rows[0].test_accuracy.n, 0U);
  EXPECT_FALSE(r.rows[0].runs[0].diverged.empty());
  EXPECT_NE(r.findings[0].find("diverged in 3 of 3 runs"), std::string::npos);
}

TEST(Lab, AnInterruptionKeepsTheFinishedRuns) {
  ThreadPool pool(1);
  Keeping observer;
  observer.stop_at = 5;
  const LabResult r = run_lab(small_lab(), small_data(), pool, observer);
  EXPECT_TRUE(r.interrupted);
  ASSERT_EQ(r.rows.size(), 2U);
  EXPECT_EQ(r.rows[1].runs.size(), 1U);
}

TEST(Lab, InvalidOptionsAreRejected) {
  const auto rejected = [](auto change) {
    LabOptions o = small_lab();
    change(o);
    EXPECT_THROW(o.validate(), Error);
  };
  rejected([](LabOptions& o) { o.inits = {}; });
  rejected([](LabOptions& o) { o.inits = {"xavier_unifrom"}; });
  rejected([](LabOptions& o) { o.seeds = 0; });
  rejected([](LabOptions& o) { o.base.epochs = 0; });
  rejected([](LabOptions& o) { o.target_accuracy = 1.5; });
  rejected([](LabOptions& o) { o.target_accuracy = 0; });
}

TEST(MeanStd, IsTheSampleDeviation) {
  const MeanStd m = mean_std({1, 2, 3, 4});
  EXPECT_DOUBLE_EQ(m.mean, 2.5);
  EXPECT_DOUBLE_EQ(m.std, std::sqrt(5.0 / 3.0));
  EXPECT_EQ(mean_std({3}).std, 0.0);
  EXPECT_EQ(mean_std({}).n, 0U);
}

LabRow row_with(const std::string& init, MeanStd accuracy) {
  LabRow row;
  row.init = init;
  row.runs.resize(accuracy.n);
  row.test_accuracy = accuracy;
  row.loss_before = {2.4, 0, accuracy.n};
  row.last_cost = {0.01, 0, accuracy.n};
  return row;
}

TEST(LabFindings, ClaimOnlyWhatTheSpreadSupports) {
  LabOptions o = small_lab();
  o.seeds = 5;
  const std::vector<LabRow> rows{row_with("xavier_uniform", {0.9795, 0.001, 5}),
                                 row_with("he_normal", {0.9800, 0.0015, 5}),
                                 row_with("normal(0,1)", {0.9450, 0.002, 5})};
  const std::vector<std::string> lines = findings(o, rows);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0].find("he_normal, xavier_uniform cannot be told apart"), std::string::npos) << lines[0];
  EXPECT_NE(lines[1].find("normal(0,1) (3.50 points)"), std::string::npos) << lines[1];
}

}  // namespace
}  // namespace fanin::train
