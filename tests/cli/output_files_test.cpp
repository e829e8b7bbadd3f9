#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

class OutputFiles : public Program {
 protected:
  // A CSV of two classes that anything learns.
  [[nodiscard]] std::string write_csv(const std::string& name) const {
    std::string text = "a,b,label\n";
    for (int i = 0; i < 40; ++i) text += i % 2 == 0 ? "0.9,0.1,0\n" : "0.2,0.8,1\n";
    io::put(path(name), text);
    return path(name);
  }
  [[nodiscard]] Arguments csv_training(const std::string& csv, const Arguments& more = {}) const {
    Arguments words{"train", "--layers", "2-4-2", "--batch", "10", "--epochs", "2", "--csv", csv, "-q"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  [[nodiscard]] std::size_t lines_of(const std::string& name) const {
    const std::string text = io::get(path(name));
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
};

TEST_F(OutputFiles, OfOneTrainingAreDifferentFiles) {
  for (const Arguments& flags : {Arguments{"-o", path("s"), "--metrics", path("s")},
                                 {"-o", path("s"), "--checkpoint", path("s")},
                                 {"--metrics", path("s"), "--checkpoint", path("./s")},
                                 {"-o", path("s"), "--metrics", path("s.checkpoint")}}) {
    SCOPED_TRACE(flags[0] + " " + flags[2]);
    expect_error(run(training(flags)), 2, {"different names"});
  }
  EXPECT_FALSE(std::filesystem::exists(path("s")));
}

TEST_F(OutputFiles, NeverReplaceAnInput) {
  const std::string csv = write_csv("x.csv");
  const std::string before = io::get(csv);
  for (const char* flag : {"-o", "--metrics", "--checkpoint"}) {
    expect_error(run(csv_training(csv, {flag, csv})), 2, {"--csv", "x.csv"});
  }
  expect_error(run(csv_training(csv, {"--test-csv", write_csv("y.csv"), "-o", path("y.csv")})), 2, {"--test-csv"});
  EXPECT_EQ(io::get(csv), before);
  for (const char* part : {"train-images", "train-labels", "test-images", "test-labels"}) {
    const std::string bytes = io::get(path(part));
    expect_error(run(training({"-o", path(part)})), 2, {part});
    EXPECT_EQ(io::get(path(part)), bytes);
  }
  io::put(path("c.toml"), "epochs = 1\n");
  expect_error(run(training({"--config", path("c.toml"), "-o", path("c.toml")})), 2, {"--config"});
  io::put(path("c.toml"), "seed = 1\n");
  expect_error(run({"init", "--layers", "4-2", "--config", path("c.toml"), "-o", path("c.toml")}), 2, {"--config"});
  EXPECT_EQ(io::get(path("c.toml")), "seed = 1\n");
}

TEST_F(OutputFiles, OfTheLabNeverReplaceAnInput) {
  const std::string csv = write_csv("lab.csv");
  const std::string before = io::get(csv);
  expect_error(run({"lab", "--layers", "2-4-2", "--batch", "10", "--csv", csv, "--test-csv", csv, "--out",
                    folder_.path().string()}),
               2, {"--out", "lab.csv"});
  EXPECT_EQ(io::get(csv), before);
}

TEST_F(OutputFiles, DeviceMayTakeThemAll) {
  const Outcome outcome = run(training({"-o", "/dev/null", "--metrics", "/dev/null", "--checkpoint", "/dev/null"}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(OutputFiles, StandardOutputInAFileHasNoCheckpointBesideItAndKeepsTheNetwork) {
  ASSERT_EQ(run(training({"-o", path("m")})).code, 0);
  const std::string network = io::get(path("m"));
  const Outcome outcome = run(training({"-o", "/proc/self/fd/1"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.substr(0, network.size()), network);
  EXPECT_NE(outcome.out.substr(network.size()).find("test accuracy"), std::string::npos);
}

TEST_F(OutputFiles, TakeDataWhosePathIsNotUtf8) {
  const std::string csv = write_csv(
      "donn\xe9"
      "es.csv");
  const Outcome trained = run(csv_training(csv, {"-o", path("m"), "--json"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_NE(trained.json().at("data").get<std::string>().find("donn\xEF\xBF\xBD"
                                                              "es.csv"),
            std::string::npos);
  const Outcome judged = run({"predict", path("m"), "--csv", csv, "--json"});
  EXPECT_EQ(judged.code, 0) << judged.err;
  EXPECT_EQ(judged.json().at("samples"), 40);
  const Outcome lab = run({"lab", "--layers", "2-4-2", "--batch", "10", "--epochs", "1", "--inits", "he_normal",
                           "--csv", csv, "--test-csv", csv, "--out", path("l\xe9"), "--json"});
  ASSERT_EQ(lab.code, 0) << lab.err;
  EXPECT_TRUE(lab.json().at("files").at("best").is_string());
  EXPECT_TRUE(std::filesystem::exists(path("l\xe9/best.safetensors")));
}

TEST_F(OutputFiles, MetricsOfADivergedRunHoldTheEpochsBeforeIt) {
  io::put(path("metrics"), "old\n");
  const Outcome outcome = run(training({"--lr", "1e30", "-q", "--metrics", path("metrics")}));
  expect_error(outcome, 5, {"diverged"});
  EXPECT_EQ(io::get(path("metrics")), "");
  // The learning rate grows past what a linear network stands in the second epoch.
  const Outcome later =
      run(training({"--optimizer", "sgd", "--loss", "mean_squared_error", "--activation", "identity", "--lr", "2",
                    "--schedule", "constant(warmup=60)", "-q", "--metrics", path("metrics")}));
  expect_error(later, 5, {"diverged", "epoch 2"});
  ASSERT_EQ(lines_of("metrics"), 1U);
  EXPECT_EQ(nlohmann::json::parse(io::get(path("metrics"))).at("epoch"), 1);
}

TEST_F(OutputFiles, UnwrittenMetricsDoNotHideTheDivergence) {
  const Outcome outcome = run(training({"--lr", "1e30", "-q", "--metrics", "/dev/full"}));
  EXPECT_EQ(outcome.code, 5) << outcome.err;
  EXPECT_NE(outcome.err.find("diverged"), std::string::npos);
}

}  // namespace
}  // namespace fanin::cli::test
