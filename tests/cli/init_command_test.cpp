#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

class InitCommand : public Program {
 protected:
  // The tensors of a safetensors file: what stands behind its header.
  [[nodiscard]] std::string values(const std::string& name) const {
    const std::string bytes = io::get(path(name));
    std::uint64_t header = 0;
    for (std::size_t i = 0; i < 8; ++i) header |= std::uint64_t{static_cast<std::uint8_t>(bytes.at(i))} << (8 * i);
    return bytes.substr(8 + header);
  }
};

TEST_F(InitCommand, WritesTheWeightsThatTrainingStartsFrom) {
  const std::vector<Arguments> rules{{"--init", "xavier_uniform"},
                                     {"--init", "he_normal", "--init-output", "lecun_normal"},
                                     {"--init", "pytorch_default"},
                                     {"--init", "orthogonal", "--init-bias", "constant(0.1)"},
                                     {"--init", "xavier_normal", "--dropout", "0.5"}};
  for (const Arguments& rule : rules) {
    SCOPED_TRACE(rule[1]);
    Arguments init{"init", "--layers", "64-16-8-4", "--seed", "7", "-o", path("w")};
    init.insert(init.end(), rule.begin(), rule.end());
    Arguments train = training({"--layers", "64-16-8-4", "--seed", "7", "--epochs", "0", "-o", path("m")});
    train.insert(train.end(), rule.begin(), rule.end());
    ASSERT_EQ(run(init).code, 0);
    ASSERT_EQ(run(train).code, 0);
    EXPECT_GT(values("w").size(), 4000U);
    EXPECT_EQ(values("w"), values("m"));
  }
}

TEST_F(InitCommand, BytesDoNotDependOnThreads) {
  for (const char* threads : {"1", "2", "4"}) {
    const std::string name = std::string("w") + threads;
    const Arguments words{"init",      "--layers", "300-200-10", "--init",  "orthogonal",
                          "--threads", threads,    "-o",         path(name)};
    ASSERT_EQ(run(words).code, 0);
    EXPECT_EQ(io::get(path(name)), io::get(path("w1"))) << threads;
  }
}

TEST_F(InitCommand, AnotherLayerLeavesTheFirstOnesValues) {
  ASSERT_EQ(run({"init", "--layers", "64-16-4", "-o", path("a")}).code, 0);
  ASSERT_EQ(run({"init", "--layers", "64-16-16-4", "-o", path("b")}).code, 0);
  const Outcome a = run({"init", "--layers", "64-16-4", "-o", path("a"), "--json"});
  const Outcome b = run({"init", "--layers", "64-16-16-4", "-o", path("b"), "--json"});
  EXPECT_EQ(a.json().at("parameters")[0], b.json().at("parameters")[0]);
}

