#include "fanin/init/plan.h"

#include <limits>

#include "init_test_support.h"
#include "plan_test_support.h"

namespace fanin::init {
namespace {

// The schemes of small_spec()'s parameters, in their order.
std::vector<std::string> schemes(const std::vector<std::string>& texts, bool ordered = false) {
  const Plan plan = Plan::resolve(small_spec(), rules(texts), ordered);
  std::vector<std::string> names;
  for (const PlanEntry& e : plan.entries()) names.push_back(plan.scheme(e)->str());
  return names;
}

void expect_refused(const std::vector<std::string>& texts, const std::vector<std::string>& parts,
                    bool ordered = false) {
  SCOPED_TRACE(texts.back());
  expect_error(ErrorKind::usage, parts, [&] { (void)Plan::resolve(small_spec(), rules(texts), ordered); });
}

using Names = std::vector<std::string>;

TEST(Selector, EachTermSelectsWhatItSays) {
  const ModelSpec spec = small_spec();
  const auto selected = [&](const char* text) {
    std::string names;
    for (const ParameterSpec& p : spec.parameters()) {
      if (Selector::parse(text).matches(p, spec.last_depth())) names += p.name + " ";
    }
    return names;
  };
  EXPECT_EQ(selected("*"), "0.weight 0.bias 2.weight 2.bias ");
  EXPECT_EQ(selected("role=bias"), "0.bias 2.bias ");
  EXPECT_EQ(selected("kind=linear"), "0.weight 0.bias 2.weight 2.bias ");
  EXPECT_EQ(selected("depth=0"), "0.weight 0.bias ");
  EXPECT_EQ(selected("depth=last"), "2.weight 2.bias ");
  EXPECT_EQ(selected("depth=0..7"), "0.weight 0.bias 2.weight 2.bias ");
  EXPECT_EQ(selected("depth=2..7"), "");
  EXPECT_EQ(selected(" name = *.weight , depth = last "), "2.weight ");
  EXPECT_EQ(selected("name=?.bias"), "0.bias 2.bias ");
}

TEST(Selector, PartsBlocksAndStacksSelectWhatTheySay) {
  const ModelSpec spec({{.name = "q", .part = Part::query, .block = 0, .stack = Stack::encoder},
                        {.name = "o", .part = Part::attention_out, .block = 0, .stack = Stack::decoder},
                        {.name = "b", .role = Role::bias, .part = Part::attention_out, .block = 3},
                        {.name = "s", .role = Role::residual_scale, .block = 7},
                        {.name = "n", .role = Role::norm_scale}});
  const auto selected = [&](const char* text) {
    std::string names;
    for (const ParameterSpec& p : spec.parameters()) {
      if (Selector::parse(text).matches(p, spec.last_depth())) names += p.name;
    }
    return names;
  };
  EXPECT_EQ(selected("part=attention_out"), "ob");
  EXPECT_EQ(selected("part=attention_out, role=weight"), "o");
  EXPECT_EQ(selected("part=query|attention_out"), "qob");
  EXPECT_EQ(selected("part= query | key "), "q");
  EXPECT_EQ(selected("role=bias|norm_scale|residual_scale"), "bsn");
  EXPECT_EQ(selected("kind=other|linear"), "qobsn");
  EXPECT_EQ(selected("block=0"), "qo");
  EXPECT_EQ(selected("block=1..7"), "bs");
  EXPECT_EQ(selected("stack=decoder"), "o");
  EXPECT_EQ(selected("stack=encoder|decoder"), "qo");
}

TEST(Selector, ParameterWithoutADepthMatchesNone) {
  const ParameterSpec p{.name = "fc.weight"};
  EXPECT_FALSE(Selector::parse("depth=last").matches(p, std::nullopt));
  EXPECT_FALSE(Selector::parse("depth=0").matches(p, 3));
}

TEST(Selector, TextsThatSayNothingAreRejected) {
  const auto bad = [](const char* text, const std::vector<std::string>& parts) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::usage, parts, [&] { (void)Selector::parse(text); });
  };
  bad("", {"empty", "*"});
  bad("weight", {"unknown term 'weight'"});
  bad("rol=weight", {"'rol=weight'", "did you mean 'role'"});
  bad("role=weigth", {"'weigth'", "did you mean 'weight'"});
  bad("kind=convolution", {"'convolution'", "conv"});
  bad("role=weight,", {"unknown term ''"});
  bad("role=weight, role=bias", {"'role' is there twice"});
  bad("role=", {"role has no value"});
  bad("*, role=bias", {"unknown term '*'"});
  bad("part=atention_out", {"'atention_out'", "did you mean 'attention_out'"});
  bad("part=query|", {"part ''"});
  bad("part=query|kee", {"'kee'", "did you mean 'key'"});
  bad("stack=encodr", {"'encodr'", "did you mean 'encoder'"});
  bad("blok=1", {"'blok=1'", "did you mean 'block'"});
  for (const char* block : {"block=-1", "block=3..1", "block=last", "block=1.5"}) {
    bad(block, {block, "a whole number and FIRST..LAST"});
  }
  for (const char* depth : {"depth=-1", "depth=3..1", "depth=1..", "depth=..2", "depth=first", "depth=1.5"}) {
    bad(depth, {depth, "FIRST..LAST"});
  }
}

