#include "fanin/init/recipe.h"

#include <map>

#include "init_test_support.h"
#include "model_shapes.h"
#include "plan_test_support.h"

namespace fanin::init {
namespace {

// Steps as a command line gives them: a text with `->` is a rule.
std::vector<PlanStep> steps_of(const std::vector<std::string>& texts) {
  std::vector<PlanStep> steps;
  for (const std::string& text : texts) {
    if (text.find("->") != std::string::npos) {
      steps.emplace_back(PlanRule::parse(text));
    } else {
      steps.emplace_back(Recipe::parse(text));
    }
  }
  return steps;
}

Plan planned(const ModelSpec& spec, const std::vector<std::string>& texts, const ModelSpec* base = nullptr) {
  return Plan::resolve(spec, compose(spec, steps_of(texts), base).rules, true);
}

std::vector<std::string> rules_of(const ModelSpec& spec, const std::vector<std::string>& texts,
                                  const ModelSpec* base = nullptr) {
  std::vector<std::string> rules;
  for (const PlanRule& rule : compose(spec, steps_of(texts), base).rules) rules.push_back(rule.str());
  return rules;
}

double std_of(const Plan& plan, std::string_view name) {
  const PlanEntry* entry = plan.find(name);
  EXPECT_NE(entry, nullptr) << name;
  return entry == nullptr ? 0 : entry->expected.std;
}

double constant_of(const RecipeOutcome& outcome, std::string_view name) {
  for (const auto& [key, value] : outcome.constants) {
    if (key == name) return value;
  }
  ADD_FAILURE() << "no constant " << name;
  return 0;
}

void expect_refused(const std::string& recipe, const ModelSpec& spec, const std::vector<std::string>& parts) {
  SCOPED_TRACE(recipe);
  expect_error(ErrorKind::usage, parts, [&] { (void)Recipe::parse(recipe).resolve(spec); });
}

using Rules = std::vector<std::string>;

TEST(Recipe, TextIsAsThatOfASchemes) {
  EXPECT_EQ(Recipe::parse(" gpt2( std = 1/50 ) ").str(), "gpt2( std = 1/50 )");
  EXPECT_EQ(Recipe::parse("skipinit").name(), "rezero");
  const auto bad = [](const char* text, const std::vector<std::string>& parts) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::usage, parts, [&] { (void)Recipe::parse(text); });
  };
  bad("", {"recipe ''", "a name is wanted"});
  bad("gtp2", {"unknown recipe 'gtp2'", "did you mean 'gpt2'"});
  bad("he_normal", {"unknown recipe 'he_normal'"});
  bad("gpt2(sdt=1)", {"gpt2", "'sdt'", "did you mean 'std'"});
  bad("gpt2(0)", {"std='0'", "(0, "});
  bad("gpt2(1, 2)", {"at most 1"});
  bad("gpt2(1", {"recipe 'gpt2(1'", "parentheses do not match"});
  bad("megatron(multiplier=1.5)", {"multiplier='1.5'", "whole numbers"});
  bad("fixup(fan_inn)", {"mode='fan_inn'", "did you mean 'fan_in'"});
  bad("mup(base_width=-1)", {"base_width='-1'"});
  EXPECT_EQ(recipes().size(), 11U);
  for (const RecipeInfo& r : recipes()) EXPECT_EQ(Recipe::parse(r.name).name(), r.name);
}