TEST_F(InitCommand, JsonTellsPromiseAndMeasurement) {
  const Outcome outcome = run({"init", "--layers", "784-256-10", "--seed", "7", "-o", path("w"), "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json j = outcome.json();
  EXPECT_EQ(j.at("schema"), 1);
  EXPECT_EQ(j.at("command"), "init");
  EXPECT_EQ(j.at("seed"), 7);
  EXPECT_EQ(j.at("layers"), "784-256-10");
  EXPECT_EQ(j.at("files").at("network"), path("w"));
  ASSERT_EQ(j.at("parameters").size(), 4U);
  const auto& w = j.at("parameters")[0];
  EXPECT_EQ(w.at("name"), "0.weight");
  EXPECT_EQ(w.at("shape"), (std::vector<int>{256, 784}));
  EXPECT_EQ(w.at("scheme"), "xavier_uniform");
  EXPECT_EQ(w.at("fan_in"), 784.0);
  EXPECT_EQ(w.at("fan_out"), 256.0);
  const double std = std::sqrt(2.0 / (784 + 256));  // 0.04385, not 0.2094 and not its square
  const double n = 784 * 256;
  EXPECT_NEAR(w.at("expected_std").get<double>(), std, 1e-12);
  EXPECT_NEAR(w.at("mean").get<double>(), 0, 5 * std / std::sqrt(n));
  EXPECT_NEAR(w.at("std").get<double>(), std, 5 * std * std::sqrt(0.2 / n));  // kurtosis 1.8: Var[s] = 0.2 s^2 / n
  EXPECT_GE(w.at("min").get<double>(), -std * std::sqrt(3.0) - 1e-7);
  EXPECT_LE(w.at("max").get<double>(), std * std::sqrt(3.0) + 1e-7);
  EXPECT_EQ(j.at("parameters")[1].at("scheme"), "zeros");
  EXPECT_EQ(j.at("parameters")[1].at("max"), 0.0);
}

TEST_F(InitCommand, TableNamesParametersAndSeed) {
  const Outcome outcome = run({"init", "--layers", "64-16-4", "--seed", "42", "-o", path("w")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* part : {"seed 42", "0.weight", "[16, 64]", "xavier_uniform", "2.bias", "wrote"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part;
  }
}

TEST_F(InitCommand, NeedsAnOutputUnlessItOnlyPrintsItsConfiguration) {
  expect_error(run({"init", "--layers", "64-16-4"}), 2, {"-o"});
  const Outcome printed = run({"init", "--layers", "64-16-4", "--print-config"});
  EXPECT_EQ(printed.code, 0);
  EXPECT_NE(printed.out.find("layers = \"64-16-4\""), std::string::npos);
}

TEST_F(InitCommand, PrintedConfigurationMakesTheSameFile) {
  const Arguments words{"init", "--layers", "64-16-4", "--init", "he_normal(a=0.1)", "--seed", "5"};
  Arguments first = words;
  first.insert(first.end(), {"-o", path("a")});
  Arguments printing = words;
  printing.insert(printing.end(), {"-o", path("b"), "--print-config"});
  ASSERT_EQ(run(first).code, 0);
  io::put(path("c.toml"), run(printing).out);
  ASSERT_EQ(run({"init", "--config", path("c.toml")}).code, 0);
  EXPECT_EQ(io::get(path("a")), io::get(path("b")));
}

class ListCommand : public Program {};

TEST_F(ListCommand, EveryLineFitsAHundredColumns) {
  const Outcome outcome = run({"list"});
  ASSERT_EQ(outcome.code, 0);
  std::size_t width = 0;
  for (const char c : outcome.out) {
    width = c == '\n' ? 0 : width + 1;
    ASSERT_LE(width, 100U) << outcome.out;
  }
  EXPECT_NE(outcome.out.find("xavier_uniform"), std::string::npos);
}

TEST_F(ListCommand, JsonHoldsEverySchemeAndEachOneIsKnownToInit) {
  const nlohmann::json schemes = run({"list", "--json", "--seed", "9"}).json().at("schemes");
  ASSERT_GE(schemes.size(), 9U);
  for (const auto& s : schemes) {
    for (const char* key : {"name", "aliases", "parameters", "formula", "source"}) EXPECT_TRUE(s.contains(key)) << key;
    const std::string name = s.at("name");
    const nlohmann::json one = run({"list", name, "--json"}).json().at("schemes");
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one[0], s);
    // What it says about a missing parameter or a shape may be an error, an unknown name is none.
    const Outcome made = run({"init", "--layers", "8-8", "--init", name, "-o", path("w")});
    EXPECT_EQ(made.err.find("did you mean"), std::string::npos) << made.err;
    EXPECT_TRUE(made.code == 0 || made.code == 2) << name;
  }
}

TEST_F(ListCommand, GainsAreTabledForEveryActivationInEveryDefinition) {
  const Outcome table = run({"list", "--gains"});
  ASSERT_EQ(table.code, 0);
  EXPECT_NE(
      table.out.find("gelu                   1.53353044              -     1.53353044     1.70092624     1.48111441"),
      std::string::npos)
      << table.out;
  const nlohmann::json gains = run({"list", "--gains", "--json"}).json().at("gains");
  for (const auto& row : gains) {
    const std::string activation = row.at("activation");
    const bool in_pytorch = activation != "silu" && activation != "gelu";
    if (activation == "tanh" || !in_pytorch) {
      EXPECT_EQ(row.at("torch"), in_pytorch ? nlohmann::json(5.0 / 3) : nlohmann::json());
    }
    for (const char* kind : {"usual", "second_moment", "variance", "backward"}) EXPECT_GT(row.at(kind), 0) << row;
  }
  EXPECT_GE(gains.size(), 24U);
  const Outcome both = run({"list", "xavier_uniform", "--gains"});
  EXPECT_EQ(both.code, 2);
  EXPECT_NE(both.err.find("'xavier_uniform'"), std::string::npos) << both.err;
}

TEST_F(ListCommand, AliasAndWholeSpellingFindTheScheme) {
  for (const char* name : {"glorot_uniform", "xavier_uniform(gain=2)", "xavier_uniform"}) {
    EXPECT_NE(run({"list", name}).out.find("eq. 16"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace fanin::cli::test
