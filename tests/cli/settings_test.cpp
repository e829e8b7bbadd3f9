#include "cli/settings.h"

#include <gtest/gtest.h>

#include "cli/train_settings.h"
#include "tests/io/io_test_support.h"

namespace fanin::cli {
namespace {

// A command with one setting of each type.
struct PlainCommand {
  std::string name = "plain";
  double rate = 0.5;
  std::size_t count = 3;
  std::uint64_t seed = 0;
  bool shuffle = true;
  Settings settings{{text_setting("name", "NAME", "a text", name), number_setting("rate", "a number", rate),
                     count_setting("max-count", "a count", count), seed_setting("seed", "a seed", seed),
                     bool_setting("shuffle", "a switch", shuffle)}};
  Parser parser{"plain", "a command with one setting of each type"};

  PlainCommand() { settings.add_to(parser.root()); }
  void parse(const std::vector<std::string>& words) {
    ASSERT_EQ(parser.parse(words).mistake, "");
    settings.apply();
  }
};

class SettingsFile : public testing::Test {
 protected:
  std::string write(const std::string& text) const {
    io::put(folder_ / "c.toml", text);
    return (folder_ / "c.toml").string();
  }
  std::string error(ErrorKind kind, const std::string& text) const {
    return io::message_of(kind, [&] { PlainCommand().parse({"--config", write(text)}); });
  }
  io::TempDir folder_;
};

TEST(Settings, DefaultsStayWhereNothingIsGiven) {
  PlainCommand c;
  c.parse({});
  EXPECT_EQ(c.name, "plain");
  EXPECT_EQ(c.rate, 0.5);
  EXPECT_EQ(c.count, 3U);
  EXPECT_TRUE(c.shuffle);
  EXPECT_FALSE(c.settings.given("rate"));
}

TEST(Settings, FlagsSetEveryType) {
  PlainCommand c;
  c.parse({"--name", "x y", "--rate", "1e-3", "--max-count", "7", "--seed", "18446744073709551615", "--no-shuffle"});
  EXPECT_EQ(c.name, "x y");
  EXPECT_EQ(c.rate, 1e-3);
  EXPECT_EQ(c.count, 7U);
  EXPECT_EQ(c.seed, 18446744073709551615U);
  EXPECT_FALSE(c.shuffle);
  EXPECT_TRUE(c.settings.given("max-count"));
}

TEST(Settings, SwitchesTakeAValueAndTheLastOneWins) {
  const std::vector<std::pair<std::vector<std::string>, bool>> cases{
      {{"--shuffle"}, true},
      {{"--no-shuffle"}, false},
      {{"--shuffle=true"}, true},
      {{"--shuffle=false"}, false},
      {{"--no-shuffle=true"}, false},
      {{"--no-shuffle=false"}, true},
      {{"--no-shuffle", "--shuffle"}, true},
      {{"--shuffle", "--no-shuffle"}, false},
      {{"--shuffle=false", "--shuffle"}, true},
      {{"--shuffle", "--no-shuffle", "--shuffle", "--shuffle=false"}, false}};
  for (const auto& [words, value] : cases) {
    for (const bool before : {true, false}) {
      PlainCommand c;
      c.shuffle = before;
      c.parse(words);
      EXPECT_EQ(c.shuffle, value) << words.back();
      EXPECT_TRUE(c.settings.given("shuffle"));
    }
  }
}

TEST(Settings, SwitchesRejectEverythingButTrueAndFalse) {
  for (const char* word : {"--shuffle=maybe", "--shuffle=1", "--no-shuffle=off", "--no-shuffle=99999999999999999999"}) {
    const std::string message = io::message_of(ErrorKind::usage, [&] { PlainCommand().parse({word}); });
    EXPECT_TRUE(io::contains(message, "shuffle: '")) << message;
    EXPECT_TRUE(io::contains(message, "true or false")) << message;
  }
}

TEST(Settings, BadValuesAreUsageErrorsThatNameFlagAndValue) {
  const std::vector<std::vector<std::string>> bad{{"--rate", "fast"},     {"--rate", "nan"},
                                                  {"--rate", "inf"},      {"--rate", "1e999"},
                                                  {"--rate", ""},         {"--max-count", "-1"},
                                                  {"--max-count", "2.5"}, {"--max-count", "0x10"},
                                                  {"--seed", "-1"},       {"--seed", "18446744073709551616"},
                                                  {"--seed", "1 "}};
  for (const auto& words : bad) {
    const std::string message = io::message_of(ErrorKind::usage, [&] { PlainCommand().parse(words); });
    EXPECT_TRUE(io::contains(message, words[0].substr(2))) << message;
    EXPECT_TRUE(io::contains(message, "'" + words[1] + "'")) << message;
  }
}

TEST_F(SettingsFile, SetsEveryTypeAndTakesUnderscores) {
  PlainCommand c;
  c.parse({"--config", write("name = \"n\"\nrate = 2\nmax_count = 9\nseed = 4\nshuffle = false\n")});
  EXPECT_EQ(c.name, "n");
  EXPECT_EQ(c.rate, 2.0);
  EXPECT_EQ(c.count, 9U);
  EXPECT_EQ(c.seed, 4U);
  EXPECT_FALSE(c.shuffle);
  EXPECT_TRUE(c.settings.given("max-count"));
}

TEST_F(SettingsFile, FlagsWinOverTheFile) {
  PlainCommand c;
  c.parse({"--rate", "0.25", "--config", write("rate = 2.0\nmax-count = 9\nshuffle = false\n"), "--shuffle"});
  EXPECT_EQ(c.rate, 0.25);
  EXPECT_EQ(c.count, 9U);
  EXPECT_TRUE(c.shuffle);
}

TEST_F(SettingsFile, WhatTheFileSetIsNotGivenByAFlag) {
  PlainCommand c;
  c.parse({"--rate", "0.25", "--config", write("rate = 2.0\nmax-count = 9\n")});
  EXPECT_TRUE(c.settings.given("max-count"));
  EXPECT_FALSE(c.settings.given_by_flag("max-count"));
  EXPECT_TRUE(c.settings.given_by_flag("rate"));
}

TEST_F(SettingsFile, PrintedSettingsReadBackAsTheyWere) {
  PlainCommand c;
  c.parse({"--name", "a \"quoted\" back\\slash", "--rate", "0.1", "--seed", "9223372036854775807", "--no-shuffle"});
  PlainCommand d;
  d.parse({"--config", write(c.settings.toml())});
  EXPECT_EQ(d.name, c.name);
  EXPECT_EQ(d.rate, c.rate);
  EXPECT_EQ(d.count, c.count);
  EXPECT_EQ(d.seed, c.seed);
  EXPECT_EQ(d.shuffle, c.shuffle);
  EXPECT_EQ(d.settings.toml(), c.settings.toml());
}

TEST_F(SettingsFile, SeedsBeyondTomlsIntegersReadBackToo) {
  PlainCommand c;
  c.parse({"--seed", "18446744073709551615"});
  PlainCommand d;
  d.parse({"--config", write(c.settings.toml())});
  EXPECT_EQ(d.seed, c.seed);
}

TEST_F(SettingsFile, ControlCharactersReadBackToo) {
  PlainCommand c;
  c.parse({"--name", "tab\there\nline"});
  PlainCommand d;
  d.parse({"--config", write(c.settings.toml())});
  EXPECT_EQ(d.name, c.name);
}

TEST_F(SettingsFile, UnknownKeySuggestsTheNearestWithItsLine) {
  const std::string message = error(ErrorKind::data, "# comment\nmax-cuont = 3\n");
  for (const char* part : {"c.toml line 2", "'max-cuont'", "'max-count'"}) {
    EXPECT_TRUE(io::contains(message, part)) << message;
  }
}

TEST_F(SettingsFile, ValueOfTheWrongTypeNamesItsLine) {
  for (const char* text : {"rate = \"fast\"", "rate = true", "rate = inf", "max-count = -1", "max-count = 2.5",
                           "shuffle = 1", "shuffle = \"yes\"", "seed = -4"}) {
    const std::string message = error(ErrorKind::data, std::string("\n") + text + "\n");
    EXPECT_TRUE(io::contains(message, "c.toml line 2")) << message;
  }
}

TEST_F(SettingsFile, ListsTablesAndDatesAreRejected) {
  for (const char* text : {"rate = [1, 2]", "[rate]\nx = 1", "rate = 2020-01-01", "rate = 07:32:00", "rate = {}"}) {
    EXPECT_TRUE(io::contains(error(ErrorKind::data, text), "c.toml line 1")) << text;
  }
}

TEST_F(SettingsFile, BadTomlNamesItsLine) {
  for (const char* text : {"rate = 1\nrate = 2\n", "rate = 1\n= 3\n", "rate = 1\nname = \"open\n", "rate = 1\nx y\n"}) {
    EXPECT_TRUE(io::contains(error(ErrorKind::data, text), "line 2")) << text;
  }
}

TEST_F(SettingsFile, MissingFileIsAnIoError) {
  const std::string message = io::message_of(ErrorKind::io, [&] {
    PlainCommand().parse({"--config", (folder_ / "none.toml").string()});
  });
  EXPECT_TRUE(io::contains(message, "none.toml")) << message;
}

TEST_F(SettingsFile, HugeFileIsRejected) {
  EXPECT_TRUE(io::contains(error(ErrorKind::data, std::string((std::size_t{1} << 20) + 1, '#')), "c.toml"));
}

struct TrainCommandLine {
  TrainSettings training;
  Settings settings{training.settings(true)};
  Parser parser{"train", "a command with the settings of a training"};

