#include "fanin/report/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "fanin/core/error.h"

namespace fanin::report {
namespace {

using Counts = std::vector<std::uint64_t>;
using Values = std::vector<float>;

void expect_error(ErrorKind kind, const std::string& part, const std::function<void()>& call) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown, expected: " << part;
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), kind) << e.what();
    EXPECT_NE(std::string(e.what()).find("[histogram] " + part), std::string::npos) << e.what();
  }
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Histogram, StatisticsAreThoseOfThePopulation) {
  const Histogram h = histogram(Values{2, 4, 4, 4, 5, 5, 7, 9}, 1);
  EXPECT_EQ(h.min, 2);
  EXPECT_EQ(h.max, 9);
  EXPECT_EQ(h.mean, 5);
  EXPECT_EQ(h.std, 2);
  EXPECT_EQ(h.values, 8U);
  EXPECT_EQ(h.zeros, 0);
  EXPECT_EQ(h.counts, Counts{8});
}

TEST(Histogram, ABinHoldsItsLowerEdgeAndTheLastOneTheMaximum) {
  EXPECT_EQ(histogram(Values{0, 1, 2, 3, 4}, 4).counts, (Counts{1, 1, 1, 2}));
  EXPECT_EQ(histogram(Values{-1, 1, 0.99F, -1}, 2).counts, (Counts{2, 2}));
}

TEST(Histogram, BothZerosCountAsZerosAndTinyValuesDoNot) {
  EXPECT_EQ(histogram(Values{0, -0.0F, 1e-45F, 1}, 3).zeros, 0.5);
}

TEST(Histogram, EqualValuesAreInTheMiddle) {
  const Histogram h = histogram(Values{3, 3}, 5);
  EXPECT_EQ(h.counts, (Counts{0, 0, 2, 0, 0}));
  EXPECT_EQ(h.std, 0);
}

TEST(Histogram, TheLargestFloatsDoNotOverflow) {
  const float most = std::numeric_limits<float>::max();
  const Histogram h = histogram(Values{-most, most, 0}, 3);
  EXPECT_EQ(h.counts, (Counts{1, 1, 1}));
  EXPECT_TRUE(std::isfinite(h.std));
}

TEST(Histogram, BadInputIsRejected) {
  expect_error(ErrorKind::usage, "no values given", [] { (void)histogram({}, 3); });
  expect_error(ErrorKind::usage, "0 bins given", [] { (void)histogram(Values{1}, 0); });
  expect_error(ErrorKind::usage, "4097 bins given", [] { (void)histogram(Values{1}, 4097); });
  const float inf = std::numeric_limits<float>::infinity();
  for (const float bad : {inf, -inf, std::numeric_limits<float>::quiet_NaN()}) {
    expect_error(ErrorKind::data, "value 1 of 3 is", [&] { (void)histogram(Values{0, bad, 1}, 3); });
  }
}

TEST(HistogramText, BarsAreInProportion) {
  const std::string drawn = text(histogram(Values{0, 0, 0, 0, 0.5F, 0.5F, 1, 1, 1, 1}, 4), 40);
  EXPECT_EQ(drawn,
            "         0  4  #########################\n"
            "      0.25  0\n"
            "       0.5  2  #############\n"
            "      0.75  4  #########################\n"
            "10 values from 0 to 1, mean 0.5, std 0.4472, exact zeros 40 %\n");
  EXPECT_EQ(lines_of(drawn)[0].size(), 40U);
}

TEST(HistogramText, RareValuesAreStillSeen) {
  Values values(100000, 0.0F);
  values.push_back(1);
  EXPECT_EQ(lines_of(text(histogram(values, 2)))[1], "       0.5       1  #");
}

TEST(HistogramText, IsAsciiAndWithinItsColumns) {
  Values values;
  for (int i = 0; i < 1000; ++i) values.push_back(-1.2345e-38F * static_cast<float>(i * i));
  for (const std::size_t columns : {40U, 41U, 80U, 200U}) {
    const auto lines = lines_of(text(histogram(values, 30), columns));
    ASSERT_EQ(lines.size(), 31U);
    for (std::size_t b = 0; b < 30; ++b) {
      EXPECT_LE(lines[b].size(), columns);
      EXPECT_NE(lines[b].back(), ' ');
      EXPECT_TRUE(std::all_of(lines[b].begin(), lines[b].end(), [](char c) { return c >= ' ' && c <= '~'; }));
    }
  }
}

TEST(HistogramText, BadInputIsRejected) {
  const Histogram h = histogram(Values{1}, 1);
  expect_error(ErrorKind::usage, "39 columns given, allowed are 40 to 1000", [&] { (void)text(h, 39); });
  expect_error(ErrorKind::usage, "1001 columns given", [&] { (void)text(h, 1001); });
  expect_error(ErrorKind::usage, "no counts given", [] { (void)text(Histogram{}); });
}

TEST(HistogramPicture, BarsStandOnTheLowerEdge) {
  const io::GrayImage image = picture(histogram(Values{0, 1, 1, 2, 2, 2, 2}, 3), 4, 2);
  EXPECT_EQ(image.rows, 4U);
  EXPECT_EQ(image.cols, 6U);
  EXPECT_EQ(image.pixels, (std::vector<std::uint8_t>{0,   0,   0,   0,   255, 255,  //
                                                     0,   0,   0,   0,   255, 255,  //
                                                     0,   0,   255, 255, 255, 255,  //
                                                     255, 255, 255, 255, 255, 255}));
}

TEST(HistogramPicture, RareValuesAreStillSeenAndEmptyBinsAreNot) {
  Histogram h;
  h.counts = {1000000, 1, 0};
  EXPECT_EQ(picture(h, 2, 1).pixels, (std::vector<std::uint8_t>{255, 0, 0, 255, 255, 0}));
}

TEST(HistogramPicture, BadInputIsRejected) {
  const Histogram h = histogram(Values{0, 1}, 2);
  expect_error(ErrorKind::usage, "a picture of 0 rows", [&] { (void)picture(h, 0); });
  expect_error(ErrorKind::usage, "a picture of 64 rows and 2 bars of 0", [&] { (void)picture(h, 64, 0); });
  expect_error(ErrorKind::usage, "a picture of 16385 rows", [&] { (void)picture(h, 16385); });
  expect_error(ErrorKind::usage, "a picture of 1 rows and 2 bars of 8193", [&] { (void)picture(h, 1, 8193); });
  expect_error(ErrorKind::usage, "a picture of 16384 rows", [&] { (void)picture(h, 16384, 8192); });
  Histogram none;
  none.counts = {0, 0};
  expect_error(ErrorKind::usage, "no counts given", [&] { (void)picture(none); });
}

}  // namespace
}  // namespace fanin::report
