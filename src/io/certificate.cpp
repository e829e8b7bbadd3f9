#include "fanin/io/certificate.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "fanin/core/error.h"
#include "fanin/core/version.h"
#include "fanin/io/atomic_file.h"

#include "io/safetensors_header.h"
#include "io/sha256.h"
#include "io/strict_json.h"

namespace fanin::io {
namespace {

using Json = nlohmann::ordered_json;

// 2 is 1 with part, block and stack; a certificate without them is still written as 1, for all readers.
constexpr int kSchema = 1;
constexpr int kSchemaWithParts = 2;
constexpr std::size_t kMostParameters = 1'000'000;

bool has_parts(const init::ParameterSpec& p) {
  return p.part || p.block || p.stack || p.role == init::Role::residual_scale;
}

Json json_of(const init::PlanEntry& entry) {
  const init::ParameterSpec& p = entry.parameter;
  Json shape = Json::array();
  for (const std::size_t n : p.shape) shape.push_back(n);
  Json j{{"name", p.name},
         {"shape", std::move(shape)},
         {"dtype", to_string(p.dtype)},
         {"role", to_string(p.role)},
         {"kind", to_string(p.kind)}};
  if (p.depth) j["depth"] = *p.depth;
  if (p.part) j["part"] = to_string(*p.part);
  if (p.block) j["block"] = *p.block;
  if (p.stack) j["stack"] = to_string(*p.stack);
  if (!std::isnan(p.fans.in)) j["fan_in"] = p.fans.in;
  if (!std::isnan(p.fans.out)) j["fan_out"] = p.fans.out;
  if (p.state == init::State::tied) j["tied_to"] = p.tied_to;
  if (p.state != init::State::raw) j["state"] = to_string(p.state);
  if (entry.rule) j["rule"] = *entry.rule;
  return j;
}

// Reads one document; every error names its place.
class Reader {
 public:
  Reader(const std::string& place, std::string_view text)
      : place_(place), document_(parse_strict_json("certificate", place, text)) {
    if (!document_.is_object()) fail("is not an object");
  }

  Certificate read() {
    const std::vector<std::string> keys = {"schema", "fanin",   "generator",  "seed",  "shard",
                                           "rules",  "ordered", "parameters", "sha256"};
    require_known_keys("certificate", place_, "the certificate", document_, keys);
    schema_ = whole(document_, "schema");
    if (schema_ != kSchema && schema_ != kSchemaWithParts) unsupported("schema", document_["schema"].dump());
    if (text(document_, "generator") != kGenerator) unsupported("generator", shown(text(document_, "generator")));
    Certificate c{.version = text(document_, "fanin"), .seed = whole(document_, "seed")};
    // What would be a wrong call elsewhere is a wrong file here.
    try {
      if (document_.contains("shard")) c.shard = init::Shard::parse(text(document_, "shard"));
      c.plan = plan();
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::usage) throw;
      fail(e.what());
    }
    for (const auto& [name, digest] : member(document_, "sha256", Json::value_t::object).items()) {
      if (!digest.is_string() || !is_sha256_hex(digest.get<std::string>())) {
        fail(fmt::format("sha256 of '{}' is not 64 hexadecimal digits", shown(name)));
      }
      if (c.plan.find(name) == nullptr) fail(fmt::format("sha256 of '{}', which is no parameter", shown(name)));
      c.sha256.emplace(name, digest.get<std::string>());
    }
    return c;
  }

 private:
  [[noreturn]] void fail(std::string_view sentence) const {
    throw Error(ErrorKind::data, "certificate", fmt::format("{}: {}", place_, sentence));
  }

  [[noreturn]] void unsupported(std::string_view what, std::string_view value) const {
    throw Error(ErrorKind::unsupported, "certificate",
                fmt::format("{}: {} is '{}', this version of fanin knows '{}'", place_, what, value,
                            what == "schema" ? fmt::format("{}' and '{}", kSchema, kSchemaWithParts)
                                             : std::string(kGenerator)));
  }

  const Json& member(const Json& object, const char* key, Json::value_t type) const {
    const auto at = object.find(key);
    if (at == object.end() || at->type() != type) {
      fail(fmt::format("'{}' is {}", key, at == object.end() ? "missing" : "of the wrong type"));
    }
    return *at;
  }

  std::string text(const Json& object, const char* key) const {
    return member(object, key, Json::value_t::string).get<std::string>();
  }

  std::uint64_t whole(const Json& object, const char* key) const {
    return member(object, key, Json::value_t::number_unsigned).get<std::uint64_t>();
  }

  double fan(const Json& object, const char* key) const {
    const auto at = object.find(key);
    if (at == object.end()) return std::numeric_limits<double>::quiet_NaN();
    if (!at->is_number()) fail(fmt::format("'{}' is no number", key));
    return at->get<double>();
  }

