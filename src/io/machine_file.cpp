#include "fanin/io/machine_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/core/version.h"
#include "fanin/io/safetensors.h"

#include "io/safetensors_header.h"

namespace fanin::io {
namespace {

constexpr const char* kUnits = "fanin.units";
constexpr const char* kLabels = "fanin.labels";

[[noreturn]] void reject(const std::filesystem::path& path, const std::string& sentence) {
  throw Error(ErrorKind::data, "rbm", fmt::format("{}: {}", path.string(), sentence));
}

std::string name_of(std::size_t machine, const char* what) {
  return fmt::format("{}.{}", machine, what);
}

std::vector<rbm::RbmSpec> specs_of(const std::filesystem::path& path, const SafetensorsFile& file) {
  std::vector<rbm::RbmSpec> specs;
  for (const TensorInfo* w = nullptr; (w = file.find(name_of(specs.size(), "weight"))) != nullptr;) {
    if (w->shape.rank() != 2) {
      reject(path, fmt::format("'{}' has shape {}, a machine's weight is [hidden, visible]", w->name, w->shape.str()));
    }
    specs.push_back({w->shape[1], w->shape[0]});
  }
  if (specs.empty()) {
    reject(path, "there is no '0.weight': this is no file of 'fanin rbm train' or 'fanin dbn pretrain'");
  }
  const auto units = file.metadata().find(kUnits);
  const auto labels = file.metadata().find(kLabels);
  if (labels != file.metadata().end()) {
    const auto k = parse_unsigned(labels->second);
    if (!k || *k >= specs.back().visible) {
      reject(path, fmt::format("the metadata say {} labels of {} visible units", shown(labels->second),
                               specs.back().visible));
    }
    specs.back().labels = *k;
    specs.back().visible -= *k;
  }
  if (units != file.metadata().end()) {
    const std::vector<std::string> kinds = split_outside_parentheses(units->second, ',');
    if (kinds.size() != specs.size()) {
      reject(path, fmt::format("the metadata name the units of {} machines, there are {}", kinds.size(), specs.size()));
    }
    for (std::size_t i = 0; i < specs.size(); ++i) {
      const std::size_t dash = kinds[i].find('-');
      if (dash == std::string::npos) reject(path, fmt::format("the metadata say units '{}'", shown(kinds[i])));
      specs[i].visible_units = rbm::parse_units(shown(kinds[i].substr(0, dash)));
      specs[i].hidden_units = rbm::parse_units(shown(kinds[i].substr(dash + 1)));
    }
  }
  for (std::size_t i = 0; i < specs.size(); ++i) {
    specs[i].validate();
    if (i > 0 && specs[i].visible != specs[i - 1].hidden) {
      reject(path, fmt::format("machine {} has {} visible units, the one below has {} hidden ones", i, specs[i].visible,
                               specs[i - 1].hidden));
    }
  }
  return specs;
}

}  // namespace

void save_machines(const std::filesystem::path& path, std::span<const rbm::Rbm* const> machines,
                   const std::map<std::string, std::string>& provenance) {
  if (machines.empty()) throw Error(ErrorKind::usage, "rbm", "no machine to save");
  std::map<std::string, std::string> metadata = provenance;
  metadata["fanin.version"] = std::string(version());
  metadata[kLabels] = fmt::format("{}", machines.back()->spec().labels);
  std::vector<TensorSource> tensors;
  std::string units;
  for (std::size_t i = 0; i < machines.size(); ++i) {
    const rbm::Rbm& m = *machines[i];
    units +=
        fmt::format("{}{}-{}", i == 0 ? "" : ", ", rbm::str(m.spec().visible_units), rbm::str(m.spec().hidden_units));
    tensors.push_back(
        f32_source(name_of(i, "weight"), Shape{m.hidden(), m.visible()}, m.values().first(m.hidden() * m.visible())));
    tensors.push_back(f32_source(name_of(i, "visible_bias"), Shape{m.visible()}, m.visible_bias()));
    tensors.push_back(f32_source(name_of(i, "hidden_bias"), Shape{m.hidden()}, m.hidden_bias()));
  }
  metadata[kUnits] = units;
  write_safetensors(path, tensors, metadata);
}

LoadedMachines load_machines(const std::filesystem::path& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  LoadedMachines loaded;
  loaded.metadata = file.metadata();
  std::vector<rbm::RbmSpec> specs;
  try {
    specs = specs_of(path, file);
  } catch (const Error& e) {
    // What would be a wrong call elsewhere is a wrong file here.
    if (e.kind() != ErrorKind::usage) throw;
    reject(path, e.what());
  }
  for (std::size_t i = 0; i < specs.size(); ++i) {
    rbm::Rbm m(specs[i]);
    const auto read = [&](const char* what, const Shape& shape, std::size_t offset) {
      const std::span<float> out = m.values().subspan(offset, shape.elements());
      file.read_f32(name_of(i, what), shape, out);
      const auto bad = std::find_if(out.begin(), out.end(), [](float x) { return !std::isfinite(x); });
      if (bad != out.end()) {
        reject(path, fmt::format("'{}' element {} is {}", name_of(i, what), bad - out.begin(), *bad));
      }
    };
    read("weight", Shape{m.hidden(), m.visible()}, 0);
    read("visible_bias", Shape{m.visible()}, m.visible_bias_offset());
    read("hidden_bias", Shape{m.hidden()}, m.hidden_bias_offset());
    m.refresh();
    loaded.machines.push_back(std::move(m));
  }
  if (file.tensors().size() != 3 * specs.size()) {
    reject(path, fmt::format("{} tensors are there, {} machine{} have {}", file.tensors().size(), specs.size(),
                             specs.size() == 1 ? "" : "s", 3 * specs.size()));
  }
  return loaded;
}

}  // namespace fanin::io
