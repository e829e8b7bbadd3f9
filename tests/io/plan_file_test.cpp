#include "fanin/io/plan_file.h"

#include <fmt/format.h>

#include <cstring>

#include "fanin/init/infer.h"
#include "fanin/io/spec_file.h"
#include "fanin/nn/initialize.h"
#include "fanin/nn/model_spec.h"

#include "tests/io/io_test_support.h"

namespace fanin::io {
namespace {

init::Plan plan_of(const init::ModelSpec& spec, const std::vector<std::string>& texts) {
  std::vector<init::PlanRule> rules;
  for (const std::string& text : texts) rules.push_back(init::PlanRule::parse(text));
  return init::Plan::resolve(spec, std::move(rules));
}

init::Plan mixed_plan(init::FloatType dtype = init::FloatType::f32) {
  const init::ModelSpec spec({{.name = "embed", .shape = {50, 7}, .role = init::Role::embedding},
                              {.name = "fc", .shape = {13, 50}, .fans = {50, 13}},
                              {.name = "q", .shape = {20, 11}, .kind = init::LayerKind::linear, .fans = {11, 20}},
                              {.name = "conv", .shape = {6, 2, 3, 3}, .kind = init::LayerKind::conv, .fans = {18, 54}},
                              {.name = "scale", .shape = {}, .role = init::Role::norm_scale}});
  return plan_of(spec.with_dtype(dtype),
                 {"role=embedding -> normal(0, 0.02)", "name=fc -> he_normal", "kind=linear -> orthogonal",
                  "kind=conv -> xavier_uniform", "role=norm_scale -> normal"});
}

std::string bytes_of(const SafetensorsFile& file, std::string_view name) {
  const TensorInfo* info = file.find(name);
  if (info == nullptr) return {};
  const auto bytes = file.bytes(*info);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(PlanFile, HoldsTheBytesOfANetworkOfTheSameNames) {
  const TempDir dir;
  nn::Network network(nn::NetworkSpec{.widths = {20, 16, 4}});
  ThreadPool pool(2);
  nn::InitRules rules = nn::InitRules::parse("he_normal");
  nn::initialize(network, rules, 7, pool);
  const init::Plan plan = plan_of(nn::model_spec(network), {"role=weight -> he_normal", "role=bias -> zeros"});
  write_plan(dir / "f", plan, {.seed = 7}, pool);
  const auto file = SafetensorsFile::open(dir / "f");
  ASSERT_EQ(file.tensors().size(), 4U);
  for (const nn::Parameter& p : network.parameters()) {
    std::vector<float> values(p.shape.elements());
    file.read_f32(p.name, p.shape, values);
    EXPECT_EQ(std::memcmp(values.data(), network.values(p).data(), values.size() * 4), 0) << p.name;
  }
  EXPECT_EQ(file.metadata().at("fanin.seed"), "7");
}

TEST(PlanFile, ThreadsDoNotChangeTheBytes) {
  const TempDir dir;
  for (const std::size_t threads : {1U, 2U, 5U}) {
    ThreadPool pool(threads);
    write_plan(dir / fmt::format("f{}", threads), mixed_plan(), {.seed = 3}, pool);
  }
  EXPECT_EQ(get(dir / "f1"), get(dir / "f2"));
  EXPECT_EQ(get(dir / "f1"), get(dir / "f5"));
}

TEST(PlanFile, ShardsJoinedAreTheWholeByteByByte) {
  const TempDir dir;
  ThreadPool pool(2);
  for (const auto dtype : {init::FloatType::f32, init::FloatType::bf16, init::FloatType::f16}) {
    const init::Plan plan = mixed_plan(dtype);
    write_plan(dir / "whole", plan, {.seed = 3}, pool);
    const auto whole = SafetensorsFile::open(dir / "whole");
    for (const std::size_t parts : {2U, 3U, 8U, 60U}) {
      std::map<std::string, std::string> joined;
      for (std::size_t part = 1; part <= parts; ++part) {
        write_plan(dir / "part", plan, {.seed = 3, .shard = {part, parts}}, pool);
        const auto file = SafetensorsFile::open(dir / "part");
        EXPECT_EQ(file.metadata().at("fanin.shard"), fmt::format("{}/{}", part, parts));
        for (const TensorInfo& t : file.tensors()) joined[t.name] += bytes_of(file, t.name);
      }
      ASSERT_EQ(joined.size(), whole.tensors().size());
      for (const auto& [name, bytes] : joined) EXPECT_EQ(bytes, bytes_of(whole, name)) << name << " in " << parts;
    }
  }
}

TEST(PlanFile, LoadedTensorsAreCopiedAndTiedOnesLeftOut) {
  const TempDir dir;
  ThreadPool pool(1);
  const std::vector<float> mean{1.5F, -2.5F, 0.25F};
  const std::vector<std::int64_t> steps{41};
  write_safetensors(dir / "old", std::vector<TensorSource>{f32_source("bn.running_mean", {3}, mean),
                                                           f32_source("bn.weight", {3}, mean),
                                                           f32_source("bn.bias", {3}, mean),
                                                           {.name = "bn.num_batches_tracked",
                                                            .dtype = DType::i64,
                                                            .shape = {},
                                                            .bytes = std::as_bytes(std::span(steps))}});
  const ModelFiles old = ModelFiles::open(dir / "old");
  const std::vector<init::Override> tie{init::Override::parse("bn.bias -> tied_to=bn.weight")};
  const init::Plan plan = plan_of(init::infer_spec(named_tensors(old.tensors()), tie), {"role=norm_scale -> ones"});
  write_plan(dir / "new", plan, {.loaded = &old}, pool);
  const auto file = SafetensorsFile::open(dir / "new");
  EXPECT_EQ(bytes_of(file, "bn.running_mean"), std::string(reinterpret_cast<const char*>(mean.data()), 12));
  EXPECT_EQ(bytes_of(file, "bn.num_batches_tracked"), std::string("\x29\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(file.find("bn.num_batches_tracked")->dtype, DType::i64);
  EXPECT_EQ(file.find("bn.bias"), nullptr);
  EXPECT_EQ(bytes_of(file, "bn.weight"), std::string("\0\0\x80\x3F\0\0\x80\x3F\0\0\x80\x3F", 12));
  message_of(ErrorKind::usage, [&] { write_plan(dir / "x", plan, {}, pool); });
  write_safetensors(dir / "other", std::vector{f32_source("bn.weight", {3}, mean)});
  const ModelFiles other = ModelFiles::open(dir / "other");
  EXPECT_TRUE(contains(message_of(ErrorKind::data, [&] { write_plan(dir / "x", plan, {.loaded = &other}, pool); }),
                       "does not have it"));
  EXPECT_FALSE(std::filesystem::exists(dir / "x"));
}

TEST(PlanFile, ProgressCountsEveryByteAndItsErrorLeavesTheOldFile) {
  const TempDir dir;
  ThreadPool pool(1);
  std::uint64_t last = 0;
  std::uint64_t all = 0;
  PlanFileOptions options{.progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_GE(done, last);
    last = done;
    all = total;
  }};
  write_plan(dir / "f", mixed_plan(), options, pool);
  EXPECT_EQ(last, all);
  EXPECT_EQ(all, 4U * (350 + 650 + 220 + 108 + 1));
  const std::string before = get(dir / "f");
  options.progress = [](std::uint64_t, std::uint64_t) { throw std::runtime_error("stop"); };
  EXPECT_THROW(write_plan(dir / "f", mixed_plan(), options, pool), std::runtime_error);
  EXPECT_EQ(get(dir / "f"), before);
  EXPECT_EQ(dir.names(), std::vector<std::string>{"f"}) << "no temporary stays";
}

// What reading a description with this text says.
std::string spec_rejection(std::string_view text) {
  const TempDir dir;
  put(dir / "m.json", text);
  const std::string message = message_of(ErrorKind::data, [&] { (void)read_spec_file(dir / "m.json"); });
  const std::string prefix = "[spec] " + (dir / "m.json").string() + ": ";
  EXPECT_TRUE(message.starts_with(prefix)) << message;
  return message.substr(std::min(prefix.size(), message.size()));
}

TEST(SpecFile, SaysWhatIsGivenAndLeavesTheRestToBeInferred) {
  const TempDir dir;
  put(dir / "m.json", R"({"dtype": "bf16", "parameters": [
    {"name": "a.weight", "shape": [4, 3]},
    {"name": "x", "shape": [], "dtype": "f32", "role": "norm_scale", "kind": "norm", "depth": 2, "fan_in": 1.5},
    {"name": "c.weight", "shape": [8, 1, 3, 3], "groups": 8},
    {"name": "o.weight", "shape": [4, 4], "part": "mlp_out", "block": 0, "stack": "decoder"},
    {"name": "t", "shape": [4, 3], "tied_to": "a.weight"}]})");
  const init::ModelSpec spec = init::infer_spec(read_spec_file(dir / "m.json"));
  ASSERT_EQ(spec.parameters().size(), 5U);
  EXPECT_EQ(spec.find("o.weight")->part, init::Part::mlp_out);
  EXPECT_EQ(spec.find("o.weight")->block, 0U);
  EXPECT_EQ(spec.find("o.weight")->stack, init::Stack::decoder);
  EXPECT_EQ(spec.find("a.weight")->dtype, init::FloatType::bf16);
  EXPECT_EQ(spec.find("a.weight")->fans, (init::Fans{3, 4}));
  EXPECT_EQ(spec.find("x")->dtype, init::FloatType::f32);
  EXPECT_EQ(spec.find("x")->depth, 2U);
  EXPECT_EQ(spec.find("x")->fans.in, 1.5);
  EXPECT_EQ(spec.find("c.weight")->fans, (init::Fans{9, 9}));
  EXPECT_EQ(spec.find("t")->state, init::State::tied);
}

TEST(SpecFile, TomlSaysTheSame) {
  const TempDir dir;
  put(dir / "m.json", R"({"dtype": "bf16", "parameters": [{"name": "a.weight", "shape": [4, 3], "depth": 2},
    {"name": "x", "shape": [], "role": "norm_scale", "fan_in": 1.5}]})");
  put(dir / "m.toml",
      "dtype = 'bf16'\n[[parameters]]\nname = 'a.weight'\nshape = [4, 3]\ndepth = 2\n"
      "[[parameters]]\nname = 'x'\nshape = []\nrole = 'norm_scale'\nfan_in = 1.5\n");
  const init::ModelSpec json = init::infer_spec(read_spec_file(dir / "m.json"));
  const init::ModelSpec toml = init::infer_spec(read_spec_file(dir / "m.toml"));
  ASSERT_EQ(toml.parameters().size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(toml.parameters()[i].name, json.parameters()[i].name);
    EXPECT_EQ(toml.parameters()[i].shape, json.parameters()[i].shape);
    EXPECT_EQ(toml.parameters()[i].dtype, init::FloatType::bf16);
    EXPECT_EQ(toml.parameters()[i].role, json.parameters()[i].role);
    EXPECT_EQ(toml.parameters()[i].depth, json.parameters()[i].depth);
  }
  EXPECT_EQ(toml.find("x")->fans.in, 1.5);
}

