#include "fanin/init/edge_of_chaos.h"

#include "init_test_support.h"

namespace fanin::init {
namespace {

struct Known {
  const char* activation;
  double q, weight_variance, bias_variance;
};

// mpmath with 25 digits.
const Known kKnown[] = {
    {"tanh", .01, 1.0197107607412672, 1.25799587132429e-6},
    {"tanh", .1, 1.1775690961646013, 0.00083228042468631547},
    {"tanh", .25, 1.3939616283140793, 0.0081251541622315976},
    {"tanh", .5, 1.6879751205775352, 0.038041201111268473},
    {"tanh", 1, 2.15330264890279, 0.15096462937855289},
    {"tanh", 2, 2.8611623999983271, 0.51226494759521704},
    {"erf", .01, 0.80095211222070468, 1.2817555053184767e-6},
    {"erf", .1, 0.92929563923184256, 0.0009363803809533021},
    {"erf", .25, 1.1107207345395916, 0.0096990168275116357},
    {"erf", .5, 1.3603495231756634, 0.046550158941445537},
    {"erf", 1, 1.7562036827601816, 0.18413967780745275},
    {"erf", 2, 2.3561944901923449, 0.60905717299758165},
    {"arctan", .01, 1.0195293430237521, 1.2131779870148218e-6},
    {"arctan", .1, 1.1675875138070421, 0.00067669138580895403},
    {"arctan", .25, 1.3588944788642016, 0.0059573151784722517},
    {"arctan", .5, 1.610140220178119, 0.026206154814590694},
    {"arctan", 1, 2.0, 0.10059816713019569},
    {"arctan", 2, 2.5879224647690054, 0.34142054997786452},
    {"sin", .01, 1.0099996666799995, 3.3332000053966067e-7},
    {"sin", .1, 1.0996679946249558, 0.00033200537504418288},
    {"sin", .25, 1.2449186624037091, 0.0050813375962908707},
    {"sin", .5, 1.4621171572600098, 0.037882842739990241},
    {"sin", 1, 1.7615941559557649, 0.23840584404423511},
    {"sin", 2, 1.9640275800758169, 1.0359724199241831},
    {"gelu", 1, 2.1936999035323952, 0.067191674705633734},
    {"silu", 1, 2.6351686598789624, 0.062471500225166879},
    {"elu", 1, 1.4967774354352866, 0.034660252009201203},
    {"mish", 1, 2.0873176819728593, 0.055818143551451196},
    {"softsign", .5, 3.3665578153387628, 0.067804111687921205},
    {"hardtanh", 1, 1.4647947734915441, 0.24408013173566271},
};

TEST(CriticalPoint, EqualsExactValues) {
  for (const Known& k : kKnown) {
    const CriticalPoint p = critical_point(activation_function(k.activation), k.q);
    EXPECT_EQ(p.q, k.q);
    EXPECT_NEAR(p.weight_variance, k.weight_variance, 1e-12) << k.activation << " " << k.q;
    EXPECT_NEAR(p.bias_variance, k.bias_variance, 1e-12) << k.activation << " " << k.q;
  }
}

TEST(CriticalPoint, OfPiecewiseLinearFunctionsThroughZeroHasNoBias) {
  for (const double q : {0.01, 1.0, 7.3, 1e5}) {
    const CriticalPoint relu = critical_point(activation_function("relu"), q);
    EXPECT_NEAR(relu.weight_variance, 2, 1e-13);
    EXPECT_EQ(relu.bias_variance, 0);
    EXPECT_NEAR(critical_point(activation_function("leaky_relu", 0.5), q).weight_variance, 1.6, 1e-13);
  }
}

TEST(CriticalPoint, OfAnyCallable) {
  const ActivationFunction half_tanh{[](double x) { return 0.5 * std::tanh(x); },
                                     [](double x) { return 0.5 / (std::cosh(x) * std::cosh(x)); }};
  EXPECT_NEAR(critical_point(half_tanh, 1).weight_variance, 4 * 2.15330264890279, 1e-11);
  EXPECT_NEAR(critical_point(half_tanh, 1).bias_variance, 0.15096462937855289, 1e-12);
}

TEST(CriticalPoint, IsFoundFromItsBiasOrItsWeightVariance) {
  for (const Known& k : kKnown) {
    // The gelu family's weight variance is no monotone function of q, so another q may come first.
    const ActivationFunction f = activation_function(k.activation);
    const double accuracy = k.q < 0.1 ? 1e-4 : 1e-8;
    const CriticalPoint by_bias = critical_point_of_bias(f, k.bias_variance);
    EXPECT_NEAR(by_bias.q / k.q, 1, accuracy) << k.activation << " " << k.q;
    EXPECT_NEAR(by_bias.bias_variance / k.bias_variance, 1, 10 * accuracy) << k.activation << " " << k.q;
    const CriticalPoint by_weight = critical_point_of_weight(f, k.weight_variance);
    EXPECT_NEAR(by_weight.weight_variance, k.weight_variance, 1e-10) << k.activation << " " << k.q;
  }
}

// tanh's line starts at sigma_w^2 = 1, sigma_b^2 = 0 and erf's at pi / 4 (Poole et al. 2016).
TEST(CriticalPoint, LinesStartWhereTheSlopeAtZeroSays) {
  EXPECT_NEAR(critical_point(activation_function("tanh"), 1e-8).weight_variance, 1, 1e-7);
  EXPECT_NEAR(critical_point(activation_function("erf"), 1e-8).weight_variance, 0.78539816339744831, 1e-7);
}

TEST(CriticalPoint, ImpossibleOnesAreRejected) {
  const ActivationFunction tanh = activation_function("tanh");
  for (const double q : {0.0, -1.0, double{INFINITY}, double{NAN}}) {
    expect_error(ErrorKind::usage, {"q=", "above 0"}, [&] { (void)critical_point(tanh, q); });
    expect_error(ErrorKind::usage, {"bias_variance="}, [&] { (void)critical_point_of_bias(tanh, q); });
    expect_error(ErrorKind::usage, {"weight_variance="}, [&] { (void)critical_point_of_weight(tanh, q); });
  }
  const ActivationFunction no_slope{tanh.value, nullptr};
  expect_error(ErrorKind::usage, {"slope"}, [&] { (void)critical_point(no_slope, 1); });
  const ActivationFunction flat{[](double) { return 1.0; }, [](double) { return 0.0; }};
  expect_error(ErrorKind::numeric, {"flat"}, [&] { (void)critical_point(flat, 1); });
  const ActivationFunction shifted{[](double x) { return x + 1; }, [](double) { return 1.0; }};
  expect_error(ErrorKind::numeric, {"bias variance -1"}, [&] { (void)critical_point(shifted, 1); });
  expect_error(ErrorKind::numeric, {"no q", "bias_variance=0.5"},
               [] { (void)critical_point_of_bias(activation_function("relu"), 0.5); });
  expect_error(ErrorKind::numeric, {"weight_variance=0.5"}, [&] { (void)critical_point_of_weight(tanh, 0.5); });
}

}  // namespace
}  // namespace fanin::init
