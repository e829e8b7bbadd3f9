#include "fanin/io/model_files.h"

#include <fmt/format.h>

#include <set>

#include "fanin/core/error.h"
#include "fanin/io/atomic_file.h"

#include "io/safetensors_header.h"
#include "io/strict_json.h"

namespace fanin::io {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostFiles = 100'000;

struct Index {
  std::map<std::string, std::set<std::string>> tensors_of;  // file: names
  std::uint64_t total_size = 0;
};

[[noreturn]] void fail(const std::string& path, std::string_view sentence) {
  throw Error(ErrorKind::data, "index", fmt::format("{}: {}", path, sentence));
}

// The name of a file beside the index, and nothing that could lead elsewhere.
void check_file_name(const std::string& path, const std::string& tensor, const std::string& file) {
  const bool plain = !file.empty() && file.find_first_of("/\\") == std::string::npos && !file.starts_with('.') &&
                     file.ends_with(".safetensors");
  if (plain) return;
  fail(path, fmt::format("tensor '{}' is in '{}', allowed are names of safetensors files without a path", shown(tensor),
                         shown(file)));
}

Index read_index(const std::string& path) {
  const Json document = parse_strict_json("index", path, read_text_file(path, kMostHeaderBytes));
  if (!document.is_object()) fail(path, "is not an object with metadata and weight_map");
  const std::vector<std::string> keys = {"metadata", "weight_map"};
  require_known_keys("index", path, "the index", document, keys);
  if (!document.contains("metadata") || !document["metadata"].is_object()) fail(path, "has no metadata, an object");
  const Json& metadata = document["metadata"];
  const std::vector<std::string> metadata_keys = {"total_size", "total_parameters", "format"};
  require_known_keys("index", path, "metadata", metadata, metadata_keys);
  Index index;
  if (!metadata.contains("total_size") || !metadata["total_size"].is_number_unsigned()) {
    fail(path, "metadata have no total_size, a whole number of bytes");
  }
  index.total_size = metadata["total_size"].get<std::uint64_t>();
  if (!document.contains("weight_map") || !document["weight_map"].is_object())
    fail(path, "has no weight_map, an object");
  for (const auto& [tensor, file] : document["weight_map"].items()) {
    if (!file.is_string()) fail(path, fmt::format("the file of tensor '{}' is not a text", shown(tensor)));
    check_file_name(path, tensor, file.get<std::string>());
    index.tensors_of[file.get<std::string>()].insert(tensor);
    if (index.tensors_of.size() > kMostFiles) fail(path, fmt::format("names more than {} files", kMostFiles));
  }
  return index;
}

}  // namespace

bool ModelFiles::names_an_index(const std::filesystem::path& path) {
  return path.string().ends_with(".index.json");
}

void ModelFiles::add(SafetensorsFile file, std::string name) {
  for (const TensorInfo& t : file.tensors()) {
    index_.emplace(t.name, std::pair(tensors_.size(), files_.size()));
    tensors_.push_back(t);
  }
  files_.push_back(std::move(file));
  file_names_.push_back(std::move(name));
}

ModelFiles ModelFiles::open(const std::filesystem::path& path) {
  ModelFiles model;
  const std::string name = path.string();
  if (!names_an_index(path)) {
    model.add(SafetensorsFile::open(path), name);
    return model;
  }
  const Index index = read_index(name);
  std::uint64_t bytes = 0;
  for (const auto& [file_name, wanted] : index.tensors_of) {
    SafetensorsFile file = SafetensorsFile::open(path.parent_path() / file_name);
    for (const std::string& tensor : wanted) {
      if (file.find(tensor) == nullptr) {
        fail(name, fmt::format("tensor '{}' should be in {}, which does not have it", shown(tensor), shown(file_name)));
      }
    }
    for (const TensorInfo& t : file.tensors()) {
      if (!wanted.contains(t.name)) {
        fail(name,
             fmt::format("{} has a tensor '{}' that the index does not place there", shown(file_name), shown(t.name)));
      }
      bytes += t.end - t.begin;
    }
    model.add(std::move(file), file_name);
  }
  if (bytes != index.total_size) {
    fail(name, fmt::format("total_size is {}, the tensors have {} bytes", index.total_size, bytes));
  }
  return model;
}

const TensorInfo* ModelFiles::find(std::string_view name) const noexcept {
  const auto at = index_.find(name);
  return at == index_.end() ? nullptr : &tensors_[at->second.first];
}

std::span<const std::byte> ModelFiles::bytes(const TensorInfo& info) const {
  const auto at = index_.find(info.name);
  if (at == index_.end()) {
    throw Error(ErrorKind::usage, "index", fmt::format("tensor '{}' is not of this model", shown(info.name)));
  }
  return files_[at->second.second].bytes(info);
}

}  // namespace fanin::io
