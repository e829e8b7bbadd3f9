#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

class TrainCommand : public Program {};

TEST_F(TrainCommand, JsonHoldsWhatScriptsReadAndNothingElseIsOnStdout) {
  const Outcome outcome = run(training({"--json"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json j = outcome.json();
  EXPECT_EQ(j.at("schema"), 1);
  EXPECT_EQ(j.at("command"), "train");
  EXPECT_EQ(j.at("seed"), 3);
  EXPECT_EQ(j.at("layers"), "64-16-4");
  EXPECT_GT(j.at("loss_before").get<double>(), 0);
  EXPECT_TRUE(j.at("test_accuracy").is_number());
  EXPECT_TRUE(j.at("test_accuracy_raw_pixels").is_number());
  ASSERT_EQ(j.at("epochs").size(), 2U);
  for (const auto& e : j.at("epochs")) {
    EXPECT_TRUE(e.at("cost").is_number());
    EXPECT_GE(e.at("seconds").get<double>(), 0);
  }
}

TEST_F(TrainCommand, LearnsAnEasyProblem) {
  const Outcome outcome = run(training({"--json", "-q", "--epochs", "20", "--lr", "0.01"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_GT(outcome.json().at("test_accuracy").get<double>(), 0.95);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(TrainCommand, FilesAreTheSameBytesForAnyNumberOfThreads) {
  for (const char* threads : {"1", "2", "4"}) {
    const std::string model = path(std::string("m") + threads);
    ASSERT_EQ(run(training({"-o", model, "--threads", threads, "--dropout", "0.2"})).code, 0);
    EXPECT_EQ(io::get(model), io::get(path("m1"))) << threads;
  }
}

TEST_F(TrainCommand, SeedDecidesTheModel) {
  ASSERT_EQ(run(training({"-o", path("a")})).code, 0);
  ASSERT_EQ(run(training({"-o", path("b")})).code, 0);
  ASSERT_EQ(run(training({"-o", path("c"), "--seed", "4"})).code, 0);
  EXPECT_EQ(io::get(path("a")), io::get(path("b")));
  EXPECT_NE(io::get(path("a")), io::get(path("c")));
}

TEST_F(TrainCommand, MetricsHaveOneJsonLineAnEpoch) {
  ASSERT_EQ(run(training({"--metrics", path("m.jsonl"), "--epochs", "3"})).code, 0);
  std::istringstream lines(io::get(path("m.jsonl")));
  std::size_t epoch = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(nlohmann::json::parse(line).at("epoch"), ++epoch);
  }
  EXPECT_EQ(epoch, 3U);
}

TEST_F(TrainCommand, EvenGuessIsThatOfTheLoss) {
  EXPECT_NE(run(training()).out.find("(ln 4 = 1.3863)"), std::string::npos);
  const Outcome squared = run(training({"--loss", "mean_squared_error"}));
  EXPECT_NE(squared.out.find("(an even guess has 0.1875)"), std::string::npos) << squared.out;
  EXPECT_EQ(run(training({"--loss", "mean_squared_error", "--json"})).json().at("loss_of_uniform_guess"), 0.1875);
}

TEST_F(TrainCommand, TestAccuracyIsThatOfTheTestFile) {
  const Outcome outcome = run(training());
  EXPECT_NE(outcome.out.find("of 80 (" + path("test-images") + ")"), std::string::npos) << outcome.out;
}

TEST_F(TrainCommand, ReportSaysWhoseWeightsWereSaved) {
  // The learning rate grows until the second epoch spoils what the first one reached.
  const auto spoiled = [&](const Arguments& more) {
    Arguments words =
        training({"--epochs", "2", "--loss", "mean_squared_error", "--optimizer", "sgd", "--activation", "tanh", "--lr",
                  "1.2", "--schedule", "constant(warmup=60)", "--validation", "0.2", "-q"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const nlohmann::json j = run(spoiled({"--patience", "9", "--json"})).json();
  ASSERT_EQ(j.at("best_epoch"), 1);
  ASSERT_EQ(j.at("epochs").size(), 2U);
  const Outcome patient = run(spoiled({"--patience", "9"}));
  EXPECT_NE(patient.out.find("the weights are those of epoch 1, the lowest validation loss"), std::string::npos)
      << patient.out;
  EXPECT_EQ(patient.out.find("stopped early"), std::string::npos);
  const Outcome stopped = run(spoiled({"--epochs", "4", "--patience", "1"}));
  EXPECT_NE(stopped.out.find("stopped early"), std::string::npos) << stopped.out;
  EXPECT_NE(stopped.out.find("the weights are those of epoch 1"), std::string::npos);
  EXPECT_EQ(run(spoiled({})).out.find("the weights are those"), std::string::npos);
}

TEST_F(TrainCommand, SwitchWithAValueCounts) {
  // 200 samples in batches of 30: only without --drop-last does an epoch see all.
  ASSERT_EQ(run(training({"--batch", "30", "-o", path("a"), "--drop-last=false"})).code, 0);
  ASSERT_EQ(run(training({"--batch", "30", "-o", path("b"), "--no-drop-last"})).code, 0);
  ASSERT_EQ(run(training({"--batch", "30", "-o", path("c")})).code, 0);
  EXPECT_EQ(io::get(path("a")), io::get(path("b")));
  EXPECT_NE(io::get(path("a")), io::get(path("c")));
  expect_error(run(training({"--drop-last=maybe"})), 2, {"drop-last", "'maybe'", "true or false"});
}

TEST_F(TrainCommand, FlagsWinOverTheFileAndTheFileOverDefaults) {
  io::put(path("c.toml"), "epochs = 1\nbatch = 50\nlr = 0.5\n");
  const Outcome outcome =
      run(with_data({"train", "--layers", "64-16-4", "--config", path("c.toml"), "--lr", "0.25", "--json"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json j = outcome.json();
  ASSERT_EQ(j.at("epochs").size(), 1U);
  EXPECT_EQ(j.at("epochs")[0].at("learning_rate"), 0.25);
}

TEST_F(TrainCommand, PrintedConfigurationMakesTheSameRun) {
  const Outcome printed = run(training({"--lr", "0.01", "--init", "he_normal", "--print-config", "-o", path("m")}));
  ASSERT_EQ(printed.code, 0) << printed.err;
  EXPECT_FALSE(std::filesystem::exists(path("m")));
  io::put(path("c.toml"), printed.out);
  ASSERT_EQ(run({"train", "--config", path("c.toml")}).code, 0);
  ASSERT_EQ(run(training({"--lr", "0.01", "--init", "he_normal", "-o", path("n")})).code, 0);
  EXPECT_EQ(io::get(path("m")), io::get(path("n")));
}

TEST_F(TrainCommand, LayersHaveActivationsAndRatesOfTheirOwn) {
  const Arguments flags{"--layers",        "64-16-8-4", "--activation",      "sigmoid,tanh",
                        "--lower-rate",    "0.1",       "--top-only-epochs", "1",
                        "--train-samples", "60"};
  Arguments saved = flags;
  saved.insert(saved.end(), {"-o", path("m")});
  ASSERT_EQ(run(training(saved)).code, 0);
  const std::string model = io::get(path("m"));
  EXPECT_NE(model.find(R"("fanin.activation":"sigmoid,tanh")"), std::string::npos);
  EXPECT_NE(model.find("lower_rate=0.1; top_only_epochs=1; train_samples=60"), std::string::npos);
  Arguments printed = flags;
  printed.push_back("--print-config");
  io::put(path("c.toml"), run(training(printed)).out);
  ASSERT_EQ(run({"train", "--config", path("c.toml"), "-o", path("n")}).code, 0);
  EXPECT_EQ(io::get(path("n")), model);
  EXPECT_EQ(run(with_data({"predict", path("m")})).code, 0);
  EXPECT_EQ(run(with_data({"predict", path("m"), "--activation", "sigmoid,tanh"})).code, 0);
  EXPECT_EQ(run(with_data({"predict", path("m"), "--activation", "tanh"})).code, 2);
}

}  // namespace
}  // namespace fanin::cli::test
