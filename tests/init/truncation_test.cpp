#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "init_test_support.h"
#include "tests/random/random_test_support.h"

namespace fanin::init {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

struct Known {
  const char* scheme;
  std::array<float, 6> values;
};

// Quantiles of (word + 1/2) 2^-32 for the first six words of Stream(42), from mpmath with 30 to 60 digits, the std
// before truncation solved for where std_is=after; rounded to float32.
const Known kKnown[] = {
    {"truncated_normal_absolute(0, 0.02, -0.04, 0.04)",
     {0x1.66ab1p-8f, -0x1.8a6c0ep-10f, -0x1.b20c94p-6f, -0x1.ffc4d8p-8f, 0x1.29fd1p-5f, -0x1.176712p-7f}},
    {"truncated_normal_absolute(1, 0.5, 4, inf)",
     {0x1.04df9ap+2f, 0x1.03423cp+2f, 0x1.00651p+2f, 0x1.022784p+2f, 0x1.15b1a4p+2f, 0x1.020c3cp+2f}},
    {"truncated_normal_absolute(low=-inf, high=-8)",
     {-0x1.01ebecp+3f, -0x1.02f858p+3f, -0x1.0a1b42p+3f, -0x1.04350cp+3f, -0x1.000c76p+3f, -0x1.045e1p+3f}},
    {"truncated_normal_absolute(0, 1, 8, 8.001)",
     {0x1.000504p+3f, 0x1.0003d4p+3f, 0x1.00009ap+3f, 0x1.0002c8p+3f, 0x1.000818p+3f, 0x1.0002acp+3f}},
    {"truncated_normal(0, 1, 20, 25)",
     {0x1.40c1b2p+4f, 0x1.40810ep+4f, 0x1.400f8ap+4f, 0x1.40551cp+4f, 0x1.437df6p+4f, 0x1.4050e2p+4f}},
    {"truncated_normal(0, 1, -inf, 7)",
     {0x1.25ee5p-2f, -0x1.42dc66p-4f, -0x1.73bf42p+0f, -0x1.a3f4a6p-2f, 0x1.1fc566p+1f, -0x1.caca1ep-2f}},
    {"truncated_normal(0, 1, -2, 2, after)",
     {0x1.3e8e32p-2f, -0x1.5e4f88p-4f, -0x1.818182p+0f, -0x1.c6889ep-2f, 0x1.08a97ep+1f, -0x1.f04f3cp-2f}},
    {"truncated_normal(0, 1, 6, inf, after)",
     {0x1.3dc8f6p+5f, 0x1.3b2dbap+5f, 0x1.368e46p+5f, 0x1.39655ep+5f, 0x1.58ef9ap+5f, 0x1.393958p+5f}},
    {"truncated_normal_absolute(0, 0.5, -1, 1, after)",
     {0x1.585076p-3f, -0x1.7b8684p-5f, -0x1.83c68p-1f, -0x1.e9f8dcp-3f, 0x1.e6c33cp-1f, -0x1.0b3a38p-2f}},
    {"truncated_normal_absolute(0, 0.1, 0.5, inf, after)",
     {0x1.398492p-1f, 0x1.273f64p-1f, 0x1.04f26ep-1f, 0x1.1a5484p-1f, 0x1.db2788p-1f, 0x1.19108p-1f}},
};

TEST(TruncatedNormal, EqualsExactQuantilesFarOutOneSidedAndSolved) {
  for (const Known& k : kKnown) {
    const std::vector<float> w = filled(k.scheme, {6}, {}, random::Stream(42));
    for (std::size_t i = 0; i < w.size(); ++i) EXPECT_FLOAT_EQ(w[i], k.values[i]) << k.scheme << " element " << i;
  }
}

TEST(TruncatedNormal, StdIsTheOneGivenAfterTruncation) {
  for (const auto& [text, std] :
       std::vector<std::pair<std::string, double>>{{"truncated_normal(0, 0.02, -2, 2, after)", 0.02},
                                                   {"truncated_normal(3, 1, 6, 8, std_is=after)", 1},
                                                   {"truncated_normal(0, 2, 30, inf, after)", 2},
                                                   {"truncated_normal_absolute(0, 0.5, -1, 1, after)", 0.5},
                                                   {"truncated_normal_absolute(0, 0.577, -1, 1, after)", 0.577},
                                                   {"truncated_normal_absolute(0, 1e-3, -1, 1, after)", 1e-3},
                                                   {"truncated_normal_absolute(0, 0.1, 0.5, inf, after)", 0.1},
                                                   {"truncated_normal_absolute(-2, 0.2, -1, 1, after)", 0.2},
                                                   {"truncated_normal_absolute(0, 7, 0, inf, after)", 7}}) {
    EXPECT_NEAR(Scheme::parse(text).expected({1}, {}).std / std, 1, 1e-12) << text;
  }
}

TEST(TruncatedNormal, AbsoluteBoundsDoNotScaleWithStd) {
  const Expected absolute = Scheme::parse("truncated_normal_absolute(std=0.02)").expected({1}, {});
  EXPECT_EQ(absolute.low, -2);
  EXPECT_EQ(absolute.high, 2);
  EXPECT_NEAR(absolute.std, 0.02, 1e-15);
  const Expected sigmas = Scheme::parse("truncated_normal(std=0.02)").expected({1}, {});
  EXPECT_EQ(sigmas.high, 0.04);
  EXPECT_NEAR(sigmas.std, 0.02 * 0.87962566103423975, 1e-15);
  EXPECT_EQ(filled("truncated_normal_absolute(1, 0.5, 0, 2)", {99}, {}), filled("truncated_normal(1, 0.5)", {99}, {}));
  EXPECT_EQ(filled("truncated_normal_absolute(1, 0)", {2}, {}), (std::vector<float>{1, 1}));
}

// No element leaves its bounds, which a rounded distribution function or a rejection that gives up would let happen.
TEST(TruncatedNormal, HasNoOutliersAtAnyBound) {
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{{-1e-6, 1e-6},
                                                                        {-1, 1},
                                                                        {-8, 8},
                                                                        {6, 6.5},
                                                                        {8, 9},
                                                                        {-12, -11.999},
                                                                        {20, kInf},
                                                                        {-kInf, -34},
                                                                        {5, 5.0000001}}) {
    const std::string text = fmt::format("truncated_normal_absolute(0, 1, {}, {})", low, high);
    const std::vector<float> w = filled(text, {1'000'000}, {});
    const auto [least, greatest] = std::minmax_element(w.begin(), w.end());
    EXPECT_GE(*least, static_cast<float>(low)) << text;
    EXPECT_LE(*greatest, static_cast<float>(high)) << text;
  }
}

