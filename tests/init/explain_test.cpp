#include "fanin/init/explain.h"

#include <algorithm>

#include "init_test_support.h"

namespace fanin::init {
namespace {

const Fans kFans{784, 256};

std::vector<std::string> schemes_of(const std::vector<Meaning>& rows) {
  std::vector<std::string> names;
  for (const Meaning& row : rows) names.push_back(row.scheme);
  return names;
}

TEST(Compare, HeNormalOverAllFrameworks) {
  const Comparison c = compare("he_normal", mnist_layer(), kFans);
  EXPECT_EQ(c.of, "kaiming_normal");
  EXPECT_FALSE(c.layer);
  EXPECT_EQ(c.aliases, (std::vector<std::string>{"he_normal"}));
  EXPECT_EQ(schemes_of(c.rows),
            (std::vector<std::string>{"kaiming_normal", "torch:kaiming_normal", "keras:he_normal", "jax:he_normal",
                                      "flax:he_normal", "mlx:he_normal", "caffe:msra", "mxnet:MSRAPrelu", "tiny_dnn:he",
                                      "mlpack:HeInitialization", ""}));
  const std::vector<double> ratios = {
      1, 1, 1, 1, 1, std::sqrt(0.5), 1, std::sqrt(784 / 1.0625 / 520), 1, std::sqrt(784.0 / (256 * 784 + 256))};
  for (std::size_t i = 0; i < ratios.size(); ++i) EXPECT_NEAR(c.rows[i].ratio, ratios[i], 1e-12) << c.rows[i].owner;
  EXPECT_TRUE(std::isnan(c.rows[10].ratio));
  EXPECT_EQ(c.rows[10].owner, "fann");
  EXPECT_EQ(c.rows[0].fan, "of the layer");
  EXPECT_EQ(c.rows[2].figures.distribution, "truncated normal");
  EXPECT_EQ(c.rows[1].figures.distribution, "normal");
}

TEST(Compare, AnyNameOfAConceptGivesTheSameTable) {
  const Comparison c = compare("xavier_uniform", mnist_layer(), kFans);
  for (const char* name : {"glorot_uniform", "xavier_uniform(gain=2)", "keras:GlorotUniform", "caffe:xavier",
                           "torch_2_11:xavier_uniform_", "mlpack:XavierInitialization"}) {
    EXPECT_EQ(schemes_of(compare(name, mnist_layer(), kFans).rows), schemes_of(c.rows)) << name;
  }
}

TEST(Compare, EveryFrameworkHasARowInOrder) {
  for (const SchemeInfo& info : catalogue()) {
    const Comparison c = compare(info.name, mnist_layer(), kFans);
    std::vector<std::string> owners;
    for (const Meaning& row : c.rows) {
      if (owners.empty() || owners.back() != row.owner) owners.push_back(row.owner);
    }
    std::vector<std::string> all = {"fanin"};
    for (const Framework f : kFrameworks) all.emplace_back(to_string(f));
    EXPECT_EQ(owners, all) << info.name;
  }
}

TEST(Compare, DefaultsOfLayersAreConceptsToo) {
  const Comparison c = compare("linear", mnist_layer(), kFans);
  EXPECT_TRUE(c.layer);
  EXPECT_EQ(c.rows[0].scheme, "xavier_uniform");
  EXPECT_EQ(c.rows[1].scheme, "torch:linear");
  EXPECT_EQ(compare("embedding", {1000, 64}, {}).rows[0].scheme, "");
  EXPECT_EQ(compare("recurrent", {64, 64}, {64, 64}).rows[2].scheme, "keras:recurrent_kernel");
}

TEST(Compare, UnknownNamesAndLonersAreRejected) {
  expect_error(ErrorKind::usage, {"did you mean 'he_normal'"}, [] { (void)compare("he_norml", mnist_layer(), kFans); });
  expect_error(ErrorKind::usage, {"torch:lstm stands alone", "'fanin explain torch:lstm'"},
               [] { (void)compare("torch:lstm", mnist_layer(), kFans); });
  expect_error(ErrorKind::usage, {"unknown scheme ''"}, [] { (void)compare("", mnist_layer(), kFans); });
}

// Each counterpart is a scheme of its own dialect and of a concept that exists.
TEST(Counterparts, AreSchemesOfTheirFramework) {
  for (const SchemeInfo& info : dialects()) {
    EXPECT_FALSE(info.dialect->fan.empty()) << info.name;
    EXPECT_GE(info.dialect->differs.size(), 10u) << info.name;
    for (const char c : info.dialect->differs) EXPECT_TRUE(c >= ' ' && c <= '~') << info.name;
    for (const CounterpartInfo& c : info.dialect->counterparts) {
      EXPECT_EQ(Scheme::parse(c.text).name(), info.name) << c.text;
      const bool layer = c.of == "linear" || c.of == "embedding" || c.of == "recurrent";
      EXPECT_TRUE(layer || scheme_info(c.of).name == c.of) << c.of;
      EXPECT_FALSE(c.remark.empty()) << info.name;
      EXPECT_LE(c.remark.size(), 40u) << info.name;
    }
  }
}

// `the same` is a promise: the figures for a linear layer are fanin's.
TEST(Counterparts, ThatAreTheSameHaveTheSameFigures) {
  for (const SchemeInfo& info : dialects()) {
    for (const CounterpartInfo& c : info.dialect->counterparts) {
      if (c.remark != "the same" || c.of == "linear") continue;
      const Comparison table = compare(c.of, mnist_layer(), kFans);
      for (const Meaning& row : table.rows) {
        if (row.scheme != c.text || !row.figures.expected) continue;
        EXPECT_NEAR(row.figures.expected->mean, table.rows[0].figures.expected->mean, 1e-15) << c.text;
        EXPECT_NEAR(row.figures.expected->std, table.rows[0].figures.expected->std, 1e-15) << c.text;
        EXPECT_EQ(row.figures.distribution, table.rows[0].figures.distribution) << c.text;
      }
    }
  }
}

TEST(Explain, SaysWhatANameMeansAndWhereElseItIs) {
  const Explanation e = explain("keras:HeNormal", mnist_layer(), kFans);
  EXPECT_EQ(e.scheme, "keras:HeNormal");
  EXPECT_EQ(e.info->name, "keras:he_normal");
  EXPECT_EQ(e.figures.law, "N(0, 0.0574195^2) within +-2 sigma");
  ASSERT_TRUE(e.figures.expected.has_value());
  EXPECT_NEAR(e.figures.expected->std, std::sqrt(2.0 / 784), 1e-15);
  const std::vector<std::string> others = schemes_of(e.elsewhere);
  for (const char* name : {"kaiming_normal", "torch:kaiming_normal", "jax:he_normal", "mlx:he_normal"}) {
    EXPECT_NE(std::find(others.begin(), others.end(), name), others.end()) << name;
  }
  EXPECT_EQ(std::find(others.begin(), others.end(), "keras:he_normal"), others.end());
}

TEST(Explain, ArgumentsChooseTheFan) {
  const auto fan = [](std::string_view text) { return explain(text, mnist_layer(), kFans).fan; };
  EXPECT_EQ(fan("torch:kaiming_normal"), "fan_in of the shape");
  EXPECT_EQ(fan("torch:kaiming_normal_(0, fan_out)"), "fan_out of the shape");
  EXPECT_EQ(fan("mlx:he_normal( mode = fan_out )"), "fan_out of the shape");
  EXPECT_EQ(fan("caffe:xavier(AVERAGE)"), "fan_avg of the shape");
  EXPECT_EQ(fan("mxnet:Xavier"), "fan_avg of the shape");
  EXPECT_EQ(fan("mxnet:Xavier(uniform, in, 3)"), "fan_in of the shape");
  EXPECT_EQ(fan("mxnet:Xavier(magnitude=2, factor_type=out)"), "fan_out of the shape");
  EXPECT_EQ(fan("jax:variance_scaling(1, fan_geo_avg, normal)"), "fan_geo_avg of the shape");
  EXPECT_EQ(fan("kaiming_normal"), "of the layer");
  EXPECT_EQ(fan("normal"), "");
}

TEST(Explain, ShowsWhatTheFrameworkCounts) {
  const auto counted = [](std::string_view text, const Shape& shape) { return explain(text, shape, {9, 9}).counted; };
  // A depthwise kernel, in PyTorch's and in Keras' order.
  EXPECT_EQ(counted("torch:kaiming_normal", {32, 1, 3, 3}), (Fans{9, 288}));
  EXPECT_EQ(counted("keras:he_normal(shape=native)", {3, 3, 32, 1}), (Fans{288, 9}));
  EXPECT_EQ(counted("keras:he_normal", {32, 1, 3, 3}), (Fans{9, 288}));
  EXPECT_EQ(counted("keras:he_normal", {7}), (Fans{7, 7}));
  EXPECT_EQ(counted("jax:he_normal(-2, -1, none, native)", {3, 3, 8, 4}), (Fans{72, 36}));
  EXPECT_EQ(counted("jax:he_normal(in_axis=0)", {4, 8}), std::nullopt);
  EXPECT_EQ(counted("torch:linear", {7}), std::nullopt);
  EXPECT_EQ(counted("tiny_dnn:he", {4, 8}), std::nullopt);
  EXPECT_EQ(counted("he_normal", {4, 8}), std::nullopt);
}

TEST(Explain, ArgumentsDecideWhatItStandsFor) {
  const auto others = schemes_of(explain("mxnet:Xavier(gaussian)", mnist_layer(), kFans).elsewhere);
  EXPECT_NE(std::find(others.begin(), others.end(), "xavier_normal"), others.end());
  EXPECT_EQ(std::find(others.begin(), others.end(), "xavier_uniform"), others.end());
}

TEST(Explain, NamesThatMeanSomethingElseAreListedToo) {
  const auto rows = explain("torch:bilinear", {4, 5, 6}, {30, 4}).elsewhere;
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].scheme, "bilinear");
  EXPECT_EQ(rows[0].remark, "the same name");
  EXPECT_EQ(rows[1].scheme, "caffe:bilinear");
  EXPECT_EQ(rows[2].scheme, "mxnet:Bilinear");
}

