#include "fanin/io/certificate.h"

#include <sys/stat.h>

#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "fanin/io/plan_file.h"
#include "fanin/io/verify_file.h"

#include "io/sha256.h"
#include "tests/io/io_test_support.h"

namespace fanin::io {
namespace {

init::Plan small_plan(init::FloatType dtype = init::FloatType::f32) {
  const init::ModelSpec spec({{.name = "w", .shape = {40, 30}, .kind = init::LayerKind::linear, .fans = {30, 40}},
                              {.name = "q", .shape = {16, 16}, .depth = 3, .fans = {16, 16}},
                              {.name = "b", .shape = {40}, .role = init::Role::bias}});
  return init::Plan::resolve(spec.with_dtype(dtype), {init::PlanRule::parse("kind=linear -> he_normal"),
                                                      init::PlanRule::parse("depth=3 -> orthogonal"),
                                                      init::PlanRule::parse("role=bias -> zeros")});
}

// The reports of a file held to its own certificate.
FileReport verified(const std::filesystem::path& path) {
  const ModelFiles model = ModelFiles::open(path);
  const Certificate c = *find_certificate(path, model).certificate;
  ThreadPool pool(2);
  return verify_files(model, c.plan, {.shard = c.shard, .seed = c.seed, .sha256 = c.sha256}, pool);
}

std::string findings(const FileReport& report) {
  std::string all;
  for (const TensorReport& t : report.tensors) {
    for (const std::string& f : t.findings) all += t.name + ": " + f + "\n";
  }
  return all;
}

TEST(Sha256, KnownDigests) {
  const auto of = [](std::string_view text) { return sha256_hex(std::as_bytes(std::span(text.data(), text.size()))); };
  EXPECT_EQ(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-4
  EXPECT_EQ(of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 pieces;
  pieces.update(std::as_bytes(std::span("ab", 2)));
  pieces.update(std::as_bytes(std::span("c", 1)));
  EXPECT_EQ(pieces.hex(), of("abc"));
  EXPECT_EQ(pieces.hex(), of("")) << "a new beginning";
  EXPECT_TRUE(is_sha256_hex(of("abc")));
  EXPECT_FALSE(is_sha256_hex(std::string(64, 'A')));
  EXPECT_FALSE(is_sha256_hex("ab"));
}

TEST(Certificate, TravelsInTheFileWithTheDigestsOfItsTensors) {
  const TempDir dir;
  ThreadPool pool(1);
  for (const auto dtype : {init::FloatType::f32, init::FloatType::bf16}) {
    const Certificate made = write_plan(dir / "f", small_plan(dtype), {.seed = 5}, pool);
    const auto file = SafetensorsFile::open(dir / "f");
    EXPECT_EQ(file.metadata().at(std::string(kCertificateKey)), made.json(false));
    ASSERT_EQ(made.sha256.size(), 3U);
    for (const auto& [name, digest] : made.sha256) EXPECT_EQ(sha256_hex(file.bytes(*file.find(name))), digest) << name;
  }
}

TEST(Certificate, ReadsWhatItWrites) {
  const TempDir dir;
  ThreadPool pool(1);
  const Certificate made = write_plan(dir / "f", small_plan(), {.seed = ~std::uint64_t{0}, .shard = {2, 3}}, pool);
  for (const bool pretty : {false, true}) {
    const Certificate read = Certificate::parse("x", made.json(pretty));
    EXPECT_EQ(read.json(false), made.json(false));
    EXPECT_EQ(read.seed, ~std::uint64_t{0});
    EXPECT_EQ(read.shard, (init::Shard{2, 3}));
    EXPECT_EQ(read.plan.find("q")->rule, 1U);
  }
}

// What readers of before could not read says so by its number; all other certificates stay as they were.
TEST(Certificate, PartsBlocksAndStacksTravelAsSchema2) {
  const init::ModelSpec spec({{.name = "w",
                               .shape = {4, 4},
                               .part = init::Part::mlp_out,
                               .block = 3,
                               .stack = init::Stack::decoder,
                               .fans = {4, 4}},
                              {.name = "s", .shape = {1}, .role = init::Role::residual_scale}});
  Certificate made{
      .version = "x",
      .plan = init::Plan::resolve(
          spec, {init::PlanRule::parse("part=mlp_out, block=3, stack=decoder -> normal(0, 0.02/sqrt(2*12))"),
                 init::PlanRule::parse("role=residual_scale -> zeros")})};
  const auto j = nlohmann::ordered_json::parse(made.json(false));
  EXPECT_EQ(j["schema"], 2);
  const Certificate read = Certificate::parse("x", made.json(true));
  EXPECT_EQ(read.json(false), made.json(false));
  const init::ParameterSpec& w = read.plan.find("w")->parameter;
  EXPECT_EQ(w.part, init::Part::mlp_out);
  EXPECT_EQ(w.block, 3U);
  EXPECT_EQ(w.stack, init::Stack::decoder);
  EXPECT_EQ(read.plan.find("s")->parameter.role, init::Role::residual_scale);
  const TempDir dir;
  ThreadPool pool(1);
  EXPECT_EQ(nlohmann::ordered_json::parse(write_plan(dir / "f", small_plan(), {}, pool).json(false))["schema"], 1);
  for (const auto& [key, value] : std::multimap<std::string, nlohmann::ordered_json>{
           {"part", "mlp_uot"}, {"part", 3}, {"block", "3"}, {"block", -1}, {"stack", "left"}}) {
    auto bad = j;
    bad["parameters"][0][key] = value;
    (void)message_of(ErrorKind::data, [&] { (void)Certificate::parse("x", bad.dump()); });
  }
}

TEST(Certificate, TextsOfAnotherFormAreRejected) {
  const TempDir dir;
  ThreadPool pool(1);
  const std::string good = write_plan(dir / "f", small_plan(), {}, pool).json(false);
  const auto changed = [&](const auto& change) {
    nlohmann::ordered_json j = nlohmann::ordered_json::parse(good);
    change(j);
    return j.dump();
  };
  const auto bad = [&](ErrorKind kind, const std::string& text, std::string_view part) {
    const std::string message = message_of(kind, [&] { (void)Certificate::parse("x.json", text); });
    EXPECT_TRUE(message.starts_with("[certificate] x.json: ")) << message;
    EXPECT_TRUE(contains(message, part)) << message << " lacks " << part;
  };
  bad(ErrorKind::data, "", "not valid JSON");
  bad(ErrorKind::data, "[]", "not an object");
  bad(ErrorKind::data, "{}", "'schema' is missing");
  bad(ErrorKind::unsupported, changed([](auto& j) { j["schema"] = 3; }), "schema is '3'");
  bad(ErrorKind::data, changed([](auto& j) { j["parameters"][0]["part"] = "mlp_out"; }), "'part'");
  bad(ErrorKind::unsupported, changed([](auto& j) { j["generator"] = "mt19937"; }), "generator is 'mt19937'");
  bad(ErrorKind::data, changed([](auto& j) { j["sede"] = 2; }), "'sede', did you mean 'seed'?");
  bad(ErrorKind::data, changed([](auto& j) { j["seed"] = -2; }), "'seed' is of the wrong type");
  bad(ErrorKind::data, changed([](auto& j) { j["seed"] = "2"; }), "'seed' is of the wrong type");
  bad(ErrorKind::data, changed([](auto& j) { j["shard"] = "4/3"; }), "shard '4/3'");
  bad(ErrorKind::data, changed([](auto& j) { j["rules"][0] = "kind=linear -> he_norml"; }), "'he_norml'");
  bad(ErrorKind::data, changed([](auto& j) { j["rules"][0] = 3; }), "a rule is not a text");
  bad(ErrorKind::data, changed([](auto& j) { j["parameters"][0]["rule"] = 1; }), "do not give 'w' the rule");
  bad(ErrorKind::data, changed([](auto& j) { j["parameters"][0].erase("rule"); }), "do not give 'w' the rule");
  bad(ErrorKind::data, changed([](auto& j) { j["parameters"][0]["shape"] = {1.5}; }), "shape of 'w'");
  bad(ErrorKind::data, changed([](auto& j) { j["parameters"][0]["fan_in"] = "x"; }), "'fan_in' is no number");
  bad(ErrorKind::data, changed([](auto& j) { j["parameters"][0]["state"] = "initialized"; }), "initialized");
  bad(ErrorKind::data, changed([](auto& j) { j["parameters"].erase(0); }), "matches no parameter");
  bad(ErrorKind::data, changed([](auto& j) { j["sha256"]["w"] = "abc"; }), "64 hexadecimal digits");
  bad(ErrorKind::data, changed([](auto& j) { j["sha256"]["x"] = j["sha256"]["w"]; }), "'x', which is no parameter");
}

TEST(Certificate, DeviceGetsTheSameBytesAsAFile) {
  const TempDir dir;
  ThreadPool pool(1);
  write_plan(dir / "f", small_plan(), {.seed = 5}, pool);
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = get(dir / "pipe"); });
  write_plan(dir / "pipe", small_plan(), {.seed = 5}, pool);
  reader.join();
  EXPECT_EQ(got, get(dir / "f"));
}

TEST(VerifyFile, FileThatWasWrittenPassesAndEachShardToo) {
  const TempDir dir;
  ThreadPool pool(1);
  for (const auto dtype : {init::FloatType::f32, init::FloatType::bf16, init::FloatType::f16}) {
    for (const init::Shard shard : {init::Shard{}, {1, 3}, {2, 3}, {3, 3}}) {
      write_plan(dir / "f", small_plan(dtype), {.seed = 5, .shard = shard}, pool);
      EXPECT_EQ(findings(verified(dir / "f")), "") << shard.str() << " " << to_string(dtype);
    }
  }
}

TEST(VerifyFile, ChangedElementsAreCountedFromTheFirst) {
  const TempDir dir;
  ThreadPool pool(1);
  write_plan(dir / "f", small_plan(), {.seed = 5}, pool);
  const std::string good = get(dir / "f");
  const std::size_t data = good.size() - 4 * (1200 + 256 + 40);
  // Bits that change a value by nothing a statistic could see.
  std::string bad = good;
  for (const std::size_t element : {7U, 8U, 900U})
    bad[data + 4 * element] = static_cast<char>(bad[data + 4 * element] ^ 1);
  put(dir / "g", bad);
  const FileReport report = verified(dir / "g");
  EXPECT_FALSE(report.passed());
  EXPECT_EQ(report.tensors[0].different, 3U);
  EXPECT_EQ(report.tensors[0].first_different, 7U);
  EXPECT_EQ(findings(report),
            "w: 3 of 1200 elements are not those of the seed 5, from element 7 on\n"
            "w: its SHA-256 is not the one of the certificate\n");
}

TEST(VerifyFile, DigestThatThePlanDoesNotMakeIsFound) {
  const TempDir dir;
  ThreadPool pool(1);
  Certificate c = write_plan(dir / "f", small_plan(), {.seed = 5}, pool);
  c.sha256["b"] = std::string(64, '0');
  const ModelFiles model = ModelFiles::open(dir / "f");
  EXPECT_EQ(findings(verify_files(model, c.plan, {.seed = 5, .sha256 = c.sha256}, pool)),
            "b: its SHA-256 is not the one of the certificate, which its plan does not make\n");
}

TEST(VerifyFile, TensorsThatAreMissingExtraOrOfAnotherFormAreFindings) {
  const TempDir dir;
  ThreadPool pool(1);
  const std::vector<float> values(1200);
  const init::Plan plan = small_plan();
  write_safetensors(
      dir / "f",
      std::vector{
          f32_source("w", {30, 40}, values),
          f32_source("x", {3}, std::span(values).first(3)),
          {.name = "b", .dtype = DType::bf16, .shape = {40}, .bytes = std::as_bytes(std::span(values).first(20))}});
  const std::string all = findings(verify_files(ModelFiles::open(dir / "f"), plan, {}, pool));
  EXPECT_EQ(all,
            "w: its shape is [30, 40], [40, 30] is planned\n"
            "q: it is not there\n"
            "b: its type is BF16, F32 is planned\n"
            "x: it is there, but not in the plan\n");
}

TEST(VerifyFile, ModelInSeveralFilesIsHeldToOnePlan) {
  const TempDir dir;
  ThreadPool pool(1);
  const Certificate c = write_plan(dir / "whole", small_plan(), {.seed = 5}, pool);
  const ModelFiles whole = ModelFiles::open(dir / "whole");
  const auto source = [&](const char* name) {
    const TensorInfo& t = *whole.find(name);
    return TensorSource{.name = t.name, .dtype = t.dtype, .shape = t.shape, .bytes = whole.bytes(t)};
  };
  write_safetensors(dir / "a.safetensors", std::vector{source("w")});
  write_safetensors(dir / "b.safetensors", std::vector{source("q"), source("b")});
  put(dir / "m.index.json", R"({"metadata": {"total_size": 5984}, "weight_map":
    {"w": "a.safetensors", "q": "b.safetensors", "b": "b.safetensors"}})");
  const ModelFiles model = ModelFiles::open(dir / "m.index.json");
  EXPECT_EQ(findings(verify_files(model, c.plan, {.seed = 5, .sha256 = c.sha256}, pool)), "");
  EXPECT_TRUE(contains(findings(verify_files(model, c.plan, {.seed = 6}, pool)), "w: 1200 of 1200 elements"));
}

TEST(FindCertificate, OneBesideTheFileMustBeTheSame) {
  const TempDir dir;
  ThreadPool pool(1);
  const Certificate five = write_plan(dir / "f", small_plan(), {.seed = 5}, pool);
  const ModelFiles model = ModelFiles::open(dir / "f");
  EXPECT_EQ(find_certificate(dir / "f", model).certificate->seed, 5U);
  put(certificate_path(dir / "f"), five.json(true));
  EXPECT_FALSE(find_certificate(dir / "f", model).differ);
  Certificate six = five;
  six.seed = 6;
  put(certificate_path(dir / "f"), six.json(true));
  EXPECT_TRUE(find_certificate(dir / "f", model).differ);
  write_safetensors(dir / "g", std::vector{f32_source("w", {0}, {})});
  EXPECT_FALSE(find_certificate(dir / "g", ModelFiles::open(dir / "g")).certificate.has_value());
  put(certificate_path(dir / "g"), five.json(true));
  EXPECT_EQ(find_certificate(dir / "g", ModelFiles::open(dir / "g")).certificate->seed, 5U);
}

}  // namespace
}  // namespace fanin::io
