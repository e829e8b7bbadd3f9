#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/io/safetensors.h"

namespace fanin::io {

/// The tensors of a model, in one safetensors file or in several that an index names
/// (`model.safetensors.index.json`, as the Hugging Face libraries write it):
///
///     {"metadata": {"total_size": 16}, "weight_map": {"fc.weight": "model-00001-of-00002.safetensors", ...}}
///
/// An index is believed only where the files agree: file names have no path separators and lie beside it; every tensor
/// of the map is in the file that it names, every tensor of these files is in the map, and total_size is the sum of
/// the tensors' bytes. Anything else is Error(data) `[index] FILE: ...`; also for an unknown key, one that is there
/// twice, more than 100 000 000 bytes or 100 000 files. A file's own errors are those of SafetensorsFile.
class ModelFiles {
 public:
  /// A path that ends in `.index.json` is an index, anything else a safetensors file.
  [[nodiscard]] static ModelFiles open(const std::filesystem::path& path);
  /// Whether open() takes the path for an index.
  [[nodiscard]] static bool names_an_index(const std::filesystem::path& path);

  /// File by file in the order of their names, each in the order of its data section. Offsets are those in their file.
  [[nodiscard]] std::span<const TensorInfo> tensors() const noexcept { return tensors_; }
  /// Null if there is none of that name. Valid as long as this object.
  [[nodiscard]] const TensorInfo* find(std::string_view name) const noexcept;
  /// The bytes of a tensor of tensors(). Valid as long as this object or a copy of it.
  [[nodiscard]] std::span<const std::byte> bytes(const TensorInfo& info) const;
  /// The files, and their names as the index has them (the path itself for a single file).
  [[nodiscard]] std::span<const SafetensorsFile> files() const noexcept { return files_; }
  [[nodiscard]] std::span<const std::string> file_names() const noexcept { return file_names_; }

 private:
  void add(SafetensorsFile file, std::string name);

  std::vector<SafetensorsFile> files_;
  std::vector<std::string> file_names_;
  std::vector<TensorInfo> tensors_;
  std::map<std::string, std::pair<std::size_t, std::size_t>, std::less<>> index_;  // name: tensor, file
};

}  // namespace fanin::io