TEST(Plan, EveryParameterGetsItsRuleWithStdAndBounds) {
  const Plan plan = Plan::resolve(small_spec(), rules({"role=weight -> xavier_uniform", "role=bias -> zeros"}));
  ASSERT_EQ(plan.entries().size(), 4U);
  const PlanEntry& w = *plan.find("0.weight");
  EXPECT_EQ(w.rule, 0U);
  EXPECT_DOUBLE_EQ(w.expected.std, std::sqrt(2.0 / 14));
  EXPECT_DOUBLE_EQ(w.expected.high, std::sqrt(6.0 / 14));
  EXPECT_EQ(plan.find("2.bias")->rule, 1U);
  EXPECT_EQ(plan.find("2.bias")->expected.high, 0);
  EXPECT_EQ(plan.find("nobody"), nullptr);
}

TEST(Plan, OrderedRulesLetTheLaterWin) {
  EXPECT_EQ(schemes({"* -> zeros", "role=weight -> he_normal", "role=weight, depth=last -> ones"}, true),
            (Names{"he_normal", "zeros", "ones", "zeros"}));
  expect_refused({"* -> zeros", "role=weight -> he_normal"},
                 {"'0.weight'", "two rules", "'* -> zeros' and 'role=weight -> he_normal'"});
}

