#include "fanin/io/belief_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/core/version.h"
#include "fanin/io/safetensors.h"

#include "io/safetensors_header.h"

namespace fanin::io {
namespace {

constexpr const char* kVisibleUnits = "fanin.visible_units";
constexpr const char* kLabels = "fanin.labels";
constexpr const char* kTop = "top.weight";

[[noreturn]] void reject(const std::filesystem::path& path, const std::string& sentence) {
  throw Error(ErrorKind::data, "dbn", fmt::format("{}: {}", path.string(), sentence));
}

std::string name_of(const char* way, std::size_t layer, const char* what) {
  return fmt::format("{}.{}.{}", way, layer, what);
}

const Shape& matrix_of(const std::filesystem::path& path, const SafetensorsFile& file, const std::string& name) {
  const TensorInfo* w = file.find(name);
  if (w == nullptr) reject(path, fmt::format("there is no '{}'", name));
  if (w->shape.rank() != 2) {
    reject(path, fmt::format("'{}' has shape {}, a layer's weight is [above, below]", name, w->shape.str()));
  }
  return w->shape;
}

const std::string& value_of(const std::filesystem::path& path, const SafetensorsFile& file, const char* key) {
  const auto at = file.metadata().find(key);
  if (at == file.metadata().end()) reject(path, fmt::format("the metadata have no '{}'", key));
  return at->second;
}

// The sizes that the weights say and the metadata confirm, the lowest layer first.
std::vector<rbm::RbmSpec> specs_of(const std::filesystem::path& path, const SafetensorsFile& file) {
  std::vector<rbm::RbmSpec> specs;
  const Shape& top = matrix_of(path, file, kTop);
  while (file.find(name_of("recognition", specs.size(), "weight")) != nullptr) {
    const Shape& w = matrix_of(path, file, name_of("recognition", specs.size(), "weight"));
    specs.push_back({w[1], w[0]});
  }
  specs.push_back({top[1], top[0]});
  const std::string& labels = value_of(path, file, kLabels);
  const auto k = parse_unsigned(labels);
  if (!k || *k >= top[1]) {
    reject(path,
           fmt::format("the metadata say {} labels of the {} visible units of '{}'", shown(labels), top[1], kTop));
  }
  specs.back().visible -= *k;
  specs.back().labels = *k;
  const std::string& units = value_of(path, file, kVisibleUnits);
  if (units != "binary" && units != "gaussian") {
    reject(path, fmt::format("the metadata say visible units '{}', allowed are binary and gaussian", shown(units)));
  }
  specs.front().visible_units = rbm::parse_units(units);
  for (std::size_t l = 0; l < specs.size(); ++l) {
    specs[l].validate();
    if (l == 0 || specs[l].visible == specs[l - 1].hidden) continue;
    reject(path, fmt::format("'{}' has {} units below without labels, '{}' has {} above",
                             l + 1 == specs.size() ? kTop : name_of("recognition", l, "weight"), specs[l].visible,
                             name_of("recognition", l - 1, "weight"), specs[l - 1].hidden));
  }
  return specs;
}

dbn::Model model_of(const std::filesystem::path& path, const SafetensorsFile& file) {
  std::vector<rbm::Rbm> layers;
  for (const rbm::RbmSpec& spec : specs_of(path, file)) layers.emplace_back(spec);
  return dbn::Model(dbn::Stack(std::move(layers)));
}

}  // namespace

void save_belief(const std::filesystem::path& path, const dbn::Model& model,
                 const std::map<std::string, std::string>& provenance) {
  std::map<std::string, std::string> metadata = provenance;
  metadata["fanin.version"] = std::string(version());
  metadata[kLabels] = fmt::format("{}", model.labels());
  const rbm::Rbm& lowest = model.directed() > 0 ? model.recognition(0) : model.top();
  metadata[kVisibleUnits] = rbm::str(lowest.spec().visible_units);
  std::vector<TensorSource> tensors;
  const auto add_weight = [&](std::string name, const rbm::Rbm& m) {
    tensors.push_back(
        f32_source(std::move(name), Shape{m.hidden(), m.visible()}, m.values().first(m.hidden() * m.visible())));
  };
  for (std::size_t l = 0; l < model.directed(); ++l) {
    const rbm::Rbm& up = model.recognition(l);
    const rbm::Rbm& down = model.generation(l);
    add_weight(name_of("recognition", l, "weight"), up);
    tensors.push_back(f32_source(name_of("recognition", l, "bias"), Shape{up.hidden()}, up.hidden_bias()));
    add_weight(name_of("generation", l, "weight"), down);
    tensors.push_back(f32_source(name_of("generation", l, "bias"), Shape{down.visible()}, down.visible_bias()));
  }
  const rbm::Rbm& top = model.top();
  add_weight(kTop, top);
  tensors.push_back(f32_source("top.visible_bias", Shape{top.visible()}, top.visible_bias()));
  tensors.push_back(f32_source("top.hidden_bias", Shape{top.hidden()}, top.hidden_bias()));
  write_safetensors(path, tensors, metadata);
}

bool is_belief_file(const std::filesystem::path& path) {
  return SafetensorsFile::open(path).find(kTop) != nullptr;
}

LoadedBelief load_belief(const std::filesystem::path& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  const auto shaped = [&] {
    try {
      return model_of(path, file);
    } catch (const Error& e) {
      // What would be a wrong call elsewhere is a wrong file here.
      if (e.kind() == ErrorKind::data) throw;
      reject(path, e.what());
    }
  };
  LoadedBelief loaded{shaped(), file.metadata()};
  dbn::Model& model = loaded.model;
  std::set<std::string> names;
  const auto read = [&](const std::string& name, const Shape& shape, rbm::Rbm& into, std::size_t offset) {
    const std::span<float> out = into.values().subspan(offset, shape.elements());
    file.read_f32(name, shape, out);
    const auto bad = std::find_if(out.begin(), out.end(), [](float x) { return !std::isfinite(x); });
    if (bad != out.end()) reject(path, fmt::format("'{}' element {} is {}", name, bad - out.begin(), *bad));
    names.insert(name);
    into.refresh();
  };
  for (std::size_t l = 0; l < model.directed(); ++l) {
    rbm::Rbm& up = model.recognition(l);
    rbm::Rbm& down = model.generation(l);
    const Shape weight{up.hidden(), up.visible()};
    read(name_of("recognition", l, "weight"), weight, up, 0);
    read(name_of("recognition", l, "bias"), Shape{up.hidden()}, up, up.hidden_bias_offset());
    read(name_of("generation", l, "weight"), weight, down, 0);
    read(name_of("generation", l, "bias"), Shape{down.visible()}, down, down.visible_bias_offset());
  }
  rbm::Rbm& top = model.top();
  read(kTop, Shape{top.hidden(), top.visible()}, top, 0);
  read("top.visible_bias", Shape{top.visible()}, top, top.visible_bias_offset());
  read("top.hidden_bias", Shape{top.hidden()}, top, top.hidden_bias_offset());
  for (const TensorInfo& t : file.tensors()) {
    if (names.find(t.name) != names.end()) continue;
    reject(path, fmt::format("'{}' {} belongs to no layer of a deep belief network of {} directed layer{}",
                             shown(t.name), t.shape.str(), model.directed(), model.directed() == 1 ? "" : "s"));
  }
  return loaded;
}

}  // namespace fanin::io
