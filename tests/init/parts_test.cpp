#include <map>

#include "init_test_support.h"
#include "model_shapes.h"

namespace fanin::init {
namespace {

std::string part_of(const ModelSpec& spec, std::string_view name) {
  const ParameterSpec* p = spec.find(name);
  if (p == nullptr) return "no such parameter";
  return p->part ? std::string(to_string(*p->part)) : "-";
}

std::string place_of(const ModelSpec& spec, std::string_view name) {
  const ParameterSpec& p = *spec.find(name);
  return (p.stack ? std::string(to_string(*p.stack)) + " " : "") + (p.block ? std::to_string(*p.block) : "-");
}

// The part of one weight [8, 8] of that layer, and that of its bias.
std::string part_of_layer(const std::string& layer) {
  const ModelSpec spec = inferred(Tensors().linear(layer, 8, 8));
  EXPECT_EQ(part_of(spec, layer + ".weight"), part_of(spec, layer + ".bias")) << layer;
  return part_of(spec, layer + ".weight");
}

TEST(Parts, NamesOfKnownFamiliesTellThem) {
  const std::map<std::string, std::vector<std::string>> layers = {
      {"query_key_value",
       {"transformer.h.1.attn.c_attn", "gpt_neox.layers.1.attention.query_key_value", "blocks.1.attn.qkv",
        "decoder.layers.1.self_attention.linear_qkv", "model.layers.1.self_attn.qkv_proj"}},
      {"query",
       {"encoder.layer.1.attention.self.query", "encoder.layers.1.self_attn.q_proj", "layers.1.attention.wq",
        "encoder.layer.1.attention.attention.query", "decoder.block.1.layer.1.EncDecAttention.q"}},
      {"key", {"layers.1.self_attn.k_proj", "layers.1.attention.wk", "encoder.block.1.layer.0.SelfAttention.k"}},
      {"value", {"layers.1.encoder_attn.v_proj", "layers.1.attention.wv", "layer.1.attention.self.value"}},
      {"attention_out",
       {"h.1.attn.c_proj", "gpt_neox.layers.1.attention.dense", "layer.1.attention.output.dense",
        "layer.1.crossattention.output.dense", "model.layers.1.self_attn.o_proj", "layers.1.attention.wo",
        "blocks.1.attn.proj", "layers.1.self_attn.out_proj", "layers.1.multihead_attn.out_proj",
        "h.1.self_attention.dense", "block.1.layer.0.SelfAttention.o", "layers.1.self_attention.linear_proj"}},
      {"mlp_in",
       {"h.1.mlp.c_fc", "layers.1.mlp.dense_h_to_4h", "layer.1.intermediate.dense", "layers.1.mlp.gate_proj",
        "layers.1.mlp.up_proj", "layers.1.feed_forward.w1", "layers.1.feed_forward.w3", "layers.1.linear1",
        "layers.1.fc1", "blocks.1.mlp.fc1", "h.1.mlp.fc_in", "block.1.layer.1.DenseReluDense.wi_0",
        "layers.1.mlp.experts.3.up_proj"}},
      {"mlp_out",
       {"h.1.mlp.c_proj", "layers.1.mlp.dense_4h_to_h", "layer.1.output.dense", "layers.1.mlp.down_proj",
        "layers.1.feed_forward.w2", "layers.1.linear2", "layers.1.ffn.fc2", "h.1.mlp.fc_out",
        "block.1.layer.1.DenseReluDense.wo"}},
      {"branch_in", {"layers.1.mixer.in_proj"}},
      {"branch_out", {"layers.1.mixer.out_proj"}},
      {"other", {"layers.1.mlp.gate"}},
      {"shortcut", {"layer2.0.downsample.0"}},
      {"readout", {"lm_head", "classifier", "head", "fc", "heads.head"}},
      // A plain perceptron has no residual branches, and these words mean different things.
      {"-",
       {"fc1", "fc2", "linear1", "net.0", "layers.1.dense", "layers.1.proj", "layers.1.out_proj", "h.1.attn.proj2",
        "layers.1.head", "h.1.myattn_c_proj", "h.1.crossattention.c_attn"}}};
  for (const auto& [part, names] : layers) {
    for (const std::string& name : names) EXPECT_EQ(part_of_layer(name), part) << name;
  }
}

TEST(Parts, OfTorchsFusedAttention) {
  const ModelSpec spec = inferred(Tensors()
                                      .add("encoder.layers.0.self_attn.in_proj_weight", {24, 8})
                                      .add("encoder.layers.0.self_attn.in_proj_bias", {24}));
  EXPECT_EQ(part_of(spec, "encoder.layers.0.self_attn.in_proj_weight"), "query_key_value");
  EXPECT_EQ(part_of(spec, "encoder.layers.0.self_attn.in_proj_bias"), "query_key_value");
}

TEST(Parts, OfAResNetDependOnWhatStandsBeside) {
  const ModelSpec basic = inferred(resnet_tensors(2, false, true));
  EXPECT_EQ(part_of(basic, "conv1.weight"), "input");
  EXPECT_EQ(part_of(basic, "layer1.0.conv1.weight"), "branch_in");
  EXPECT_EQ(part_of(basic, "layer1.0.conv2.weight"), "branch_out");
  EXPECT_EQ(part_of(basic, "layer1.0.bn1.weight"), "-");
  EXPECT_EQ(part_of(basic, "layer1.0.bn2.weight"), "branch_norm");
  EXPECT_EQ(part_of(basic, "layer1.0.bn2.running_mean"), "-");
  EXPECT_EQ(part_of(basic, "layer2.0.downsample.0.weight"), "shortcut");
  EXPECT_EQ(part_of(basic, "layer2.0.downsample.1.weight"), "-");
  const ModelSpec bottleneck = inferred(resnet_tensors(2, true, true));
  EXPECT_EQ(part_of(bottleneck, "layer1.0.conv2.weight"), "branch_in");
  EXPECT_EQ(part_of(bottleneck, "layer1.0.conv3.weight"), "branch_out");
  EXPECT_EQ(part_of(bottleneck, "layer1.0.bn2.weight"), "-");
  EXPECT_EQ(part_of(bottleneck, "layer1.0.bn3.weight"), "branch_norm");
}

// bn2 before conv2 has as many channels as conv2's input: no norm ends a branch.
TEST(Parts, NormsOfPreActivationResNetsEndNoBranch) {
  Tensors t;
  t.add("layer1.0.conv1.weight", {32, 16, 3, 3}).add("layer1.0.conv2.weight", {32, 32, 3, 3});
  t.norm("layer1.0.bn1", 16).norm("layer1.0.bn2", 32);
  const ModelSpec spec = inferred(t);
  EXPECT_EQ(part_of(spec, "layer1.0.conv2.weight"), "branch_out");
  EXPECT_EQ(part_of(spec, "layer1.0.bn2.weight"), "-");
  Tensors mixed;
  mixed.add("layer1.0.conv1.weight", {32, 16, 3, 3}).add("layer1.0.conv2.weight", {16, 32, 3, 3});
  mixed.norm("layer1.0.bn1", 16).norm("layer1.0.bn2", 16);
  EXPECT_EQ(part_of(inferred(mixed), "layer1.0.bn2.weight"), "-") << "one stands before, one behind";
  Tensors square;
  square.add("layer1.0.conv1.weight", {16, 16, 3, 3}).add("layer1.0.conv2.weight", {16, 16, 3, 3});
  square.norm("layer1.0.bn1", 16).norm("layer1.0.bn2", 16);
  EXPECT_EQ(part_of(inferred(square), "layer1.0.bn2.weight"), "-") << "nothing tells on which side it stands";
}

TEST(Parts, ResidualScalesAndScalarBiasesAreRoles) {
  const ModelSpec spec = inferred(resnet_tensors(1, false, false));
  EXPECT_EQ(spec.find("layer1.0.scale")->role, Role::residual_scale);
  EXPECT_EQ(spec.find("layer1.0.bias2b")->role, Role::bias);
  Tensors others;
  others.add("layers.0.resweight", {1}).add("blocks.0.ls1.gamma", {8}).add("stages.0.0.gamma_1", {8});
  const ModelSpec scales = inferred(others);
  for (const ParameterSpec& p : scales.parameters()) EXPECT_EQ(p.role, Role::residual_scale) << p.name;
  expect_error(ErrorKind::usage, {"'scale'", "no known role"}, [] { inferred(Tensors().add("scale", {1})); });
  expect_error(ErrorKind::usage, {"no known role"}, [] { inferred(Tensors().add("layers.0.scale", {8})); });
}

TEST(Blocks, AreTheNumbersOfResidualLayers) {
  const ModelSpec gpt2 = inferred(gpt2_tensors(3, 8));
  EXPECT_EQ(place_of(gpt2, "h.0.ln_1.weight"), "0");
  EXPECT_EQ(place_of(gpt2, "h.2.mlp.c_proj.bias"), "2");
  EXPECT_EQ(place_of(gpt2, "wte.weight"), "-");
  EXPECT_EQ(place_of(gpt2, "ln_f.weight"), "-");
  const ModelSpec both = inferred(fairseq_tensors(2, 3, 8));
  EXPECT_EQ(place_of(both, "encoder.layers.1.fc1.weight"), "encoder 1");
  EXPECT_EQ(place_of(both, "decoder.layers.2.encoder_attn.k_proj.bias"), "decoder 2");
  EXPECT_EQ(place_of(both, "decoder.embed_tokens.weight"), "decoder -");
  const ModelSpec bert = inferred(bert_tensors(2, 8));
  EXPECT_EQ(place_of(bert, "bert.encoder.layer.1.output.dense.weight"), "encoder 1");
  EXPECT_EQ(place_of(bert, "cls.predictions.decoder.weight"), "-") << "a readout, no stack";
  EXPECT_NE(gpt2.find("h.1.attn.c_attn.weight")->reason.find("block by the number behind 'h'"), std::string::npos);
}

TEST(Blocks, StagesCountOn) {
  const ModelSpec resnet = inferred(resnet_tensors(2, false, true));
  EXPECT_EQ(place_of(resnet, "layer1.1.conv1.weight"), "1");
  EXPECT_EQ(place_of(resnet, "layer2.0.conv1.weight"), "2");
  EXPECT_EQ(place_of(resnet, "layer2.1.bn2.bias"), "3");
  Tensors swin;
  for (const char* name : {"layers.0.blocks.0", "layers.0.blocks.1", "layers.1.blocks.0"}) {
    swin.linear(std::string(name) + ".attn.proj", 8, 8);
  }
  EXPECT_EQ(place_of(inferred(swin), "layers.1.blocks.0.attn.proj.weight"), "2");
}

// The number is taken as it is, so that a gap stays one: half of a model's files has no depth to scale by.
TEST(Blocks, MissingNumbersStayMissing) {
  Tensors t;
  t.linear("h.3.mlp.fc1", 8, 8).linear("h.5.mlp.fc1", 8, 8);
  EXPECT_EQ(place_of(inferred(t), "h.5.mlp.fc1.weight"), "5");
}

TEST(Blocks, OfASequenceWithoutResidualBranchesAreNone) {
  Tensors vgg;
  vgg.add("features.0.weight", {8, 3, 3, 3}).add("features.3.weight", {8, 8, 3, 3}).linear("classifier.0", 8, 8);
  const ModelSpec spec = inferred(vgg);
  for (const ParameterSpec& p : spec.parameters()) EXPECT_EQ(p.block, std::nullopt) << p.name;
}

TEST(Blocks, OfTwoSequencesAreNotPutInAnOrder) {
  Tensors clip;
  clip.linear("visual.layers.0.mlp.fc1", 8, 8).linear("text.layers.0.mlp.fc1", 8, 8);
  const ModelSpec spec = inferred(clip);
  for (const ParameterSpec& p : spec.parameters()) EXPECT_EQ(p.block, std::nullopt) << p.name;
  EXPECT_NE(spec.find("text.layers.0.mlp.fc1.weight")
                ->reason.find("block not known, both 'text.layers' and 'visual.layers' are numbered"),
            std::string::npos)
      << spec.find("text.layers.0.mlp.fc1.weight")->reason;
  const ModelSpec said = inferred(clip, {"visual.* -> stack=encoder, block=4", "text.* -> stack=decoder, block=0"});
  EXPECT_EQ(place_of(said, "visual.layers.0.mlp.fc1.weight"), "encoder 4");
  EXPECT_EQ(place_of(said, "text.layers.0.mlp.fc1.bias"), "decoder 0");
}

TEST(Parts, WhatIsSaidOfAWeightHoldsForItsBias) {
  Tensors t;
  t.linear("layers.0.out", 8, 8).linear("layers.0.up", 8, 8);
  const ModelSpec spec =
      inferred(t, {"*.out.weight -> part=mlp_out", "*.up.* -> part=mlp_in", "*.up.bias -> part=other"});
  EXPECT_EQ(part_of(spec, "layers.0.out.bias"), "mlp_out");
  EXPECT_EQ(part_of(spec, "layers.0.up.weight"), "mlp_in");
  EXPECT_EQ(part_of(spec, "layers.0.up.bias"), "other");
  EXPECT_EQ(place_of(spec, "layers.0.out.bias"), "0") << "parts that are said make blocks, too";
  EXPECT_NE(spec.find("layers.0.out.weight")->reason.find("part given"), std::string::npos);
}

TEST(Parts, WordsThatAreNoneAreRejected) {
  const auto bad = [](const std::string& text, const std::vector<std::string>& parts) {
    expect_error(ErrorKind::usage, parts, [&] { inferred(Tensors().linear("fc", 2, 2), {text}); });
  };
  bad("fc.* -> part=mlp_uot", {"'mlp_uot'", "did you mean 'mlp_out'"});
  bad("fc.* -> stack=encodre", {"'encodre'", "did you mean 'encoder'"});
  bad("fc.* -> block=-1", {"block=-1", "whole numbers from 0"});
  bad("fc.* -> prat=mlp_out", {"'prat'", "did you mean 'part'"});
}

}  // namespace
}  // namespace fanin::init
