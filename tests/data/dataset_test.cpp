#include "fanin/data/dataset.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <type_traits>

#include "fanin/core/buffer.h"
#include "fanin/core/simd.h"

#include "tests/data/files.h"

namespace fanin::data {
namespace {

using test::expect_error;

constexpr float kUntouched = -7.0F;

std::vector<std::uint8_t> all_bytes() {
  std::vector<std::uint8_t> bytes(256);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

TEST(Dataset, MovesButDoesNotCopy) {
  static_assert(std::is_nothrow_move_constructible_v<Dataset> && std::is_nothrow_move_assignable_v<Dataset>);
  static_assert(!std::is_copy_constructible_v<Dataset>);
}

TEST(Dataset, BytesKeepWhatTheyWereGiven) {
  const Dataset set("four", Shape{2, 3}, std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {1, 0}, 2);
  EXPECT_EQ(set.name(), "four");
  EXPECT_EQ(set.size(), 2U);
  EXPECT_EQ(set.features(), 6U);
  EXPECT_EQ(set.sample_shape(), (Shape{2, 3}));
  EXPECT_EQ(set.classes(), 2U);
  EXPECT_TRUE(set.is_bytes());
  EXPECT_EQ(set.labels()[0], 1);
  EXPECT_EQ(set.labels()[1], 0);
  ASSERT_EQ(set.bytes(1).size(), 6U);
  EXPECT_EQ(set.bytes(1)[0], 7);
  expect_error(ErrorKind::usage, {"[dataset] four: holds bytes, not floats"}, [&] { (void)set.floats(0); });
  expect_error(ErrorKind::usage, {"sample 2 asked for, there are 0 to 1"}, [&] { (void)set.bytes(2); });
}

TEST(Dataset, FloatsKeepWhatTheyWereGiven) {
  const Dataset set("f", Shape{2}, std::vector<float>{1.5F, -2.5F, 3.5F, 1e30F}, {4, 0}, 5);
  EXPECT_FALSE(set.is_bytes());
  EXPECT_EQ(set.floats(1)[0], 3.5F);
  EXPECT_EQ(set.floats(1)[1], 1e30F);
  expect_error(ErrorKind::usage, {"holds floats, not bytes"}, [&] { (void)set.bytes(0); });
}

TEST(Dataset, CountsThatDoNotMatchAreRejected) {
  using Bytes = std::vector<std::uint8_t>;
  for (const std::size_t values : {0U, 5U, 7U, 3U, 9U}) {
    expect_error(ErrorKind::data, {"[dataset] d: has 2 labels of samples of shape [3], but"}, [&] {
      Dataset("d", Shape{3}, Bytes(values), {0, 0}, 1);
    });
  }
  expect_error(ErrorKind::data, {"has no samples"}, [] { Dataset("d", Shape{3}, Bytes{}, {}, 1); });
}

TEST(Dataset, SampleShapesWithoutFeaturesAreRejected) {
  using Bytes = std::vector<std::uint8_t>;
  expect_error(ErrorKind::data, {"sample shape [] has no features"}, [] { Dataset("d", Shape{}, Bytes(1), {0}, 1); });
  expect_error(ErrorKind::data, {"sample shape [3, 0]"}, [] { Dataset("d", Shape{3, 0}, Bytes{}, {0}, 1); });
}

TEST(Dataset, LabelsOutsideTheClassesAreRejectedWithTheirPosition) {
  const auto make = [](std::vector<std::int32_t> labels, std::size_t classes) {
    Dataset("d", Shape{1}, std::vector<std::uint8_t>(labels.size()), labels, classes);
  };
  EXPECT_NO_THROW(make({0, 9, 9}, 10));
  expect_error(ErrorKind::data, {"[dataset] d: the label of sample 2 is 10, allowed are 0 to 9"}, [&] {
    make({0, 9, 10}, 10);
  });
  expect_error(ErrorKind::data, {"the label of sample 1 is -1"}, [&] { make({0, -1, 10}, 10); });
}

TEST(Dataset, ImpossibleNumbersOfClassesAreRejected) {
  for (const std::size_t classes : {std::size_t{0}, std::size_t{1} << 31, ~std::size_t{0}}) {
    expect_error(ErrorKind::usage, {"classes given, allowed are 1 to 2147483647"},
                 [&] { Dataset("d", Shape{1}, std::vector<std::uint8_t>(1), {0}, classes); });
  }
  EXPECT_NO_THROW(Dataset("d", Shape{1}, std::vector<std::uint8_t>(1), {0}, (std::size_t{1} << 31) - 1));
}

TEST(Dataset, NonFiniteFeaturesAreRejectedWithTheirPosition) {
  const float inf = std::numeric_limits<float>::infinity();
  for (const float bad : {inf, -inf, std::numeric_limits<float>::quiet_NaN()}) {
    expect_error(ErrorKind::data, {"[dataset] d: feature 2 of sample 1 is", "allowed are finite"}, [&] {
      Dataset("d", Shape{3}, std::vector<float>{0, 0, 0, 0, 0, bad}, {0, 0}, 1);
    });
  }
}

TEST(Gather, EveryByteIsTheCorrectlyRoundedQuotientOnEveryTarget) {
  const Dataset set("all", Shape{256}, all_bytes(), {0}, 1);
  const std::uint32_t index = 0;
  for (const std::string& target : simd::targets()) {
    simd::use_target(target);
    std::vector<float> unit(256);
    std::vector<float> raw(256);
    set.gather({&index, 1}, {unit.data(), 1, 256});
    set.gather({&index, 1}, {raw.data(), 1, 256}, PixelRange::raw);
    for (std::size_t x = 0; x < 256; ++x) {
      // IEEE division is correctly rounded.
      const float expected = static_cast<float>(x) / 255.0F;
      EXPECT_EQ(std::bit_cast<std::uint32_t>(unit[x]), std::bit_cast<std::uint32_t>(expected)) << target << " " << x;
      EXPECT_EQ(raw[x], static_cast<float>(x)) << target;
    }
  }
  simd::use_target("best");
}

TEST(Gather, MultiplyingByTheReciprocalAloneWouldBeWrong) {
  std::size_t wrong = 0;
  for (std::size_t x = 0; x < 256; ++x) {
    wrong += static_cast<float>(x) * (1.0F / 255.0F) != static_cast<float>(x) / 255.0F ? 1 : 0;
  }
  EXPECT_GT(wrong, 0U);
}

// Widths around the number of lanes, rows in any order, a stride wider than the rows.
TEST(Gather, RowsAreTheSamplesAskedForAndNothingElseIsWritten) {
  for (const std::string& target : simd::targets()) {
    simd::use_target(target);
    for (const std::size_t features : {1U, 2U, 7U, 8U, 15U, 16U, 17U, 31U, 33U, 64U, 100U}) {
      constexpr std::size_t kSamples = 5;
      std::vector<std::uint8_t> bytes(kSamples * features);
      for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 % 256);
      const Dataset set("d", Shape{features}, bytes, std::vector<std::int32_t>(kSamples), 1);
      const std::vector<std::uint32_t> indices{4, 0, 4, 2};
      const std::size_t stride = features + 3;
      std::vector<float> out(indices.size() * stride, kUntouched);
      set.gather(indices, {out.data(), indices.size(), features, stride});
      for (std::size_t r = 0; r < indices.size(); ++r) {
        for (std::size_t c = 0; c < stride; ++c) {
          const float expected =
              c < features ? static_cast<float>(bytes[indices[r] * features + c]) / 255.0F : kUntouched;
          ASSERT_EQ(out[r * stride + c], expected) << target << " " << features << " " << r << " " << c;
        }
      }
    }
  }
  simd::use_target("best");
}

TEST(Gather, FloatsAreCopiedWhateverTheRange) {
  const Dataset set("d", Shape{2}, std::vector<float>{1, -2, 300, 0.25F}, {0, 0}, 1);
  const std::vector<std::uint32_t> indices{1, 0, 1};
  for (const PixelRange range : {PixelRange::unit, PixelRange::raw}) {
    std::vector<float> out(9, kUntouched);
    set.gather(indices, {out.data(), 3, 2, 3}, range);
    EXPECT_EQ(out, (std::vector<float>{300, 0.25F, kUntouched, 1, -2, kUntouched, 300, 0.25F, kUntouched}));
  }
}

TEST(Gather, NoRowsAreNoWork) {
  const Dataset set("d", Shape{2}, std::vector<std::uint8_t>(2), {0}, 1);
  EXPECT_NO_THROW(set.gather({}, {nullptr, 0, 2}));
}

TEST(Gather, WrongShapesAndIndicesAreRejectedBeforeAnythingIsWritten) {
  const Dataset set("d", Shape{2}, std::vector<std::uint8_t>(6), {0, 0, 0}, 1);
  const std::vector<std::uint32_t> indices{0, 1};
  std::vector<float> out(6, kUntouched);
  expect_error(ErrorKind::usage, {"[dataset] d: a batch of 2 samples is 2x2, the output is 3x2"}, [&] {
    set.gather(indices, {out.data(), 3, 2});
  });
  expect_error(ErrorKind::usage, {"2x2, the output is 2x3"}, [&] { set.gather(indices, {out.data(), 2, 3}); });
  const std::vector<std::uint32_t> beyond{0, 3};
  expect_error(ErrorKind::usage, {"sample 3 asked for, there are 0 to 2"}, [&] {
    set.gather(beyond, {out.data(), 2, 2});
  });
  EXPECT_EQ(out, std::vector<float>(6, kUntouched));
}

}  // namespace
}  // namespace fanin::data