TEST(Gpt2, ResidualOutputsAreSmallerByTheRootOfTheResidualLayers) {
  const ModelSpec spec = inferred(gpt2_tensors(12, 8));
  EXPECT_EQ(rules_of(spec, {"gpt2"}), (Rules{"role=weight|embedding -> normal(0, 0.02)", "role=bias|norm_bias -> zeros",
                                             "role=norm_scale -> ones",
                                             "role=weight, part=attention_out|mlp_out -> normal(0, 0.02/sqrt(2*12))"}));
  const Plan plan = planned(spec, {"gpt2(std=0.02)"});
  for (const ParameterSpec& p : spec.parameters()) {
    const bool residual = p.name.ends_with("c_proj.weight");
    const bool random =
        residual || p.name.ends_with("c_attn.weight") || p.name.ends_with("c_fc.weight") || p.role == Role::embedding;
    EXPECT_DOUBLE_EQ(std_of(plan, p.name), residual ? 0.02 / std::sqrt(24.0) : random ? 0.02 : 0) << p.name;
  }
  EXPECT_NEAR(std_of(plan, "h.11.mlp.c_proj.weight"), 0.00408248, 1e-8);
  EXPECT_EQ(plan.find("ln_f.weight")->expected.mean, 1);
  // The residual layers are counted, not assumed: a layer with one branch has one.
  Tensors mamba;
  for (const char* layer : {"layers.0", "layers.1", "layers.2"}) {
    mamba.add(std::string(layer) + ".mixer.out_proj.weight", {8, 16});
  }
  EXPECT_EQ(rules_of(inferred(mamba), {"gpt2"}), (Rules{"role=weight, part=branch_out -> normal(0, 0.02/sqrt(3))"}));
  EXPECT_EQ(rules_of(inferred(mamba), {"megatron(0.01, multiplier=1)"}),
            (Rules{"role=weight, part=branch_out -> normal(0, 0.01/sqrt(1*3))"}));
}

TEST(Gpt2, EncoderAndDecoderEachHaveTheirDepth) {
  EXPECT_EQ(
      rules_of(inferred(fairseq_tensors(2, 4, 8)), {"gpt2"}),
      (Rules{"role=weight|embedding -> normal(0, 0.02)", "role=bias|norm_bias -> zeros", "role=norm_scale -> ones",
             "role=weight, part=attention_out|mlp_out, stack=encoder -> normal(0, 0.02/sqrt(2*2))",
             "role=weight, part=attention_out|mlp_out, stack=decoder -> normal(0, 0.02/sqrt(3*4))"}));
}

TEST(Megatron, CountsTwoBranchesInALayer) {
  const Plan plan = planned(inferred(llama_tensors(32, 8)), {"megatron(std=0.006)"});
  EXPECT_DOUBLE_EQ(std_of(plan, "model.layers.31.mlp.down_proj.weight"), 0.006 / 8);
  EXPECT_DOUBLE_EQ(std_of(plan, "model.layers.0.self_attn.o_proj.weight"), 0.006 / 8);
  EXPECT_DOUBLE_EQ(std_of(plan, "lm_head.weight"), 0.006);
}

TEST(SmallInit, AndWangInitAreThoseOfGptNeoX) {
  const ModelSpec spec = inferred(llama_tensors(4, 64));
  const Plan plan = planned(spec, {"small_init", "wang_init"});
  EXPECT_DOUBLE_EQ(std_of(plan, "model.layers.0.self_attn.q_proj.weight"), std::sqrt(2.0 / (5 * 64)));
  EXPECT_DOUBLE_EQ(std_of(plan, "model.layers.3.mlp.down_proj.weight"), 2.0 / (4 * 8));
  EXPECT_DOUBLE_EQ(std_of(planned(spec, {"small_init(width=1024)"}), "lm_head.weight"), std::sqrt(2.0 / 5120));
  expect_error(ErrorKind::usage, {"matched by no rule"}, [&] { (void)planned(spec, {"wang_init"}); });
}