TEST(Explain, AMissingArgumentIsFilledInForTheExample) {
  EXPECT_EQ(explain("sparse", mnist_layer(), kFans).scheme, "sparse(0.9)");
  EXPECT_EQ(explain("jax:variance_scaling", mnist_layer(), kFans).scheme,
            "jax:variance_scaling(1, fan_in, truncated_normal)");
  EXPECT_EQ(explain("sparse(0.5)", mnist_layer(), kFans).figures.law, "N(0, 0.01^2) and 100352 zeros");
}

TEST(Explain, EverySchemeIsExplainedOrSaysWhyItHasNoFigures) {
  for (const auto& list : {catalogue(), dialects()}) {
    for (const SchemeInfo& info : list) {
      const Explanation e = explain(info.name, mnist_layer(), kFans);
      EXPECT_EQ(e.info, &info);
      EXPECT_NE(e.figures.expected.has_value(), !e.figures.problem.empty()) << info.name;
      EXPECT_EQ(e.figures.expected.has_value(), !e.figures.distribution.empty()) << info.name;
      for (const Meaning& row : e.elsewhere) EXPECT_NE(row.scheme, info.name);
    }
  }
  EXPECT_NE(explain("torch:dirac", mnist_layer(), kFans).figures.problem.find("3 to 5 is wanted"), std::string::npos);
}

TEST(Explain, UnknownNamesAreRejected) {
  expect_error(ErrorKind::usage, {"did you mean 'keras:he_normal'?"},
               [] { (void)explain("keras:he_norml", mnist_layer(), kFans); });
  expect_error(ErrorKind::usage, {"parentheses do not match"},
               [] { (void)explain("normal(0, 1", mnist_layer(), kFans); });
}

TEST(PlainFans, AreThoseOfAConvolutionWithoutGroups) {
  EXPECT_EQ(plain_fans({256, 784}), kFans);
  EXPECT_EQ(plain_fans({64, 32, 3, 3}), (Fans{288, 576}));
  EXPECT_TRUE(std::isnan(plain_fans({7}).in));
}

}  // namespace
}  // namespace fanin::init
