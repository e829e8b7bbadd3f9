#include "train/calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fanin/core/error.h"
#include "fanin/nn/network_access.h"
#include "fanin/train/autoencoder.h"
#include "fanin/train/lab.h"

#include "tests/rbm/machines.h"
#include "tests/support/each_target.h"
#include "tests/train/trainer_fixture.h"

namespace fanin::train {
namespace {

using rbm::test::error_of;

class Calibration : public TrainerTest {
 protected:
  static TrainOptions start(const char* init, std::size_t epochs = 0) {
    TrainOptions o = small_run();
    o.epochs = epochs;
    o.set_init(init);
    return o;
  }
  std::vector<float> start_weights(const TrainOptions& o, std::size_t threads = 1) {
    std::vector<float> weights;
    (void)run(o, &weights, threads);
    return weights;
  }
};

/// Keeps what it is told.
class Keeping final : public LabObserver {
 public:
  void on_run(std::size_t, std::size_t, const std::string&, std::uint64_t) override { ++runs; }
  void on_calibration(const init::DataReport& report) override { reports.push_back(report); }
  void on_step(const Progress&) override { steps_after += reports.size(); }
  std::vector<init::DataReport> reports;
  std::size_t steps_after = 0;
  std::size_t runs = 0;
};

TEST_F(Calibration, IsAnInitializerLikeAnyOther) {
  TrainOptions o = start("lsuv(he_normal, tolerance=0.001)", 1);
  EXPECT_EQ(o.init_str(), "lsuv(he_normal, tolerance=0.001)");
  EXPECT_NE(o.fingerprint().find("init=lsuv(he_normal, tolerance=0.001);"), std::string::npos);
  EXPECT_EQ(o.init.weights.str(), "he_normal");
  ThreadPool pool(1);
  Keeping observer;
  Trainer trainer(o, train_, &test_, pool);
  const TrainResult r = trainer.run(observer);
  ASSERT_TRUE(r.calibration);
  EXPECT_GT(r.calibration_seconds, 0);
  ASSERT_EQ(observer.reports.size(), 1U);
  EXPECT_EQ(observer.steps_after, 20U);
  EXPECT_EQ(r.calibration->method, o.init_str());
  ASSERT_EQ(r.calibration->layers.size(), 3U);
  for (const init::LayerReport& l : r.calibration->layers) {
    EXPECT_EQ(l.rows, 205U);  // all, where `samples` is not written
    EXPECT_NEAR(l.std_after, 1, 0.001);
  }
  // The scheme's own weights, times one number for each layer.
  const std::vector<float> plain = start_weights(start("he_normal"));
  o.epochs = 0;
  const std::vector<float> made = start_weights(o);
  for (std::size_t i = 0; i < 16 * 20; ++i) {
    EXPECT_NEAR(made[i], plain[i] * r.calibration->layers[0].scale, 1e-6 * std::abs(made[i])) << i;
  }
}

TEST_F(Calibration, AllMethodsHaveTheSameBitsForAnyThreadsAndTarget) {
  for (const char* init : {"lsuv", "krahenbuhl(kmeans)", "krahenbuhl(pca, samples=100)", "weight_norm(batch=first)"}) {
    TrainOptions o = start(init, 1);
    o.network = nn::NetworkSpec{{16, 12, 8, 3}};
    const std::vector<float> one = start_weights(o);
    for (const std::size_t threads : {2U, 4U}) EXPECT_TRUE(same_bits(start_weights(o, threads), one)) << init;
    test::for_each_target(
        [&](const std::string& target) { EXPECT_TRUE(same_bits(start_weights(o), one)) << init << target; });
    TrainOptions other = o;
    other.seed = 8;
    EXPECT_FALSE(same_bits(start_weights(other), one));
  }
}

TEST_F(Calibration, ResumedRunIsTheSameRun) {
  const TrainOptions o = start("krahenbuhl", 3);
  std::vector<float> straight;
  (void)run(o, &straight);
  ThreadPool pool(1);
  {
    Trainer trainer(o, train_, &test_, pool);
    StopAfter stop(25);
    EXPECT_TRUE(trainer.run(stop, {path_, 0}).interrupted);
  }
  Trainer trainer(o, train_, &test_, pool);
  trainer.resume(path_);
  Observer silent;
  const TrainResult r = trainer.run(silent);
  EXPECT_FALSE(r.calibration);
  EXPECT_TRUE(same_bits(weights_of(trainer), straight));
}

TEST_F(Calibration, SamplesAreDrawnByTheSeedOrTheFirstOnes) {
  TrainOptions o = start("lsuv(samples=50, batch=first)");
  std::vector<std::uint32_t> first(50);
  std::iota(first.begin(), first.end(), 0U);
  EXPECT_EQ(calibration_samples(o, train_), first);
  o.set_init("lsuv(samples=50)");
  const std::vector<std::uint32_t> drawn = calibration_samples(o, train_);
  EXPECT_EQ(drawn.size(), 50U);
  EXPECT_NE(drawn, first);
  EXPECT_EQ(calibration_samples(o, train_), drawn);
  o.seed = 8;
  EXPECT_NE(calibration_samples(o, train_), drawn);
  // A smaller batch is the beginning of a larger one.
  o.seed = 7;
  o.set_init("lsuv(samples=20)");
  EXPECT_TRUE(std::equal(drawn.begin(), drawn.begin() + 20, calibration_samples(o, train_).begin()));
}

TEST_F(Calibration, LooksAtNoSampleThatIsHeldOutButAtThoseWithoutLabels) {
  TrainOptions o = start("lsuv");
  o.validation = 0.5;
  o.train_samples = 9;
  const std::vector<std::uint32_t> seen = calibration_samples(o, train_);
  const data::IndexSplit split =
      data::validation_split(train_.size(), o.validation, random::Stream(o.seed, "validation"));
  EXPECT_EQ(seen.size(), split.train.size());
  for (const std::uint32_t i : split.validation) EXPECT_EQ(std::count(seen.begin(), seen.end(), i), 0) << i;
}

TEST_F(Calibration, MoreSamplesThanThereAreAreRejected) {
  ThreadPool pool(1);
  const auto error = [&](const TrainOptions& o) { return error_of([&] { (void)Trainer(o, train_, &test_, pool); }); };
  const auto [kind, sentence] = error(start("lsuv(samples=206)"));
  EXPECT_EQ(kind, ErrorKind::usage);
  EXPECT_NE(sentence.find("asks for 206 samples, blobs has 205"), std::string::npos) << sentence;
  EXPECT_NO_THROW((void)Trainer(start("lsuv(samples=205)"), train_, &test_, pool));
  EXPECT_EQ(error(start("krahenbuhl(pca)")).first, ErrorKind::usage);  // 20 units for 16 inputs
  EXPECT_EQ(error(start("krahenbuhl(kmeans, samples=19)")).first, ErrorKind::usage);
  EXPECT_NO_THROW((void)Trainer(start("krahenbuhl(kmeans, samples=20)"), train_, &test_, pool));
}

TEST_F(Calibration, LastLayerWithASchemeOfItsOwnIsLeftAlone) {
  TrainOptions o = start("lsuv(normal(0, 0.01))");
  const std::vector<float> all = start_weights(o);
  o.init.output_weights = init::Scheme::parse("normal(0, 0.02)");
  const std::vector<float> hidden = start_weights(o);
  nn::Network network(o.network);
  const nn::Parameter& last = network.parameters()[4];
  EXPECT_TRUE(std::equal(all.begin(), all.begin() + 16 * 20, hidden.begin()));
  double square = 0;
  for (std::size_t i = 0; i < 36; ++i) square += std::pow(hidden[last.offset + i], 2) / 36;
  EXPECT_NEAR(std::sqrt(square), 0.02, 0.008);  // 36 of them: std of the estimate 0.0024
  // zeros would be a dead layer; as a scheme of the last one it is not looked at.
  o.init.output_weights = init::Scheme::parse("zeros");
  EXPECT_NO_THROW((void)start_weights(o));
  EXPECT_EQ(error_of([&] { (void)start_weights(start("lsuv(zeros)")); }).first, ErrorKind::numeric);
}

TEST_F(Calibration, WeightsToStartFromAreLeftAlone) {
  const TrainOptions o = start("lsuv(normal(0, 0.01))");
  std::vector<float> given = start_weights(start("he_normal"));
  ThreadPool pool(1);
  Trainer trainer(o, train_, &test_, pool);
  trainer.start_from(given);
  Observer silent;
  EXPECT_FALSE(trainer.run(silent).calibration);
  EXPECT_TRUE(same_bits(weights_of(trainer), given));
}

TEST_F(Calibration, UnknownNamesSuggestThoseThatLearnToo) {
  TrainOptions o;
  const auto sentence = [&](const char* text) { return error_of([&] { o.set_init(text); }).second; };
  EXPECT_EQ(sentence("lsvu(orthogonal)"), "[init] unknown scheme 'lsvu', did you mean 'lsuv'?");
  EXPECT_EQ(sentence("Krahenbuhl"), "[init] unknown scheme 'Krahenbuhl', did you mean 'krahenbuhl'?");
  EXPECT_NE(sentence("weightnorm").find("'weight_norm'"), std::string::npos);
  EXPECT_NE(sentence("dnb(epochs=3)").find("'dbn'"), std::string::npos);
  EXPECT_NE(sentence("xavier_unifrom").find("'xavier_uniform'"), std::string::npos);
  o.set_init("lsuv");
  o.set_init("dbn");
  EXPECT_FALSE(o.data_dependent);
  EXPECT_TRUE(o.pretraining);
  o.set_init("krahenbuhl");
  EXPECT_FALSE(o.pretraining);
  o.pretraining.emplace();
  EXPECT_EQ(error_of([&] { o.validate(); }).first, ErrorKind::usage);
  o.set_init("he_normal");
  EXPECT_FALSE(o.data_dependent);
  EXPECT_EQ(o.init_str(), "he_normal");
}

TEST_F(Calibration, AutoencodersToo) {
  TrainOptions o = start("lsuv(tolerance=0.01)");
  o.network = mirrored(nn::NetworkSpec{{16, 12, 3}}, nn::ActivationKind::identity);
  o.targets = Targets::inputs;
  o.loss = nn::LossKind::sigmoid_cross_entropy;
  const TrainResult r = run(o);
  ASSERT_EQ(r.calibration->layers.size(), 4U);
  EXPECT_TRUE(r.calibration->findings.empty());
}

TEST_F(Calibration, LabKeepsReportsAndSaysWhatCouldNotBeMade) {
  LabOptions lab;
  lab.base = small_run();
  lab.base.epochs = 1;
  lab.inits = {"lsuv", "lsuv(zeros)", "he_normal"};
  lab.seeds = 2;
  ThreadPool pool(1);
  Keeping observer;
  const LabResult r = run_lab(lab, {test::blobs(205, 1), test::blobs(100, 2)}, pool, observer);
  ASSERT_EQ(r.rows.size(), 3U);
  EXPECT_EQ(observer.reports.size(), 2U);
  EXPECT_TRUE(r.rows[0].runs[1].result.calibration);
  EXPECT_FALSE(r.rows[2].runs[0].result.calibration);
  EXPECT_TRUE(r.rows[1].runs[0].not_made);
  EXPECT_EQ(r.rows[1].test_accuracy.n, 0U);
  EXPECT_EQ(r.findings[0].find("lsuv(zeros) could not be made: [lsuv] layer '0.weight'"), 0U) << r.findings[0];
  // What can be known before the first run is.
  lab.inits = {"he_normal", "krahenbuhl(pca)"};
  Keeping none;
  EXPECT_THROW((void)run_lab(lab, {test::blobs(205, 1), test::blobs(100, 2)}, pool, none), Error);
  EXPECT_EQ(none.runs, 0U);
}

}  // namespace
}  // namespace fanin::train