TEST(DeepNorm, NumbersAreThoseOfThePaper) {
  // 6 layers on each side: encoder 0.81 (N^4 M)^(1/16), decoder (3 M)^(1/4).
  const ModelSpec both = inferred(fairseq_tensors(6, 6, 8));
  const RecipeOutcome outcome = Recipe::parse("deepnorm").resolve(both);
  EXPECT_NEAR(constant_of(outcome, "encoder_alpha"), 0.81 * std::pow(6.0, 5.0 / 16), 1e-14);
  EXPECT_NEAR(constant_of(outcome, "encoder_beta"), 0.87 * std::pow(6.0, -5.0 / 16), 1e-14);
  EXPECT_NEAR(constant_of(outcome, "decoder_alpha"), std::pow(18.0, 0.25), 1e-14);
  EXPECT_NEAR(constant_of(outcome, "decoder_beta"), std::pow(72.0, -0.25), 1e-14);
  const Plan plan = planned(both, {"deepnorm"});
  const double plain = std::sqrt(2.0 / 16);
  for (const char* name : {"v_proj", "out_proj"}) {
    const std::string of = std::string("self_attn.") + name + ".weight";
    EXPECT_NEAR(std_of(plan, "encoder.layers.5." + of), plain * constant_of(outcome, "encoder_beta"), 1e-15);
    EXPECT_NEAR(std_of(plan, "decoder.layers.5." + of), plain * constant_of(outcome, "decoder_beta"), 1e-15);
  }
  EXPECT_NEAR(std_of(plan, "decoder.layers.0.encoder_attn.v_proj.weight"), plain * std::pow(72.0, -0.25), 1e-15);
  EXPECT_NEAR(std_of(plan, "encoder.layers.0.fc2.weight"), std::sqrt(2.0 / 40) * 0.87 * std::pow(6.0, -5.0 / 16),
              1e-15);
  EXPECT_DOUBLE_EQ(std_of(plan, "encoder.layers.0.self_attn.q_proj.weight"), plain);
  EXPECT_DOUBLE_EQ(std_of(plan, "decoder.layers.0.encoder_attn.k_proj.weight"), plain);
  EXPECT_DOUBLE_EQ(std_of(plan, "encoder.embed_tokens.weight"), std::sqrt(1.0 / 8));
  EXPECT_NE(outcome.architecture.at(0).find("norm(alpha x + f(x))"), std::string::npos);
}

TEST(DeepNorm, EncodersAloneAndDecodersAloneHaveTheSameNumbers) {
  // 100 layers: alpha = 200^(1/4) = 3.76, beta = 800^(-1/4) = 0.188.
  for (const ModelSpec& spec : {inferred(bert_tensors(100, 4)), inferred(llama_tensors(100, 4))}) {
    const RecipeOutcome outcome = Recipe::parse("deepnorm").resolve(spec);
    EXPECT_NEAR(constant_of(outcome, "alpha"), 3.7606030930863934, 1e-13);
    EXPECT_NEAR(constant_of(outcome, "beta"), 0.18803015465431968, 1e-14);
  }
}

TEST(DeepNorm, ValueInAFusedTensorIsScaledAlone) {
  const auto fused_rule = [](const ModelSpec& spec) { return rules_of(spec, {"deepnorm"}).back(); };
  EXPECT_EQ(fused_rule(inferred(gpt2_tensors(2, 8))),
            "role=weight, part=query_key_value -> query_key_value(xavier_normal, xavier_normal, "
            "xavier_normal(gain=1/root(8*2, 4)), axis=1)");
  Tensors torch;
  torch.add("layers.0.self_attn.in_proj_weight", {24, 8}).add("layers.0.self_attn.in_proj_bias", {24});
  torch.linear("layers.0.self_attn.out_proj", 8, 8).linear("layers.0.linear1", 32, 8).linear("layers.0.linear2", 8, 32);
  EXPECT_NE(fused_rule(inferred(torch)).find("axis=0"), std::string::npos);
  torch.list[0].shape = {20, 8};
  torch.list[1].shape = {20};
  expect_refused("deepnorm", inferred(torch),
                 {"'layers.0.self_attn.in_proj_weight' [20, 8]", "not three equal blocks"});
}

