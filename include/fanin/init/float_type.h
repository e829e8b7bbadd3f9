#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace fanin::init {

/// How a file stores the elements of a parameter. Values are always made in float32; bf16 and f16 are that value
/// rounded once.
enum class FloatType {
  f32,
  bf16,  ///< the upper half of a float32: 8 bits of precision, the exponents of float32
  f16,   ///< IEEE 754 binary16: 11 bits of precision, up to 65504
};

/// `f32`, `bf16` or `f16`.
[[nodiscard]] std::string_view to_string(FloatType type) noexcept;
/// The inverse of to_string(). Throws Error(usage) for another text, naming the nearest.
[[nodiscard]] FloatType parse_float_type(std::string_view text);

/// The bytes of one element: 4 or 2.
[[nodiscard]] std::size_t float_bytes(FloatType type) noexcept;
/// The greatest finite number of the type.
[[nodiscard]] double float_max(FloatType type) noexcept;
/// The least number above 0: 2^-149, 2^-133 for bf16, 2^-24 for f16.
[[nodiscard]] double float_least(FloatType type) noexcept;
/// The distance from 1 to the next number, halved: rounding moves a normal number by at most this share of it.
[[nodiscard]] double float_epsilon(FloatType type) noexcept;

/// The nearest number of the type, ties to even; subnormals are kept, what lies beyond the greatest number by half a
/// step or more becomes infinity, a NaN stays one (quiet, with its sign). The same bits on every machine.
[[nodiscard]] std::uint16_t to_bf16(float x) noexcept;
[[nodiscard]] std::uint16_t to_f16(float x) noexcept;
/// Exact.
[[nodiscard]] float from_bf16(std::uint16_t bits) noexcept;
[[nodiscard]] float from_f16(std::uint16_t bits) noexcept;
/// `x` rounded to the type, as float32.
[[nodiscard]] float rounded(float x, FloatType type) noexcept;

/// Values to the bytes of a file, little-endian. Throws Error(usage) unless out.size() is values.size() times
/// float_bytes(type).
void encode(FloatType type, std::span<const float> values, std::span<std::byte> out);
/// The inverse: exact for every type. Throws as encode(). `bytes` need no alignment.
void decode(FloatType type, std::span<const std::byte> bytes, std::span<float> out);

}  // namespace fanin::init
