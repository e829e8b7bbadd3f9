#include "fanin/random/distributions.h"

#include "init_test_support.h"
#include "tests/random/random_test_support.h"

namespace fanin::init {
namespace {

using random::kolmogorov;
using random::Moments;
using random::moments_of;
using random::normal_cdf;

// Every scheme of independent elements: the sample's moments against expected(), 4.5 standard errors wide. No kurtosis
// here exceeds that of the normal, so Var of the variance is at most 2 variance^2 / n.
TEST(Statistics, MomentsAreTheExpectedOnes) {
  for (const std::string& scheme : random_schemes()) {
    const Expected e = Scheme::parse(scheme).expected(mnist_layer(), {784, 256});
    const std::vector<float> w = filled(scheme, mnist_layer(), {784, 256});
    const Moments m = moments_of(w);
    const double n = static_cast<double>(w.size());
    EXPECT_NEAR(m.mean, e.mean, 4.5 * e.std / std::sqrt(n)) << scheme;
    EXPECT_NEAR(m.variance / (e.std * e.std), 1, 4.5 * std::sqrt(2 / n)) << scheme;
    for (const float x : w) {
      ASSERT_GE(x, static_cast<float>(e.low)) << scheme;
      ASSERT_LE(x, static_cast<float>(e.high)) << scheme;
    }
  }
}

// The classic slip: sqrt(2 / (n_in + n_out)) = 0.04385 is the std. As a variance it would give 0.2094.
TEST(GlorotNormal, StdOfA784By256LayerIs0_04385) {
  const Moments m = moments_of(filled("glorot_normal", mnist_layer(), {784, 256}));
  EXPECT_NEAR(std::sqrt(m.variance), 0.04385, 0.0003);
  EXPECT_NEAR(m.variance, 2.0 / 1040, 4.5 * 2.0 / 1040 * std::sqrt(2.0 / 200704));
}

TEST(HeNormal, VarianceIsTwoOverFanIn) {
  const Moments m = moments_of(filled("he_normal", mnist_layer(), {784, 256}));
  EXPECT_NEAR(m.variance, 2.0 / 784, 4.5 * 2.0 / 784 * std::sqrt(2.0 / 200704));
}

TEST(Statistics, DistributionsHaveTheirShape) {
  const Fans fans{784, 256};
  const double s = std::sqrt(2.0 / 1040);
  EXPECT_LT(kolmogorov(filled("xavier_normal", mnist_layer(), fans), [&](double x) { return normal_cdf(x / s); }),
            2.23);
  const double b = std::sqrt(6.0 / 1040);
  EXPECT_LT(kolmogorov(filled("xavier_uniform", mnist_layer(), fans), [&](double x) { return (x + b) / (2 * b); }),
            2.23);
  const double t = 1.0 / 28 / 0.87962566103423975;
  const double below = normal_cdf(-2);
  EXPECT_LT(kolmogorov(filled("lecun_normal", mnist_layer(), fans),
                       [&](double x) { return (normal_cdf(x / t) - below) / (1 - 2 * below); }),
            2.23);
  EXPECT_LT(kolmogorov(filled("pytorch_default", mnist_layer(), fans), [](double x) { return (28 * x + 1) / 2; }),
            2.23);
}

TEST(Statistics, OrthogonalElementsHaveTheExpectedMoments) {
  const Shape shape{200, 300};
  const std::vector<float> w = filled("orthogonal", shape, {});
  const Moments m = moments_of(w);
  const double n = static_cast<double>(w.size());
  EXPECT_NEAR(m.mean, 0, 4.5 / std::sqrt(300.0) / std::sqrt(n));
  // The rows have length one: the sum of squares is no sample but exact.
  EXPECT_NEAR(m.variance + m.mean * m.mean, 1.0 / 300, 1e-8);
}

}  // namespace
}  // namespace fanin::init