TEST(SubLN, GainsAreLogarithmsOfTheDepth) {
  EXPECT_NEAR(constant_of(Recipe::parse("subln").resolve(inferred(llama_tensors(12, 4))), "gamma"), 1.7827096883,
              1e-9);  // sqrt(ln 24)
  const RecipeOutcome both = Recipe::parse("subln").resolve(inferred(fairseq_tensors(6, 4, 8)));
  EXPECT_NEAR(constant_of(both, "encoder_gamma"), std::sqrt(std::log(12.0) * std::log(12.0) / 3), 1e-14);
  EXPECT_NEAR(constant_of(both, "decoder_gamma"), std::sqrt(std::log(12.0)), 1e-14);
  const Plan plan = planned(inferred(fairseq_tensors(6, 4, 8)), {"subln"});
  EXPECT_NEAR(std_of(plan, "decoder.layers.3.fc1.weight"), std::sqrt(2.0 / 40 * std::log(12.0)), 1e-14);
}

TEST(TFixup, FactorsAreThoseOfThePaper) {
  const ModelSpec spec = inferred(fairseq_tensors(6, 6, 8, false));
  const Plan plan = planned(spec, {"t_fixup"});
  const double plain = std::sqrt(2.0 / 16);
  const double encoder = 0.67 * std::pow(6.0, -0.25);
  const double decoder = std::pow(54.0, -0.25);
  EXPECT_NEAR(std_of(plan, "encoder.layers.0.self_attn.v_proj.weight"), plain * encoder, 1e-15);
  EXPECT_NEAR(std_of(plan, "decoder.layers.5.encoder_attn.out_proj.weight"), plain * decoder, 1e-15);
  EXPECT_NEAR(std_of(plan, "encoder.layers.5.fc1.weight"), std::sqrt(2.0 / 40) * encoder, 1e-15);
  EXPECT_NEAR(std_of(plan, "encoder.layers.0.self_attn.k_proj.weight"), plain, 1e-15);
  EXPECT_NEAR(std_of(plan, "encoder.embed_tokens.weight"), decoder / std::sqrt(8.0), 1e-15);
  // Sides of different depth: each scales its own embedding.
  const Plan uneven = planned(inferred(fairseq_tensors(6, 2, 8, false)), {"t_fixup"});
  EXPECT_NEAR(std_of(uneven, "encoder.embed_tokens.weight"), std::pow(54.0, -0.25) / std::sqrt(8.0), 1e-15);
  EXPECT_NEAR(std_of(uneven, "decoder.embed_tokens.weight"), std::pow(18.0, -0.25) / std::sqrt(8.0), 1e-15);
}

TEST(TFixup, ModelsThatItIsNotForAreRefused) {
  expect_refused("t_fixup", inferred(fairseq_tensors(2, 2, 8)),
                 {"'encoder.layers.0.self_attn_layer_norm.weight'", "norm"});
  expect_refused("t_fixup", inferred(llama_tensors(2, 8)), {"one stack", "stack=decoder"});
  Tensors shared = fairseq_tensors(2, 3, 8, false);
  std::erase_if(shared.list, [](const NamedTensor& t) { return t.name.find("embed") != std::string::npos; });
  expect_refused("t_fixup", inferred(shared), {"no parameter has role=embedding"});
  shared.add("embed_tokens.weight", {100, 8});
  expect_refused("t_fixup", inferred(shared), {"'embed_tokens.weight' has no stack", "2 layers", "3 of the decoder"});
  EXPECT_FALSE(rules_of(inferred(shared, {"embed_tokens.weight -> stack=encoder"}), {"t_fixup"}).empty());
}

