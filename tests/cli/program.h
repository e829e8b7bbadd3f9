#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/data/files.h"
#include "tests/io/io_test_support.h"

namespace fanin::cli::test {

using Arguments = std::vector<std::string>;

/// One run of the program with its outputs in files.
class Process {
 public:
  Process(const Arguments& arguments, const std::string& out, const std::string& err) {
    std::vector<std::string> words{FANIN_BINARY};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
      redirect(out, STDOUT_FILENO);
      redirect(err, STDERR_FILENO);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
  }
  ~Process() {
    if (pid_ <= 0) return;
    send(SIGKILL);
    (void)wait();
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void send(int signal) const {
    if (pid_ > 0) ::kill(pid_, signal);
  }
  /// The exit code; -N for a process that signal N ended.
  int wait() {
    if (pid_ > 0) ::waitpid(pid_, &status_, 0);
    pid_ = 0;
    return WIFSIGNALED(status_) ? -WTERMSIG(status_) : WEXITSTATUS(status_);
  }
  [[nodiscard]] bool running() {
    if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = 0;
    return pid_ > 0;
  }

 private:
  static void redirect(const std::string& path, int to) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0) ::_exit(126);
    ::dup2(fd, to);
    ::close(fd);
  }
  pid_t pid_ = 0;
  int status_ = 0;
};

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;

  /// The document that --json promises: all of stdout and nothing else.
  [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out); }
};

/// A folder with a small data set: 8x8 images of 4 classes, each with its own bright quarter, and noise.
class Program : public testing::Test {
 protected:
  static constexpr std::size_t kTrain = 200;
  static constexpr std::size_t kTest = 80;

  Program() {
    write_set("train", kTrain, 1);
    write_set("test", kTest, 2);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

  Outcome run(const Arguments& arguments) const {
    Process process(arguments, path("out.txt"), path("err.txt"));
    Outcome outcome;
    outcome.code = process.wait();
    outcome.out = io::get(path("out.txt"));
    outcome.err = io::get(path("err.txt"));
    return outcome;
  }

  /// `words`, the flags of the data set, and `more`.
  [[nodiscard]] Arguments with_data(Arguments words, const Arguments& more = {}) const {
    for (const char* part : {"images", "labels"}) {
      words.insert(words.end(), {std::string("--") + part, path(std::string("train-") + part),
                                 std::string("--test-") + part, path(std::string("test-") + part)});
    }
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  /// A small training; a flag in `more` takes the place of the same one here.
  [[nodiscard]] Arguments training(const Arguments& more = {}) const {
    Arguments words{"train"};
    const Arguments usual{"--layers", "64-16-4", "--batch", "20", "--epochs", "2", "--seed", "3"};
    for (std::size_t i = 0; i < usual.size(); i += 2) {
      if (std::find(more.begin(), more.end(), usual[i]) == more.end())
        words.insert(words.end(), {usual[i], usual[i + 1]});
    }
    return with_data(words, more);
  }

  io::TempDir folder_;

 private:
  void write_set(const std::string& name, std::uint32_t n, std::uint32_t state) const {
    std::string pixels;
    std::string labels;
    for (std::uint32_t i = 0; i < n; ++i) {
      const std::uint32_t label = i % 4;
      labels += static_cast<char>(label);
      for (std::uint32_t p = 0; p < 64; ++p) {
        state = state * 1664525U + 1013904223U;
        const std::uint32_t quarter = p / 32 * 2 + p % 8 / 4;
        pixels += static_cast<char>((quarter == label ? 120 : 0) + (state >> 24) / 2);
      }
    }
    io::put(path(name + "-images"), data::test::idx({n, 8, 8}, pixels));
    io::put(path(name + "-labels"), data::test::idx({n}, labels));
  }
};

/// Fails unless the program ended with `code` and one sentence on stderr that has all the parts, and wrote no stdout.
inline void expect_error(const Outcome& outcome, int code, const std::vector<std::string>& parts) {
  EXPECT_EQ(outcome.code, code) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_EQ(outcome.err.rfind("fanin: ", 0), 0U) << outcome.err;
  for (const std::string& part : parts) {
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err << " lacks " << part;
  }
}

}  // namespace fanin::cli::test
