#include <algorithm>
#include <array>

#include "fanin/io/safetensors.h"

namespace fanin::io {
namespace {

struct Entry {
  std::string_view name;
  std::uint8_t bits;
};

constexpr std::size_t kCount = static_cast<std::size_t>(DType::u64) + 1;

// In the order of the enumeration.
constexpr std::array<Entry, kCount> kTable{{
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64},
}};

}  // namespace

std::string_view dtype_name(DType dtype) noexcept {
  return kTable[static_cast<std::size_t>(dtype)].name;
}

std::optional<DType> dtype_from_name(std::string_view name) noexcept {
  const auto it = std::find_if(kTable.begin(), kTable.end(), [&](const Entry& entry) { return entry.name == name; });
  if (it == kTable.end()) return std::nullopt;
  return static_cast<DType>(it - kTable.begin());
}

std::size_t dtype_bits(DType dtype) noexcept {
  return kTable[static_cast<std::size_t>(dtype)].bits;
}

}  // namespace fanin::io