  init::ParameterSpec parameter(const Json& j) const {
    if (!j.is_object()) fail("a parameter is not an object");
    std::vector<std::string> keys = {"name",   "shape",   "dtype",   "role",  "kind", "depth",
                                     "fan_in", "fan_out", "tied_to", "state", "rule"};
    if (schema_ == kSchemaWithParts) keys.insert(keys.end(), {"part", "block", "stack"});
    require_known_keys("certificate", place_, "a parameter", j, keys);
    init::ParameterSpec p{.name = text(j, "name")};
    std::vector<std::size_t> extents;
    for (const Json& n : member(j, "shape", Json::value_t::array)) {
      if (!n.is_number_unsigned()) fail(fmt::format("the shape of '{}' is none", shown(p.name)));
      extents.push_back(n.get<std::size_t>());
    }
    p.shape = Shape(extents);
    p.dtype = init::parse_float_type(text(j, "dtype"));
    p.role = init::parse_role(text(j, "role"));
    p.kind = init::parse_layer_kind(text(j, "kind"));
    if (j.contains("depth")) p.depth = whole(j, "depth");
    if (j.contains("part")) p.part = init::parse_part(text(j, "part"));
    if (j.contains("block")) p.block = whole(j, "block");
    if (j.contains("stack")) p.stack = init::parse_stack(text(j, "stack"));
    p.fans = {fan(j, "fan_in"), fan(j, "fan_out")};
    if (j.contains("state")) p.state = init::parse_state(text(j, "state"));
    if (j.contains("tied_to")) p.tied_to = text(j, "tied_to");
    if (p.state == init::State::initialized) fail(fmt::format("'{}' has state initialized", shown(p.name)));
    return p;
  }

  init::Plan plan() const {
    std::vector<init::PlanRule> rules;
    for (const Json& rule : member(document_, "rules", Json::value_t::array)) {
      if (!rule.is_string()) fail("a rule is not a text");
      rules.push_back(init::PlanRule::parse(rule.get<std::string>()));
    }
    const Json& list = member(document_, "parameters", Json::value_t::array);
    if (list.size() > kMostParameters) fail(fmt::format("has more than {} parameters", kMostParameters));
    std::vector<init::ParameterSpec> parameters;
    for (const Json& one : list) parameters.push_back(parameter(one));
    const bool ordered = member(document_, "ordered", Json::value_t::boolean).get<bool>();
    init::Plan plan = init::Plan::resolve(init::ModelSpec(std::move(parameters)), std::move(rules), ordered);
    for (std::size_t i = 0; i < list.size(); ++i) {
      const init::PlanEntry& entry = plan.entries()[i];
      const bool recorded = list[i].contains("rule");
      if (recorded != entry.rule.has_value() || (recorded && whole(list[i], "rule") != *entry.rule)) {
        fail(fmt::format("the rules do not give '{}' the rule that is recorded", shown(entry.parameter.name)));
      }
    }
    return plan;
  }

  const std::string& place_;
  Json document_;
  std::uint64_t schema_ = kSchema;
};

}  // namespace

std::string Certificate::json(bool pretty) const {
  Json rules = Json::array();
  for (const init::PlanRule& rule : plan.rules()) rules.push_back(rule.str());
  Json parameters = Json::array();
  int schema = kSchema;
  for (const init::PlanEntry& entry : plan.entries()) {
    parameters.push_back(json_of(entry));
    if (has_parts(entry.parameter)) schema = kSchemaWithParts;
  }
  Json document{{"schema", schema}, {"fanin", version}, {"generator", kGenerator}, {"seed", seed}};
  if (!shard.is_whole()) document["shard"] = shard.str();
  document["rules"] = std::move(rules);
  document["ordered"] = plan.ordered();
  document["parameters"] = std::move(parameters);
  document["sha256"] = Json::object();
  for (const auto& [name, digest] : sha256) document["sha256"][name] = digest;
  return document.dump(pretty ? 1 : -1);
}

Certificate Certificate::parse(const std::string& place, std::string_view text) {
  return Reader(place, text).read();
}

std::filesystem::path certificate_path(const std::filesystem::path& file) {
  return file.string() + ".certificate.json";
}

Certificate read_certificate(const std::filesystem::path& path) {
  return Certificate::parse(path.string(), read_text_file(path, kMostHeaderBytes));
}

FoundCertificate find_certificate(const std::filesystem::path& path, const ModelFiles& model) {
  FoundCertificate found;
  std::optional<Certificate> within;
  if (model.files().size() == 1) {
    const auto& metadata = model.files()[0].metadata();
    if (const auto at = metadata.find(std::string(kCertificateKey)); at != metadata.end()) {
      found.place = fmt::format("{}, its metadata", path.string());
      within = Certificate::parse(found.place, at->second);
    }
  }
  const std::filesystem::path beside = certificate_path(path);
  std::error_code error;
  if (std::filesystem::exists(beside, error)) {
    Certificate other = read_certificate(beside);
    found.differ = within && within->json(false) != other.json(false);
    if (!within) {
      found.place = beside.string();
      within = std::move(other);
    }
  }
  found.certificate = std::move(within);
  return found;
}

}  // namespace fanin::io