TEST(Plan, RuleThatMatchesNothingSaysWhatThereIs) {
  const auto message = [](const char* rule) {
    try {
      (void)Plan::resolve(small_spec(), rules({"* -> zeros", rule}), true);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(message("role=embedding -> normal(0, 0.02)"),
            "[init] rule 'role=embedding -> normal(0, 0.02)' matches no parameter; roles in this model: weight, bias");
  EXPECT_EQ(message("kind=conv -> dirac"),
            "[init] rule 'kind=conv -> dirac' matches no parameter; kinds in this model: linear");
  EXPECT_EQ(message("depth=5 -> ones"),
            "[init] rule 'depth=5 -> ones' matches no parameter; depths in this model: 0..1");
  EXPECT_EQ(message("part=mlp_out -> ones"),
            "[init] rule 'part=mlp_out -> ones' matches no parameter; parts in this model: none");
  EXPECT_EQ(message("block=0 -> ones"),
            "[init] rule 'block=0 -> ones' matches no parameter; no block is known in this model");
  EXPECT_EQ(message("stack=encoder -> ones"),
            "[init] rule 'stack=encoder -> ones' matches no parameter; stacks in this model: none");
  EXPECT_EQ(message("name=0.wieght -> ones"),
            "[init] rule 'name=0.wieght -> ones' matches no parameter; no name is like "
            "'0.wieght', did you mean '0.weight'?");
  EXPECT_EQ(message("name=0.*, depth=1 -> ones"),
            "[init] rule 'name=0.*, depth=1 -> ones' matches no parameter; each of "
            "its terms matches some, none matches all of them");
}

TEST(Plan, RuleWhoseParametersAllWentToLaterOnesIsRejected) {
  expect_refused({"role=bias -> ones", "* -> zeros"}, {"'role=bias -> ones' decides nothing"}, true);
}

TEST(Plan, ParametersWithoutARuleAreRejected) {
  expect_refused({"role=weight -> he_normal"},
                 {"2 of 4 parameters are matched by no rule: '0.bias' (bias), '2.bias' (bias)"});
  expect_refused({"role=weight -> he_normal", "name=0.bias -> zeros"}, {"1 of 4 parameters is matched by no rule"});
  expect_error(ErrorKind::usage, {"4 of 4"}, [] { (void)Plan::resolve(small_spec(), {}); });
}

TEST(Plan, RuleThatCannotFillIsRejectedBeforeAnythingIsWritten) {
  expect_refused({"* -> orthogonal"}, {"'* -> orthogonal' cannot fill '0.bias'", "[6]", "rank 1"});
  expect_refused({"* -> uniform(-3e38, 3e38)"}, {"cannot fill '0.weight'", "finite"});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const ModelSpec unknown({{.name = "dw", .shape = {4, 1, 3, 3}, .fans = {9, nan}, .reason = "groups are not known"}});
  EXPECT_NO_THROW((void)Plan::resolve(unknown, rules({"* -> he_normal"})));
  expect_error(ErrorKind::usage, {"'dw'", "fan_avg is nan", "(groups are not known)"},
               [&] { (void)Plan::resolve(unknown, rules({"* -> xavier_normal"})); });
}

TEST(Plan, ValuesBeyondTheTypeAreRejected) {
  const ModelSpec half = small_spec().with_dtype(FloatType::f16);
  EXPECT_NO_THROW((void)Plan::resolve(half, rules({"* -> uniform(-65000, 65000)"})));
  expect_error(ErrorKind::usage, {"'0.weight'", "reach 65505", "f16 ends at 65504"},
               [&] { (void)Plan::resolve(half, rules({"* -> constant(65505)"})); });
  expect_error(ErrorKind::usage, {"f16 ends at 65504"},
               [&] { (void)Plan::resolve(half, rules({"* -> normal(0, 10000)"})); });
}

TEST(Plan, ValuesThatAllRoundToZeroAreRejected) {
  const ModelSpec half = small_spec().with_dtype(FloatType::f16);
  EXPECT_NO_THROW((void)Plan::resolve(half, rules({"* -> normal(0, 1e-8)"})));
  EXPECT_NO_THROW((void)Plan::resolve(half, rules({"* -> zeros"})));
  expect_error(ErrorKind::usage, {"'0.weight'", "reach 7e-09", "0 in f16, whose least number is 5.96046e-08"},
               [&] { (void)Plan::resolve(half, rules({"* -> normal(0, 1e-9)"})); });
  EXPECT_NO_THROW((void)Plan::resolve(small_spec().with_dtype(FloatType::bf16), rules({"* -> normal(0, 1e-9)"})));
}

TEST(Plan, LoadedTiedAndFrozenParametersHaveNoRule) {
  const ModelSpec spec({{.name = "embed", .shape = {4, 2}, .role = Role::embedding},
                        {.name = "head", .shape = {4, 2}, .state = State::tied, .tied_to = "embed"},
                        {.name = "mean", .shape = {4}, .state = State::loaded},
                        {.name = "scale", .shape = {1}, .state = State::frozen}});
  const Plan plan = Plan::resolve(spec, rules({"role=embedding -> normal(0, 0.02)"}));
  EXPECT_EQ(plan.find("embed")->rule, 0U);
  for (const char* name : {"head", "mean", "scale"}) EXPECT_EQ(plan.find(name)->rule, std::nullopt) << name;
  expect_error(ErrorKind::usage, {"'name=mean -> zeros'", "no parameter that is raw", "'mean' is loaded"}, [&] {
    (void)Plan::resolve(spec, rules({"role=embedding -> ones", "name=mean -> zeros"}));
  });
}

TEST(PlanRule, TextsWithoutAnArrowOrASchemeAreRejected) {
  EXPECT_EQ(PlanRule::parse("  role=bias->zeros ").str(), "role=bias -> zeros");
  for (const auto& [text, part] : std::vector<std::pair<const char*, const char*>>{{"role=bias", "'->'"},
                                                                                   {"role=bias -> ", "name is wanted"},
                                                                                   {"-> zeros", "empty"},
                                                                                   {"* -> zeroes", "'zeros'"}}) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::usage, {part}, [&, t = text] { (void)PlanRule::parse(t); });
  }
}

}  // namespace
}  // namespace fanin::init
