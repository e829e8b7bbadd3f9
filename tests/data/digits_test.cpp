#include "data/digits.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fanin/data/find.h"
#include "fanin/data/statistics.h"

#include "tests/data/files.h"

namespace fanin::data {
namespace {

using namespace test;
using Pixels = std::vector<float>;

Pixels pixels_of(const Dataset& data, std::size_t i) {
  const auto x = data.floats(i);
  return {x.begin(), x.end()};
}

std::size_t at(int row, int col) {
  return static_cast<std::size_t>(row) * 8 + static_cast<std::size_t>(col);
}

// The image with what (r, c) shows now at (r + down, c + right).
Pixels moved(const Pixels& image, int down, int right) {
  Pixels out(64, 0.0F);
  for (int r = 0; r < 8; ++r) {
    for (int c = 0; c < 8; ++c) {
      if (r + down < 0 || r + down > 7 || c + right < 0 || c + right > 7) continue;
      out[at(r + down, c + right)] = image[at(r, c)];
    }
  }
  return out;
}

TEST(Digits, CountsLabelsAndSumsAreThePublishedOnes) {
  const Split split = load_named("digits");
  EXPECT_EQ(split.train.name(), "digits/train");
  EXPECT_EQ(split.test.name(), "digits/test");
  EXPECT_EQ(split.train.size(), 1438U);
  EXPECT_EQ(split.test.size(), 359U);
  std::array<std::size_t, 10> labels{};
  double sum = 0;
  double squares = 0;
  for (const Dataset* part : {&split.train, &split.test}) {
    EXPECT_EQ(part->sample_shape(), (Shape{8, 8}));
    EXPECT_EQ(part->classes(), 10U);
    EXPECT_EQ(first_outside_unit(*part), std::nullopt);
    for (const std::int32_t label : part->labels()) ++labels.at(static_cast<std::size_t>(label));
    for (std::size_t i = 0; i < part->size(); ++i) {
      for (const float x : part->floats(i)) {
        sum += 16 * x;
        squares += 256 * x * x;
      }
    }
  }
  EXPECT_EQ(labels, (std::array<std::size_t, 10>{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}));
  // sklearn.datasets.load_digits().data: sum and sum of squares.
  EXPECT_EQ(sum, 561718);
  EXPECT_EQ(squares, 6907012);
}

TEST(Digits, TheFirstImageIsTheZeroOfTheFile) {
  const Split split = load_named("digits");
  const Pixels top{0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0};
  const Dataset& part = split.train.labels()[0] == 0 ? split.train : split.test;
  ASSERT_EQ(part.labels()[0], 0);
  const Pixels image = pixels_of(part, 0);
  for (std::size_t p = 0; p < top.size(); ++p) EXPECT_EQ(image[p], top[p] / 16) << p;
}

TEST(Digits, TheSplitIsFixed) {
  const Split split = load_named("digits");
  const auto first = split.test.labels().first(12);
  EXPECT_EQ(std::vector<std::int32_t>(first.begin(), first.end()),
            (std::vector<std::int32_t>{2, 3, 4, 0, 1, 2, 4, 5, 6, 7, 3, 5}));
}

TEST(DigitsNudged, EachPartIsItsOriginalsAndTheirFourMovedCopies) {
  const Split plain = load_named("digits");
  const Split nudged = load_named("digits_nudged");
  EXPECT_EQ(nudged.train.name(), "digits_nudged/train");
  const std::array<std::array<int, 2>, 5> moves{{{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}}};
  for (const auto& [original, copies] :
       {std::pair{&plain.train, &nudged.train}, std::pair{&plain.test, &nudged.test}}) {
    const std::size_t n = original->size();
    ASSERT_EQ(copies->size(), 5 * n);
    for (std::size_t k = 0; k < 5; ++k) {
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_EQ(pixels_of(*copies, k * n + i), moved(pixels_of(*original, i), moves[k][0], moves[k][1]))
            << k << " " << i;
        ASSERT_EQ(copies->labels()[k * n + i], original->labels()[i]);
      }
    }
  }
}

TEST(DigitsNudged, NoImageOfTheTestPartIsInTheTrainingPart) {
  const Split nudged = load_named("digits_nudged");
  std::set<Pixels> train;
  for (std::size_t i = 0; i < nudged.train.size(); ++i) train.insert(pixels_of(nudged.train, i));
  for (std::size_t i = 0; i < nudged.test.size(); ++i) {
    ASSERT_FALSE(train.contains(pixels_of(nudged.test, i))) << i;
  }
}

class DigitsFiles : public testing::Test {
 protected:
  Split load(std::string_view images, std::string_view labels) {
    return load_digits(folder_.write("i", images), folder_.write("l", labels), "d", false);
  }

  static constexpr std::string_view kLabels{"\x00\x01\x02\x03\x09", 5};

 private:
  TempFolder folder_;
};

TEST_F(DigitsFiles, ValuesFromZeroToSixteenAreTaken) {
  const Split split = load(idx({5, 8, 8}, std::string(320, '\x10')), idx({5}, kLabels));
  EXPECT_EQ(split.train.size(), 4U);
  EXPECT_EQ(split.test.size(), 1U);
  EXPECT_EQ(pixels_of(split.test, 0), Pixels(64, 1.0F));
}

TEST_F(DigitsFiles, OtherValuesSizesAndCountsAreRejected) {
  std::string values(320, '\x10');
  values[130] = '\x11';
  expect_error(ErrorKind::data, {"[digits]", "pixel 2 of picture 2 is 17, allowed are 0 to 16"}, [&] {
    (void)load(idx({5, 8, 8}, values), idx({5}, kLabels));
  });
  expect_error(ErrorKind::data, {"[digits]", "holds pictures of [4, 16], these digits are [8, 8]"}, [&] {
    (void)load(idx({5, 4, 16}, std::string(320, '\0')), idx({5}, kLabels));
  });
  expect_error(ErrorKind::data, {"[digits]", "holds 4 pictures, at least 5 are needed"}, [&] {
    (void)load(idx({4, 8, 8}, std::string(256, '\0')), idx({4}, kLabels.substr(0, 4)));
  });
  expect_error(ErrorKind::data, {"[idx]", "the label of sample 4 is 10"}, [&] {
    (void)load(idx({5, 8, 8}, std::string(320, '\0')), idx({5}, "\x01\x01\x01\x01\x0a"));
  });
}

TEST_F(DigitsFiles, DataDirIsUsedFirstByBothNames) {
  const TempFolder folder;
  folder.write("digits/images-idx3-ubyte", "bad");
  folder.write("digits/labels-idx1-ubyte", idx({5}, kLabels));
  ASSERT_EQ(setenv("FANIN_DATA_DIR", folder.path().c_str(), 1), 0);
  // What is there but bad is an error, not a reason to look elsewhere; both names read the same folder.
  for (const char* name : {"digits", "digits_nudged"}) {
    expect_error(ErrorKind::data, {"[idx] " + folder.path().string() + "/digits/images-idx3-ubyte"},
                 [&] { (void)load_named(name); });
  }
  unsetenv("FANIN_DATA_DIR");
}

}  // namespace
}  // namespace fanin::data
