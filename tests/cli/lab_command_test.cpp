#include <filesystem>

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

TEST_F(LabCommand, ARunThatDivergesIsARowNotAnError) {
  const Outcome outcome = run(lab({"--json", "--lr", "1e30"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.json().at("rows")[1].at("test_accuracy_mean").is_null());
  EXPECT_NE(outcome.json().at("rows")[1].at("runs")[0].at("diverged").get<std::string>().find("diverged"),
            std::string::npos);
}

}  // namespace
}  // namespace fanin::cli::test
