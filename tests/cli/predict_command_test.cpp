#include <cmath>
#include <nlohmann/json.hpp>

#include "fanin/io/png.h"

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

class PredictCommand : public Program {
 protected:
  void SetUp() override { ASSERT_EQ(run(training({"--epochs", "20", "--lr", "0.01", "-q", "-o", path("m")})).code, 0); }
  [[nodiscard]] Arguments predict(const Arguments& more = {}) const { return with_data({"predict", path("m")}, more); }
};

double sum(const nlohmann::json& numbers) {
  double total = 0;
  for (const auto& x : numbers) total += x.get<double>();
  return total;
}

TEST_F(PredictCommand, EvaluationAgreesWithTheTraining) {
  const nlohmann::json trained = run(training({"--epochs", "20", "--lr", "0.01", "--json"})).json();
  const Outcome outcome = run(predict({"--json", "--worst", "3"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json j = outcome.json();
  EXPECT_EQ(j.at("schema"), 1);
  EXPECT_EQ(j.at("command"), "predict");
  EXPECT_EQ(j.at("mode"), "evaluate");
  EXPECT_EQ(j.at("samples"), kTest);
  EXPECT_EQ(j.at("accuracy"), trained.at("test_accuracy"));
  EXPECT_EQ(j.at("loss"), trained.at("test_loss"));
  double correct = 0;
  for (std::size_t c = 0; c < 4; ++c) {
    EXPECT_EQ(sum(j.at("confusion")[c]), kTest / 4);
    correct += j.at("confusion")[c][c].get<double>();
  }
  EXPECT_DOUBLE_EQ(correct / kTest, j.at("accuracy").get<double>());
  ASSERT_EQ(j.at("worst").size(), 3U);
  EXPECT_GE(j.at("worst")[0].at("loss"), j.at("worst")[1].at("loss"));
  // The loss is -log p(label), so a right prediction's probability follows from it.
  for (const auto& w : j.at("worst")) {
    if (w.at("label") != w.at("prediction")) continue;
    EXPECT_NEAR(w.at("probability").get<double>(), std::exp(-w.at("loss").get<double>()), 1e-5);
  }
}

TEST_F(PredictCommand, LossIsTheOneOfTheTraining) {
  const Outcome trained = run(training({"--loss", "mean_squared_error", "--json", "-o", path("s")}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const nlohmann::json j = run(with_data({"predict", path("s"), "--json"})).json();
  EXPECT_EQ(j.at("loss_kind"), "mean_squared_error");
  EXPECT_EQ(j.at("loss"), trained.json().at("test_loss"));
  const nlohmann::json other =
      run(with_data({"predict", path("s"), "--json", "--loss", "softmax_cross_entropy"})).json();
  EXPECT_NE(other.at("loss"), j.at("loss"));
}

TEST_F(PredictCommand, MetadataReachTheTerminalWithoutEscapeSequences) {
  std::string model = io::get(path("m"));
  const std::string was = R"("fanin.init":"xavier_uniform")";
  const std::string is = R"("fanin.init":"\u001b[31mred!")";
  ASSERT_EQ(was.size(), is.size());
  const std::size_t at = model.find(was);
  ASSERT_NE(at, std::string::npos);
  io::put(path("m"), model.replace(at, was.size(), is));
  const Outcome outcome = run(predict());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos);
  EXPECT_NE(outcome.out.find("[31mred!"), std::string::npos);

  const std::string relu = R"("fanin.activation":"relu")";
  const std::size_t there = model.find(relu);
  ASSERT_NE(there, std::string::npos);
  io::put(path("m"), model.replace(there + relu.size() - 5, 4,
                                   "\x7f"
                                   "abc"));
  const Outcome bad = run(predict());
  expect_error(bad, 3, {"?abc"});
  EXPECT_EQ(bad.err.find('\x7f'), std::string::npos);
}

TEST_F(PredictCommand, TrainPartHasTheTrainingSamples) {
  EXPECT_EQ(run(predict({"--json", "--part", "train"})).json().at("samples"), kTrain);
}

TEST_F(PredictCommand, TextShowsMatrixAndPictures) {
  const Outcome outcome = run(predict());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* part : {"accuracy", "of 80", "recall", "precision", "highest losses", "predicted"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos);
}

TEST_F(PredictCommand, IndexShowsOneSample) {
  const Outcome outcome = run(predict({"--index", "5", "--json"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json j = outcome.json();
  EXPECT_EQ(j.at("mode"), "index");
  EXPECT_EQ(j.at("index"), 5);
  EXPECT_EQ(j.at("label"), 1);
  EXPECT_EQ(j.at("prediction"), 1);
  ASSERT_EQ(j.at("probabilities").size(), 4U);
  EXPECT_NEAR(sum(j.at("probabilities")), 1, 1e-5);
  EXPECT_EQ(j.at("probability"), j.at("probabilities")[1]);
  EXPECT_NE(run(predict({"--index", "5"})).out.find("Label: 1\nPrediction: 1 "), std::string::npos);
}

TEST_F(PredictCommand, RandomSampleCanBeRepeatedWithItsSeed) {
  const nlohmann::json first = run(predict({"--random", "--json"})).json();
  EXPECT_EQ(first.at("mode"), "random");
  const std::string seed = std::to_string(first.at("seed").get<std::uint64_t>());
  EXPECT_EQ(run(predict({"--random", "--json", "--seed", seed})).json(), first);
  EXPECT_NE(run(predict({"--random", "--seed", seed})).out.find("--seed " + seed), std::string::npos);
  EXPECT_LT(first.at("index").get<std::size_t>(), kTest);
}

TEST_F(PredictCommand, ImageOfWhitePaperIsInvertedAndRead) {
  // The second quarter bright on black, and the same as dark ink on white paper, larger.
  io::GrayImage ground{16, 16, std::vector<std::uint8_t>(256, 60)};
  for (std::size_t r = 0; r < 8; ++r) std::fill_n(ground.pixels.data() + 16 * r + 8, 8, std::uint8_t{180});
  io::GrayImage paper = ground;
  for (std::uint8_t& p : paper.pixels) p = static_cast<std::uint8_t>(255 - p);
  io::write_png_gray(path("ground.png"), ground);
  io::write_png_gray(path("paper.png"), paper);
  const nlohmann::json dark = run({"predict", path("m"), "--image", path("ground.png"), "--json"}).json();
  const nlohmann::json light = run({"predict", path("m"), "--image", path("paper.png"), "--json"}).json();
  EXPECT_EQ(dark.at("mode"), "image");
  EXPECT_EQ(dark.at("prediction"), 1);
  EXPECT_FALSE(dark.at("inverted").get<bool>());
  EXPECT_TRUE(light.at("inverted").get<bool>());
  EXPECT_EQ(light.at("probabilities"), dark.at("probabilities"));
  const Outcome text = run({"predict", path("m"), "--image", path("paper.png")});
  EXPECT_NE(text.out.find("--no-invert"), std::string::npos) << text.err;
  EXPECT_FALSE(
      run({"predict", path("m"), "--image", path("paper.png"), "--no-invert", "--json"}).json().at("inverted"));
}

TEST_F(PredictCommand, BadRequestsAreOneSentence) {
  io::put(path("no.png"), "no picture");
  io::put(path("no-model"), "no model");
  ASSERT_EQ(run({"init", "--layers", "60-4", "-o", path("w60")}).code, 0);
  ASSERT_EQ(run({"init", "--layers", "64-3", "-o", path("w3")}).code, 0);
  expect_error(run(predict({"--index", "80"})), 2, {"80", "0 to 79"});
  expect_error(run(predict({"--index", "-1"})), 2, {"index"});
  expect_error(run(predict({"--index", "1", "--random"})), 2, {"--index", "--random"});
  expect_error(run(predict({"--part", "validation"})), 2, {"validation", "train"});
  expect_error(run(predict({"--random", "--seed", "x"})), 2, {"seed"});
  expect_error(run(predict({"--activation", "tanh"})), 2, {"tanh", "relu"});
  expect_error(run(predict({"--activation", "tanhh"})), 2, {"'tanh'"});
  expect_error(run({"predict"}), 2, {"model"});
  expect_error(run(with_data({"predict", path("w60")})), 2, {"64 features", "60"});
  expect_error(run(with_data({"predict", path("w3")})), 3, {"label 3", "0..2"});
  expect_error(run(with_data({"predict", path("no-model")})), 3, {"no-model"});
  expect_error(run(with_data({"predict", path("missing")})), 4, {"missing"});
  expect_error(run({"predict", path("m"), "--image", path("no.png")}), 3, {"no.png"});
  expect_error(run({"predict", path("w60"), "--image", path("no.png")}), 3, {"no.png"});
}

TEST_F(PredictCommand, TruncatedModelIsBadInput) {
  const std::string whole = io::get(path("m"));
  for (const std::size_t kept : {std::size_t{0}, std::size_t{7}, std::size_t{100}, whole.size() - 1}) {
    io::put(path("m"), whole.substr(0, kept));
    expect_error(run(predict()), 3, {path("m")});
  }
}

}  // namespace
}  // namespace fanin::cli::test
