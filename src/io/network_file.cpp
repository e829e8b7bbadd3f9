#include "fanin/io/network_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <system_error>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/core/version.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/certificate.h"
#include "fanin/io/safetensors.h"

#include "io/safetensors_header.h"

namespace fanin::io {
namespace {

constexpr const char* kLayers = "fanin.layers";
constexpr const char* kActivation = "fanin.activation";
constexpr const char* kDropout = "fanin.dropout";

[[noreturn]] void reject(const std::filesystem::path& path, const std::string& sentence) {
  throw Error(ErrorKind::data, "network", fmt::format("{}: {}", path.string(), sentence));
}

// The widths of the linear layers `N.weight` in the order of N.
std::vector<std::size_t> widths_from_tensors(const std::filesystem::path& path, const SafetensorsFile& file) {
  std::map<std::uint64_t, Shape> weights;
  constexpr std::string_view kSuffix = ".weight";
  for (const TensorInfo& t : file.tensors()) {
    if (!t.name.ends_with(kSuffix)) continue;
    const auto index = parse_unsigned(std::string_view(t.name).substr(0, t.name.size() - kSuffix.size()));
    if (!index || t.shape.rank() != 2) {
      reject(path,
             fmt::format("'{}' {} is no weight of a linear layer like '0.weight' [out, in]", t.name, t.shape.str()));
    }
    weights.emplace(*index, t.shape);
  }
  if (weights.empty()) reject(path, "no weight of a linear layer like '0.weight' is there");
  std::vector<std::size_t> widths;
  for (const auto& [index, shape] : weights) {
    if (widths.empty()) widths.push_back(shape[1]);
    if (shape[1] != widths.back()) {
      reject(path, fmt::format("'{}.weight' {} takes {} inputs, the layer before has {} outputs", index, shape.str(),
                               shape[1], widths.back()));
    }
    widths.push_back(shape[0]);
  }
  return widths;
}

nn::NetworkSpec spec_of(const std::filesystem::path& path, const SafetensorsFile& file, std::string_view activations) {
  const auto& metadata = file.metadata();
  const auto value = [&](const char* key) -> const std::string* {
    const auto at = metadata.find(key);
    return at == metadata.end() ? nullptr : &at->second;
  };
  nn::NetworkSpec spec{widths_from_tensors(path, file)};
  spec.parse_activations(activations);
  try {
    if (const std::string* text = value(kLayers); text != nullptr && *text != spec.widths_str()) {
      reject(path, fmt::format("the metadata say layers {}, the tensors say {}", shown(*text), spec.widths_str()));
    }
    if (const std::string* text = value(kActivation)) spec.parse_activations(shown(*text));
    if (const std::string* text = value(kDropout)) {
      const auto p = parse_number(*text);
      if (!p) reject(path, fmt::format("the metadata say dropout '{}', which is no number", shown(*text)));
      spec.dropout = *p;
    }
    spec.validate();
  } catch (const Error& e) {
    // What would be a wrong call elsewhere is a wrong file here.
    if (e.kind() != ErrorKind::usage) throw;
    reject(path, e.what());
  }
  return spec;
}

// The name in the file of a parameter of the network. A file from elsewhere may count other modules between the
// linear layers; the k-th weight there is the k-th weight here.
std::vector<std::string> names_in_file(const SafetensorsFile& file, const nn::Network& network) {
  std::set<std::uint64_t> indices;
  for (const TensorInfo& t : file.tensors()) {
    if (const auto index = parse_unsigned(t.name.substr(0, t.name.find('.')))) indices.insert(*index);
  }
  std::vector<std::string> names;
  auto at = indices.begin();
  for (std::size_t i = 0; i < network.parameters().size(); ++i) {
    const nn::Parameter& p = network.parameters()[i];
    if (i > 0 && p.layer != network.parameters()[i - 1].layer && at != indices.end()) ++at;
    const std::string suffix = p.name.substr(p.name.find('.'));
    names.push_back(at == indices.end() ? p.name : fmt::format("{}{}", *at, suffix));
  }
  return names;
}

}  // namespace

void save_network(const std::filesystem::path& path, const nn::NetworkSpec& spec, const nn::Network& network,
                  const std::map<std::string, std::string>& provenance) {
  std::map<std::string, std::string> metadata = provenance;
  metadata["format"] = "pt";  // readers of the format look for the framework whose names these are
  metadata["fanin.version"] = std::string(version());
  metadata[kLayers] = spec.widths_str();
  metadata[kActivation] = spec.activations_str();
  metadata[kDropout] = fmt::format("{}", spec.dropout);
  std::vector<TensorSource> tensors;
  for (const nn::Parameter& p : network.parameters()) tensors.push_back(f32_source(p.name, p.shape, network.values(p)));
  write_safetensors(path, tensors, metadata);
  // A plan's file may have been here before: its certificate does not speak of this one.
  std::error_code ignored;
  if (!is_written_straight(path)) std::filesystem::remove(certificate_path(path), ignored);
}

LoadedNetwork load_network(const std::filesystem::path& path, std::string_view activations) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  const nn::NetworkSpec spec = spec_of(path, file, activations);
  LoadedNetwork loaded{spec, nn::Network(spec), file.metadata()};
  nn::Network& network = loaded.network;
  const std::vector<std::string> names = names_in_file(file, network);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const nn::Parameter& p = network.parameters()[i];
    const std::span<float> values = network.values(p);
    file.read_f32(names[i], p.shape, values);
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (!std::isfinite(values[k])) reject(path, fmt::format("'{}': element {} is {}", names[i], k, values[k]));
    }
  }
  if (file.tensors().size() != names.size()) {
    for (const TensorInfo& t : file.tensors()) {
      if (std::find(names.begin(), names.end(), t.name) == names.end()) {
        reject(path, fmt::format("'{}' {} belongs to no linear layer of {}", t.name, t.shape.str(), spec.widths_str()));
      }
    }
  }
  network.refresh();
  return loaded;
}

}  // namespace fanin::io
