#include "fanin/init/scheme.h"

#include "fanin/init/catalogue.h"
#include "fanin/init/gain.h"

#include "init_test_support.h"

namespace fanin::init {
namespace {

TEST(Scheme, PrintsAsItWasWritten) {
  for (const char* text : {"xavier_uniform", "kaiming_normal(a=0.01, mode=fan_out)", "uniform( -1/3 ,high = sqrt(5) )",
                           "variance_scaling(2,fan_in,truncated_normal)", "truncated_normal(low=-inf)", "zeros()"}) {
    const Scheme scheme = Scheme::parse(text);
    EXPECT_EQ(scheme.str(), text);
    EXPECT_EQ(Scheme::parse(scheme.str()), scheme);
  }
  EXPECT_EQ(Scheme::parse("  he_normal \n").str(), "he_normal");
}

TEST(Scheme, EqualityIsByMeaning) {
  const auto same = [](const char* a, const char* b) { return Scheme::parse(a) == Scheme::parse(b); };
  EXPECT_TRUE(same("xavier_uniform", "glorot_uniform(gain=1)"));
  EXPECT_TRUE(same("he_normal", "kaiming_normal(a=0, mode=fan_in, nonlinearity=leaky_relu)"));
  EXPECT_TRUE(same("he_normal", "kaiming_normal(nonlinearity=relu)"));
  EXPECT_TRUE(same("uniform(-0.5, 0.5)", "uniform(high=1/2, low=-1/2)"));
  EXPECT_TRUE(same("zeros", "constant(-0)"));
  EXPECT_TRUE(same("lecun_normal", "variance_scaling"));
  EXPECT_TRUE(same("xavier_normal(gain(tanh))", "xavier_normal(5/3)"));
  EXPECT_TRUE(same("he_normal", "kaiming_normal(nonlinearity=relu, gain=second_moment)"));
  EXPECT_FALSE(same("kaiming_normal(nonlinearity=tanh)", "kaiming_normal(nonlinearity=tanh, gain=second_moment)"));
  EXPECT_FALSE(same("xavier_uniform", "xavier_normal"));
  EXPECT_FALSE(same("xavier_uniform", "xavier_uniform(gain=2)"));
  EXPECT_FALSE(same("kaiming_normal", "kaiming_normal(mode=fan_out)"));
}

TEST(Scheme, NameIsTheCanonicalOne) {
  EXPECT_EQ(Scheme::parse("glorot_normal(2)").name(), "xavier_normal");
  EXPECT_EQ(Scheme::parse("he_uniform").name(), "kaiming_uniform");
}

TEST(Scheme, NumbersMayBeFractionsAndRoots) {
  const auto value = [](const std::string& number) {
    return Scheme::parse("constant(" + number + ")").expected({1}, {}).mean;
  };
  EXPECT_EQ(value("0.1"), 0.1);
  EXPECT_EQ(value("1e-3"), 1e-3);
  EXPECT_EQ(value("-2"), -2);
  EXPECT_EQ(value("1/3"), 1.0 / 3);
  EXPECT_EQ(value("sqrt(5)"), std::sqrt(5.0));
  EXPECT_EQ(value("-2/sqrt( 3 )"), -2 / std::sqrt(3.0));
  EXPECT_EQ(value("8/2/2"), 2);
  EXPECT_EQ(value("sqrt(1/4)"), 0.5);
  EXPECT_EQ(value("1/inf"), 0);
  EXPECT_EQ(value("2*3"), 6);
  EXPECT_EQ(value("0.02/sqrt(2*12)"), 0.02 / std::sqrt(24.0));
  EXPECT_EQ(value("12/2*3"), 18) << "from left to right";
  EXPECT_EQ(value("12/(2*3)"), 2);
  EXPECT_EQ(value("((1/2))"), 0.5);
  EXPECT_EQ(value("2*-3"), -6);
  EXPECT_EQ(value("(1/2)*(1/3)"), 1.0 / 6);
  EXPECT_EQ(value("root(16, 2)"), 4);
  EXPECT_EQ(value("root(7, 1)"), 7);
  EXPECT_EQ(value("root(0, 3)"), 0);
  EXPECT_NEAR(value("root(8*12, 4)"), 3.1301691601465746, 1e-14);
  EXPECT_NEAR(value("root(1/27, 3)"), 1.0 / 3, 1e-15);
  EXPECT_NEAR(value("log(2*12)"), 3.1780538303479458, 1e-15);
  EXPECT_EQ(value("log(1)"), 0);
  EXPECT_EQ(value("gain(tanh)"), 5.0 / 3);
  EXPECT_EQ(value("gain(gelu, backward)"), gain("gelu", GainKind::backward));
  EXPECT_EQ(value("-gain(leaky_relu, 0.2)/2"), -std::sqrt(2 / (1 + 0.2 * 0.2)) / 2);
  EXPECT_EQ(value("gain( elu , variance , 0.5 )"), gain("elu", GainKind::variance, 0.5));
}

TEST(Scheme, UnknownNameSuggestsTheNearest) {
  const auto bad = [](const char* text, const std::vector<std::string>& parts) {
    expect_error(ErrorKind::usage, parts, [&] { (void)Scheme::parse(text); });
  };
  bad("xavier_unifrom", {"'xavier_unifrom'", "did you mean 'xavier_uniform'"});
  bad("He_Normal", {"did you mean 'he_normal'"});
  bad("trunc_normal(0, 1)", {"did you mean 'truncated_normal'"});
  bad("orthogonl", {"did you mean 'orthogonal'"});
  bad("qwertyuiop", {"unknown scheme 'qwertyuiop'"});
  bad("", {"a name is wanted"});
  bad("(1)", {"a name is wanted"});
}

TEST(Scheme, BadArgumentsAreRejected) {
  const auto bad = [](const std::string& text, const std::vector<std::string>& parts) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::usage, parts, [&] { (void)Scheme::parse(text); });
  };
  bad("xavier_uniform(gan=2)", {"xavier_uniform", "'gan'", "did you mean 'gain'"});
  bad("zeros(1)", {"zeros", "1 values given", "at most 0"});
  bad("zeros(x=1)", {"zeros", "unknown parameter 'x'", "it has none"});
  bad("normal(0, 1, 2)", {"normal", "3 values", "at most 2"});
  bad("normal(std=1, std=2)", {"normal", "std", "twice"});
  bad("normal(1, mean=2)", {"normal", "mean", "twice"});
  bad("normal(std=1, 2)", {"normal", "'2'", "needs a name"});
  bad("normal(std=)", {"normal", "std", "no value"});
  bad("normal(,)", {"normal", "mean", "no value"});
  bad("normal(1,)", {"normal", "std", "no value"});
  bad("constant", {"constant", "value", "missing"});
  bad("sparse", {"sparse", "sparsity", "missing", "[0, 1]"});
  bad("sparse(1.5)", {"sparse", "sparsity='1.5'", "[0, 1]"});
  bad("normal(std=-1)", {"normal", "std='-1'", "[0, "});
  bad("normal(std=inf)", {"normal", "std='inf'"});
  bad("constant(1e39)", {"constant", "value='1e39'"});
  bad("constant(nan)", {"constant", "value='nan'", "no number"});
  bad("constant(inf-1)", {"no number"});
  bad("constant(0/0)", {"no number"});
  bad("constant(sqrt(-1))", {"no number"});
  bad("constant(1/0)", {"value='1/0'", "out of range"});
  bad("constant(--1)", {"no number"});
  bad("constant(0*inf)", {"no number"});
  bad("constant(2**3)", {"no number"});
  bad("constant(*3)", {"no number"});
  bad("constant((2)", {"parentheses do not match"});
  bad("constant((1)(2))", {"no number"});
  bad("constant(())", {"no number"});
  bad("constant(2+3)", {"no number"});
  bad("constant(root(2))", {"no number"});
  bad("constant(root(2, 0))", {"no number"});
  bad("constant(root(2, 1.5))", {"no number"});
  bad("constant(root(2, 65))", {"no number"});
  bad("constant(root(-8, 3))", {"no number"});
  bad("constant(root(1e17, 3))", {"no number"});
  bad("constant(root(inf, 3))", {"no number"});
  bad("constant(log(0))", {"no number"});
  bad("constant(log(-1))", {"no number"});
  bad("constant(log(inf))", {"no number"});
  bad("constant(5 apples)", {"'5 apples'", "no number"});
  bad("constant(" + std::string(5000, '/') + ")", {"no number"});
  bad("constant(sqrt(sqrt(sqrt(sqrt(sqrt(sqrt(sqrt(sqrt(sqrt(sqrt(1)))))))))))", {"no number"});
  bad("constant(gain(rellu))", {"'rellu'", "did you mean 'relu'"});
  bad("constant(gain(relu, 0.1))", {"relu", "no parameter"});
  bad("constant(gain(gelu, torch))", {"gelu", "PyTorch"});
  bad("constant(gain(tanh, sideways))", {"no number"});
  bad("constant(gain(elu, 1, variance))", {"no number"});
  bad("constant(gain(elu, variance, 1, 2))", {"no number"});
  bad("constant(gain())", {"unknown activation"});
  bad("kaiming_normal(nonlinearity=silu, gain=torch)", {"silu", "PyTorch"});
  bad("kaiming_normal(gain=forward)", {"gain='forward'", "second_moment"});
  bad("uniform(1, 0)", {"uniform", "low=1", "high=0", "low <= high"});
  bad("truncated_normal(low=2, high=-2)", {"truncated_normal", "low=2", "high=-2"});
  bad("truncated_normal(low=36, high=40)", {"truncated_normal", "35"});
  bad("variance_scaling(0)", {"variance_scaling", "scale='0'", "(0, "});
  bad("variance_scaling(1, fan_it)", {"mode='fan_it'", "fan_geo_avg", "did you mean 'fan_in'"});
  bad("variance_scaling(1, fan_in, gaussian)", {"distribution='gaussian'", "truncated_normal"});
  bad("variance_scaling(fan_in)", {"scale='fan_in'", "no number"});
  bad("kaiming_normal(nonlinearity=reulu)", {"nonlinearity='reulu'", "did you mean 'relu'"});
  bad("kaiming_normal(a=0.2, nonlinearity=tanh)", {"kaiming_normal", "a=0.2", "tanh"});
  bad("kaiming_normal(a=inf)", {"a='inf'"});
  bad("xavier_normal(-1)", {"gain='-1'", "[0, "});
  bad("dirac(0)", {"groups='0'", "whole numbers in [1, "});
  bad("dirac(1.5)", {"groups='1.5'", "whole numbers"});
  bad("lecun_normal(2)", {"lecun_normal", "at most 0"});
  bad("normal(0, 1", {"parentheses do not match"});
  bad("normal((0, 1)", {"parentheses do not match"});
  bad("normal(0, 1))", {"after the closing parenthesis"});
  bad("normal(0, 1) x", {"after the closing parenthesis"});
}

