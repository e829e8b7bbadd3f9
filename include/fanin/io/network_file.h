#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "fanin/nn/network.h"

namespace fanin::io {

/// Saves the parameters as safetensors under PyTorch's names and shapes. The metadata hold what load_network() needs
/// to build the same network (`fanin.layers` = `784-256-256-10`, `fanin.activation` = `relu` or a list with commas of
/// one for each hidden layer, `fanin.dropout`), the library's version, and `provenance`. Equal networks and provenance
/// give equal bytes. Throws Error(io).
void save_network(const std::filesystem::path& path, const nn::NetworkSpec& spec, const nn::Network& network,
                  const std::map<std::string, std::string>& provenance);

struct LoadedNetwork {
  nn::NetworkSpec spec;
  nn::Network network;
  std::map<std::string, std::string> metadata;
};

/// A network from a file of save_network(), or from any safetensors file that holds `N.weight` [out, in] and
/// `N.bias` [out] of linear layers that follow each other, as PyTorch saves a Sequential; without metadata the
/// activations between them are `activations`, see NetworkSpec::parse_activations(). Throws Error(usage) for a text
/// that names none. Throws Error(io), or Error(data) for tensors that are missing, left over, of another shape or not
/// finite.
[[nodiscard]] LoadedNetwork load_network(const std::filesystem::path& path, std::string_view activations = "relu");

}  // namespace fanin::io