TEST(Fixup, ScalesByTheNumberOfBranchesAndOfTheirWeights) {
  // 8 branches of 2 weights: He times 8^(-1/2); of 3: He times 8^(-1/4).
  const Plan basic = planned(inferred(resnet_tensors(4, false, false)), {"fixup"});
  EXPECT_NEAR(std_of(basic, "layer1.0.conv1.weight"), std::sqrt(2.0 / (16 * 9)) / std::sqrt(8.0), 1e-15);
  EXPECT_EQ(std_of(basic, "layer2.3.conv2.weight"), 0);
  EXPECT_NEAR(std_of(basic, "layer2.0.downsample.0.weight"), std::sqrt(2.0 / 32), 1e-15) << "on the shortcut";
  EXPECT_NEAR(std_of(basic, "conv1.weight"), std::sqrt(2.0 / (16 * 49)), 1e-15);
  EXPECT_EQ(basic.find("fc.weight")->expected.high, 0);
  EXPECT_EQ(basic.find("layer1.0.scale")->expected.mean, 1);
  EXPECT_EQ(basic.find("layer1.0.bias2a")->expected.high, 0);
  const Plan deep = planned(inferred(resnet_tensors(4, true, false)), {"fixup(mode=fan_in, readout=he)"});
  EXPECT_NEAR(std_of(deep, "layer2.1.conv2.weight"), std::sqrt(2.0 / (32 * 9)) * std::pow(8.0, -0.25), 1e-15);
  EXPECT_EQ(std_of(deep, "layer2.1.conv3.weight"), 0);
  EXPECT_NEAR(std_of(deep, "fc.weight"), std::sqrt(2.0 / 128), 1e-15);
}

TEST(Fixup, BranchesOfDifferentLengthsGetTheirOwnRules) {
  Tensors t = resnet_tensors(2, false, false);
  t.add("layer2.1.conv3.weight", {32, 32, 3, 3}).add("layer2.1.conv4.weight", {32, 32, 3, 3});
  EXPECT_EQ(rules_of(inferred(t), {"fixup"}),
            (Rules{"role=weight -> kaiming_normal(mode=fan_out)", "role=bias -> zeros", "role=residual_scale -> ones",
                   "role=weight, part=branch_in, block=0..2 -> variance_scaling(2/4, fan_out, normal)",
                   "role=weight, part=branch_in, block=3..3 -> variance_scaling(2/root(4, 3), fan_out, normal)",
                   "role=weight, part=branch_out -> zeros", "role=weight, part=readout -> zeros"}));
}

TEST(Fixup, ModelsThatItIsNotForAreRefused) {
  expect_refused("fixup", inferred(resnet_tensors(2, false, true)), {"normalization", "'bn1.weight'"});
  expect_refused("fixup", inferred(llama_tensors(2, 8)), {"block 0", "q_proj", "part=query", "branch_in"});
  Tensors t = resnet_tensors(2, false, false);
  t.list.resize(t.list.size() - 2);
  expect_refused("fixup", inferred(t), {"output layer", "part=readout", "fixup(readout=he)"});
}

TEST(ReZero, SetsScalesAloneAndGoesOverAnotherRecipe) {
  const ModelSpec spec = inferred(resnet_tensors(2, false, false));
  const Plan plan = planned(spec, {"* -> ones", "role=weight -> he_normal", "rezero"});
  EXPECT_EQ(plan.find("layer2.1.scale")->expected.high, 0);
  EXPECT_GT(std_of(plan, "layer2.1.conv2.weight"), 0);
  expect_error(ErrorKind::usage, {"matched by no rule"}, [&] { (void)planned(spec, {"rezero"}); });
  Tensors t = resnet_tensors(2, false, false);
  std::erase_if(t.list, [](const NamedTensor& x) { return x.name == "layer2.0.scale"; });
  expect_refused("skipinit", inferred(t), {"block 2", "'layer2.0.conv1.weight'", "role=residual_scale"});
}

TEST(ZeroLastNorm, SetsTheNormThatEndsEachBranch) {
  const ModelSpec spec = inferred(resnet_tensors(2, true, true));
  const Plan plan = planned(spec, {"zero_last_norm", "role=weight -> he_normal", "role=bias -> zeros"});
  EXPECT_EQ(plan.find("layer1.0.bn3.weight")->expected.high, 0);
  EXPECT_EQ(plan.find("layer1.0.bn2.weight")->expected.low, 1);
  EXPECT_EQ(plan.find("layer1.0.downsample.1.weight")->expected.low, 1);
  EXPECT_EQ(plan.find("layer1.0.bn3.bias")->expected.high, 0);
  expect_refused("zero_last_norm", inferred(llama_tensors(2, 8)), {"block 0", "part=branch_norm"});
}

