#include "fanin/train/autoencoder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/data/find.h"
#include "fanin/data/principal_components.h"
#include "fanin/dbn/unroll.h"
#include "fanin/nn/gradient_check.h"
#include "fanin/train/trainer.h"

#include "tests/rbm/machines.h"
#include "tests/train/blobs.h"

namespace fanin::train {
namespace {

using rbm::test::error_of;

nn::NetworkSpec small_network() {
  nn::NetworkSpec encoder{{16, 12, 3}};
  encoder.activation = nn::ActivationKind::sigmoid;
  return mirrored(encoder, nn::ActivationKind::identity);
}

TrainOptions small_run() {
  TrainOptions o;
  o.network = small_network();
  o.loss = nn::LossKind::sigmoid_cross_entropy;
  o.targets = Targets::inputs;
  o.batch = 20;
  o.epochs = 3;
  o.learning_rate = 0.01;
  o.seed = 7;
  return o;
}

struct Trained {
  TrainResult result;
  std::vector<float> weights;
};

Trained run(const TrainOptions& o, const data::Dataset& train, const data::Dataset* test, std::size_t threads = 1) {
  ThreadPool pool(threads);
  Observer silent;
  Trainer trainer(o, train, test, pool);
  TrainResult r = trainer.run(silent, {}, true);
  return {std::move(r), {trainer.network().values().begin(), trainer.network().values().end()}};
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(Mirrored, ReadsTheSameBackwards) {
  nn::NetworkSpec encoder{{16, 12, 8, 3}};
  encoder.parse_activations("sigmoid, tanh");
  const nn::NetworkSpec spec = mirrored(encoder, nn::ActivationKind::identity);
  EXPECT_EQ(spec.widths_str(), "16-12-8-3-8-12-16");
  nn::NetworkSpec wanted;
  wanted.parse_activations("sigmoid, tanh, identity, tanh, sigmoid");
  EXPECT_EQ(spec.activations_str(), wanted.activations_str());
  EXPECT_EQ(code_index(spec), 2U);
  for (const char* widths : {"16-12-8-16", "16-12-12-16", "16-16", "16-12-8-11-16", "15-3-16"}) {
    const nn::NetworkSpec other{nn::NetworkSpec::parse_widths(widths)};
    EXPECT_EQ(error_of([&] { require_mirrored(other); }).first, ErrorKind::usage) << widths;
  }
}

TEST(Autoencoder, GradientIsThatOfFiniteDifferences) {
  const data::Dataset data = test::blobs(6, 1);
  std::vector<float> x(6 * 16);
  std::vector<std::uint32_t> all(6);
  std::iota(all.begin(), all.end(), 0U);
  data.gather(all, {x.data(), 6, 16});
  ThreadPool pool(1);
  for (const nn::LossKind loss : {nn::LossKind::sigmoid_cross_entropy, nn::LossKind::mean_squared_error}) {
    nn::Network network(small_network());
    nn::initialize(network, nn::InitRules::parse("xavier_normal"), 5, pool);
    const MatrixView<const float> rows(x.data(), 6, 16);
    const nn::GradientCheck check = nn::check_gradient(network, loss, rows, rows);
    EXPECT_LT(check.worst_error, 1e-3) << check.worst_place;
    EXPECT_GT(check.checked, 200U);
  }
}

// The slow twin: the whole gradient first, then the whole update, rows one by one.
TEST(Autoencoder, FusedStepsEqualPlainOnesBitForBit) {
  const data::Dataset data = test::blobs(60, 1);
  TrainOptions o = small_run();
  o.epochs = 1;
  const Trained fused = run(o, data, nullptr, 2);
  ThreadPool pool(1);
  nn::Network network(o.network);
  nn::initialize(network, o.init, o.seed, pool);
  optim::Optimizer optimizer(o.optimizer, network.values().size());
  data::BatchOrder order(data.size(), {o.batch, o.drop_last, o.shuffle}, random::Stream(o.seed, "shuffle"));
  nn::Workspace w = network.workspace(o.batch);
  std::vector<float> gradient(network.values().size());
  std::vector<float> loss(1);
  const std::size_t last = network.layers().size();
  for (std::size_t b = 0; b < order.batches(); ++b) {
    const auto batch = order.batch(b);
    for (std::size_t r = 0; r < batch.size(); ++r) {
      data.gather(batch.subspan(r, 1), w.values(0, r, 1));
      network.forward(nn::Pass{true}, w, r, 1);
      nn::sigmoid_cross_entropy(w.values(last, r, 1), w.values(0, r, 1), 1.0F / static_cast<float>(batch.size()),
                                w.derivatives(last, r, 1), loss);
      network.backward(nn::Pass{true}, w, r, 1);
    }
    network.gradient(w, batch.size(), gradient);
    optimizer.begin_step(o.learning_rate);
    optimizer.update(0, network.values().size(), network.values().data(), gradient.data());
    network.refresh();
  }
  EXPECT_TRUE(same_bits(fused.weights, {network.values().begin(), network.values().end()}));
}

TEST(Autoencoder, ThreadsDoNotChangeTheBits) {
  const data::Dataset data = test::blobs(205, 1);
  const data::Dataset held_out = test::blobs(100, 2);
  TrainOptions o = small_run();
  o.batch = 33;
  o.drop_last = false;
  o.validation = 0.2;
  const Trained one = run(o, data, &held_out, 1);
  for (const std::size_t threads : {2U, 4U}) {
    const Trained more = run(o, data, &held_out, threads);
    EXPECT_TRUE(same_bits(more.weights, one.weights)) << threads;
    EXPECT_EQ(more.result.reconstruction->squared_error, one.result.reconstruction->squared_error);
    EXPECT_EQ(more.result.epochs.back().validation_loss, one.result.epochs.back().validation_loss);
  }
}

TEST(Autoencoder, ReportsWhatItIsJudgedBy) {
  const data::Dataset data = test::blobs(205, 1);
  const data::Dataset held_out = test::blobs(100, 2);
  TrainOptions o = small_run();
  const Trained r = run(o, data, &held_out);
  EXPECT_FALSE(r.result.test.has_value());
  ASSERT_TRUE(r.result.reconstruction.has_value());
  EXPECT_EQ(r.result.reconstruction->samples, 100U);
  EXPECT_EQ(*r.result.epochs.back().test_squared_error, r.result.reconstruction->squared_error);
  EXPECT_EQ(*r.result.epochs.back().test_loss, r.result.reconstruction->loss);
  EXPECT_FALSE(r.result.epochs.back().test_accuracy.has_value());
  EXPECT_LT(r.result.epochs.back().cost, r.result.epochs.front().cost);
  // By hand: what the network makes of the samples.
  ThreadPool pool(1);
  nn::Network network(o.network);
  std::copy(r.weights.begin(), r.weights.end(), network.values().begin());
  network.refresh();
  std::vector<std::uint32_t> all(100);
  std::iota(all.begin(), all.end(), 0U);
  const std::vector<float> made = reconstructions(network, held_out, o.loss, all, pool);
  std::vector<float> x(made.size());
  held_out.gather(all, {x.data(), 100, 16});
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += std::pow(static_cast<double>(x[i]) - made[i], 2);
  EXPECT_NEAR(r.result.reconstruction->squared_error, sum / 100, 1e-5);
}

TEST(Autoencoder, ResumesBitForBit) {
  class StopAfter final : public Observer {
   public:
    bool stop_requested() override { return ++asked_ == 14; }

   private:
    int asked_ = 0;
  };
  const data::Dataset data = test::blobs(205, 1);
  const std::string path = testing::TempDir() + "fanin_autoencoder_" + std::to_string(getpid());
  const Trained whole = run(small_run(), data, &data);
  ThreadPool pool(1);
  Trainer first(small_run(), data, &data, pool);
  StopAfter stop;
  ASSERT_TRUE(first.run(stop, {path, 0}, true).interrupted);
  Trainer second(small_run(), data, &data, pool);
  second.resume(path);
  Observer silent;
  const TrainResult r = second.run(silent, {}, true);
  EXPECT_TRUE(same_bits(whole.weights, {second.network().values().begin(), second.network().values().end()}));
  EXPECT_EQ(r.epochs.front().test_squared_error, whole.result.epochs.front().test_squared_error);
  std::filesystem::remove(path);
}

// Two hidden layers of a linear network cannot do better than principal components; sigmoid ones around the code can.
TEST(Autoencoder, LearnsMoreThanPrincipalComponents) {
  const data::Split digits = data::load_named("digits");
  ThreadPool pool(2);
  TrainOptions o = small_run();
  nn::NetworkSpec encoder{{64, 48, 4}};
  encoder.activation = nn::ActivationKind::tanh;
  o.network = mirrored(encoder, nn::ActivationKind::identity);
  o.epochs = 40;
  const Trained r = run(o, digits.train, &digits.test, 2);
  const double pca = data::PrincipalComponents(digits.train, 4, pool).squared_error(digits.test, pool);
  EXPECT_LT(r.result.reconstruction->squared_error, 0.9 * pca);
}

TEST(Autoencoder, OfAStackIsPretrainedAndUnrolled) {
  const data::Dataset data = test::blobs(400, 3);
  TrainOptions o = small_run();
  o.set_init("dbn(epochs=2)");
  o.epochs = 0;
  const Trained one = run(o, data, nullptr, 1);
  EXPECT_TRUE(same_bits(run(o, data, nullptr, 2).weights, one.weights));
  // Down is up, transposed: 0.weight [12, 16] and the last weight [16, 12].
  nn::Network network(o.network);
  const auto parameters = network.parameters();
  const float* up = one.weights.data() + parameters.front().offset;
  const float* down = one.weights.data() + parameters[parameters.size() - 2].offset;
  EXPECT_NE(up[1], 0);
  for (std::size_t i = 0; i < 12; ++i) {
    for (std::size_t j = 0; j < 16; ++j) ASSERT_EQ(up[i * 16 + j], down[j * 12 + i]) << i << ' ' << j;
  }
}

TEST(Autoencoder, CodesAreTheMiddleLayer) {
  const data::Dataset data = test::blobs(7, 3);
  ThreadPool pool(1);
  nn::NetworkSpec spec = small_network();
  for (const double dropout : {0.0, 0.5}) {
    spec.dropout = dropout;
    nn::Network network(spec);
    nn::initialize(network, nn::InitRules::parse("xavier_normal"), 5, pool);
    const std::vector<float> codes = hidden_values(spec, network, code_index(spec), data, pool);
    ASSERT_EQ(codes.size(), 7U * 3);
    // The same through the encoder alone.
    nn::NetworkSpec encoder{{16, 12, 3}};
    encoder.activation = nn::ActivationKind::sigmoid;
    nn::Network alone(encoder);
    for (std::size_t p = 0; p < 4; ++p) {
      const auto from = network.values(network.parameters()[p]);
      std::copy(from.begin(), from.end(), alone.values(alone.parameters()[p]).begin());
    }
    alone.refresh();
    const std::vector<std::uint32_t> all{0, 1, 2, 3, 4, 5, 6};
    EXPECT_EQ(codes, outputs(alone, data, all));
  }
}

TEST(Autoencoder, HiddenValuesAreThoseBehindTheActivation) {
  const data::Dataset data = test::blobs(7, 3);
  ThreadPool pool(1);
  nn::NetworkSpec spec = small_network();
  nn::Network network(spec);
  nn::initialize(network, nn::InitRules::parse("xavier_normal"), 5, pool);
  const std::vector<float> plain = hidden_values(spec, network, 2, data, pool);
  EXPECT_TRUE(std::all_of(plain.begin(), plain.end(), [](float h) { return h > 0 && h < 1; }));
  // Dropout layers between are only passed.
  spec.dropout = 0.5;
  nn::Network dropping(spec);
  std::copy(network.values().begin(), network.values().end(), dropping.values().begin());
  dropping.refresh();
  EXPECT_EQ(hidden_values(spec, dropping, 2, data, pool), plain);
  EXPECT_EQ(error_of([&] { (void)hidden_values(spec, network, 3, data, pool); }).first, ErrorKind::usage);
}

// More samples than are on their way through a network at once.
TEST(Autoencoder, EachOfManySamplesHasItsOwnError) {
  const data::Dataset data = test::blobs(2000, 3);
  ThreadPool pool(2);
  nn::Network network(small_network());
  nn::initialize(network, nn::InitRules::parse("xavier_normal"), 5, pool);
  const auto loss = nn::LossKind::sigmoid_cross_entropy;
  const Reconstruction all = evaluate_autoencoder(network, data, loss, pool);
  for (const std::uint32_t i : {0U, 1599U, 1600U, 1999U}) {
    const std::vector<std::uint32_t> one{i};
    EXPECT_EQ(evaluate_autoencoder(network, data, loss, pool, one).sample_squared_error[0], all.sample_squared_error[i])
        << i;
  }
}

TEST(Autoencoder, FindingsFollowTheFigures) {
  const auto ids = [](double error, std::optional<double> pca) {
    std::vector<std::string> all;
    for (const Finding& f : autoencoder_findings({3, error, 10, pca})) all.push_back(f.id);
    return all;
  };
  using Ids = std::vector<std::string>;
  EXPECT_EQ(ids(9.6, 4.0), Ids{"W-MEAN"});
  EXPECT_EQ(ids(9.4, 4.0), Ids{"W-PCA"});
  EXPECT_EQ(ids(9.4, std::nullopt), Ids{});
  EXPECT_EQ(ids(3.9, 4.0), Ids{});
}

// From zeros all units of a layer stay alike: only the output biases learn.
TEST(Autoencoder, FromZerosGivesTheMeanBack) {
  const data::Dataset data = test::blobs(205, 1);
  TrainOptions o = small_run();
  o.init = nn::InitRules::parse("zeros");
  o.epochs = 60;
  const Trained r = run(o, data, &data);
  ThreadPool pool(1);
  const double mean = data::PrincipalComponents(data, 0, pool).squared_error(data, pool);
  EXPECT_NEAR(r.result.reconstruction->squared_error, mean, 0.02 * mean);
  EXPECT_EQ(autoencoder_findings({3, r.result.reconstruction->squared_error, mean, {}}).size(), 1U);
}

TEST(Autoencoder, WrongOptionsAndDataAreRejected) {
  const data::Dataset data = test::blobs(50, 3);
  const auto fails = [&](const TrainOptions& o, const data::Dataset& d, ErrorKind kind, const char* part) {
    const auto [found, sentence] = error_of([&] { (void)run(o, d, nullptr); });
    EXPECT_EQ(found, kind) << sentence;
    EXPECT_NE(sentence.find(part), std::string::npos) << sentence;
  };
  TrainOptions o = small_run();
  o.loss = nn::LossKind::softmax_cross_entropy;
  fails(o, data, ErrorKind::usage, "does not compare outputs with inputs");
  o = small_run();
  o.targets = Targets::labels;
  fails(o, data, ErrorKind::usage, "does not compare outputs with labels");
  o = small_run();
  o.network.widths.back() = 15;
  fails(o, data, ErrorKind::usage, "has 15 outputs for 16 inputs");
  EXPECT_EQ(error_of([&] { o.validate(); }).first, ErrorKind::usage);
  o = small_run();
  o.network.widths = {15, 12, 3, 12, 15};
  fails(o, data, ErrorKind::usage, "has 16 features a sample, the network takes 15");
  o = small_run();
  o.set_init("dbn");
  o.network = nn::NetworkSpec{{16, 12, 3, 11, 16}, nn::ActivationKind::sigmoid};
  fails(o, data, ErrorKind::usage, "16-12-3-11-16 does not read the same backwards");
  o.network = nn::NetworkSpec{{16, 12, 3, 12, 16}};
  o.network.parse_activations("sigmoid, identity, relu");
  fails(o, data, ErrorKind::usage, "sigmoid,identity,relu");
  const data::Dataset outside("outside", Shape{16}, std::vector<float>(32, 1.5F), {0, 0}, 1);
  o = small_run();
  o.batch = 2;
  fails(o, outside, ErrorKind::data, "feature 0 of sample 0 is 1.5");
  o.loss = nn::LossKind::mean_squared_error;
  EXPECT_EQ(run(o, outside, nullptr).result.epochs.size(), 3U);
}

}  // namespace
}  // namespace fanin::train
