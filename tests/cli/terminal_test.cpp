#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace fanin::cli {
namespace {

TEST(ClockTime, ShowsMinutesAndSecondsAndHoursFromTheFirst) {
  EXPECT_EQ(clock_time(0), "0:00");
  EXPECT_EQ(clock_time(7.4), "0:07");
  EXPECT_EQ(clock_time(59.6), "1:00");
  EXPECT_EQ(clock_time(750), "12:30");
  EXPECT_EQ(clock_time(3599.4), "59:59");
  EXPECT_EQ(clock_time(3599.5), "1:00:00");
  EXPECT_EQ(clock_time(3723), "1:02:03");
  EXPECT_EQ(clock_time(360000), "100:00:00");
}

TEST(ClockTime, NegativeTimeIsNone) {
  EXPECT_EQ(clock_time(-3), "0:00");
}

TEST(ProgressStyle, QuietIsNone) {
  EXPECT_EQ(progress_style(true), ProgressStyle::none);
}

}  // namespace
}  // namespace fanin::cli
