#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/core/function_ref.h"
#include "fanin/core/shape.h"

namespace fanin::io {

/// The element types of the safetensors format (safetensors 0.8, `Dtype`), little-endian. The types below 8 bits are
/// packed; a tensor of them fills whole bytes.
enum class DType : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64,
};

/// The name in a file: `F32`, `BF16`, `BOOL`.
[[nodiscard]] std::string_view dtype_name(DType dtype) noexcept;
/// The inverse of dtype_name(); exact, nothing for any other text.
[[nodiscard]] std::optional<DType> dtype_from_name(std::string_view name) noexcept;
/// The size of one element in bits.
[[nodiscard]] std::size_t dtype_bits(DType dtype) noexcept;

/// One tensor of a file.
struct TensorInfo {
  std::string name;  ///< UTF-8, unique in its file
  DType dtype = DType::f32;
  Shape shape;
  std::uint64_t begin = 0;  ///< byte offsets in the data section, which follows the header
  std::uint64_t end = 0;
};

/// A safetensors file opened for reading: 8 bytes of header length, the header in JSON, the data section.
///
/// The file is mapped, not read; opening takes memory in proportion to the header only. It is checked as a whole
/// before anything in it is believed: the header has at most 100 000 000 bytes, lies within the file, starts with `{`
/// and is one JSON object without duplicate keys; each tensor has exactly a known dtype, a shape whose size does not
/// overflow and offsets that match it; the tensors cover the data section without overlap, hole or trailing bytes;
/// metadata are strings. Anything else is Error(data) `[safetensors] FILE: tensor 'x': ...`; a tensor of more than 8
/// dimensions is Error(unsupported); a file that cannot be opened is Error(io).
///
/// Copies share the mapping. The file must not be truncated by someone else while it is open (the system answers
/// reads beyond the new end with SIGBUS); files replaced by a rename, as AtomicFile does, are safe.
class SafetensorsFile {
 public:
  [[nodiscard]] static SafetensorsFile open(const std::filesystem::path& path);

  /// In the order of the data section.
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const noexcept { return tensors_; }
  /// Null if there is no tensor of that name. Valid as long as this object.
  [[nodiscard]] const TensorInfo* find(std::string_view name) const noexcept;
  /// `__metadata__`; empty where the file has none.
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const noexcept { return metadata_; }
  /// The bytes of a tensor, aligned to nothing. Valid as long as this object or a copy of it.
  /// Throws Error(usage) for an `info` beyond the data section.
  [[nodiscard]] std::span<const std::byte> bytes(const TensorInfo& info) const;
  /// Copies a tensor of type F32. Error(data) if there is none of that name or its shape is not `expected`,
  /// Error(unsupported) for another type, Error(usage) unless `out` holds expected.elements() numbers.
  void read_f32(std::string_view name, const Shape& expected, std::span<float> out) const;

 private:
  std::string path_;
  std::shared_ptr<const std::byte> mapping_;
  std::span<const std::byte> data_;
  std::vector<TensorInfo> tensors_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::map<std::string, std::string> metadata_;
};

/// A tensor to be written: its bytes in memory, or a function that hands them over piece by piece.
struct TensorSource {
  using Sink = FunctionRef<void(std::span<const std::byte>)>;

  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  std::span<const std::byte> bytes{};         ///< borrowed until the file is written
  std::function<void(Sink sink)> generate{};  ///< instead of `bytes`: calls sink as often as it likes
};

/// `values` as an F32 tensor. Borrows them.
[[nodiscard]] TensorSource f32_source(std::string name, const Shape& shape, std::span<const float> values);

/// Writes a file through AtomicFile. The same arguments give the same bytes: the tensors lie in the order given,
/// except that wider element types come first, so that each one is aligned as other readers need it; metadata are
/// sorted by key; the header is padded with spaces to a multiple of 8 bytes.
///
/// Error(usage) before the file is opened for a name that is not UTF-8, twice there or `__metadata__`, for bytes that
/// do not match the shape, and for a header of more than 100 000 000 bytes; while writing for a generator that
/// hands over more or fewer bytes than its shape needs. Error(io) if the system refuses. After any error an existing
/// file is as it was.
void write_safetensors(const std::filesystem::path& path, std::span<const TensorSource> tensors,
                       const std::map<std::string, std::string>& metadata = {});

/// The same, for metadata that are known only when the data are made, such as their checksums: `finish` is called when
/// all tensors are written and may change values, to texts that take as many bytes in the header (Error(usage) for
/// others). Throws Error(unsupported) for a device or a fifo, see AtomicFile::overwrite().
void write_safetensors(const std::filesystem::path& path, std::span<const TensorSource> tensors,
                       std::map<std::string, std::string> metadata,
                       FunctionRef<void(std::map<std::string, std::string>&)> finish);

}  // namespace fanin::io