  TrainCommandLine() { settings.add_to(parser.root()); }
  void parse(const std::vector<std::string>& words) {
    ASSERT_EQ(parser.parse(words).mistake, "");
    settings.apply();
    training.finish(settings);
  }
};

TEST_F(SettingsFile, TrainingOptionsReadBackAsTheyWere) {
  TrainCommandLine c;
  c.parse({"--layers",
           "20-30-5",
           "--init",
           "kaiming_normal(a=0.01, mode=fan_out)",
           "--init-output",
           "zeros",
           "--activation",
           "leaky_relu(0.2)",
           "--optimizer",
           "sgd",
           "--momentum",
           "0.9",
           "--nesterov",
           "--lr",
           "0.05",
           "--schedule",
           "step(every=2, factor=0.5)",
           "--validation",
           "0.1",
           "--patience",
           "3",
           "--no-drop-last"});
  TrainCommandLine d;
  d.parse({"--config", write(c.settings.toml())});
  EXPECT_EQ(d.training.options.fingerprint(), c.training.options.fingerprint());
  EXPECT_EQ(d.training.options.patience, 3U);
  EXPECT_FALSE(d.training.options.drop_last);
}

TEST(TrainSettings, DefaultsAreThoseOfTheLibrary) {
  TrainCommandLine c;
  c.parse({});
  EXPECT_EQ(c.training.options.fingerprint(), train::TrainOptions{}.fingerprint());
  EXPECT_EQ(c.training.options.epochs, train::TrainOptions{}.epochs);
}

}  // namespace
}  // namespace fanin::cli
