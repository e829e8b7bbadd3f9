#include "io/safetensors_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "fanin/core/error.h"

namespace fanin::io {
namespace {

using nlohmann::json;

// The parser's events drive this state machine: three levels deep by construction, no tree in memory, and keys are
// seen before a tree would have merged duplicates.
class HeaderReader : public nlohmann::json_sax<json> {
 public:
  HeaderReader(const std::string& path, std::uint64_t data_bytes) : path_(path), data_bytes_(data_bytes) {}

  SafetensorsHeader take() && { return std::move(header_); }

  bool start_object(std::size_t) override {
    switch (where_) {
      case Where::outside:
        return enter(Where::file);
      case Where::before_metadata:
        return enter(Where::metadata);
      case Where::before_tensor:
        return enter(Where::tensor);
      default:
        refuse();
    }
  }

  bool key(std::string& name) override {
    switch (where_) {
      case Where::file:
        return file_key(name);
      case Where::metadata:
        key_ = name;
        if (header_.metadata.contains(name)) bad(fmt::format("metadata key '{}' is there twice", shown(name)));
        return enter(Where::metadata_value);
      default:
        return field_key(name);
    }
  }

  bool end_object() override {
    switch (where_) {
      case Where::tensor:
        finish_tensor();
        return enter(Where::file);
      case Where::metadata:
        return enter(Where::file);
      default:
        return enter(Where::outside);
    }
  }

  bool start_array(std::size_t) override {
    if (where_ == Where::before_shape) return enter(Where::shape);
    if (where_ == Where::before_offsets) return enter(Where::offsets);
    refuse();
  }

  bool end_array() override { return enter(Where::tensor); }

  bool number_unsigned(std::uint64_t value) override {
    if (where_ == Where::shape) {
      if (extents_.size() == Shape::kMaxRank) {
        throw Error(ErrorKind::unsupported, "safetensors",
                    fmt::format("{}: tensor '{}' has more than {} dimensions", path_, shown(key_), Shape::kMaxRank));
      }
      extents_.push_back(value);
      return true;
    }
    if (where_ != Where::offsets || offsets_.size() == 2) refuse();
    offsets_.push_back(value);
    return true;
  }

  bool string(std::string& value) override {
    if (where_ == Where::metadata_value) {
      header_.metadata.emplace(key_, value);
      return enter(Where::metadata);
    }
    if (where_ != Where::dtype) refuse();
    dtype_ = dtype_from_name(value);
    if (!dtype_) bad_tensor(fmt::format("unknown dtype '{}'", shown(value)));
    return enter(Where::tensor);
  }

  bool null() override { refuse(); }
  bool boolean(bool) override { refuse(); }
  bool number_integer(std::int64_t) override { refuse(); }
  bool number_float(double, const std::string&) override { refuse(); }
  bool binary(json::binary_t&) override { refuse(); }
  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    bad(fmt::format("header is not valid JSON at its byte {}", position));
  }

 private:
  enum class Where {
    outside,
    file,
    before_metadata,
    metadata,
    metadata_value,
    before_tensor,
    tensor,
    dtype,
    before_shape,
    shape,
    before_offsets,
    offsets,
  };

  bool enter(Where where) {
    where_ = where;
    return true;
  }

  [[noreturn]] void bad(std::string_view sentence) const {
    throw Error(ErrorKind::data, "safetensors", fmt::format("{}: {}", path_, sentence));
  }
  [[noreturn]] void bad_tensor(std::string_view sentence) const {
    bad(fmt::format("tensor '{}': {}", shown(key_), sentence));
  }

  // A value of the wrong type, for each place that expects one.
  [[noreturn]] void refuse() const {
    switch (where_) {
      case Where::before_metadata:
        bad("__metadata__ is not an object of strings");
      case Where::metadata_value:
        bad(fmt::format("metadata '{}' is not a string", shown(key_)));
      case Where::before_tensor:
        bad_tensor("not an object with dtype, shape and data_offsets");
      case Where::dtype:
        bad_tensor("dtype is not a string");
      case Where::before_shape:
      case Where::shape:
        bad_tensor("shape is not an array of non-negative integers");
      case Where::before_offsets:
      case Where::offsets:
        bad_tensor("data_offsets is not an array of two non-negative integers");
      default:
        bad("header is not a JSON object");
    }
  }

  bool file_key(const std::string& name) {
    if (!names_.insert(name).second) bad(fmt::format("tensor '{}' is there twice", shown(name)));
    key_ = name;
    if (name == kMetadataKey) return enter(Where::before_metadata);
    dtype_.reset();
    has_shape_ = has_offsets_ = false;
    extents_.clear();
    offsets_.clear();
    return enter(Where::before_tensor);
  }

