#include <cstdlib>
#include <filesystem>

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

class Errors : public Program {};

TEST_F(Errors, UnknownCommandSuggestsTheNearest) {
  expect_error(run({"trai"}), 2, {"trai", "'train'"});
}

TEST_F(Errors, UnknownFlagSuggestsTheNearest) {
  expect_error(run(training({"--epoch", "3"})), 2, {"--epoch", "'--epochs'"});
  expect_error(run({"lab", "--seedz", "3"}), 2, {"'--seeds'"});
  expect_error(run({"init", "--layer", "4-2"}), 2, {"'--layers'"});
  expect_error(run({"predict", "x", "--indx", "3"}), 2, {"'--index'"});
  expect_error(run({"list", "--jsn"}), 2, {"'--json'"});
}

TEST_F(Errors, CommandsOfCommandsAreNamedInFull) {
  expect_error(run({"rbm", "train", "--monitor-al", "3"}), 2, {"'fanin rbm train' takes no '--monitor-al'"});
  expect_error(run({"rbm", "tran"}), 2, {"'rbm tran'", "'train'"});
  expect_error(run({"dbn"}), 2, {"'fanin dbn' needs a command"});
}

TEST_F(Errors, FlagsWithoutACommandAskForOne) {
  expect_error(run({"--epochs", "3"}), 2, {"no command given", "train"});
  expect_error(run({}), 2, {"no command given", "train"});
}

TEST_F(Errors, UnknownSchemeSuggestsTheNearest) {
  expect_error(run(training({"--init", "xavier_unifrm"})), 2, {"xavier_unifrm", "'xavier_uniform'"});
  expect_error(run(with_data({"lab", "--inits", "zeros,he_norml", "--out", path("lab")})), 2, {"'he_normal'"});
  expect_error(run({"init", "--init", "ortogonal", "-o", path("w")}), 2, {"'orthogonal'"});
  expect_error(run({"list", "kaiming_norml"}), 2, {"'kaiming_normal'"});
  EXPECT_FALSE(std::filesystem::exists(path("lab")));
}

TEST_F(Errors, ImpossibleNumbersAreUsageErrors) {
  const std::vector<Arguments> bad{{"--epochs", "-1"},
                                   {"--epochs", "1e3"},
                                   {"--epochs", "99999999999999999999"},
                                   {"--batch", "0"},
                                   {"--batch", "-5"},
                                   {"--batch", "201"},
                                   {"--lr", "-1"},
                                   {"--lr", "nan"},
                                   {"--lr", "fast"},
                                   {"--dropout", "1"},
                                   {"--validation", "1"},
                                   {"--seed", "-1"},
                                   {"--momentum", "1"},
                                   {"--layers", "64"},
                                   {"--layers", "64--4"},
                                   {"--layers", "64-0-4"},
                                   {"--layers", "64--16-4"},
                                   {"--layers", "64-99999999999-4"},
                                   {"--threads", "-1"},
                                   {"--threads", "1025"},
                                   {"--layers", "16777216-16777216-4"},
                                   {"--patience", "2"},
                                   {"--lower-rate", "1.5"},
                                   {"--lower-rate", "-0.1"},
                                   {"--top-only-epochs", "1000001"},
                                   {"--train-samples", "100000"}};
  for (const Arguments& flags : bad) {
    SCOPED_TRACE(flags[0] + " " + flags[1]);
    expect_error(run(training(flags)), 2, {flags[1]});
  }
  expect_error(run(training({"--activation", "relu,tanh"})), 2, {"2 activations", "1 hidden layers", "64-16-4"});
  expect_error(run(training({"--schedule", "step(every=0)"})), 2, {"step", "every"});
  expect_error(run(with_data({"lab", "--layers", "64-8-4", "--seeds", "0", "--out", path("lab")})), 2, {"seeds"});
}

TEST_F(Errors, LayersThatDoNotFitTheDataAreUsageErrors) {
  expect_error(run(training({"--layers", "784-16-4"})), 2, {"64 features", "784"});
}

TEST_F(Errors, TooFewOutputsForTheLabelsAreBadInput) {
  expect_error(run(training({"--layers", "64-16-3"})), 3, {"label 3", "0..2"});
}

