#include "fanin/io/spec_file.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "fanin/core/error.h"
#include "fanin/io/atomic_file.h"

#include "io/safetensors_header.h"
#include "io/strict_json.h"
#include "io/toml_json.h"

namespace fanin::io {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostBytes = std::size_t{16} << 20;
constexpr std::size_t kMostParameters = 100'000;

// Reads one parameter; every error names the file and the parameter.
class Reader {
 public:
  Reader(const std::string& path, std::size_t index, const Json& object)
      : path_(path), where_(fmt::format("parameter {}", index)), object_(object) {
    static const std::vector<std::string> kKeys = {"name",  "shape", "dtype",  "role",    "kind",   "depth", "part",
                                                   "block", "stack", "fan_in", "fan_out", "groups", "state", "tied_to"};
    if (!object.is_object()) fail("is not an object with a name and a shape");
    require_known_keys("spec", path, where_, object, kKeys);
  }

  init::NamedTensor read(init::FloatType dtype) {
    const auto name = text("name");
    if (!name) fail("has no name");
    where_ += fmt::format(" '{}'", shown(*name));
    init::NamedTensor t{*name, shape(), dtype};
    try {
      if (const auto x = text("dtype")) t.dtype = init::parse_float_type(*x);
      if (const auto x = text("role")) t.given.role = init::parse_role(*x);
      if (const auto x = text("kind")) t.given.kind = init::parse_layer_kind(*x);
      if (const auto x = text("part")) t.given.part = init::parse_part(*x);
      if (const auto x = text("stack")) t.given.stack = init::parse_stack(*x);
      if (const auto x = text("state")) t.given.state = init::parse_state(*x);
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::data) throw;
      // What would be a wrong call elsewhere is a wrong file here.
      fail(e.what());
    }
    if (t.given.state && *t.given.state != init::State::raw && *t.given.state != init::State::frozen &&
        *t.given.state != init::State::loaded) {
      fail(fmt::format("state '{}' cannot be said, only raw, loaded and frozen; tied_to makes it tied",
                       to_string(*t.given.state)));
    }
    t.given.tied_to = text("tied_to");
    t.given.depth = whole("depth", 0);
    t.given.block = whole("block", 0);
    t.given.groups = whole("groups", 1);
    t.given.fan_in = fan("fan_in");
    t.given.fan_out = fan("fan_out");
    return t;
  }

 private:
  [[noreturn]] void fail(std::string_view sentence) const {
    throw Error(ErrorKind::data, "spec", fmt::format("{}: {}: {}", path_, where_, sentence));
  }

  std::optional<std::string> text(const char* key) const {
    const auto at = object_.find(key);
    if (at == object_.end()) return std::nullopt;
    if (!at->is_string()) fail(fmt::format("{} is not a text", key));
    return at->get<std::string>();
  }

  std::optional<std::size_t> whole(const char* key, std::size_t least) const {
    constexpr std::size_t kMost = 1U << 30;
    const auto at = object_.find(key);
    if (at == object_.end()) return std::nullopt;
    if (!at->is_number_unsigned() || at->get<std::size_t>() < least || at->get<std::size_t>() > kMost) {
      fail(fmt::format("{} is {}, allowed are whole numbers from {} to {}", key, at->dump(), least, kMost));
    }
    return at->get<std::size_t>();
  }

  std::optional<double> fan(const char* key) const {
    const auto at = object_.find(key);
    if (at == object_.end()) return std::nullopt;
    if (!at->is_number() || !(at->get<double>() > 0) || !std::isfinite(at->get<double>())) {
      fail(fmt::format("{} is {}, allowed are finite numbers above 0", key, at->dump()));
    }
    return at->get<double>();
  }

  Shape shape() const {
    const auto at = object_.find("shape");
    if (at == object_.end() || !at->is_array()) fail("has no shape, an array of whole numbers");
    std::vector<std::size_t> extents;
    for (const Json& n : *at) {
      if (!n.is_number_unsigned()) fail(fmt::format("shape has {}, allowed are whole numbers", n.dump()));
      extents.push_back(n.get<std::size_t>());
    }
    try {
      return Shape(extents);
    } catch (const Error& e) {
      fail(e.what());
    }
  }

  const std::string& path_;
  std::string where_;
  const Json& object_;
};

}  // namespace

std::vector<init::NamedTensor> read_spec_file(const std::filesystem::path& path) {
  const std::string name = path.string();
  const std::string text = read_text_file(path, kMostBytes);
  const Json document =
      path.extension() == ".toml" ? parse_toml_as_json("spec", name, text) : parse_strict_json("spec", name, text);
  const auto fail = [&](const std::string& sentence) {
    throw Error(ErrorKind::data, "spec", fmt::format("{}: {}", name, sentence));
  };
  if (!document.is_object()) fail("is not an object with 'parameters'");
  const std::vector<std::string> keys = {"dtype", "parameters"};
  require_known_keys("spec", name, "the file", document, keys);
  init::FloatType dtype = init::FloatType::f32;
  if (const auto at = document.find("dtype"); at != document.end()) {
    if (!at->is_string()) fail("dtype is not a text");
    try {
      dtype = init::parse_float_type(at->get<std::string>());
    } catch (const Error& e) {
      fail(e.what());
    }
  }
  const auto list = document.find("parameters");
  if (list == document.end() || !list->is_array()) fail("has no 'parameters', an array");
  if (list->size() > kMostParameters) {
    fail(fmt::format("has {} parameters, at most {} are allowed", list->size(), kMostParameters));
  }
  std::vector<init::NamedTensor> tensors;
  std::vector<init::ParameterSpec> named;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const init::NamedTensor& t = tensors.emplace_back(Reader(name, i, (*list)[i]).read(dtype));
    init::ParameterSpec& p = named.emplace_back();
    p.name = t.name;
    p.shape = t.shape;
    if (!t.given.tied_to) continue;
    p.state = init::State::tied;
    p.tied_to = *t.given.tied_to;
  }
  try {
    // Names and ties are wrong here already, whatever --set will say of the rest.
    (void)init::ModelSpec(std::move(named));
  } catch (const Error& e) {
    fail(e.what());
  }
  return tensors;
}

std::vector<init::NamedTensor> named_tensors(std::span<const TensorInfo> tensors) {
  std::vector<init::NamedTensor> named;
  for (const TensorInfo& t : tensors) named.push_back({t.name, t.shape, float_type_of(t.dtype)});
  return named;
}

DType dtype_of(init::FloatType type) noexcept {
  switch (type) {
    case init::FloatType::bf16:
      return DType::bf16;
    case init::FloatType::f16:
      return DType::f16;
    case init::FloatType::f32:
      break;
  }
  return DType::f32;
}

std::optional<init::FloatType> float_type_of(DType type) noexcept {
  for (const auto t : {init::FloatType::f32, init::FloatType::bf16, init::FloatType::f16}) {
    if (dtype_of(t) == type) return t;
  }
  return std::nullopt;
}

}  // namespace fanin::io
