#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace fanin::cli::test {
namespace {

constexpr const char* kModel = R"({"parameters": [
  {"name": "0.weight", "shape": [16, 64]}, {"name": "0.bias", "shape": [16]},
  {"name": "2.weight", "shape": [4, 16]},  {"name": "2.bias", "shape": [4]}]})";

class PlanCommand : public Program {
 protected:
  PlanCommand() { io::put(path("m.json"), kModel); }

  // The tensors of a safetensors file: what stands behind its header.
  [[nodiscard]] std::string values(const std::string& name) const {
    const std::string bytes = io::get(path(name));
    std::uint64_t header = 0;
    for (std::size_t i = 0; i < 8; ++i) header |= std::uint64_t{static_cast<std::uint8_t>(bytes.at(i))} << (8 * i);
    return bytes.substr(8 + header);
  }
  // `fanin init SPEC` with weights from he_normal and zero biases, and `more`.
  [[nodiscard]] Arguments plan(const Arguments& more = {}, const std::string& spec = "m.json") const {
    Arguments words{"init", path(spec), "--rule", "role=weight -> he_normal", "--rule", "role=bias -> zeros"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

TEST_F(PlanCommand, SameNamesGiveTheBytesOfInitLayers) {
  ASSERT_EQ(run({"init", "--layers", "64-16-4", "--init", "he_normal", "--seed", "7", "-o", path("a")}).code, 0);
  const Outcome made = run(plan({"--seed", "7", "-o", path("b")}));
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(values("a"), values("b"));
  EXPECT_TRUE(std::filesystem::exists(path("b.certificate.json")));
  ASSERT_EQ(run(plan({"--seed", "7", "-o", path("c")}, "a")).code, 0) << "a safetensors header is a SPEC too";
  EXPECT_EQ(values("a"), values("c"));
  const Arguments layers{"init",   "--layers",           "64-16-4", "--rule", "role=weight -> he_normal",
                         "--rule", "role=bias -> zeros", "--seed",  "7",      "-o",
                         path("d")};
  ASSERT_EQ(run(layers).code, 0);
  EXPECT_EQ(values("a"), values("d"));
}

TEST_F(PlanCommand, SpecMayStandBehindARule) {
  const Outcome outcome = run({"init", "--dry-run", "--rule", "* -> zeros", path("m.json")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(PlanCommand, DryRunShowsThePlanAndWritesNothing) {
  const auto before = folder_.names();
  const Outcome outcome = run(plan({"--dry-run"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const char* part :
       {"role=weight -> he_normal", "0.weight", "[16, 64]", "0.17678", "linear [out, in]", "dry run"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << " is missing in\n" << outcome.out;
  }
  EXPECT_FALSE(std::filesystem::exists(path("m.json.certificate.json")));
  expect_error(run(plan({"--dry-run", "--threads", "abc"})), 2, {"--threads", "'abc'"});
  const nlohmann::json j = run(plan({"--dry-run", "--json"})).json();
  EXPECT_EQ(j.at("dry_run"), true);
  EXPECT_EQ(j.at("parameters")[0].at("rule"), "role=weight -> he_normal");
  EXPECT_EQ(j.at("parameters")[0].at("fan_in"), 64.0);
  EXPECT_EQ(j.at("parameters")[0].at("high"), nullptr);
  EXPECT_EQ(j.at("parameters")[2].at("depth"), 1);
  EXPECT_NE(j.at("parameters")[0].at("reason"), "");
}

TEST_F(PlanCommand, RuleThatMatchesNothingSaysWhatThereIs) {
  const Outcome outcome = run(plan({"--rule", "role=embedding -> normal(0, 0.02)", "--dry-run"}));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err,
            "fanin: [init] rule 'role=embedding -> normal(0, 0.02)' matches no parameter; roles in this model: weight, "
            "bias\n");
}

TEST_F(PlanCommand, FlagsThatContradictEachOtherAreUsageErrors) {
  expect_error(run(plan()), 2, {"-o w.safetensors", "--dry-run"});
  expect_error(run(plan({"--layers", "4-2", "-o", path("w")})), 2, {"--layers", "SPEC"});
  expect_error(run(plan({"--init", "zeros", "-o", path("w")})), 2, {"--init", "SPEC"});
  expect_error(run({"init", "--layers", "4-2", "--init", "ones", "--rule", "* -> zeros", "-o", path("w")}), 2,
               {"--rule"});
  expect_error(run({"init", "--layers", "4-2", "--set", "* -> role=bias", "-o", path("w")}), 2, {"--set", "SPEC"});
  expect_error(run(plan({"--dtype", "f8", "-o", path("w")})), 2, {"'f8'"});
  expect_error(run(plan({"--shard", "0/8", "-o", path("w")})), 2, {"'0/8'", "1/N"});
  expect_error(run(plan({"--rule", "depth=0 -> ones", "-o", path("w")})), 2, {"'0.weight'", "two rules"});
  expect_error(run(plan({"-o", path("m.json")})), 2, {"--output", "SPEC"});
  expect_error(run({"init", path("m.json"), "-o", path("w")}), 2, {"4 of 4 parameters"});
  EXPECT_EQ(io::get(path("m.json")), kModel);
  EXPECT_FALSE(std::filesystem::exists(path("w")));
}

TEST_F(PlanCommand, BadSpecsAreBadInput) {
  io::put(path("bad.json"), R"({"parameters": [{"name": "a", "shape": [2], "rool": "bias"}]})");
  expect_error(run(plan({"--dry-run"}, "bad.json")), 3, {"bad.json", "'rool'"});
  io::put(path("twice.json"), R"({"parameters": [{"name": "a", "shape": [2]}, {"name": "a", "shape": [2]}]})");
  expect_error(run(plan({"--dry-run"}, "twice.json")), 3, {"[spec] ", "twice.json: ", "parameter 'a' is there twice"});
  io::put(path("tie.json"), R"({"parameters": [{"name": "a", "shape": [2], "tied_to": "b"}]})");
  expect_error(run(plan({"--dry-run"}, "tie.json")), 3,
               {"tie.json: ", "parameter 'a' is tied to 'b', which is not there"});
  io::put(path("ties.json"), R"({"parameters": [{"name": "a", "shape": [2], "tied_to": "b"},
                                                {"name": "b", "shape": [2], "tied_to": "a"}]})");
  expect_error(run(plan({"--dry-run"}, "ties.json")), 3, {"ties.json: ", "which is tied itself"});
  io::put(path("bad.safetensors"), "xx");
  expect_error(run(plan({"--dry-run"}, "bad.safetensors")), 3, {"bad.safetensors"});
  expect_error(run(plan({"--dry-run"}, "gone.json")), 4, {"gone.json"});
  expect_error(run(plan({"-o", "/dev/full"})), 4, {"No space"});
  expect_error(run(plan({"-o", path("no/w")})), 4, {"no/w"});
}

TEST_F(PlanCommand, VerifyPassesWhatWasWrittenInEveryTypeAndPart) {
  for (const Arguments& more : {Arguments{}, {"--dtype", "bf16"}, {"--dtype", "f16"}, {"--shard", "2/3"}}) {
    Arguments words = plan({"--seed", "9", "-o", path("w")});
    words.insert(words.end(), more.begin(), more.end());
    ASSERT_EQ(run(words).code, 0);
    const Outcome outcome = run({"verify", path("w")});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    EXPECT_NE(outcome.out.find("ok, byte by byte"), std::string::npos) << outcome.out;
  }
}

TEST_F(PlanCommand, VerifyNamesTheTensorThatDiffers) {
  ASSERT_EQ(run(plan({"--seed", "9", "-o", path("w")})).code, 0);
  std::string bytes = io::get(path("w"));
  bytes[bytes.size() - 4 * 84 + 4 * 10] ^= 1;  // element 10 of the last 84, 16 biases before 64 weights and 4 biases
  io::put(path("w"), bytes);
  const Outcome outcome = run({"verify", path("w")});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_NE(outcome.out.find("'0.bias': 1 of 16 elements are not those of the seed 9, from element 10 on"),
            std::string::npos)
      << outcome.out;
  const nlohmann::json j = run({"verify", path("w"), "--json"}).json();
  EXPECT_EQ(j.at("passed"), false);
  EXPECT_EQ(j.at("tensors")[1].at("first_different"), 10);
  EXPECT_EQ(j.at("tensors")[0].at("passed"), true);
}

TEST_F(PlanCommand, VerifyHoldsAnyFileToRules) {
  ASSERT_EQ(run({"init", "--layers", "64-16-4", "--init", "he_normal", "-o", path("w")}).code, 0);
  expect_error(run({"verify", path("w")}), 2, {"no certificate", "--rule"});
  const Arguments rules{"--rule", "role=weight -> he_normal", "--rule", "role=bias -> zeros"};
  Arguments words{"verify", path("w")};
  words.insert(words.end(), rules.begin(), rules.end());
  EXPECT_EQ(run(words).code, 0);
  words.insert(words.end(), {"--seed", "0"});
  EXPECT_EQ(run(words).code, 0);
  words.back().assign(1, '1');
  EXPECT_EQ(run(words).code, 1);
  const Outcome other =
      run({"verify", path("w"), "--rule", "role=weight -> normal(0, 0.1)", "--rule", "role=bias -> ones"});
  EXPECT_EQ(other.code, 1);
  EXPECT_NE(other.out.find("times that of its scheme, allowed is "), std::string::npos) << other.out;
  EXPECT_NE(other.out.find("'0.bias': 16 elements are not the value that belongs there"), std::string::npos)
      << other.out;
  expect_error(run({"verify", path("w"), "--seed", "1"}), 2, {"--rule"});
  expect_error(run({"verify", path("gone")}), 4, {"gone"});
  io::put(path("junk"), "junk");
  expect_error(run({"verify", path("junk")}), 3, {"junk"});
}

TEST_F(PlanCommand, VerifySeesThatTheCertificatesDiffer) {
  ASSERT_EQ(run(plan({"--seed", "9", "-o", path("w")})).code, 0);
  ASSERT_EQ(run(plan({"--seed", "8", "-o", path("v")})).code, 0);
  io::put(path("w.certificate.json"), io::get(path("v.certificate.json")));
  const Outcome outcome = run({"verify", path("w")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("differ"), std::string::npos) << outcome.out;
}

}  // namespace
}  // namespace fanin::cli::test
