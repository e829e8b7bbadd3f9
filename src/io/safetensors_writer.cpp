#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <string_view>

#include "fanin/core/error.h"
#include "fanin/io/atomic_file.h"
#include "fanin/io/safetensors.h"

#include "io/safetensors_header.h"

namespace fanin::io {
namespace {

[[noreturn]] void misused(const std::string& path, std::string_view sentence) {
  throw Error(ErrorKind::usage, "safetensors", fmt::format("{}: {}", path, sentence));
}

std::string json_string(const std::string& path, const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    misused(path, fmt::format("a name or metadata text of {} bytes is not UTF-8", text.size()));
  }
}

std::uint64_t checked_bytes(const std::string& path, const TensorSource& tensor) {
  const auto needed = tensor_bytes(tensor.shape.elements(), tensor.dtype);
  if (!needed) {
    misused(path, fmt::format("tensor '{}': {} of {} is no number of bytes", shown(tensor.name), tensor.shape.str(),
                              dtype_name(tensor.dtype)));
  }
  if (tensor.generate && !tensor.bytes.empty()) {
    misused(path, fmt::format("tensor '{}': both bytes and a generator are given", shown(tensor.name)));
  }
  if (!tensor.generate && tensor.bytes.size() != *needed) {
    misused(path, fmt::format("tensor '{}': {} of {} needs {} bytes, {} are given", shown(tensor.name),
                              tensor.shape.str(), dtype_name(tensor.dtype), *needed, tensor.bytes.size()));
  }
  return *needed;
}

// Other readers view the bytes in place and refuse a misaligned start. With the header a multiple of 8 bytes long,
// descending widths keep every tensor aligned.
std::vector<const TensorSource*> by_width(std::span<const TensorSource> tensors) {
  std::vector<const TensorSource*> order;
  for (const TensorSource& tensor : tensors) order.push_back(&tensor);
  std::stable_sort(order.begin(), order.end(), [](const TensorSource* a, const TensorSource* b) {
    return dtype_bits(a->dtype) > dtype_bits(b->dtype);
  });
  return order;
}

void add_metadata(const std::string& path, const std::map<std::string, std::string>& metadata, std::string& header) {
  header += fmt::format("{}:{{", json_string(path, std::string(kMetadataKey)));
  std::string_view comma;
  for (const auto& [key, value] : metadata) {
    header += fmt::format("{}{}:{}", comma, json_string(path, key), json_string(path, value));
    comma = ",";
  }
  header += '}';
}

std::string make_header(const std::string& path, std::span<const TensorSource* const> tensors,
                        const std::map<std::string, std::string>& metadata) {
  std::string header = "{";
  if (!metadata.empty()) add_metadata(path, metadata, header);
  std::set<std::string_view> names{kMetadataKey};
  std::uint64_t offset = 0;
  for (const TensorSource* tensor : tensors) {
    if (!names.insert(tensor->name).second) {
      misused(path, fmt::format("tensor name '{}' is there twice or reserved", shown(tensor->name)));
    }
    const std::uint64_t end = offset + checked_bytes(path, *tensor);
    if (end < offset) misused(path, "the tensors have more than 2^64 bytes");
    header += fmt::format("{}{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                          header.size() > 1 ? "," : "", json_string(path, tensor->name), dtype_name(tensor->dtype),
                          fmt::join(tensor->shape, ","), offset, end);
    offset = end;
  }
  header += '}';
  header.append((8 - header.size() % 8) % 8, ' ');
  if (header.size() > kMostHeaderBytes) {
    misused(path, fmt::format("the header has {} bytes, at most {} are allowed", header.size(), kMostHeaderBytes));
  }
  return header;
}

void write_generated(const std::string& path, const TensorSource& tensor, AtomicFile& file) {
  const std::uint64_t needed = checked_bytes(path, tensor);
  std::uint64_t written = 0;
  const auto sink = [&](std::span<const std::byte> piece) {
    if (piece.size() > needed - written) {
      misused(path, fmt::format("tensor '{}': its generator gives more than {} bytes", shown(tensor.name), needed));
    }
    file.write(piece);
    written += piece.size();
  };
  tensor.generate(sink);
  if (written != needed) {
    misused(path, fmt::format("tensor '{}': its generator gives {} of {} bytes", shown(tensor.name), written, needed));
  }
}

void write_parts(const std::string& name, const std::string& header, std::span<const TensorSource* const> order,
                 AtomicFile& file) {
  const std::array<std::uint64_t, 1> length{header.size()};
  file.write(std::as_bytes(std::span(length)));
  file.write(std::as_bytes(std::span(header)));
  for (const TensorSource* tensor : order) {
    if (tensor->generate) {
      write_generated(name, *tensor, file);
    } else {
      file.write(tensor->bytes);
    }
  }
}

}  // namespace

TensorSource f32_source(std::string name, const Shape& shape, std::span<const float> values) {
  return {.name = std::move(name), .dtype = DType::f32, .shape = shape, .bytes = std::as_bytes(values)};
}

void write_safetensors(const std::filesystem::path& path, std::span<const TensorSource> tensors,
                       const std::map<std::string, std::string>& metadata) {
  const std::string name = path.string();
  const auto order = by_width(tensors);
  const std::string header = make_header(name, order, metadata);
  AtomicFile file(path);
  write_parts(name, header, order, file);
  file.commit();
}

void write_safetensors(const std::filesystem::path& path, std::span<const TensorSource> tensors,
                       std::map<std::string, std::string> metadata,
                       FunctionRef<void(std::map<std::string, std::string>&)> finish) {
  const std::string name = path.string();
  const auto order = by_width(tensors);
  const std::string header = make_header(name, order, metadata);
  if (is_written_straight(path)) {
    throw Error(ErrorKind::unsupported, "safetensors",
                fmt::format("{}: metadata that follow the data cannot go to a device or a pipe", name));
  }
  AtomicFile file(path);
  write_parts(name, header, order, file);
  finish(metadata);
  const std::string finished = make_header(name, order, metadata);
  if (finished.size() != header.size()) {
    misused(name, fmt::format("the finished header has {} bytes, {} were kept free", finished.size(), header.size()));
  }
  file.overwrite(sizeof(std::uint64_t), std::as_bytes(std::span(finished)));
  file.commit();
}

}  // namespace fanin::io