// 4.5 standard errors, and Kolmogorov's 2.23, which chance exceeds once in 10^4.
TEST(TruncatedNormal, MomentsAndDistributionAtAMillion) {
  for (const char* text : {"truncated_normal(0, 1, -2, 2, after)", "truncated_normal_absolute(0, 0.5, -1, 1, after)",
                           "truncated_normal_absolute(0.5, 1, 0, inf)", "truncated_normal_absolute(0, 1, 7, 9)"}) {
    const Expected e = Scheme::parse(text).expected({1}, {});
    const std::vector<float> w = filled(text, {1'000'000}, {}, random::Stream(5, text));
    const random::Moments m = random::moments_of(w);
    EXPECT_NEAR(m.mean, e.mean, 4.5 * e.std / 1e3) << text;
    EXPECT_NEAR(m.variance / (e.std * e.std), 1, 4.5 * std::sqrt(8e-6)) << text;
  }
  const auto upper = [](double x) { return random::normal_cdf(-x); };
  EXPECT_LT(random::kolmogorov(filled("truncated_normal_absolute(0, 1, 7, 9)", {1'000'000}, {}),
                               [&](double x) { return (upper(7) - upper(x)) / (upper(7) - upper(9)); }),
            2.23);
  EXPECT_LT(random::kolmogorov(filled("truncated_normal(0, 1, -2, 2, after)", {1'000'000}, {}),
                               [&](double x) {
                                 const double below = upper(2);
                                 return (random::normal_cdf(x * 0.87962566103423975) - below) / (1 - 2 * below);
                               }),
            2.23);
}

TEST(TruncatedNormal, ImpossibleOnesAreRejected) {
  const auto bad = [](const char* text, const std::vector<std::string>& parts) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::usage, parts, [&] { (void)Scheme::parse(text); });
  };
  bad("truncated_normal_absolute(low=1, high=1)", {"low=1", "high=1", "low < high"});
  bad("truncated_normal_absolute(low=2, high=-2)", {"low=2", "low < high"});
  bad("truncated_normal_absolute(0, 0.02, 1, 2)", {"[1, 2]", "50", "35"});
  bad("truncated_normal_absolute(0, 1, -inf, -36)", {"36", "35"});
  bad("truncated_normal_absolute(3, 0)", {"mean=3", "-2 to 2"});
  bad("truncated_normal_absolute(0, -1)", {"std='-1'"});
  bad("truncated_normal_absolute(0, 0.58, -1, 1, after)", {"0.58", "0.577"});
  bad("truncated_normal_absolute(0, 0.0005, 1, 2, after)", {"0.0005", "allowed are 0.00081"});
  bad("truncated_normal(std_is=during)", {"std_is='during'", "before, after"});
  bad("truncated_normal_absolute(0, 1, nan)", {"low='nan'"});
}

}  // namespace
}  // namespace fanin::init
