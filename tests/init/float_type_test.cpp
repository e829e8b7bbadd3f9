#include "fanin/init/float_type.h"

#include <bit>
#include <cstring>
#include <limits>

#include "init_test_support.h"

namespace fanin::init {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// The nearest of all 65536 numbers of a type, ties to the even one: the slow twin of to_bf16() and to_f16().
template <typename From>
std::uint16_t nearest(float x, From from) {
  std::uint16_t best = 0;
  double best_distance = std::numeric_limits<double>::infinity();
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float y = from(static_cast<std::uint16_t>(bits));
    if (!std::isfinite(y) || std::signbit(y) != std::signbit(x)) continue;
    const double distance = std::abs(static_cast<double>(y) - static_cast<double>(x));
    if (distance < best_distance || (distance == best_distance && (bits & 1U) == 0)) {
      best = static_cast<std::uint16_t>(bits);
      best_distance = distance;
    }
  }
  return best;
}

TEST(FloatType, KnownNumbersHaveTheirBits) {
  EXPECT_EQ(to_bf16(1.0F), 0x3F80);
  EXPECT_EQ(to_bf16(-2.0F), 0xC000);
  EXPECT_EQ(to_f16(1.0F), 0x3C00);
  EXPECT_EQ(to_f16(-2.0F), 0xC000);
  EXPECT_EQ(to_f16(65504.0F), 0x7BFF);
  EXPECT_EQ(to_f16(0.333251953125F), 0x3555);  // the nearest to 1/3, from the tables of IEEE 754 binary16
  EXPECT_EQ(to_f16(0x1p-24F), 0x0001);
  EXPECT_EQ(to_f16(-0.0F), 0x8000);
  EXPECT_EQ(to_bf16(0x1p-133F), 0x0001);
}

TEST(FloatType, TiesGoToTheEvenNeighbour) {
  EXPECT_EQ(to_bf16(1.0F + 0x1p-8F), 0x3F80);
  EXPECT_EQ(to_bf16(1.0F + 3 * 0x1p-8F), 0x3F82);
  EXPECT_EQ(to_f16(1.0F + 0x1p-11F), 0x3C00);
  EXPECT_EQ(to_f16(1.0F + 3 * 0x1p-11F), 0x3C02);
  EXPECT_EQ(to_f16(0x1p-25F), 0x0000);
  EXPECT_EQ(to_f16(std::nextafter(0x1p-25F, 1.0F)), 0x0001);
  EXPECT_EQ(to_f16(3 * 0x1p-25F), 0x0002);
}

TEST(FloatType, BeyondTheGreatestNumberIsInfinity) {
  EXPECT_EQ(to_f16(std::nextafter(65520.0F, 0.0F)), 0x7BFF);
  EXPECT_EQ(to_f16(65520.0F), 0x7C00);
  EXPECT_EQ(to_f16(-kInf), 0xFC00);
  EXPECT_EQ(to_bf16(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_EQ(to_bf16(0x1.FEp127F), 0x7F7F);
}

TEST(FloatType, NaNStaysOneAndNeverBecomesInfinity) {
  for (const std::uint32_t bits : {0x7F800001U, 0xFF800001U, 0x7FFFFFFFU, 0x7FC00000U}) {
    const float x = std::bit_cast<float>(bits);
    for (const FloatType type : {FloatType::bf16, FloatType::f16}) {
      EXPECT_TRUE(std::isnan(rounded(x, type))) << bits;
      EXPECT_EQ(std::signbit(rounded(x, type)), std::signbit(x)) << bits;
    }
  }
}

TEST(FloatType, EveryNumberOfATypeSurvivesTheWayThereAndBack) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto b = static_cast<std::uint16_t>(bits);
    ASSERT_TRUE(std::isnan(from_bf16(b)) || to_bf16(from_bf16(b)) == b) << bits;
    ASSERT_TRUE(std::isnan(from_f16(b)) || to_f16(from_f16(b)) == b) << bits;
  }
}

TEST(FloatType, RoundingFindsTheNearestOfAllNumbers) {
  std::uint32_t state = 1;
  for (int i = 0; i < 300; ++i) {
    state = state * 1664525U + 1013904223U;
    const float any = std::bit_cast<float>(state);
    // Exponents around those of f16, its subnormals among them.
    const float near = std::bit_cast<float>((state & 0x807FFFFFU) | (100 + state % 40) << 23);
    if (std::isfinite(any) && std::abs(any) < 3e38F) {
      ASSERT_EQ(to_bf16(any), nearest(any, from_bf16)) << any;
    }
    ASSERT_EQ(to_f16(near), nearest(near, from_f16)) << near;
  }
}

TEST(FloatType, EncodeAndDecodeAreInverse) {
  const std::vector<float> values = {0.0F, -0.0F, 1.5F, -0.25F, kInf, 0x1p-24F};
  for (const FloatType type : {FloatType::f32, FloatType::bf16, FloatType::f16}) {
    std::vector<std::byte> bytes(values.size() * float_bytes(type));
    encode(type, values, bytes);
    std::vector<float> back(values.size());
    decode(type, bytes, back);
    EXPECT_EQ(std::memcmp(back.data(), values.data(), values.size() * sizeof(float)), 0) << to_string(type);
  }
}

TEST(FloatType, BufferOfAnotherSizeIsRejected) {
  std::vector<float> values(3, kNan);
  std::vector<std::byte> bytes(7);
  expect_error(ErrorKind::usage, {"3 numbers of f16 take 6 bytes, 7"}, [&] { encode(FloatType::f16, values, bytes); });
  expect_error(ErrorKind::usage, {"3 numbers of f32 take 12 bytes, 7"}, [&] { decode(FloatType::f32, bytes, values); });
}

TEST(FloatType, UnknownNamesAreRejected) {
  EXPECT_EQ(parse_float_type("bf16"), FloatType::bf16);
  expect_error(ErrorKind::usage, {"'fp16'", "did you mean 'f16'"}, [] { (void)parse_float_type("fp16"); });
  expect_error(ErrorKind::usage, {"''"}, [] { (void)parse_float_type(""); });
}

}  // namespace
}  // namespace fanin::init