TEST_F(Errors, TruncatedDataAreBadInput) {
  const std::string whole = io::get(path("train-images"));
  for (const std::size_t kept : {std::size_t{0}, std::size_t{3}, std::size_t{15}, std::size_t{16}, whole.size() - 1}) {
    io::put(path("train-images"), whole.substr(0, kept));
    expect_error(run(training()), 3, {"train-images"});
  }
}

TEST_F(Errors, MissingDataAreIoErrors) {
  std::filesystem::remove(path("train-labels"));
  expect_error(run(training()), 4, {"train-labels"});
}

TEST_F(Errors, UnwritableOutputIsAnIoErrorBeforeAnyWorkAndLeavesNothing) {
  const auto before = folder_.names();
  for (const char* flag : {"-o", "--metrics", "--checkpoint"}) {
    expect_error(run(training({flag, path("no-such-folder/m")})), 4, {"no-such-folder"});
  }
  expect_error(run({"init", "--layers", "4-2", "-o", path("no-such-folder/m")}), 4, {"no-such-folder"});
  expect_error(run({"init", "--layers", "4-2", "-o", folder_.path().string()}), 4, {});
  auto after = folder_.names();
  after.erase(
      std::remove_if(after.begin(), after.end(), [](const auto& n) { return n == "out.txt" || n == "err.txt"; }),
      after.end());
  EXPECT_EQ(after, before);
}

TEST_F(Errors, FullDeviceIsAnIoError) {
  expect_error(run({"init", "--layers", "64-16-4", "-o", "/dev/full"}), 4, {"/dev/full", "No space"});
  const Outcome trained = run(training({"-o", "/dev/full", "--checkpoint", path("c"), "-q"}));
  EXPECT_EQ(trained.code, 4) << trained.err;
}

TEST_F(Errors, FullStandardOutputIsAnIoError) {
  for (const Arguments& words : {Arguments{"list"},
                                 {"list", "--json"},
                                 {"init", "--layers", "4-2", "-o", path("w")},
                                 {"--help"},
                                 {"--version"},
                                 {"lab", "--help"}}) {
    Process process(words, "/dev/full", path("err.txt"));
    EXPECT_EQ(process.wait(), 4) << words[0];
    EXPECT_NE(io::get(path("err.txt")).find("standard output"), std::string::npos);
  }
}

TEST_F(Errors, DivergenceHasItsOwnExitCode) {
  const Outcome outcome = run(training({"--lr", "1e30", "-q", "-o", path("m.safetensors"), "--json"}));
  expect_error(outcome, 5, {"diverged", "epoch 1", "1e+30"});
  EXPECT_FALSE(std::filesystem::exists(path("m.safetensors")));
}

TEST_F(Errors, UnknownKeyInTheConfigurationNamesLineAndNearest) {
  io::put(path("c.toml"), "epochs = 2\n\nlearnrate = 1\nbach = 20\n");
  expect_error(run(training({"--config", path("c.toml")})), 3, {"c.toml line 4", "'bach'", "'batch'"});
}

TEST_F(Errors, EmptySimdTargetIsNone) {
  ASSERT_EQ(::setenv("FANIN_SIMD", "", 1), 0);
  const Outcome empty = run({"list"});
  ASSERT_EQ(::setenv("FANIN_SIMD", "abacus", 1), 0);
  const Outcome unknown = run({"list"});
  ASSERT_EQ(::unsetenv("FANIN_SIMD"), 0);
  EXPECT_EQ(empty.code, 0) << empty.err;
  expect_error(unknown, 2, {"abacus"});
}

TEST_F(Errors, HelpAndVersionEndWell) {
  EXPECT_EQ(run({"--version"}).out.rfind("fanin ", 0), 0U);
  for (const Arguments& words : {Arguments{"--help"}, {"lab", "--help"}, {"predict", "--help"}, {"init", "--help"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.out.find("Usage"), std::string::npos);
  }
  EXPECT_EQ(run({}).code, 2);
}

}  // namespace
}  // namespace fanin::cli::test