TEST(SpecFile, TomlThatIsNotUnderstoodIsRejected) {
  const auto rejection = [](const std::string& text) {
    const TempDir dir;
    put(dir / "m.toml", text);
    return message_of(ErrorKind::data, [&] { (void)read_spec_file(dir / "m.toml"); });
  };
  EXPECT_TRUE(contains(rejection("dtype = \n"), "line 1, column"));
  EXPECT_TRUE(contains(rejection("dtype = 'f32'\ndtype = 'f16'\n"), "m.toml line 2, column"));
  EXPECT_TRUE(contains(rejection("parameters = 1979-05-27\n"), "line 1, column 14: a date or time"));
  EXPECT_TRUE(contains(rejection(""), "'parameters'"));
  EXPECT_TRUE(contains(rejection("parameter = []\n"), "did you mean 'parameters'?"));
  EXPECT_TRUE(contains(rejection("[[parameters]]\nname = 'a'\nshape = [2, -1]\n"), "shape has -1"));
  EXPECT_TRUE(contains(rejection("[[parameters]]\nname = 'a'\nshape = [2.0]\n"), "shape has 2.0"));
  EXPECT_TRUE(contains(rejection("x = " + std::string(5000, '[')), "is not valid TOML"));
  std::string deep = "a";
  for (int i = 0; i < 100'000; ++i) deep += ".a";
  EXPECT_TRUE(contains(rejection("dtype = 'f32'\n" + deep + " = 1\n"), "line 2, column 514: more than 256 dots"));
  EXPECT_TRUE(contains(rejection("[[parameters]]\nname = 'a'\nshape = [2]\nfan_in = inf\n"), "allowed are finite"));
  const std::string role = rejection("[[parameters]]\nname = 'a'\nshape = [2]\nrole = 3\n");
  EXPECT_EQ(role.find("[spec]", 1), std::string::npos) << role;
}

TEST(SpecFile, WhatIsNotUnderstoodIsRejected) {
  EXPECT_TRUE(contains(spec_rejection("{"), "not valid JSON at its byte 2"));
  EXPECT_TRUE(contains(spec_rejection(""), "not valid JSON"));
  EXPECT_TRUE(contains(spec_rejection(std::string("{}\0", 3)), "zero byte at 2"));
  EXPECT_TRUE(contains(spec_rejection("[]"), "not an object"));
  EXPECT_TRUE(contains(spec_rejection("{}"), "'parameters'"));
  EXPECT_TRUE(contains(spec_rejection(R"({"parameter": []})"), "unknown key 'parameter', did you mean 'parameters'?"));
  EXPECT_TRUE(contains(spec_rejection(R"({"parameters": [], "parameters": []})"), "'parameters' is there twice"));
  EXPECT_TRUE(contains(spec_rejection(R"({"dtype": "fp16", "parameters": []})"), "did you mean 'f16'"));
  EXPECT_TRUE(contains(spec_rejection(std::string(5000, '[') + std::string(5000, ']')), "nested deeper"));
  const auto one = [](const std::string& body) { return spec_rejection("{\"parameters\": [" + body + "]}"); };
  EXPECT_TRUE(contains(one("3"), "parameter 0: is not an object"));
  EXPECT_TRUE(contains(one(R"({"shape": [2]})"), "parameter 0: has no name"));
  EXPECT_TRUE(contains(one(R"({"name": "a"})"), "parameter 0 'a': has no shape"));
  EXPECT_TRUE(contains(one(R"({"name": 3, "shape": [2]})"), "name is not a text"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [2, -1]})"), "shape has -1"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [1.5]})"), "shape has 1.5"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [1,1,1,1,1,1,1,1,1]})"), "at most 8"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [4294967296, 4294967296]})"), "2^63-1"));
  EXPECT_TRUE(
      contains(one(R"({"name": "a", "shape": [2], "rol": "bias"})"), "unknown key 'rol', did you mean 'role'?"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [2], "role": "bais"})"), "did you mean 'bias'"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [2], "depth": -1})"), "depth is -1"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [2], "block": 1.5})"), "block is 1.5"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [2], "block": 1073741825})"), "block is 1073741825"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [2], "part": "mlp_otu"})"), "did you mean 'mlp_out'"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [2], "part": 1})"), "part is not a text"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [2], "stack": "coder"})"), "none of encoder, decoder"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [2], "groups": 0})"), "groups is 0"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [2], "fan_in": 0})"), "fan_in is 0"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [2], "fan_in": 1e999})"), "out of range"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "shape": [2], "state": "tied"})"), "state 'tied' cannot be said"));
  EXPECT_TRUE(contains(one(R"({"name": "a", "name": "b", "shape": [2]})"), "'name' is there twice"));
}

}  // namespace
}  // namespace fanin::io