TEST(Recipe, StepsAreInOrderAndLaterOnesWin) {
  const ModelSpec spec = inferred(gpt2_tensors(2, 8));
  // A base rule may lose everything.
  EXPECT_EQ(rules_of(spec, {"gpt2", "role=bias|norm_bias -> normal(0, 0.01)"}).size(), 4U);
  // What the recipe is for may not.
  expect_error(ErrorKind::usage,
               {"'role=weight, part=attention_out|mlp_out -> normal(0, 0.02/sqrt(2*2))' decides nothing"}, [&] {
                 (void)planned(spec, {"gpt2", "role=weight -> normal(0, 0.02)"});
               });
  // A part of it may, and the outcome says so.
  const Composition some = compose(spec, steps_of({"gpt2", "name=h.0.attn.c_proj.weight -> zeros"}));
  ASSERT_EQ(some.recipes.at(0).architecture.size(), 1U);
  EXPECT_EQ(some.recipes[0].architecture[0],
            "later rules take 1 of the 4 parameters of 'role=weight, part=attention_out|mlp_out -> normal(0, "
            "0.02/sqrt(2*2))'");
  // A rule before the recipe is a base.
  EXPECT_EQ(std_of(planned(spec, {"* -> ones", "wang_init"}), "h.1.mlp.c_fc.weight"), 0);
}

TEST(Recipe, FrozenAndLoadedOutputsCountButAreLeftAlone) {
  const ModelSpec spec = inferred(gpt2_tensors(2, 8), {"h.0.* -> state=frozen", "h.1.attn.* -> state=loaded"});
  const Plan plan = planned(spec, {"gpt2"});
  EXPECT_EQ(plan.find("h.0.mlp.c_proj.weight")->rule, std::nullopt);
  EXPECT_DOUBLE_EQ(std_of(plan, "h.1.mlp.c_proj.weight"), 0.02 / 2);
  EXPECT_EQ(rules_of(inferred(llama_tensors(2, 8), {"*norm* -> state=frozen"}), {"gpt2"}).size(), 2U)
      << "a base rule for norms alone has nothing left to fill";
}

// The class of bug of other tools: the name of a residual output is not the expected one, and it is silently not
// scaled.
TEST(ResidualOutputs, ThatCannotBeFoundAreErrorsForEveryRecipeThatScalesThem) {
  for (const std::string recipe : {"gpt2", "megatron", "wang_init", "deepnorm", "subln"}) {
    Tensors t = gpt2_tensors(3, 8);
    for (NamedTensor& x : t.list) {
      const std::size_t at = x.name.find("attn.c_proj");
      if (at != std::string::npos) x.name.replace(at, 11, "attn.c_prooj");
    }
    expect_refused(recipe, inferred(t),
                   {"recipe " + recipe, "block 0", "'h.0.attn.c_prooj.weight'", "nor that of 2 more", "part=mlp_out"});
    EXPECT_EQ(rules_of(inferred(t, {"h.*.attn.c_prooj.* -> part=attention_out"}), {recipe}),
              rules_of(inferred(gpt2_tensors(3, 8)), {recipe}))
        << "what is said counts as what is inferred";
    // Saying that they end nothing leaves attentions without an end.
    expect_refused(recipe, inferred(t, {"h.*.attn.c_prooj.* -> part=other"}),
                   {"block 0", "1 attention branch begins but no weight has part=attention_out"});
  }
}

TEST(ResidualOutputs, BlocksThatEndNothingAreErrors) {
  Tensors t = llama_tensors(2, 8);
  std::erase_if(t.list, [](const NamedTensor& x) { return x.name == "model.layers.1.mlp.down_proj.weight"; });
  expect_refused("gpt2", inferred(t), {"block 1", "a feed-forward branch begins but no weight has part=mlp_out"});
  const ModelSpec nothing = inferred(llama_tensors(2, 8), {"model.layers.1.* -> part=other"});
  expect_refused("gpt2", nothing, {"block 1", "ends no residual branch"});
  Tensors mamba;
  mamba.add("layers.0.mixer.x_proj.weight", {8, 16});
  expect_refused("gpt2", inferred(mamba), {"block 0", "a residual branch begins", "part=branch_out"});
  Tensors crossed = fairseq_tensors(1, 1, 8);
  std::erase_if(crossed.list,
                [](const NamedTensor& x) { return x.name.find("encoder_attn.out_proj") != std::string::npos; });
  expect_refused("gpt2", inferred(crossed), {"block 0 of the decoder", "2 attention branches begin but only 1"});
}

