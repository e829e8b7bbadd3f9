#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/io/safetensors.h"

namespace fanin::io {

inline constexpr std::size_t kMostHeaderBytes = 100'000'000;
inline constexpr std::string_view kMetadataKey = "__metadata__";

/// What a header says, all of it checked against the size of the data section.
struct SafetensorsHeader {
  std::vector<TensorInfo> tensors;  // sorted by offsets
  std::map<std::string, std::string> metadata;
};

/// Parses the JSON text of a header. Throws Error(data) and Error(unsupported) as SafetensorsFile documents.
[[nodiscard]] SafetensorsHeader parse_safetensors_header(const std::string& path, std::string_view text,
                                                         std::uint64_t data_bytes);

/// elements * bits / 8; nothing if that overflows or is not whole.
[[nodiscard]] std::optional<std::uint64_t> tensor_bytes(std::uint64_t elements, DType dtype) noexcept;

/// A name from a file as part of a message: control characters replaced, shortened to at most 80 bytes.
[[nodiscard]] std::string shown(std::string_view name);

}  // namespace fanin::io
