#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "fanin/core/error.h"
#include "fanin/core/text.h"
#include "fanin/io/safetensors.h"

#include "io/posix.h"
#include "io/safetensors_header.h"

namespace fanin::io {
namespace {

static_assert(std::endian::native == std::endian::little, "tensor bytes are copied as they lie in the file");

constexpr std::size_t kLengthBytes = 8;

// Holes and truncation by others aside, a private read-only mapping is the file's bytes at the price of the pages used.
std::shared_ptr<const std::byte> map_file(const std::string& path, std::size_t& size) {
  // Without O_NONBLOCK a fifo would make this wait for a writer before it can be refused.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0) throw_io(path, "cannot open", errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_io(path, "cannot open", errno);
  if (S_ISDIR(status.st_mode)) throw_io(path, "cannot open", EISDIR);
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::io, "io", fmt::format("{}: cannot open: not a regular file", path));
  }
  size = static_cast<std::size_t>(status.st_size);
  if (size < kLengthBytes) {
    throw Error(ErrorKind::data, "safetensors",
                fmt::format("{}: has {} bytes, the header length alone takes {}", path, size, kLengthBytes));
  }
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) throw_io(path, "cannot map", errno);
  return {static_cast<const std::byte*>(address),
          [size](const std::byte* p) { ::munmap(const_cast<std::byte*>(p), size); }};
}

std::uint64_t little_endian(const std::byte* p) {
  std::uint64_t value = 0;
  std::memcpy(&value, p, sizeof value);
  return value;
}

}  // namespace

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
  SafetensorsFile file;
  file.path_ = path.string();
  std::size_t size = 0;
  file.mapping_ = map_file(file.path_, size);
  const std::byte* start = file.mapping_.get();
  const std::uint64_t length = little_endian(start);
  if (length > kMostHeaderBytes || length > size - kLengthBytes) {
    throw Error(ErrorKind::data, "safetensors",
                fmt::format("{}: header length {} is more than {}", file.path_, length,
                            length > kMostHeaderBytes ? fmt::format("the {} that are allowed", kMostHeaderBytes)
                                                      : fmt::format("the {} bytes that follow", size - kLengthBytes)));
  }
  file.data_ = {start + kLengthBytes + length, size - kLengthBytes - length};
  const std::string_view text(reinterpret_cast<const char*>(start) + kLengthBytes, length);
  SafetensorsHeader header = parse_safetensors_header(file.path_, text, file.data_.size());
  file.tensors_ = std::move(header.tensors);
  file.metadata_ = std::move(header.metadata);
  for (std::size_t i = 0; i < file.tensors_.size(); ++i) file.index_.emplace(file.tensors_[i].name, i);
  return file;
}

const TensorInfo* SafetensorsFile::find(std::string_view name) const noexcept {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &tensors_[it->second];
}

std::span<const std::byte> SafetensorsFile::bytes(const TensorInfo& info) const {
  if (info.begin > info.end || info.end > data_.size()) {
    throw Error(
        ErrorKind::usage, "safetensors",
        fmt::format("{}: bytes [{}, {}) asked for, the data has {}", path_, info.begin, info.end, data_.size()));
  }
  return data_.subspan(info.begin, info.end - info.begin);
}

void SafetensorsFile::read_f32(std::string_view name, const Shape& expected, std::span<float> out) const {
  if (out.size() != expected.elements()) {
    throw Error(ErrorKind::usage, "safetensors",
                fmt::format("room for {} numbers given, {} has {}", out.size(), expected.str(), expected.elements()));
  }
  const TensorInfo* info = find(name);
  if (info == nullptr) {
    std::vector<std::string> names;
    for (const TensorInfo& t : tensors_) names.push_back(t.name);
    throw Error(ErrorKind::data, "safetensors",
                fmt::format("{}: no tensor '{}'{}", path_, shown(name), did_you_mean(name, names)));
  }
  if (info->dtype != DType::f32) {
    throw Error(ErrorKind::unsupported, "safetensors",
                fmt::format("{}: tensor '{}' is {}, F32 expected", path_, shown(name), dtype_name(info->dtype)));
  }
  if (info->shape != expected) {
    throw Error(
        ErrorKind::data, "safetensors",
        fmt::format("{}: tensor '{}' is {}, {} expected", path_, shown(name), info->shape.str(), expected.str()));
  }
  const auto source = bytes(*info);
  if (!source.empty()) std::memcpy(out.data(), source.data(), source.size());
}

}  // namespace fanin::io
