#include <fmt/format.h>

#include <algorithm>

#include "init_test_support.h"
#include "tests/random/random_test_support.h"

namespace fanin::init {
namespace {

double value(const std::string& scheme) {
  return Scheme::parse(scheme).expected({1}, {}).mean;
}

TEST(PriorBias, SigmoidOfItIsThePrior) {
  EXPECT_NEAR(value("prior_bias"), -std::log(99.0), 1e-14);
  for (const char* p : {"0.001", "0.3", "0.5", "0.999"}) {
    EXPECT_NEAR(1 / (1 + std::exp(-value(std::string("prior_bias(") + p + ")"))), std::stod(p), 1e-15);
  }
  EXPECT_EQ(value("prior_bias(0.5)"), 0);
  for (const char* p : {"0", "1", "-0.1", "2"}) {
    expect_error(ErrorKind::usage, {"prior_bias", "(0, 1)"},
                 [&] { (void)value(std::string("prior_bias(") + p + ")"); });
  }
}

TEST(InverseSoftplus, SoftplusOfItIsTheValue) {
  for (const char* x : {"1e-8", "0.01", "1", "20", "400"}) {
    const double b = value(std::string("inverse_softplus(") + x + ")");
    EXPECT_NEAR((std::max(b, 0.0) + std::log1p(std::exp(-std::abs(b)))) / std::stod(x), 1, 1e-13) << x;
  }
  for (const char* x : {"0", "-1", "501"}) {
    expect_error(ErrorKind::usage, {"value="}, [&] { (void)value(std::string("inverse_softplus(") + x + ")"); });
  }
}

TEST(ForgetGate, SetsTheBlockOfOneGate) {
  EXPECT_EQ(filled("forget_gate", {8}, {}), (std::vector<float>{0, 0, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(filled("forget_gate(-2, 0, 3)", {6}, {}), (std::vector<float>{-2, -2, 0, 0, 0, 0}));
  EXPECT_EQ(filled("forget_gate(gate=0, gates=1)", {2}, {}), (std::vector<float>{1, 1}));
  const Expected e = Scheme::parse("forget_gate(2)").expected({8}, {});
  EXPECT_EQ(e.mean, 0.5);
  EXPECT_NEAR(e.std, 2 * std::sqrt(3.0 / 16), 1e-15);
}

TEST(Chrono, InputGateIsMinusTheForgetGate) {
  const std::size_t units = 1000;
  const std::vector<float> b = filled("chrono(100)", {4 * units}, {});
  for (std::size_t u = 0; u < units; ++u) {
    EXPECT_EQ(b[u], -b[units + u]);
    EXPECT_EQ(b[2 * units + u], 0);
    EXPECT_EQ(b[3 * units + u], 0);
  }
  const std::vector<float> other = filled("chrono(100, 3, forget=2, input=1)", {3 * units}, {});
  EXPECT_EQ(std::vector<float>(other.begin() + 2000, other.end()),
            std::vector<float>(b.begin() + 1000, b.begin() + 2000));
}

// e^b is uniform in [1, longest - 1]; a million units, Kolmogorov's 2.23.
TEST(Chrono, ForgetGateIsTheLogarithmOfAUniform) {
  constexpr std::size_t units = 1'000'000;
  for (const double longest : {3.0, 784.0}) {
    const std::string text = fmt::format("chrono({})", longest);
    const std::vector<float> b = filled(text, {4 * units}, {});
    const std::vector<float> forget(b.begin() + units, b.begin() + 2 * units);
    EXPECT_LT(random::kolmogorov(forget, [&](double x) { return (std::exp(x) - 1) / (longest - 2); }), 2.23) << text;
    const Expected e = Scheme::parse(text).expected({4 * units}, {});
    const random::Moments m = random::moments_of(b);
    EXPECT_NEAR(m.mean, 0, 1e-9);
    EXPECT_NEAR(m.variance / (e.std * e.std), 1, 4.5 * std::sqrt(8.0 / units)) << text;
    EXPECT_NEAR(e.high, std::log(longest - 1), 1e-14);
  }
}

TEST(MambaDtBias, SoftplusOfItIsLogUniform) {
  constexpr std::size_t n = 1'000'000;
  const std::vector<float> b = filled("mamba_dt_bias", {n}, {});
  EXPECT_LT(random::kolmogorov(b, [](double x) { return std::log(std::log1p(std::exp(x)) / 0.001) / std::log(100.0); }),
            2.23);
  const Expected e = Scheme::parse("mamba_dt_bias").expected({n}, {});
  const random::Moments m = random::moments_of(b);
  EXPECT_NEAR(m.mean, e.mean, 4.5 * e.std / 1e3);
  EXPECT_NEAR(m.variance / (e.std * e.std), 1, 4.5 * std::sqrt(2e-6));
  // The floor binds.
  const std::vector<float> floored = filled("mamba_dt_bias(0.001, 0.002, 0.01)", {9}, {});
  for (const float x : floored) EXPECT_EQ(x, static_cast<float>(value("inverse_softplus(0.01)")));
}

TEST(GateBiases, WrongBlocksAreRejected) {
  const auto bad = [](const char* text, const std::vector<std::string>& parts) {
    expect_error(ErrorKind::usage, parts, [&] { (void)Scheme::parse(text); });
  };
  bad("forget_gate(1, 4)", {"gate=4", "gates - 1 = 3"});
  bad("forget_gate(1, -1)", {"gate='-1'"});
  bad("forget_gate(gates=0)", {"gates='0'"});
  bad("chrono", {"longest", "missing"});
  bad("chrono(2)", {"longest='2'", "[3, "});
  bad("chrono(9, 4, 4)", {"forget=4"});
  bad("chrono(9, 4, 1, 7)", {"input=7"});
  bad("chrono(9, 4, 1, 1)", {"forget=1", "input=1", "different"});
  bad("mamba_dt_bias(0.2, 0.1)", {"low=0.2", "high=0.1"});
  bad("mamba_dt_bias(0)", {"low='0'"});
  for (const char* scheme : {"forget_gate", "chrono(9)"}) {
    for (const Shape& shape : {Shape{}, Shape{7}, Shape{4, 4}}) {
      expect_error(ErrorKind::usage, {shape.str(), "wanted"}, [&] { (void)filled(scheme, shape, {}); });
    }
  }
}

}  // namespace
}  // namespace fanin::init
