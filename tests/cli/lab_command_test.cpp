#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

class LabCommand : public Program {
 protected:
  [[nodiscard]] Arguments lab(const Arguments& more = {}) const {
    return with_data({"lab", "--layers", "64-16-4", "--batch", "20", "--epochs", "2", "--inits", "zeros,xavier_uniform",
                      "--out", path("lab")},
                     more);
  }
};

TEST_F(LabCommand, JsonHoldsWhatScriptsRead) {
  const Outcome outcome = run(lab({"--json", "--seeds", "2"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json j = outcome.json();
  EXPECT_EQ(j.at("schema"), 1);
  ASSERT_EQ(j.at("rows").size(), 2U);
  EXPECT_EQ(j.at("rows")[0].at("init"), "zeros");
  EXPECT_EQ(j.at("rows")[1].at("init"), "xavier_uniform");
  for (const auto& row : j.at("rows")) {
    EXPECT_EQ(row.at("seeds"), 2);
    for (const char* key :
         {"loss_before_mean", "epoch1_cost_mean", "last_cost_mean", "dead_fraction_mean", "test_accuracy_mean",
          "test_accuracy_std", "test_accuracy_raw_pixels_mean", "seconds_mean"}) {
      EXPECT_TRUE(row.at(key).is_number()) << key;
    }
    ASSERT_EQ(row.at("runs").size(), 2U);
  }
  // Zeros: an even guess before the first step, hidden units that stay 0, one class in four.
  const auto& zeros = j.at("rows")[0];
  EXPECT_NEAR(zeros.at("loss_before_mean").get<double>(), std::log(4.0), 1e-6);
  EXPECT_EQ(zeros.at("dead_fraction_mean"), 1.0);
  EXPECT_EQ(zeros.at("test_accuracy_mean"), 0.25);
}

TEST_F(LabCommand, RunOfTheLabIsTheRunOfTrain) {
  const Outcome outcome = run(lab({"--json", "--seeds", "2"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json row = outcome.json().at("rows")[1].at("runs")[1];
  const nlohmann::json alone = run(training({"--seed", "1", "--json"})).json();
  EXPECT_EQ(row.at("seed"), 1);
  EXPECT_EQ(row.at("loss_before"), alone.at("loss_before"));
  EXPECT_EQ(row.at("epochs")[1].at("cost"), alone.at("epochs")[1].at("cost"));
  EXPECT_EQ(row.at("test_accuracy"), alone.at("test_accuracy"));
}

TEST_F(LabCommand, WritesTableCsvMetricsAndTheBestNetwork) {
  const Outcome outcome = run(lab());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("xavier_uniform"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(io::get(path("lab/lab.json"))).at("rows").size(), 2U);
  const std::string csv = io::get(path("lab/lab.csv"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  const std::string metrics = io::get(path("lab/metrics.jsonl"));
  EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 4);
  const Outcome judged = run(with_data({"predict", path("lab/best.safetensors"), "--json"}));
  ASSERT_EQ(judged.code, 0) << judged.err;
  const auto rows = nlohmann::json::parse(io::get(path("lab/lab.json"))).at("rows");
  EXPECT_EQ(judged.json().at("accuracy"), rows[1].at("test_accuracy_mean"));
}

TEST_F(LabCommand, FailedWriteLosesNeitherTheOtherFilesNorTheTable) {
  std::filesystem::create_directory(path("lab"));
  std::filesystem::create_symlink("/dev/full", path("lab/metrics.jsonl"));
  const Outcome text = run(lab({"-q"}));
  EXPECT_EQ(text.code, 4);
  EXPECT_NE(text.err.find("metrics.jsonl"), std::string::npos) << text.err;
  EXPECT_NE(text.out.find("xavier_uniform"), std::string::npos);
  EXPECT_EQ(text.out.find("metrics.jsonl"), std::string::npos) << text.out;
  EXPECT_TRUE(std::filesystem::exists(path("lab/best.safetensors")));
  EXPECT_FALSE(io::get(path("lab/lab.csv")).empty());
  EXPECT_TRUE(nlohmann::json::parse(io::get(path("lab/lab.json"))).at("files").at("metrics").is_null());
  std::filesystem::remove(path("lab/lab.json"));
  std::filesystem::create_symlink("/dev/full", path("lab/lab.json"));
  const Outcome json = run(lab({"-q", "--json"}));
  EXPECT_EQ(json.code, 4);
  EXPECT_EQ(json.json().at("rows").size(), 2U);
  EXPECT_TRUE(json.json().at("files").at("table").is_null());
  EXPECT_TRUE(json.json().at("files").at("csv").is_string());
}

TEST_F(LabCommand, NetworkThatCannotBeSavedStopsNoRun) {
  std::filesystem::create_directory(path("lab"));
  std::filesystem::create_symlink("/dev/full", path("lab/best.safetensors"));
  const Outcome outcome = run(lab({"-q", "--json"}));
  EXPECT_EQ(outcome.code, 4);
  EXPECT_NE(outcome.err.find("best.safetensors"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.json().at("rows").size(), 2U);
  EXPECT_TRUE(outcome.json().at("files").at("best").is_null());
  EXPECT_EQ(nlohmann::json::parse(io::get(path("lab/lab.json"))), outcome.json());
}

TEST_F(LabCommand, BestNetworkOfAnOlderLabIsNotTakenForThisOnes) {
  ASSERT_EQ(run(lab({"-q"})).code, 0);
  ASSERT_TRUE(std::filesystem::exists(path("lab/best.safetensors")));
  const Arguments diverging{"-q", "--inits", "xavier_uniform", "--lr", "1e30"};
  const Outcome text = run(lab(diverging));
  ASSERT_EQ(text.code, 0) << text.err;
  EXPECT_FALSE(std::filesystem::exists(path("lab/best.safetensors")));
  EXPECT_EQ(text.out.find("best.safetensors"), std::string::npos);
  EXPECT_NE(text.out.find("lab.json"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(io::get(path("lab/lab.json"))).at("files").at("best").is_null());
}

TEST_F(LabCommand, SchemeThatCannotFillTheNetworkEndsTheLabBeforeItsFirstRow) {
  expect_error(run(lab({"--inits", "zeros,delta_orthogonal"})), 2, {"delta_orthogonal", "rank 2"});
  EXPECT_FALSE(std::filesystem::exists(path("lab/lab.json")));
}

TEST_F(LabCommand, StoppedBeforeItsFirstRowItLeavesTheFilesOfAnOlderLab) {
  ASSERT_EQ(run(lab({"-q"})).code, 0);
  const std::string table = io::get(path("lab/lab.json"));
  Process process(lab({"--epochs", "100000"}), path("stopped.txt"), path("err.txt"));
  const auto has_begun = [&] {
    return std::filesystem::exists(path("stopped.txt")) && !io::get(path("stopped.txt")).empty();
  };
  while (process.running() && !has_begun()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  process.send(SIGINT);
  EXPECT_EQ(process.wait(), 130);
  EXPECT_NE(io::get(path("err.txt")).find("nothing is written"), std::string::npos) << io::get(path("err.txt"));
  EXPECT_EQ(io::get(path("lab/lab.json")), table);
  EXPECT_TRUE(std::filesystem::exists(path("lab/best.safetensors")));
}

TEST_F(LabCommand, QuickWinsOverTheFileAndEpochsOverQuick) {
  io::put(path("c.toml"), "epochs = 3\n");
  const auto epochs = [&](const Arguments& more) {
    Arguments words = with_data({"lab", "--layers", "64-16-4", "--batch", "20", "--inits", "he_normal", "--out",
                                 path("lab"), "-q", "--json", "--config", path("c.toml")},
                                more);
    return run(words).json().at("epochs").get<int>();
  };
  EXPECT_EQ(epochs({}), 3);
  EXPECT_EQ(epochs({"--quick"}), 2);
  EXPECT_EQ(epochs({"--quick", "--epochs", "1"}), 1);
}

TEST_F(LabCommand, SeedBelongsToASingleSeed) {
  expect_error(run(lab({"--seeds", "2", "--seed", "7"})), 2, {"--seed 7", "seeds 0 and 1", "--seeds 1"});
  expect_error(run(lab({"--seeds", "5", "--seed", "7"})), 2, {"seeds 0 to 4"});
  EXPECT_EQ(run(lab({"--seed", "7", "--json", "-q"})).json().at("seed"), 7);
  const Outcome two = run(lab({"--seeds", "2", "--json", "-q"}));
  EXPECT_TRUE(two.json().at("seed").is_null());
  EXPECT_EQ(two.json().at("seeds"), 2);
  // What --print-config wrote is accepted again.
  const Outcome printed = run(lab({"--seeds", "2", "--print-config"}));
  io::put(path("c.toml"), printed.out);
  EXPECT_EQ(run({"lab", "--config", path("c.toml"), "-q"}).code, 0);
}

TEST_F(LabCommand, NotesSayHowManySeedsTheSpreadIsOf) {
  const Outcome all = run(lab({"--seeds", "2", "-q"}));
  EXPECT_NE(all.out.find("+-: standard deviation over seeds 0..1;"), std::string::npos) << all.out;
  const Outcome some = run(lab({"--seeds", "2", "-q", "--lr", "1e30"}));
  EXPECT_NE(some.out.find("+-: standard deviation over up to 2 seeds"), std::string::npos) << some.out;
}

TEST_F(LabCommand, CostColumnIsNamedByWhatItHolds) {
  EXPECT_NE(run(lab({"-q"})).out.find("epoch 2"), std::string::npos);
  const Outcome patient = run(lab({"-q", "--validation", "0.2", "--patience", "1"}));
  EXPECT_EQ(patient.out.find("epoch 2"), std::string::npos) << patient.out;
  EXPECT_NE(patient.out.find("last"), std::string::npos);
}

TEST_F(LabCommand, EvenGuessIsThatOfTheLoss) {
  EXPECT_NE(run(lab({"-q"})).out.find("ln 4 = 1.3863 is an even guess"), std::string::npos);
  const Outcome squared = run(lab({"-q", "--loss", "mean_squared_error"}));
  EXPECT_NE(squared.out.find("an even guess has 0.1875"), std::string::npos) << squared.out;
  EXPECT_EQ(nlohmann::json::parse(io::get(path("lab/lab.json"))).at("loss_of_uniform_guess"), 0.1875);
}

TEST_F(LabCommand, ARunThatDivergesIsARowNotAnError) {
  const Outcome outcome = run(lab({"--json", "--lr", "1e30"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.json().at("rows")[1].at("test_accuracy_mean").is_null());
  EXPECT_NE(outcome.json().at("rows")[1].at("runs")[0].at("diverged").get<std::string>().find("diverged"),
            std::string::npos);
}

}  // namespace
}  // namespace fanin::cli::test
