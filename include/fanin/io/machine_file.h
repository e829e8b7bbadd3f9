#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "fanin/rbm/rbm.h"

namespace fanin::io {

/// Saves restricted Boltzmann machines, one on another or a single one, as safetensors: machine i has `i.weight`
/// [H, V + K], `i.visible_bias` [V + K] and `i.hidden_bias` [H]. The metadata say what the tensors do not:
/// `fanin.units`
/// (`binary-binary`, visible first; of several machines `binary-binary, binary-gaussian`) and `fanin.labels` (K of the
/// last machine), the library's version, and `provenance`. Equal machines and provenance give equal bytes. Throws
/// Error(io), Error(usage) for no machines.
void save_machines(const std::filesystem::path& path, std::span<const rbm::Rbm* const> machines,
                   const std::map<std::string, std::string>& provenance);

struct LoadedMachines {
  std::vector<rbm::Rbm> machines;
  std::map<std::string, std::string> metadata;
};

/// The inverse. Throws Error(io), or Error(data) for tensors that are missing, left over, of shapes that do not fit
/// each other or not finite, and for metadata that do not fit the tensors.
[[nodiscard]] LoadedMachines load_machines(const std::filesystem::path& path);

}  // namespace fanin::io
