#include "fanin/init/fans.h"

#include "init_test_support.h"

namespace fanin::init {
namespace {

TEST(Fans, LinearWeightIsOutByIn) {
  EXPECT_EQ(linear_fans({256, 784}), (Fans{784, 256}));
  EXPECT_EQ(linear_fans({0, 3}), (Fans{3, 0}));
}

TEST(Fans, LinearFansNeedRankTwo) {
  for (const Shape& shape : {Shape{}, Shape{5}, Shape{4, 3, 2}, Shape{8, 4, 3, 3}}) {
    expect_error(ErrorKind::usage, {shape.str(), "[out, in]"}, [&] { (void)linear_fans(shape); });
  }
}

TEST(Fans, ModesAreTheirFormulas) {
  const Fans fans{784, 256};
  EXPECT_EQ(fan(fans, FanMode::fan_in), 784);
  EXPECT_EQ(fan(fans, FanMode::fan_out), 256);
  EXPECT_EQ(fan(fans, FanMode::fan_avg), 520);
  EXPECT_EQ(fan(fans, FanMode::fan_geo_avg), 448);
}

}  // namespace
}  // namespace fanin::init
