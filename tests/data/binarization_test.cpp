#include "fanin/data/binarization.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "tests/data/files.h"
#include "tests/support/each_target.h"

namespace fanin::data {
namespace {

using test::expect_error;
using Kind = Binarization::Kind;
constexpr float kUntouched = -7;

std::vector<std::uint32_t> all_of(const Dataset& data) {
  std::vector<std::uint32_t> indices(data.size());
  std::iota(indices.begin(), indices.end(), 0U);
  return indices;
}

std::vector<float> gathered(const Dataset& data, const Binarization& b, const std::vector<std::uint32_t>& indices,
                            std::uint64_t epoch = 0, std::uint64_t seed = 1) {
  std::vector<float> out(indices.size() * data.features(), kUntouched);
  gather(data, b, random::Stream(seed), epoch, indices, {out.data(), indices.size(), data.features()});
  return out;
}

// `samples` x `features` gray values that run through all bytes.
Dataset gray(std::size_t samples, std::size_t features) {
  std::vector<std::uint8_t> bytes(samples * features);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 89 % 256);
  return {"gray", Shape{features}, bytes, std::vector<std::int32_t>(samples), 1};
}

Dataset floats(std::vector<float> values) {
  const std::size_t n = values.size();
  return {"floats", Shape{n}, std::move(values), {0}, 1};
}

TEST(Binarization, TextsAreReadAndPrintedUnchanged) {
  EXPECT_EQ(Binarization::parse("none"), Binarization{});
  EXPECT_EQ(Binarization::parse("sample"), (Binarization{.kind = Kind::sample}));
  EXPECT_EQ(Binarization::parse("resample"), (Binarization{.kind = Kind::resample}));
  EXPECT_EQ(Binarization::parse(" 0.25 "), (Binarization{.kind = Kind::threshold, .level = 0.25}));
  for (const char* text : {"none", "sample", "resample", "0.5", "0.1", "0.999"}) {
    EXPECT_EQ(Binarization::parse(text).str(), text);
  }
}

TEST(Binarization, OtherTextsAreRejected) {
  expect_error(ErrorKind::usage,
               {"[binarization] 'sampel' is none of none, sample, resample and a threshold in (0, 1), did you mean "
                "'sample'?"},
               [] { (void)Binarization::parse("sampel"); });
  for (const char* text : {"0", "1", "-0.5", "1.5", "1e9"}) {
    expect_error(ErrorKind::usage, {std::string("threshold ") + text + " given, allowed is (0, 1)"},
                 [&] { (void)Binarization::parse(text); });
  }
  for (const char* text : {"", "nan", "0.5x", "threshold", "0.5, flip"}) {
    expect_error(ErrorKind::usage, {"is none of"}, [&] { (void)Binarization::parse(text); });
  }
}

TEST(Binarization, InvalidLevelsAreRejectedBeforeAnythingIsWritten) {
  const Dataset data = gray(1, 3);
  const std::uint32_t index = 0;
  for (const double level : {0.0, 1.0, -1.0, std::nan("")}) {
    std::vector<float> out(3, kUntouched);
    const Binarization b{.kind = Kind::threshold, .level = level};
    expect_error(ErrorKind::usage, {"[binarization] threshold"}, [&] {
      gather(data, b, random::Stream(1), 0, {&index, 1}, {out.data(), 1, 3});
    });
    EXPECT_EQ(out, std::vector<float>(3, kUntouched));
    EXPECT_NO_THROW((Binarization{.kind = Kind::sample, .level = level}.validate()));
  }
}

TEST(Binarization, NoneIsTheDatasetsGather) {
  const Dataset data = gray(5, 7);
  const std::vector<std::uint32_t> indices{4, 0, 4};
  std::vector<float> expected(21);
  data.gather(indices, {expected.data(), 3, 7});
  EXPECT_EQ(gathered(data, {}, indices), expected);
}

TEST(Binarization, ThresholdIsStrictAndExact) {
  // 0.1 as float32 is above 0.1 as float64, 0.3 (0.300000012) too, 0.7 (0.699999988) is below.
  const Dataset data = floats({0.1F, 0.3F, 0.7F, std::nextafter(0.7F, 1.0F), 0, 1});
  const auto at = [&](double level) { return gathered(data, {.kind = Kind::threshold, .level = level}, {0}); };
  EXPECT_EQ(at(0.1), (std::vector<float>{1, 1, 1, 1, 0, 1}));
  EXPECT_EQ(at(0.3), (std::vector<float>{0, 1, 1, 1, 0, 1}));
  EXPECT_EQ(at(0.7), (std::vector<float>{0, 0, 0, 1, 0, 1}));
  EXPECT_EQ(at(static_cast<double>(0.3F)), (std::vector<float>{0, 0, 1, 1, 0, 1}));
}

TEST(Binarization, HalfOfTheBytesAreAboveHalf) {
  const std::vector<float> cut = gathered(gray(1, 256), {.kind = Kind::threshold}, {0});
  EXPECT_EQ(std::accumulate(cut.begin(), cut.end(), 0.0F), 128);
}

TEST(Binarization, SampleFollowsItsFormula) {
  const Dataset data = gray(3, 600);
  const random::Stream stream = random::Stream(1).fold_in(0);
  const std::vector<float> out = gathered(data, {.kind = Kind::sample}, all_of(data));
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 600; ++j) {
      const double u = (stream.word(i * 600 + j) >> 8) / 16777216.0;
      const float v = static_cast<float>(data.bytes(i)[j]) / 255.0F;
      ASSERT_EQ(out[i * 600 + j], u < v ? 1.0F : 0.0F) << i << " " << j;
    }
  }
}

