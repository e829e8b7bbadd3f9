#include "fanin/init/model_spec.h"

#include "init/glob.h"
#include "init_test_support.h"

namespace fanin::init {
namespace {

TEST(ModelSpec, FindsParametersByNameAndKeepsTheirOrder) {
  const ModelSpec spec({{.name = "b", .shape = {2, 3}, .depth = 4}, {.name = "a", .shape = {5}}});
  ASSERT_EQ(spec.parameters().size(), 2U);
  EXPECT_EQ(spec.parameters()[0].name, "b");
  EXPECT_EQ(spec.find("a")->shape, Shape{5});
  EXPECT_EQ(spec.find("c"), nullptr);
  EXPECT_EQ(spec.find(""), nullptr);
  EXPECT_EQ(spec.elements(), 11U);
  EXPECT_EQ(spec.last_depth(), 4U);
  EXPECT_EQ(ModelSpec().find("a"), nullptr);
}

TEST(ModelSpec, TiedParametersCountOnce) {
  const ModelSpec spec({{.name = "head", .shape = {2, 3}, .state = State::tied, .tied_to = "embed"},
                        {.name = "embed", .shape = {2, 3}}});
  EXPECT_EQ(spec.elements(), 6U);
}

TEST(ModelSpec, NewDTypeIsThatOfRawParametersOnly) {
  const ModelSpec spec = ModelSpec({{.name = "a", .shape = {2}}, {.name = "b", .shape = {2}, .state = State::loaded}})
                             .with_dtype(FloatType::bf16);
  EXPECT_EQ(spec.find("a")->dtype, FloatType::bf16);
  EXPECT_EQ(spec.find("b")->dtype, FloatType::f32);
}

TEST(ModelSpec, BadNamesAndTiesAreRejected) {
  const auto bad = [](std::vector<ParameterSpec> parameters, const std::vector<std::string>& parts) {
    expect_error(ErrorKind::usage, parts, [&] { const ModelSpec spec(std::move(parameters)); });
  };
  bad({{.name = ""}}, {"without a name"});
  bad({{.name = "a"}, {.name = "b"}, {.name = "a"}}, {"'a'", "twice"});
  bad({{.name = "a\nb"}}, {"control character 10", "byte 1"});
  bad({{.name = std::string(513, 'x')}}, {"513 bytes", "512"});
  bad({{.name = "a", .state = State::tied, .tied_to = "b"}}, {"'a'", "'b'", "not there"});
  bad({{.name = "a", .state = State::tied, .tied_to = "a"}}, {"tied itself"});
  bad({{.name = "a", .tied_to = "a"}}, {"not tied"});
  bad({{.name = "a", .shape = {2}, .state = State::tied, .tied_to = "b"}, {.name = "b", .shape = {3}}}, {"[2]", "[3]"});
}

TEST(ModelSpec, WordsAreTheInverseOfTheirMeaning) {
  for (const char* role : {"weight", "bias", "norm_scale", "norm_bias", "embedding", "residual_scale"}) {
    EXPECT_EQ(to_string(parse_role(role)), role);
  }
  for (const char* kind : {"linear", "conv", "embedding", "norm", "recurrent", "other"}) {
    EXPECT_EQ(to_string(parse_layer_kind(kind)), kind);
  }
  for (const char* part : {"query", "key", "value", "query_key_value", "attention_out", "mlp_in", "mlp_out",
                           "branch_in", "branch_out", "branch_norm", "shortcut", "input", "readout", "other"}) {
    EXPECT_EQ(to_string(parse_part(part)), part);
  }
  for (const char* stack : {"encoder", "decoder"}) EXPECT_EQ(to_string(parse_stack(stack)), stack);
  for (const char* state : {"raw", "initialized", "loaded", "tied", "frozen"}) {
    EXPECT_EQ(to_string(parse_state(state)), state);
  }
  expect_error(ErrorKind::usage, {"state 'forzen'", "did you mean 'frozen'"}, [] { (void)parse_state("forzen"); });
}

TEST(Glob, StarIsAnyRunAndQuestionMarkOneCharacter) {
  for (const auto& [glob, text] : std::vector<std::pair<std::string, std::string>>{{"*", ""},
                                                                                   {"*", "a.b"},
                                                                                   {"a*b", "ab"},
                                                                                   {"a*b", "axxb.xb"},
                                                                                   {"?.w", "0.w"},
                                                                                   {"*.w*", "0.w"},
                                                                                   {"a**b", "acb"}}) {
    EXPECT_TRUE(glob_matches(glob, text)) << glob << " " << text;
  }
  for (const auto& [glob, text] : std::vector<std::pair<std::string, std::string>>{
           {"", "a"}, {"a", ""}, {"?", ""}, {"a*b", "abc"}, {"*.w", "0.ww"}, {"A", "a"}, {"[a]", "a"}}) {
    EXPECT_FALSE(glob_matches(glob, text)) << glob << " " << text;
  }
  // Exponential for a matcher that backtracks to every star.
  EXPECT_FALSE(glob_matches("a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(500, 'a')));
}

}  // namespace
}  // namespace fanin::init
