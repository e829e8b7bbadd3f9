#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "fanin/dbn/model.h"

namespace fanin::io {

/// Saves a deep belief network as safetensors. Directed layer i, between V units below and H above, has
///
///     recognition.i.weight [H, V], recognition.i.bias [H]      upward
///     generation.i.weight [H, V], generation.i.bias [V]        downward: its product is with the transpose
///
/// and above them stands `top.weight` [H, V + K], `top.visible_bias` [V + K], `top.hidden_bias` [H]. What Model does
/// not use of its layers is left out. The metadata say what the tensors do not: `fanin.visible_units` (binary or
/// gaussian) and `fanin.labels` (K), the library's version, and `provenance`. Equal models and provenance give equal
/// bytes. Throws Error(io).
void save_belief(const std::filesystem::path& path, const dbn::Model& model,
                 const std::map<std::string, std::string>& provenance);

struct LoadedBelief {
  dbn::Model model;
  std::map<std::string, std::string> metadata;
};

/// Whether a safetensors file has a `top.weight` and so means to be such a network. Throws as SafetensorsFile::open().
[[nodiscard]] bool is_belief_file(const std::filesystem::path& path);

/// The inverse of save_belief(); what it left out becomes 0. Throws Error(io), or Error(data) naming the tensor for one
/// that is missing, left over, of a shape that does not fit the others or not finite, and for metadata that are missing
/// or do not fit the tensors.
[[nodiscard]] LoadedBelief load_belief(const std::filesystem::path& path);

}  // namespace fanin::io