TEST(Binarization, AWordThatEqualsTheValueGivesZero) {
  const random::Stream stream = random::Stream(1).fold_in(0);
  std::vector<float> values;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const float u = static_cast<float>(stream.word(i) >> 8) * 0x1p-24F;
    values.push_back(i % 2 == 0 ? u : std::nextafter(u, 2.0F));
  }
  const std::vector<float> out = gathered(floats(values), {.kind = Kind::sample}, {0});
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(out[i], static_cast<float>(i % 2)) << i;
}

TEST(Binarization, SampledBitsDoNotDependOnOrderBatchOrTarget) {
  const Dataset data = gray(6, 301);
  const Binarization b{.kind = Kind::resample};
  const std::vector<float> all = gathered(data, b, all_of(data), 3);
  fanin::test::for_each_target([&](const std::string& target) {
    const std::vector<std::uint32_t> some{5, 2, 5};
    const std::vector<float> out = gathered(data, b, some, 3);
    for (std::size_t r = 0; r < some.size(); ++r) {
      for (std::size_t j = 0; j < 301; ++j) ASSERT_EQ(out[r * 301 + j], all[some[r] * 301 + j]) << target;
    }
  });
}

TEST(Binarization, SampleIsTheSameInAllEpochsAndResampleIsNot) {
  const Dataset data = gray(4, 200);
  const auto at = [&](Kind kind, std::uint64_t epoch) { return gathered(data, {.kind = kind}, all_of(data), epoch); };
  EXPECT_EQ(at(Kind::sample, 0), at(Kind::sample, 9));
  EXPECT_EQ(at(Kind::sample, 9), at(Kind::resample, 0));
  EXPECT_NE(at(Kind::resample, 0), at(Kind::resample, 1));
  EXPECT_EQ(at(Kind::resample, 7), at(Kind::resample, 7));
}

TEST(Binarization, SeedsAndSamplesDrawTheirOwnBits) {
  const Dataset data("same", Shape{200}, std::vector<std::uint8_t>(400, 127), {0, 0}, 1);
  const Binarization b{.kind = Kind::sample};
  EXPECT_NE(gathered(data, b, {0}), gathered(data, b, {1}));
  EXPECT_NE(gathered(data, b, {0}, 0, 1), gathered(data, b, {0}, 0, 2));
}

// 65536 draws with probability p: the mean is within 5 standard deviations, 5 sqrt(p (1 - p) / 65536).
TEST(Binarization, TheShareOfOnesIsTheValue) {
  for (const int byte : {1, 64, 128, 200, 254}) {
    const std::size_t n = 65536;
    const Dataset data("d", Shape{n}, std::vector<std::uint8_t>(n, static_cast<std::uint8_t>(byte)), {0}, 1);
    const std::vector<float> out = gathered(data, {.kind = Kind::sample}, {0});
    const double p = byte / 255.0;
    const double mean = std::accumulate(out.begin(), out.end(), 0.0) / n;
    EXPECT_NEAR(mean, p, 5 * std::sqrt(p * (1 - p) / n)) << byte;
  }
}

TEST(Binarization, ZeroAndOneAndWhatIsBeyondAreCertain) {
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.insert(values.end(), {0, 1, -0.5F, 1.5F});
  const Dataset data = floats(values);
  for (const Kind kind : {Kind::sample, Kind::resample}) {
    const std::vector<float> out = gathered(data, {.kind = kind}, {0});
    for (std::size_t i = 0; i < out.size(); ++i) ASSERT_EQ(out[i], static_cast<float>(i % 2)) << i;
  }
}

TEST(Binarization, FlipTurnsWhatTheOthersGive) {
  const Dataset data = gray(2, 300);
  for (const Kind kind : {Kind::none, Kind::threshold, Kind::sample, Kind::resample}) {
    const std::vector<float> plain = gathered(data, {.kind = kind}, {1, 0}, 2);
    const std::vector<float> flipped = gathered(data, {.kind = kind, .flip = true}, {1, 0}, 2);
    for (std::size_t i = 0; i < plain.size(); ++i) ASSERT_EQ(flipped[i], 1 - plain[i]);
  }
}

TEST(Binarization, NothingBesideTheRowsIsWritten) {
  const Dataset data = gray(2, 300);
  const std::vector<std::uint32_t> indices{1, 0};
  for (const Kind kind : {Kind::none, Kind::threshold, Kind::sample}) {
    std::vector<float> out(2 * 303, kUntouched);
    gather(data, {.kind = kind, .flip = true}, random::Stream(1), 0, indices, {out.data(), 2, 300, 303});
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i % 303 < 300) {
        EXPECT_TRUE(out[i] >= 0 && out[i] <= 1) << i;
      } else {
        EXPECT_EQ(out[i], kUntouched) << i;
      }
    }
  }
}

TEST(Binarization, WrongShapesAndIndicesAreRejectedBeforeAnythingIsWritten) {
  const Dataset data = gray(2, 3);
  std::vector<float> out(6, kUntouched);
  const Binarization b{.kind = Kind::sample, .flip = true};
  const std::vector<std::uint32_t> beyond{0, 2};
  expect_error(ErrorKind::usage, {"sample 2 asked for"}, [&] {
    gather(data, b, random::Stream(1), 0, beyond, {out.data(), 2, 3});
  });
  const std::uint32_t index = 0;
  expect_error(ErrorKind::usage, {"the output is 2x3"}, [&] {
    gather(data, b, random::Stream(1), 0, {&index, 1}, {out.data(), 2, 3});
  });
  EXPECT_EQ(out, std::vector<float>(6, kUntouched));
}

}  // namespace
}  // namespace fanin::data