TEST(Scheme, LongTextsAreNotRepeatedWhole) {
  try {
    (void)Scheme::parse(std::string(100'000, 'x'));
    FAIL();
  } catch (const Error& e) {
    EXPECT_LT(std::string(e.what()).size(), 200u);
  }
}

TEST(Catalogue, EverySchemeAndAliasParsesWithItsDefaults) {
  EXPECT_GE(catalogue().size(), 42u);
  EXPECT_GE(dialects().size(), 120u);
  for (const auto& list : {catalogue(), dialects()}) {
    for (const SchemeInfo& info : list) {
      // An example has arguments where a parameter has no default.
      const Scheme scheme = Scheme::parse(info.example);
      EXPECT_EQ(scheme.name(), info.name);
      EXPECT_EQ(info.example.rfind(info.name, 0), 0u) << info.example;
      const std::string arguments = info.example.substr(info.name.size());
      for (const std::string& alias : info.aliases) EXPECT_EQ(Scheme::parse(alias + arguments), scheme) << alias;
      EXPECT_FALSE(info.formula.empty());
      EXPECT_FALSE(info.source.empty());
      for (const char c : info.formula + info.source) EXPECT_TRUE(c >= ' ' && c <= '~') << info.name;
      EXPECT_EQ(&scheme_info(info.name), &info);
    }
  }
}

TEST(Catalogue, ShowsParametersWithTheirDefaults) {
  const auto parameters = [](const std::string& name) {
    for (const SchemeInfo& info : catalogue()) {
      if (info.name == name) return info.parameters;
    }
    return std::string("no such scheme");
  };
  EXPECT_EQ(parameters("zeros"), "");
  EXPECT_EQ(parameters("sparse"), "sparsity, std=0.01, per=column");
  EXPECT_EQ(parameters("icnr"), "inside=kaiming_normal, scale=2");
  EXPECT_EQ(parameters("kaiming_normal"), "a=0, mode=fan_in, nonlinearity=leaky_relu, gain=usual");
  EXPECT_EQ(parameters("variance_scaling"), "scale=1, mode=fan_in, distribution=truncated_normal");
}

}  // namespace
}  // namespace fanin::init
