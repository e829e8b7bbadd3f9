#include "random/quantile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/support/each_target.h"

namespace fanin::random {
namespace {

// x with P(Z > x) = t, from mpmath with 50 digits.
const std::vector<std::pair<double, double>>& known() {
  static const std::vector<std::pair<double, double>> table = {{0.5, 0.0},
                                                               {0.3, 0.52440051270804081597},
                                                               {0.1, 1.2815515655446004353},
                                                               {0.0625, 1.5341205443525463117},
                                                               {0.01, 2.3263478740408410931},
                                                               {0.0001, 3.7190164854556805523},
                                                               {5.9604644775390625e-08, 5.2947040848545980574},
                                                               {1e-15, 7.9413453261709967713},
                                                               {1e-100, 21.273453560965324294},
                                                               {1e-300, 37.047096299361199237}};
  return table;
}

TEST(UpperQuantiles, EqualExactOnesToTheLastDigits) {
  for (const auto& [t, x] : known()) {
    std::vector<double> one = {t};
    upper_quantiles(one);
    EXPECT_NEAR(one[0], x, 2e-15 * (1 + x)) << t;
  }
}

TEST(UpperQuantiles, AreTheSameBitsForAnyCountAndTarget) {
  std::vector<double> t;
  for (int i = 1; i <= 1000; ++i) t.push_back(0.5 * i / 1000 * i / 1000);
  std::vector<double> alone = t;
  for (double& x : alone) upper_quantiles(std::span(&x, 1));
  test::for_each_target([&](const std::string& target) {
    for (const std::size_t count : {0u, 1u, 3u, 7u, 1000u}) {
      std::vector<double> some(t.begin(), t.begin() + static_cast<std::ptrdiff_t>(count));
      upper_quantiles(some);
      for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(some[i], alone[i]) << target;
    }
  });
}

}  // namespace
}  // namespace fanin::random
