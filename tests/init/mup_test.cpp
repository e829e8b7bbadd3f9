#include <map>

#include "fanin/core/thread_pool.h"
#include "fanin/init/application.h"
#include "fanin/init/recipe.h"

#include "init_test_support.h"
#include "model_shapes.h"

namespace fanin::init {
namespace {

std::vector<std::string> rules_of(const std::string& recipe, const ModelSpec& spec, const ModelSpec* base = nullptr) {
  const std::vector<PlanStep> steps{Recipe::parse(recipe)};
  std::vector<std::string> rules;
  for (const PlanRule& rule : compose(spec, steps, base).rules) rules.push_back(rule.str());
  return rules;
}

Plan planned(const std::string& recipe, const ModelSpec& spec) {
  const std::vector<PlanStep> steps{Recipe::parse(recipe)};
  return Plan::resolve(spec, compose(spec, steps).rules, true);
}

std::map<std::string, LearningRate> rates_of(const RecipeOutcome& outcome) {
  std::map<std::string, LearningRate> rates;
  for (const LearningRate& r : outcome.learning_rates) rates[r.parameter] = r;
  return rates;
}

void expect_refused(const std::string& recipe, const ModelSpec& spec, const std::vector<std::string>& parts,
                    const ModelSpec* base = nullptr) {
  SCOPED_TRACE(recipe);
  expect_error(ErrorKind::usage, parts, [&] { (void)Recipe::parse(recipe).resolve(spec, base); });
}

using Rules = std::vector<std::string>;

// The number is written, not the text: 48/2*6 would be 144.
TEST(Mup, BaseWidthMayBeAnExpression) {
  EXPECT_EQ(rules_of("mup(base_width=2*32)", inferred(llama_tensors(2, 256))),
            rules_of("mup(base_width=64)", inferred(llama_tensors(2, 256))));
}

TEST(Mup, HiddenWeightsShrinkWithTheRootOfTheWidth) {
  EXPECT_EQ(rules_of("mup(base_width=64)", inferred(llama_tensors(2, 256))),
            (Rules{"role=norm_scale -> ones", "role=embedding -> normal(0, 0.02)",
                   "role=weight, part=attention_out|key|mlp_in|mlp_out|value -> normal(0, 0.02/sqrt(256/64))",
                   "role=weight, part=query|readout -> zeros"}));
  const Plan plan =
      planned("mup(base_width=64, std=0.1, readout=normal, query=hidden)", inferred(llama_tensors(2, 256)));
  EXPECT_DOUBLE_EQ(plan.find("model.layers.1.mlp.down_proj.weight")->expected.std, 0.05);
  EXPECT_DOUBLE_EQ(plan.find("model.layers.1.self_attn.q_proj.weight")->expected.std, 0.05);
  EXPECT_DOUBLE_EQ(plan.find("lm_head.weight")->expected.std, 0.1);
  EXPECT_DOUBLE_EQ(plan.find("model.embed_tokens.weight")->expected.std, 0.1);
  // At the base width nothing changes.
  const Plan base = planned("mup(base_width=64, query=hidden)", inferred(llama_tensors(2, 64)));
  EXPECT_DOUBLE_EQ(base.find("model.layers.1.mlp.down_proj.weight")->expected.std, 0.02);
}

TEST(Mup, FanInSchemesNeedNoMultiplierButTheReadoutsDo) {
  const Plan plan =
      planned("mup(base_width=64, hidden=fan_in, readout=normal, query=hidden)", inferred(llama_tensors(1, 256)));
  EXPECT_DOUBLE_EQ(plan.find("model.layers.0.mlp.down_proj.weight")->expected.std, std::sqrt(1.0 / 768));
  EXPECT_DOUBLE_EQ(plan.find("lm_head.weight")->expected.std, std::sqrt(1.0 / 64)) << "that of the base width";
  EXPECT_DOUBLE_EQ(plan.find("model.embed_tokens.weight")->expected.std, 0.02);
}

TEST(Mup, ResidualOutputsMayBeScaledByDepthToo) {
  const Plan plan = planned("mup(base_width=64, residual=scaled)", inferred(llama_tensors(2, 256)));
  EXPECT_DOUBLE_EQ(plan.find("model.layers.1.mlp.down_proj.weight")->expected.std, 0.01 / 2);
  EXPECT_DOUBLE_EQ(plan.find("model.layers.1.mlp.up_proj.weight")->expected.std, 0.01);
}

TEST(Mup, QueryOfAFusedTensorIsZeroAlone) {
  const Rules rules = rules_of("mup(base_width=4, readout=tied)", inferred(gpt2_tensors(2, 8)));
  EXPECT_EQ(rules.back(),
            "role=weight, part=query_key_value -> query_key_value(zeros, normal(0, 0.02/sqrt(8/4)), normal(0, "
            "0.02/sqrt(8/4)), axis=1)");
}

TEST(Mup, RatesAndMultipliersAreThoseOfTheTable) {
  const RecipeOutcome outcome = Recipe::parse("mup(base_width=64)").resolve(inferred(bert_tensors(2, 256)));
  const auto rates = rates_of(outcome);
  const auto expect = [&](const std::string& name, const std::string& of, double adam, double sgd) {
    EXPECT_EQ(rates.at(name).of, of) << name;
    EXPECT_DOUBLE_EQ(rates.at(name).adam, adam) << name;
    EXPECT_DOUBLE_EQ(rates.at(name).sgd, sgd) << name;
  };
  expect("bert.encoder.layer.0.intermediate.dense.weight", "hidden", 0.25, 1);
  expect("bert.encoder.layer.0.intermediate.dense.bias", "vector", 1, 4);
  expect("bert.encoder.layer.0.output.LayerNorm.weight", "vector", 1, 4);
  expect("bert.embeddings.word_embeddings.weight", "input", 1, 4);
  expect("cls.predictions.decoder.weight", "readout", 1, 4);
  expect("cls.predictions.decoder.bias", "finite", 1, 1);
  EXPECT_EQ(outcome.architecture.at(0), "the output is divided by 256/64: logits = W x / (256/64)");
  EXPECT_NE(outcome.architecture.at(1).find("q . k / d_head"), std::string::npos);
}

TEST(Mup, BaseModelSaysWhatGrowsAndByHowMuch) {
  // The feed-forward layer grows by 3, everything else by 4.
  Tensors wide = llama_tensors(1, 256);
  Tensors base = llama_tensors(1, 64);
  for (NamedTensor& t : base.list) {
    if (t.name.ends_with("down_proj.weight")) t.shape = {64, 256};
    if (t.name.ends_with("up_proj.weight") || t.name.ends_with("gate_proj.weight")) t.shape = {256, 64};
  }
  const ModelSpec base_spec = inferred(base);
  EXPECT_EQ(rules_of("mup", inferred(wide), &base_spec),
            (Rules{"role=norm_scale -> ones", "role=embedding -> normal(0, 0.02)",
                   "role=weight, part=attention_out|key|mlp_in|value -> normal(0, 0.02/sqrt(256/64))",
                   "role=weight, part=mlp_out -> normal(0, 0.02/sqrt(768/256))",
                   "role=weight, part=query|readout -> zeros"}));
  const auto rates = rates_of(Recipe::parse("mup").resolve(inferred(wide), &base_spec));
  EXPECT_DOUBLE_EQ(rates.at("model.layers.0.mlp.down_proj.weight").adam, 1.0 / 3);
  EXPECT_DOUBLE_EQ(rates.at("model.layers.0.mlp.down_proj.weight").sgd, 4.0 / 3);
  EXPECT_DOUBLE_EQ(rates.at("model.layers.0.mlp.up_proj.weight").adam, 1.0 / 4);
}

// Where one part has two multipliers, names tell them apart.
TEST(Mup, PartsOfSeveralMultipliersGetRulesByName) {
  const auto model = [](std::size_t width, std::size_t narrow) {
    Tensors t;
    t.linear("in", width, 5).linear("a", narrow, width).linear("b", width, narrow).linear("out", 3, width);
    return inferred(t, {"in.* -> part=input", "a.* -> part=other", "b.* -> part=other", "out.* -> part=readout"});
  };
  const ModelSpec base = model(16, 8);
  EXPECT_EQ(rules_of("mup(std=0.5, readout=normal)", model(64, 16), &base),
            (Rules{"role=bias|norm_bias -> zeros", "role=weight, part=input|readout -> normal(0, 0.5)",
                   "name=b.weight -> normal(0, 0.5/sqrt(16/8))", "name=a.weight -> normal(0, 0.5/sqrt(64/16))"}));
}

TEST(Mup, ModelsWithoutWhatItNeedsAreRefused) {
  expect_refused("mup", inferred(llama_tensors(1, 8)), {"base_width=256"});
  expect_refused("mup(base_width=4)", inferred(resnet_tensors(1, false, true)), {"no embedding", "width"});
  expect_refused("mup(base_width=4)", inferred(gpt2_tensors(1, 8)),
                 {"no weight has part=readout", "mup(readout=tied)"});
  expect_refused("mup(base_width=4, width=8)", inferred(Tensors().linear("x", 8, 8)), {"'x.weight'", "part=other"});
  expect_refused("mup(base_width=4, width=8)", inferred(Tensors().linear("lm_head", 8, 8)), {"no weight has two axes"});
  expect_refused("mup(base_width=4, residual=scaled, width=8)",
                 inferred(Tensors().linear("x", 8, 8).linear("head", 8, 8), {"x.* -> part=other"}),
                 {"no parameter has a block"});
  Tensors odd = gpt2_tensors(1, 8);
  for (NamedTensor& t : odd.list) {
    if (t.name == "h.0.attn.c_attn.weight") t.shape = {8, 16};
    if (t.name == "h.0.attn.c_attn.bias") t.shape = {16};
  }
  expect_refused("mup(base_width=4, readout=tied)", inferred(odd),
                 {"'h.0.attn.c_attn.weight' [8, 16]", "query=hidden"});
  const ModelSpec base = inferred(llama_tensors(1, 4));
  expect_refused("mup(base_width=4)", inferred(llama_tensors(1, 8)), {"give one of them"}, &base);
  expect_refused("mup", inferred(llama_tensors(2, 8)), {"'model.layers.1.self_attn.q_proj.weight'", "not in the model"},
                 &base);
  const ModelSpec same = inferred(llama_tensors(1, 8));
  expect_refused("mup", inferred(llama_tensors(1, 8)), {"no weight has two axes"}, &same);
  Tensors ranks = llama_tensors(1, 4);
  ranks.list.back().shape = {100};
  ranks.list.back().given.role = Role::bias;
  const ModelSpec other = inferred(ranks);
  expect_refused("mup", inferred(llama_tensors(1, 8)), {"'lm_head.weight'", "[100, 8]", "[100]", "ranks"}, &other);
  expect_refused("gpt2", inferred(llama_tensors(1, 8)), {"only mup"}, &base);
  const std::vector<PlanStep> steps{Recipe::parse("gpt2")};
  expect_error(ErrorKind::usage, {"no recipe is mup"}, [&] { (void)compose(same, steps, &base); });
}

// The law that muP is for: pre-activations of a hidden layer have one variance at any width, here 64 std^2 = 1. The
// square of such a sum of products has the variance 2 + 6 / d, and those of one row and several inputs a correlation
// of 1 / d: below 3 together.
TEST(Mup, HiddenPreActivationsHaveOneVarianceAtAnyWidth) {
  ThreadPool pool(1);
  for (const std::size_t d : {64U, 256U, 1024U}) {
    Tensors t;
    t.linear("in", d, 4).linear("h", d, d).linear("out", 3, d);
    const ModelSpec spec = inferred(t, {"in.* -> part=input", "h.* -> part=other", "out.* -> part=readout"});
    Application application(planned("mup(base_width=64, width=" + std::to_string(d) + ", std=0.125)", spec), 3);
    std::map<std::string, std::vector<float>> values;
    for (const ParameterSpec& p : spec.parameters()) {
      values[p.name].resize(p.shape.elements());
      application.bind(p.name, values[p.name]);
    }
    application.apply(pool);
    constexpr std::size_t kInputs = 300;
    const std::vector<float> x = filled("normal", {kInputs, d}, {});
    const std::vector<float>& w = values["h.weight"];
    double squares = 0;
    for (std::size_t s = 0; s < kInputs; ++s) {
      double sum = 0;
      for (std::size_t i = 0; i < d; ++i) sum += double{w[s % d * d + i]} * double{x[s * d + i]};
      squares += sum * sum;
    }
    EXPECT_NEAR(squares / kInputs, 1, 4.5 * std::sqrt(3.0 / kInputs)) << d;
  }
}

}  // namespace
}  // namespace fanin::init
