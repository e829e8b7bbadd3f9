#include "fanin/init/float_type.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

namespace fanin::init {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are copied as they lie in a file");

constexpr std::array kTypes = {FloatType::f32, FloatType::bf16, FloatType::f16};

void require_size(FloatType type, std::size_t values, std::size_t bytes) {
  if (bytes == values * float_bytes(type)) return;
  throw Error(ErrorKind::usage, "init",
              fmt::format("{} numbers of {} take {} bytes, {} are given", values, to_string(type),
                          values * float_bytes(type), bytes));
}

// `bits` without its lowest `drop` ones, rounded to nearest, ties to even.
std::uint32_t shifted(std::uint32_t bits, unsigned drop) noexcept {
  const std::uint32_t kept = bits >> drop;
  const std::uint32_t rest = bits & ((1U << drop) - 1);
  const std::uint32_t half = 1U << (drop - 1);
  return kept + (rest > half || (rest == half && (kept & 1U) != 0) ? 1 : 0);
}

}  // namespace

std::string_view to_string(FloatType type) noexcept {
  switch (type) {
    case FloatType::f32:
      return "f32";
    case FloatType::bf16:
      return "bf16";
    case FloatType::f16:
      return "f16";
  }
  return "";
}

FloatType parse_float_type(std::string_view text) {
  std::vector<std::string> names;
  for (const FloatType type : kTypes) {
    if (text == to_string(type)) return type;
    names.emplace_back(to_string(type));
  }
  throw Error(ErrorKind::usage, "init",
              fmt::format("dtype '{}' is none of f32, bf16, f16{}", text.substr(0, 40), did_you_mean(text, names)));
}

std::size_t float_bytes(FloatType type) noexcept {
  return type == FloatType::f32 ? 4 : 2;
}

double float_least(FloatType type) noexcept {
  switch (type) {
    case FloatType::bf16:
      return 0x1p-133;
    case FloatType::f16:
      return 0x1p-24;
    case FloatType::f32:
      break;
  }
  return 0x1p-149;
}

double float_max(FloatType type) noexcept {
  switch (type) {
    case FloatType::f16:
      return 65504;
    case FloatType::bf16:
      return 0x1.FEp127;
    case FloatType::f32:
      break;
  }
  return std::numeric_limits<float>::max();
}

double float_epsilon(FloatType type) noexcept {
  switch (type) {
    case FloatType::f16:
      return 0x1p-11;
    case FloatType::bf16:
      return 0x1p-8;
    case FloatType::f32:
      break;
  }
  return 0x1p-24;
}

std::uint16_t to_bf16(float x) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (std::isnan(x)) return static_cast<std::uint16_t>(bits >> 16 | 0x40U);
  // A carry out of the mantissa is the next exponent, and out of the greatest number infinity.
  return static_cast<std::uint16_t>(shifted(bits, 16));
}

std::uint16_t to_f16(float x) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t sign = bits >> 16 & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  constexpr std::uint32_t kInfinity = 0x7F800000;
  constexpr std::uint32_t kLeastNormal = 0x38800000;  // 2^-14
  constexpr std::uint32_t kOverflow = 0x477FF000;     // 65520, half a step beyond 65504
  if (magnitude > kInfinity) return static_cast<std::uint16_t>(sign | 0x7E00U | (magnitude >> 13 & 0x3FFU));
  if (magnitude >= kOverflow) return static_cast<std::uint16_t>(sign | 0x7C00U);
  if (magnitude >= kLeastNormal) {
    return static_cast<std::uint16_t>(sign | shifted(magnitude - (112U << 23), 13));
  }
  // A subnormal is a whole number of 2^-24: the mantissa with its leading one, shifted to that place.
  const std::uint32_t exponent = magnitude >> 23;
  if (exponent < 102) return static_cast<std::uint16_t>(sign);
  const std::uint32_t mantissa = (magnitude & 0x7FFFFFU) | 0x800000U;
  return static_cast<std::uint16_t>(sign | shifted(mantissa, 126 - exponent));
}

float from_bf16(std::uint16_t bits) noexcept {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

float from_f16(std::uint16_t bits) noexcept {
  const std::uint32_t sign = (bits & 0x8000U) << 16;
  const std::uint32_t exponent = bits >> 10 & 0x1FU;
  const std::uint32_t mantissa = bits & 0x3FFU;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000U | mantissa << 13);
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
  const float value = static_cast<float>(mantissa) * 0x1p-24F;
  return sign != 0 ? -value : value;
}

float rounded(float x, FloatType type) noexcept {
  switch (type) {
    case FloatType::bf16:
      return from_bf16(to_bf16(x));
    case FloatType::f16:
      return from_f16(to_f16(x));
    case FloatType::f32:
      break;
  }
  return x;
}

void encode(FloatType type, std::span<const float> values, std::span<std::byte> out) {
  require_size(type, values.size(), out.size());
  if (values.empty()) return;
  if (type == FloatType::f32) {
    std::memcpy(out.data(), values.data(), out.size());
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t bits = type == FloatType::bf16 ? to_bf16(values[i]) : to_f16(values[i]);
    std::memcpy(out.data() + 2 * i, &bits, sizeof bits);
  }
}

void decode(FloatType type, std::span<const std::byte> bytes, std::span<float> out) {
  require_size(type, out.size(), bytes.size());
  if (out.empty()) return;
  if (type == FloatType::f32) {
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes.data() + 2 * i, sizeof bits);
    out[i] = type == FloatType::bf16 ? from_bf16(bits) : from_f16(bits);
  }
}

}  // namespace fanin::init
