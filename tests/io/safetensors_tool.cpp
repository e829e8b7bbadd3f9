// The C++ side of tools/check_safetensors.py: `write FILE` writes a known file, `read FILE` prints what a file holds.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/io/safetensors.h"

namespace {

using namespace fanin;
using io::DType;

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte b : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(b));
  return text;
}

// Byte k of each tensor is 1 for BOOL and (7 k + 3) mod 256 otherwise; the script expects the same.
void write(const char* path) {
  const std::vector<std::pair<const char*, DType>> types{
      {"bool", DType::boolean}, {"u8", DType::u8},     {"i8", DType::i8},   {"i16", DType::i16}, {"u16", DType::u16},
      {"f16", DType::f16},      {"bf16", DType::bf16}, {"i32", DType::i32}, {"u32", DType::u32}, {"f32", DType::f32},
      {"f64", DType::f64},      {"i64", DType::i64},   {"u64", DType::u64}, {"c64", DType::c64}};
  std::vector<std::vector<std::byte>> storage;
  std::vector<io::TensorSource> sources;
  for (const auto& [name, dtype] : types) {
    for (const Shape& shape : {Shape{3, 5}, Shape{}, Shape{0, 4}}) {
      auto& bytes = storage.emplace_back(shape.elements() * io::dtype_bits(dtype) / 8);
      for (std::size_t k = 0; k < bytes.size(); ++k) {
        bytes[k] = dtype == DType::boolean ? std::byte{1} : static_cast<std::byte>((7 * k + 3) % 256);
      }
      sources.push_back({.name = fmt::format("{}.{}d", name, shape.rank() + (shape.elements() == 0 ? 1 : 0)),
                         .dtype = dtype,
                         .shape = shape,
                         .bytes = bytes});
    }
  }
  io::write_safetensors(path, sources, {{"seed", "42"}, {"quote", "\"\\\n\t"}, {"unicode", "Gewichte \xC3\xBC"}});
}

void read(const char* path) {
  const auto file = io::SafetensorsFile::open(path);
  for (const auto& [key, value] : file.metadata()) {
    fmt::print("metadata {} {}\n", hex(std::as_bytes(std::span(key))), hex(std::as_bytes(std::span(value))));
  }
  for (const io::TensorInfo& info : file.tensors()) {
    fmt::print("tensor {} {} [{}] {}\n", hex(std::as_bytes(std::span(info.name))), io::dtype_name(info.dtype),
               fmt::join(info.shape, ","), hex(file.bytes(info)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc == 3 ? argv[1] : "";
  try {
    if (verb == "write") return write(argv[2]), 0;
    if (verb == "read") return read(argv[2]), 0;
  } catch (const fanin::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 3;
  }
  fmt::print(stderr, "usage: io_safetensors_tool write|read FILE\n");
  return 2;
}
