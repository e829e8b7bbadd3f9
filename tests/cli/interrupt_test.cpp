#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

// A run of 1200 steps that writes a checkpoint after each: long enough to be hit in the middle.
class Interrupt : public Program {
 protected:
  [[nodiscard]] Arguments long_run(const std::string& model, const Arguments& more = {}) const {
    Arguments flags{"--epochs", "60", "--batch", "10", "--dropout", "0.1", "-q", "-o", path(model)};
    flags.insert(flags.end(), more.begin(), more.end());  // of two flags the last counts
    return training(flags);
  }

  // Each write of a checkpoint is another file under the old name.
  [[nodiscard]] ino_t checkpoint_file(const std::string& model) const {
    struct stat status {};
    return ::stat(path(model + ".checkpoint").c_str(), &status) == 0 ? status.st_ino : 0;
  }

  // Starts the run and sends the signal so many milliseconds after it wrote its first checkpoint.
  int run_and_send(int signal, const std::string& model, int milliseconds, const Arguments& more = {}) const {
    const ino_t before = checkpoint_file(model);
    Arguments flags{"--checkpoint-every", "1", "--resume"};
    flags.insert(flags.end(), more.begin(), more.end());
    Process process(long_run(model, flags), path("out.txt"), path("err.txt"));
    while (process.running() && checkpoint_file(model) == before) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    process.send(signal);
    return process.wait();
  }
};

TEST_F(Interrupt, KilledRunsGoOnToTheSameBytes) {
  ASSERT_EQ(run(long_run("whole")).code, 0);
  for (const int milliseconds : {0, 1, 3, 7, 15, 30}) {
    ASSERT_EQ(run_and_send(SIGKILL, "killed", milliseconds), -SIGKILL);
    EXPECT_FALSE(std::filesystem::exists(path("killed")));
  }
  const Outcome last = run(long_run("killed", {"--resume"}));
  ASSERT_EQ(last.code, 0) << last.err;
  EXPECT_EQ(io::get(path("killed")), io::get(path("whole")));
}

TEST_F(Interrupt, ControlCLeavesACheckpointThatGoesOnToTheSameBytes) {
  ASSERT_EQ(run(long_run("whole")).code, 0);
  EXPECT_EQ(run_and_send(SIGINT, "stopped", 10), 130);
  EXPECT_FALSE(std::filesystem::exists(path("stopped")));
  EXPECT_TRUE(std::filesystem::exists(path("stopped.checkpoint")));
  EXPECT_EQ(io::get(path("out.txt")), "");
  const Outcome last = run(long_run("stopped", {"--resume"}));
  ASSERT_EQ(last.code, 0) << last.err;
  EXPECT_EQ(io::get(path("stopped")), io::get(path("whole")));
}

TEST_F(Interrupt, ControlCLeavesTheMetricsOfAllEpochsSoFar) {
  ASSERT_EQ(run(long_run("m", {"--epochs", "3"})).code, 0);
  io::put(path("metrics"), "old\n");
  ASSERT_EQ(run_and_send(SIGINT, "m", 1, {"--metrics", path("metrics")}), 130);
  std::istringstream lines(io::get(path("metrics")));
  std::size_t epoch = 0;
  for (std::string line; std::getline(lines, line);) EXPECT_EQ(nlohmann::json::parse(line).at("epoch"), ++epoch);
  EXPECT_GE(epoch, 3U);
}

TEST_F(Interrupt, CheckpointOfAnotherRunIsRejected) {
  ASSERT_EQ(run(training({"-o", path("m"), "-q"})).code, 0);
  expect_error(run(training({"-o", path("m"), "-q", "--resume", "--lr", "0.5"})), 2, {"lr=0.001", "lr=0.5"});
  std::filesystem::rename(path("test-images"), path("train-images"));
  std::filesystem::rename(path("test-labels"), path("train-labels"));
  expect_error(run({"train", "--layers", "64-16-4", "--batch", "20", "--epochs", "2", "--seed", "3", "-q", "--images",
                    path("train-images"), "--labels", path("train-labels"), "-o", path("m"), "--resume"}),
               2, {"other data"});
}

TEST_F(Interrupt, DamagedCheckpointIsBadInput) {
  ASSERT_EQ(run(training({"-o", path("m"), "-q"})).code, 0);
  const std::string whole = io::get(path("m.checkpoint"));
  for (const std::size_t kept : {std::size_t{0}, std::size_t{9}, whole.size() / 2, whole.size() - 1}) {
    io::put(path("m.checkpoint"), whole.substr(0, kept));
    expect_error(run(training({"-o", path("m"), "-q", "--resume"})), 3, {"m.checkpoint"});
  }
}

}  // namespace
}  // namespace fanin::cli::test
