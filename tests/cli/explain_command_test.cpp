#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "fanin/init/catalogue.h"

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

class ExplainCommand : public Program {};
class DialectList : public Program {};
class DialectsPage : public Program {
 protected:
  static std::string page() { return io::get(FANIN_SOURCE_DIR "/docs/dialects.md"); }
};

TEST_F(ExplainCommand, PrintsFormulaConstantsSourceAndDifference) {
  const Outcome outcome = run({"explain", "keras:he_normal"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* part : {"keras:he_normal", "Var[W] = 2 / fan_in", "random_initializers.py", "0.87963",
                           "N(0, 0.0574195^2) within +-2 sigma", "std         0.050507627",
                           "bounds      -0.11483891 to 0.11483891", "mlx:he_normal", "0.7071"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << " is missing in\n" << outcome.out;
  }
}

TEST_F(ExplainCommand, ShapeAndFansDecideTheFigures) {
  const auto std_of = [&](const Arguments& more) {
    Arguments words{"explain", "he_normal", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words).json().at("std").get<double>();
  };
  EXPECT_NEAR(std_of({}), std::sqrt(2.0 / 784), 1e-12);
  EXPECT_NEAR(std_of({"--shape", "64x32x3x3"}), std::sqrt(2.0 / 288), 1e-12);
  EXPECT_NEAR(std_of({"--shape", "64x32x3x3", "--fan-in", "72"}), std::sqrt(2.0 / 72), 1e-12);
  EXPECT_NEAR(std_of({"--shape", "256", "--fan-in", "100"}), std::sqrt(2.0 / 100), 1e-12);
}

TEST_F(ExplainCommand, SaysWhyThereAreNoFigures) {
  const Outcome outcome = run({"explain", "torch:dirac"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("3 to 5 is wanted"), std::string::npos) << outcome.out;
  const nlohmann::json j = run({"explain", "he_normal", "--shape", "256", "--json"}).json();
  EXPECT_NE(j.at("problem").get<std::string>().find("fan_in is nan"), std::string::npos);
  EXPECT_FALSE(j.contains("std"));
  EXPECT_TRUE(j.at("fan_in").is_null());
}

TEST_F(ExplainCommand, JsonHasWhatTheTextHas) {
  const nlohmann::json j = run({"explain", "mlx:he_normal", "--json"}).json();
  EXPECT_EQ(j.at("command"), "explain");
  EXPECT_EQ(j.at("schema"), 1);
  EXPECT_EQ(j.at("framework"), "mlx");
  EXPECT_EQ(j.at("shape"), (std::vector<int>{256, 784}));
  for (const char* key : {"name", "formula", "source", "differs", "fan", "law", "distribution"}) {
    EXPECT_FALSE(j.at(key).get<std::string>().empty()) << key;
  }
  EXPECT_NEAR(j.at("std").get<double>(), 1.0 / 28, 1e-12);
  EXPECT_TRUE(j.at("high").is_null());
  EXPECT_NEAR(j.at("elsewhere")[0].at("ratio").get<double>(), std::sqrt(2.0), 1e-12);

  const nlohmann::json c = run({"explain", "--compare", "he_normal", "--json"}).json();
  EXPECT_EQ(c.at("compared"), "kaiming_normal");
  ASSERT_EQ(c.at("rows").size(), 11U);
  EXPECT_EQ(c.at("rows")[0].at("owner"), "fanin");
  EXPECT_TRUE(c.at("rows")[10].at("scheme").is_null());
}

TEST_F(ExplainCommand, BadWordsAreOneSentence) {
  expect_error(run({"explain", "kears:he_normal"}), 2, {"did you mean 'keras:he_normal'?"});
  expect_error(run({"explain", "keras:kaiming_normal"}), 2, {"its own is 'keras:he_normal'"});
  expect_error(run({"explain", "he_normal", "--shape", "256y784"}), 2, {"--shape: '256y784'", "256x784"});
  expect_error(run({"explain", "he_normal", "--shape", "0x4"}), 2, {"--shape: '0x4'"});
  expect_error(run({"explain", "he_normal", "--shape", "4x"}), 2, {"--shape: '4x'"});
  expect_error(run({"explain", "he_normal", "--shape", "1x1x1x1x1x1x1x1x1"}), 2, {"9"});
  expect_error(run({"explain", "he_normal", "--fan-in", "none"}), 2, {"--fan-in: 'none'", "above 0"});
  expect_error(run({"explain", "he_normal", "--fan-out", "-1"}), 2, {"--fan-out"});
  expect_error(run({"explain", "--compare", "torch:lstm"}), 2, {"stands alone"});
  expect_error(run({"explain", "linear"}), 2, {"did you mean", "'torch:linear'?"});
  expect_error(run({"explain", "lsuv"}), 2, {"'lsuv' learns from data", "'fanin list lsuv'"});
  expect_error(run({"explain", "he_normal(gain=2)", "--compare"}), 2, {"'he_normal'", "'he_normal(gain=2)'"});
  expect_error(run({"explain"}), 2, {"name"});
}

TEST_F(DialectList, OneFrameworkOrOneScheme) {
  const Outcome all = run({"list", "mlx:"});
  ASSERT_EQ(all.code, 0);
  EXPECT_NE(all.out.find("mlx:he_normal(mode=fan_in, gain=1, shape=fanin)"), std::string::npos) << all.out;
  EXPECT_EQ(all.out.find("keras:he_normal"), std::string::npos);
  const Outcome one = run({"list", "torch:xavier_uniform_(2)"});
  EXPECT_NE(one.out.find("differs"), std::string::npos) << one.out;
  const nlohmann::json j = run({"list", "keras:", "--json"}).json().at("schemes");
  EXPECT_GE(j.size(), 20U);
  for (const auto& s : j) EXPECT_EQ(s.at("framework"), "keras");
  EXPECT_NE(run({"list"}).out.find("dialects: torch: ("), std::string::npos);
  expect_error(run({"list", "kears:"}), 2, {"no dialect is called 'kears:', did you mean 'keras:'?", "torch_2_11:"});
  expect_error(run({"list", ":"}), 2, {"no dialect is called ':'"});
  const nlohmann::json older = run({"list", "torch_2_11:", "--json"}).json().at("schemes");
  EXPECT_GE(older.size(), 1U);
  for (const auto& s : older) EXPECT_EQ(s.at("name").get<std::string>().rfind("torch_2_11:", 0), 0U);
}

TEST_F(DialectList, AreKnownToInit) {
  for (const char* scheme : {"keras:he_normal", "torch_2_11:trunc_normal_(0, 0.02)", "mxnet:Orthogonal", "torch:linear",
                             "mlpack:NguyenWidrowInitialization", "fann:init_weights(2)"}) {
    const Outcome made = run({"init", "--layers", "9-8-4", "--init", scheme, "-o", path("w"), "--json"});
    ASSERT_EQ(made.code, 0) << made.err;
    EXPECT_EQ(made.json().at("parameters")[0].at("scheme"), scheme);
  }
  expect_error(run({"init", "--layers", "9-4", "--init", "keras:he_norml", "-o", path("w")}), 2,
               {"did you mean 'keras:he_normal'?"});
}

TEST_F(DialectList, PlansCertifyAndVerifyThem) {
  const Outcome made = run({"init", "--layers", "40-30-4", "--rule", "role=weight -> keras:glorot_normal", "--rule",
                            "role=bias -> torch:linear", "-o", path("w")});
  ASSERT_EQ(made.code, 0) << made.err;
  const Outcome verified = run({"verify", path("w")});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
  EXPECT_NE(verified.out.find("byte by byte"), std::string::npos) << verified.out;
}

// The page has every dialect's scheme as it is defined, and what the commands on it print.
TEST_F(DialectsPage, HasEverySchemeAsItIs) {
  const std::string text = page();
  const auto escaped = [](const std::string& s) {
    std::string out;
    for (const char c : s) {
      if (c == '|' || c == '*' || c == '_') out += '\\';
      out += c;
    }
    return out;
  };
  for (const init::SchemeInfo& s : init::dialects()) {
    std::string names = "`" + s.name + (s.parameters.empty() ? "" : "(" + s.parameters + ")") + "`";
    for (std::size_t i = 0; i < s.aliases.size(); ++i) names += (i == 0 ? ", also `" : ", `") + s.aliases[i] + "`";
    const std::string row = "| " + names + " | " + escaped(s.formula) + " | " + escaped(s.dialect->differs) + " |\n";
    EXPECT_NE(text.find(row), std::string::npos) << "docs/dialects.md lacks\n" << row;
  }
}

TEST_F(DialectsPage, ShowsWhatTheProgramPrints) {
  const std::string text = page();
  std::istringstream lines(text);
  std::size_t commands = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("$ fanin ", 0) != 0) continue;
    ++commands;
    Arguments words;
    std::istringstream parts(line.substr(8));
    for (std::string word; parts >> word;) words.push_back(word);
    const Outcome outcome = run(words);
    // The output stands behind the command, up to the end of the block.
    const std::string shown = line + "\n" + (outcome.code == 0 ? outcome.out : outcome.err) + "```";
    EXPECT_NE(text.find(shown), std::string::npos) << "docs/dialects.md should have\n" << shown;
  }
  EXPECT_GE(commands, 4U);
}

}  // namespace
}  // namespace fanin::cli::test