TEST(ResidualOutputs, BlocksWithGapsOrWithoutNumbersAreErrors) {
  expect_refused("gpt2", inferred(Tensors().linear("fc", 8, 8)), {"no parameter has a block", "block=0"});
  Tensors t = gpt2_tensors(4, 8);
  std::erase_if(t.list, [](const NamedTensor& x) { return x.name.starts_with("h.1."); });
  expect_refused("gpt2", inferred(t), {"block 1 has no parameter", "'h.2.ln_1.weight' is in block 2", "without gaps"});
  Tensors two;
  two.linear("visual.layers.0.mlp.fc2", 8, 8).linear("text.layers.0.mlp.fc2", 8, 8);
  expect_refused("gpt2", inferred(two), {"'visual.layers.0.mlp.fc2.weight' has part=mlp_out but no block", "numbered"});
  expect_refused("gpt2", inferred(two, {"visual.* -> block=0", "text.* -> block=0, stack=decoder"}),
                 {"'visual.layers.0.mlp.fc2.weight' is in a block of no stack", "decoder"});
}

// A second tower whose names nobody knows has no blocks; its outputs would be missed as a whole.
TEST(ResidualOutputs, WeightsOutsideOfBlocksNeedAPartToo) {
  Tensors t = gpt2_tensors(2, 8);
  t.linear("tower.0.mix", 8, 8).linear("tower.1.mix", 8, 8);
  expect_refused("gpt2", inferred(t),
                 {"'tower.0.mix.weight' has neither block nor part", "linear [out, in]", "part=other"});
  EXPECT_FALSE(rules_of(inferred(t, {"tower.* -> part=other"}), {"gpt2"}).empty());
  expect_refused(
      "gpt2", inferred(t, {"tower.* -> part=mlp_out, block=0"}),
      {"'h.0.attn.c_attn.weight' has part=query_key_value but no block", "both 'h' and 'tower' are numbered"});
}

TEST(ResidualOutputs, DecoderThatAttendsToAnEncoderThatIsNotThereIsRefused) {
  Tensors t = fairseq_tensors(1, 2, 8);
  std::erase_if(t.list, [](const NamedTensor& x) { return x.name.starts_with("encoder."); });
  expect_refused("deepnorm", inferred(t), {"block 0 of the decoder", "2 attention branches", "stack=encoder"});
}

TEST(ResidualOutputs, PartsThatARecipeHasNoRuleForAreRefused) {
  const ModelSpec spec =
      inferred(gpt2_tensors(2, 8), {"h.1.mlp.c_fc.* -> part=branch_in", "h.1.mlp.c_proj.* -> part=branch_out"});
  expect_refused("deepnorm", spec,
                 {"block 1", "'h.1.mlp.c_fc.weight' has part=branch_in", "there are rules for query"});
  EXPECT_FALSE(rules_of(spec, {"gpt2"}).empty());
}

TEST(Width, IsThatOfTheEmbeddingsUnlessSaid) {
  Tensors t = llama_tensors(2, 8);
  t.add("position_embed.weight", {10, 16});
  expect_refused("small_init", inferred(t),
                 {"'model.embed_tokens.weight' and 'position_embed.weight'", "8 and 16", "width="});
  EXPECT_FALSE(rules_of(inferred(t), {"small_init(width=8)"}).empty());
  expect_refused("small_init", inferred(resnet_tensors(1, false, true)), {"no embedding", "small_init(width=768)"});
}

}  // namespace
}  // namespace fanin::init
