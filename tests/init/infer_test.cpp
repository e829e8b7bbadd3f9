#include "fanin/init/infer.h"

#include "init_test_support.h"

namespace fanin::init {
namespace {

ModelSpec inferred(std::vector<NamedTensor> tensors, const std::vector<std::string>& overrides = {}) {
  std::vector<Override> parsed;
  for (const std::string& text : overrides) parsed.push_back(Override::parse(text));
  return infer_spec(tensors, parsed);
}

void expect_fans(const ModelSpec& spec, std::string_view name, Role role, LayerKind kind, Fans fans) {
  const ParameterSpec* p = spec.find(name);
  ASSERT_NE(p, nullptr) << name;
  EXPECT_EQ(to_string(p->role), to_string(role)) << name;
  EXPECT_EQ(to_string(p->kind), to_string(kind)) << name;
  EXPECT_EQ(p->fans.in, fans.in) << name << ": " << p->reason;
  EXPECT_EQ(p->fans.out, fans.out) << name << ": " << p->reason;
  EXPECT_EQ(to_string(p->state), "raw");
  EXPECT_FALSE(p->reason.empty());
}

TEST(Infer, LinearLayersAreOutByInUnlessTheirBiasSaysOtherwise) {
  const ModelSpec spec = inferred({{"fc.weight", {10, 20}},
                                   {"fc.bias", {10}},
                                   {"h.c_fc.weight", {10, 40}},
                                   {"h.c_fc.bias", {40}},
                                   {"lm_head.weight", {100, 20}}});
  expect_fans(spec, "fc.weight", Role::weight, LayerKind::linear, {20, 10});
  expect_fans(spec, "fc.bias", Role::bias, LayerKind::linear, {20, 10});
  expect_fans(spec, "h.c_fc.weight", Role::weight, LayerKind::linear, {10, 40});
  expect_fans(spec, "h.c_fc.bias", Role::bias, LayerKind::linear, {10, 40});
  expect_fans(spec, "lm_head.weight", Role::weight, LayerKind::linear, {20, 100});
}

TEST(Infer, RankOneBesideABiasIsANormAndAloneOnlyByItsName) {
  const ModelSpec spec = inferred({{"a.1.weight", {8}},
                                   {"a.1.bias", {8}},
                                   {"layers.0.input_layernorm.weight", {8}},
                                   {"ln.gamma", {4}},
                                   {"ln.beta", {4}}});
  EXPECT_EQ(spec.find("a.1.weight")->role, Role::norm_scale);
  EXPECT_EQ(spec.find("a.1.bias")->role, Role::norm_bias);
  EXPECT_EQ(spec.find("layers.0.input_layernorm.weight")->role, Role::norm_scale);
  EXPECT_EQ(spec.find("ln.gamma")->role, Role::norm_scale);
  EXPECT_EQ(spec.find("ln.beta")->role, Role::norm_bias);
  expect_error(ErrorKind::usage, {"1 of 1", "'act.weight' [8]", "PReLU"}, [] { inferred({{"act.weight", {8}}}); });
}

TEST(Infer, ConvolutionsHaveTheirTapsInBothFans) {
  const ModelSpec spec =
      inferred({{"conv1.weight", {64, 3, 7, 7}}, {"conv1.bias", {64}}, {"c.conv.weight", {8, 4, 3}}});
  expect_fans(spec, "conv1.weight", Role::weight, LayerKind::conv, {3 * 49, 64 * 49});
  expect_fans(spec, "conv1.bias", Role::bias, LayerKind::conv, {3 * 49, 64 * 49});
  expect_fans(spec, "c.conv.weight", Role::weight, LayerKind::conv, {12, 24});
}

TEST(Infer, FanOutOfADepthwiseKernelIsNotGuessed) {
  const ModelSpec guessed = inferred({{"dw.weight", {32, 1, 3, 3}}, {"dw.bias", {32}}});
  EXPECT_EQ(guessed.find("dw.weight")->fans.in, 9);
  EXPECT_TRUE(std::isnan(guessed.find("dw.weight")->fans.out));
  EXPECT_NE(guessed.find("dw.weight")->reason.find("not known"), std::string::npos);
  const ModelSpec said = inferred({{"dw.weight", {32, 1, 3, 3}}, {"dw.bias", {32}}}, {"dw.weight -> groups=32"});
  expect_fans(said, "dw.weight", Role::weight, LayerKind::conv, {9, 9});
  expect_fans(said, "dw.bias", Role::bias, LayerKind::conv, {9, 9});
}

TEST(Infer, FansOfATransposedKernelAreNotGuessed) {
  for (const char* layer : {"up.deconv", "conv_transpose1"}) {
    const std::string name = std::string(layer) + ".weight";
    EXPECT_TRUE(std::isnan(inferred({{name, {16, 8, 2, 2}}}).find(name)->fans.in)) << layer;
  }
  const ModelSpec by_bias = inferred({{"up.weight", {16, 8, 2, 2}}, {"up.bias", {8}}});
  EXPECT_TRUE(std::isnan(by_bias.find("up.weight")->fans.in));
}

TEST(Infer, FusedBlocksHaveTheFansOfOne) {
  const ModelSpec spec = inferred({{"attn.in_proj_weight", {96, 32}},
                                   {"attn.in_proj_bias", {96}},
                                   {"attn.qkv.weight", {96, 32}},
                                   {"rnn.weight_ih_l0", {80, 10}},
                                   {"rnn.weight_hh_l0", {80, 20}},
                                   {"rnn.bias_ih_l0", {80}}});
  expect_fans(spec, "attn.in_proj_weight", Role::weight, LayerKind::linear, {32, 32});
  expect_fans(spec, "attn.in_proj_bias", Role::bias, LayerKind::linear, {32, 32});
  expect_fans(spec, "attn.qkv.weight", Role::weight, LayerKind::linear, {32, 32});
  expect_fans(spec, "rnn.weight_ih_l0", Role::weight, LayerKind::recurrent, {10, 20});
  expect_fans(spec, "rnn.weight_hh_l0", Role::weight, LayerKind::recurrent, {20, 20});
  expect_fans(spec, "rnn.bias_ih_l0", Role::bias, LayerKind::recurrent, {10, 20});
  const ModelSpec grouped = inferred({{"attn.qkv.weight", {48, 32}}});
  EXPECT_TRUE(std::isnan(grouped.find("attn.qkv.weight")->fans.out));
}

TEST(Infer, EmbeddingsAreNoLinearLayers) {
  const ModelSpec spec = inferred({{"model.embed_tokens.weight", {100, 16}},
                                   {"wte.weight", {100, 16}},
                                   {"vit.pos_embed", {1, 5, 16}},
                                   {"patch_embed.proj.weight", {16, 3, 4, 4}}});
  for (const char* name : {"model.embed_tokens.weight", "wte.weight", "vit.pos_embed"}) {
    expect_fans(spec, name, Role::embedding, LayerKind::embedding, {1, 16});
  }
  expect_fans(spec, "patch_embed.proj.weight", Role::weight, LayerKind::conv, {48, 256});
}

TEST(Infer, BuffersAndIntegersStayAsTheyAre) {
  const ModelSpec spec = inferred(
      {{"bn.weight", {4}}, {"bn.bias", {4}}, {"bn.running_mean", {4}}, {"bn.num_batches_tracked", {}, std::nullopt}});
  EXPECT_EQ(spec.find("bn.running_mean")->state, State::loaded);
  EXPECT_EQ(spec.find("bn.num_batches_tracked")->state, State::loaded);
  EXPECT_EQ(spec.find("bn.weight")->state, State::raw);
}

TEST(Infer, WhatANameDoesNotTellIsAskedFor) {
  for (const NamedTensor& t : std::vector<NamedTensor>{{"cls_token", {1, 1, 8}},
                                                       {"A_log", {4, 4}},
                                                       {"w.weight", {2, 2, 2}},
                                                       {"mlp.experts.weight", {8, 4, 4, 2}},
                                                       {"x.weight", {}},
                                                       {"x.weight_g", {4, 1}},
                                                       {"rnn.weight_ih_l0", {80, 10}}}) {
    SCOPED_TRACE(t.name);
    expect_error(ErrorKind::usage, {"'" + t.name + "'", "no known role", "-> role=weight"}, [&] { inferred({t}); });
    const ModelSpec spec = inferred({t}, {t.name + " -> role=weight, fan_in=3, fan_out=4"});
    EXPECT_EQ(spec.find(t.name)->fans, (Fans{3, 4}));
  }
  expect_error(ErrorKind::usage, {"'a.weight'", "fits neither axis"}, [] {
    inferred({{"a.weight", {3, 4}}, {"a.bias", {5}}});
  });
}

TEST(Infer, DepthIsThePlaceOfTheFirstNumber) {
  const ModelSpec spec = inferred({{"0.weight", {2, 2}},
                                   {"2.weight", {2, 2}},
                                   {"model.layers.10.fc.weight", {2, 2}},
                                   {"model.layers.9.fc.weight", {2, 2}},
                                   {"fc1.weight", {2, 2}}});
  EXPECT_EQ(spec.find("0.weight")->depth, 0U);
  EXPECT_EQ(spec.find("2.weight")->depth, 1U);
  EXPECT_EQ(spec.find("model.layers.9.fc.weight")->depth, 0U);
  EXPECT_EQ(spec.find("model.layers.10.fc.weight")->depth, 1U);
  EXPECT_EQ(spec.find("fc1.weight")->depth, std::nullopt);
  EXPECT_EQ(spec.last_depth(), 1U);
}

TEST(Infer, LaterOverridesWin) {
  const ModelSpec spec = inferred({{"fc.weight", {4, 2}}}, {"* -> fan_in=7", "fc.* -> fan_in=9, depth=3"});
  EXPECT_EQ(spec.find("fc.weight")->fans, (Fans{9, 4}));
  EXPECT_EQ(spec.find("fc.weight")->depth, 3U);
}

TEST(Infer, WhatIsSaidToBeAnEmbeddingIsLookedUp) {
  const ModelSpec spec = inferred({{"words.weight", {10, 256}}}, {"words.* -> role=embedding"});
  expect_fans(spec, "words.weight", Role::embedding, LayerKind::embedding, {1, 256});
  const ModelSpec linear = inferred({{"words.weight", {10, 256}}}, {"words.* -> role=embedding, kind=linear"});
  expect_fans(linear, "words.weight", Role::embedding, LayerKind::linear, {256, 10});
}

TEST(Infer, OverridesThatMakeNoSenseAreRejected) {
  const auto bad = [](const std::string& text, const std::vector<std::string>& parts) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::usage, parts, [&] { inferred({{"fc.weight", {4, 2}}, {"n", {2}, std::nullopt}}, {text}); });
  };
  bad("fc.weight", {"'->'"});
  bad(" -> role=weight", {"no name"});
  bad("fc.weight -> rol=weight", {"'rol'", "did you mean 'role'"});
  bad("fc.weight -> role=weigth", {"'weigth'", "did you mean 'weight'"});
  bad("fc.weight -> kind=lineer", {"'lineer'", "did you mean 'linear'"});
  bad("fc.weight -> role=weight, role=bias", {"role is given twice"});
  bad("fc.weight -> fan_in=0", {"fan_in=0", "above 0"});
  bad("fc.weight -> fan_in=nan", {"fan_in=nan"});
  bad("fc.weight -> depth=-1", {"depth=-1"});
  bad("fc.weight -> role=", {"role has no value"});
  bad("fc.weight -> groups=2", {"groups=2", "kind=linear"});
  bad("fc.weight -> kind=conv, groups=2", {"[4, 2]", "groups=2"});
  bad("fc.weight -> state=initialized", {"state=initialized"});
  bad("fc.weigth -> role=weight", {"'fc.weigth'", "matches no parameter", "did you mean 'fc.weight'"});
  bad("fc.weight -> tied_to=nobody", {"'nobody'", "not there"});
  bad("n -> state=raw, role=bias", {"'n'", "cannot be initialized"});
}

}  // namespace
}  // namespace fanin::init