  bool field_key(const std::string& field) {
    if (field == "dtype") {
      if (dtype_) bad_tensor("dtype is there twice");
      return enter(Where::dtype);
    }
    if (field == "shape") {
      if (std::exchange(has_shape_, true)) bad_tensor("shape is there twice");
      return enter(Where::before_shape);
    }
    if (field == "data_offsets") {
      if (std::exchange(has_offsets_, true)) bad_tensor("data_offsets is there twice");
      return enter(Where::before_offsets);
    }
    bad_tensor(fmt::format("unknown field '{}'", shown(field)));
  }

  void finish_tensor() {
    if (!dtype_ || !has_shape_ || !has_offsets_) bad_tensor("dtype, shape and data_offsets are not all there");
    if (offsets_.size() != 2) refuse_offsets();
    const std::uint64_t begin = offsets_[0];
    const std::uint64_t end = offsets_[1];
    if (begin > end || end > data_bytes_) {
      bad_tensor(fmt::format("data_offsets [{}, {}] are not within the {} bytes of data", begin, end, data_bytes_));
    }
    require_countable();
    TensorInfo info{key_, *dtype_, Shape(extents_), begin, end};
    const auto needed = tensor_bytes(info.shape.elements(), info.dtype);
    if (!needed) {
      bad_tensor(fmt::format("{} of {} is no number of bytes", info.shape.str(), dtype_name(info.dtype)));
    }
    if (*needed != end - begin) {
      bad_tensor(fmt::format("{} of {} needs {} bytes, data_offsets [{}, {}] give {}", info.shape.str(),
                             dtype_name(info.dtype), *needed, begin, end, end - begin));
    }
    header_.tensors.push_back(std::move(info));
  }

  [[noreturn]] void refuse_offsets() {
    where_ = Where::offsets;
    refuse();
  }

  // Extents beside a zero are multiplied too: who computes strides from them must not overflow either.
  void require_countable() const {
    std::uint64_t product = 1;
    for (const std::size_t n : extents_) {
      if (n != 0 && n > std::numeric_limits<std::ptrdiff_t>::max() / product) {
        bad_tensor(fmt::format("shape [{}] has more than 2^63-1 elements", fmt::join(extents_, ", ")));
      }
      if (n != 0) product *= n;
    }
  }

  const std::string& path_;
  std::uint64_t data_bytes_;
  SafetensorsHeader header_;
  std::set<std::string> names_;
  Where where_ = Where::outside;
  std::string key_;  // the tensor or the metadata entry being read
  std::optional<DType> dtype_;
  bool has_shape_ = false;
  bool has_offsets_ = false;
  std::vector<std::size_t> extents_;
  std::vector<std::uint64_t> offsets_;
};

// Sorted by offsets, the tensors must meet end to end.
void require_covered(const std::string& path, const std::vector<TensorInfo>& tensors, std::uint64_t data_bytes) {
  std::uint64_t at = 0;
  for (const TensorInfo& info : tensors) {
    if (info.begin != at) {
      throw Error(
          ErrorKind::data, "safetensors",
          fmt::format("{}: tensor '{}' {} byte {} of the data, {} expected", path, shown(info.name),
                      info.begin < at ? "overlaps the one before it: it starts at" : "leaves a hole: it starts at",
                      info.begin, at));
    }
    at = info.end;
  }
  if (at != data_bytes) {
    throw Error(ErrorKind::data, "safetensors",
                fmt::format("{}: the tensors end at byte {} of the data, which has {}", path, at, data_bytes));
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_header(const std::string& path, std::string_view text, std::uint64_t data_bytes) {
  // The JSON parser skips a byte order mark and takes a zero byte for the end of its input; the format allows neither.
  if (!text.starts_with('{')) {
    throw Error(ErrorKind::data, "safetensors", fmt::format("{}: header does not start with '{{'", path));
  }
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    throw Error(ErrorKind::data, "safetensors", fmt::format("{}: header has a zero byte at {}", path, zero));
  }
  HeaderReader reader(path, data_bytes);
  json::sax_parse(text.begin(), text.end(), &reader);
  SafetensorsHeader header = std::move(reader).take();
  std::stable_sort(header.tensors.begin(), header.tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  require_covered(path, header.tensors, data_bytes);
  return header;
}

std::optional<std::uint64_t> tensor_bytes(std::uint64_t elements, DType dtype) noexcept {
  const std::uint64_t bits = dtype_bits(dtype);
  if (elements > std::numeric_limits<std::uint64_t>::max() / bits || elements * bits % 8 != 0) return std::nullopt;
  return elements * bits / 8;
}

std::string shown(std::string_view name) {
  constexpr std::size_t kMost = 80;
  const bool cut = name.size() > kMost;
  if (cut) {
    std::size_t keep = kMost - 3;
    // Not through the middle of a character: its continuation bytes are 10xxxxxx.
    while (keep > 0 && (static_cast<unsigned char>(name[keep]) & 0xC0U) == 0x80U) --keep;
    name = name.substr(0, keep);
  }
  std::string text(name);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return cut ? text + "..." : text;
}

}  // namespace fanin::io
