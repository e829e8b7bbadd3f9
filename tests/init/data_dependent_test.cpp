#include "fanin/init/data_dependent.h"

#include "foreign_network.h"

namespace fanin::init {
namespace {

TEST(DataDependent, PrintsAsItWasWritten) {
  for (const char* text :
       {"lsuv", "lsuv()", "lsuv(orthogonal)",
        "lsuv(inside=normal(0, 0.01), std=2, tolerance=0.05, attempts=3, center=yes)",
        "lsuv(he_normal, samples=200, batch=first)", "krahenbuhl", "krahenbuhl(pca)", "krahenbuhl( zca , bias=0 )",
        "krahenbuhl(kmeans, calibrate=no)", "krahenbuhl(patches, rounds=3, tolerance=0.1)",
        "krahenbuhl(he_normal(a=sqrt(5)), samples=10)", "weight_norm",
        "weight_norm(orthogonal, norm_preserving, gamma=1)", "weight_norm(gain=data, batch=first)"}) {
    EXPECT_TRUE(DataDependent::is_meant(text)) << text;
    EXPECT_EQ(DataDependent::parse(text).str(), text);
  }
  EXPECT_EQ(DataDependent::parse(" lsuv \n").str(), "lsuv");
  EXPECT_FALSE(DataDependent::is_meant("orthogonal"));
  EXPECT_FALSE(DataDependent::is_meant("lsuvs"));
  EXPECT_TRUE(DataDependent::is_meant("lsuv(nonsense"));
}

TEST(DataDependent, SaysWhatItStartsFromAndLooksAt) {
  const DataDependent usual = DataDependent::parse("lsuv");
  EXPECT_EQ(usual.start().str(), "orthogonal");
  EXPECT_EQ(usual.samples(), 1000U);
  EXPECT_FALSE(usual.samples_are_a_must());
  EXPECT_TRUE(usual.drawn());
  const DataDependent given = DataDependent::parse("krahenbuhl(normal(0, 2), samples=64, batch=first)");
  EXPECT_EQ(given.start().str(), "normal(0, 2)");
  EXPECT_EQ(given.samples(), 64U);
  EXPECT_TRUE(given.samples_are_a_must());
  EXPECT_FALSE(given.drawn());
  EXPECT_EQ(DataDependent::parse("krahenbuhl(pca)").start().str(), "normal");
  EXPECT_EQ(DataDependent::parse("weight_norm").start().str(), "normal(0, 0.05)");
}

TEST(DataDependent, WrongTextsAreRejected) {
  const auto bad = [](const std::string& text, const std::vector<std::string>& parts) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::usage, parts, [&] { (void)DataDependent::parse(text); });
  };
  bad("lsvu", {"unknown data-dependent initializer 'lsvu'", "did you mean 'lsuv'"});
  bad("he_normal", {"'he_normal'", "lsuv, krahenbuhl and weight_norm"});
  bad("", {"unknown"});
  bad("lsuv(", {"parentheses"});
  bad("lsuv(orthogonal) x", {"unexpected text"});
  bad("lsuv(orthogonl)", {"orthogonl", "did you mean 'orthogonal'"});
  bad("lsuv(pca)", {"unknown scheme 'pca'"});
  bad("lsuv(lsuv)", {"'lsuv' learns from data"});
  bad("lsuv(orthogonal, toleranc=1)", {"'toleranc'", "did you mean 'tolerance'"});
  bad("lsuv(std=0)", {"std", "out of range"});
  bad("lsuv(tolerance=0)", {"tolerance", "out of range"});
  bad("lsuv(attempts=0)", {"attempts", "out of range"});
  bad("lsuv(attempts=1.5)", {"attempts", "out of range"});
  bad("lsuv(center=maybe)", {"center", "none of no, yes"});
  bad("lsuv(samples=1)", {"samples", "out of range"});
  bad("lsuv(samples=many)", {"samples", "no number"});
  bad("lsuv(batch=last)", {"batch", "drawn, first"});
  bad("lsuv(std=1, std=2)", {"twice"});
  bad("krahenbuhl(kmean)", {"'kmean'", "pca, zca, kmeans, patches", "did you mean 'kmeans'"});
  bad("krahenbuhl(normall)", {"did you mean 'normal'"});
  bad("krahenbuhl(bias=inf)", {"bias", "out of range"});
  bad("krahenbuhl(tolerance=1)", {"tolerance", "out of range"});
  bad("krahenbuhl(calibrate=1)", {"calibrate"});
  bad("krahenbuhl(rounds=0)", {"rounds"});
  bad("weight_norm(gamma=0)", {"gamma"});
  bad("weight_norm(gain=1)", {"gain", "data, norm_preserving"});
  bad("weight_norm(normal, data, 1, 2, drawn, 6)", {"6 values"});
}

// Where a scheme is wanted that fills a tensor by itself.
TEST(DataDependent, IsNoScheme) {
  expect_error(ErrorKind::usage, {"'lsuv' learns from data"}, [] { (void)Scheme::parse("lsuv(orthogonal)"); });
  expect_error(ErrorKind::usage, {"'krahenbuhl' learns from data"}, [] { (void)Scheme::parse("icnr(krahenbuhl)"); });
}

TEST(DataDependent, LooksAheadAtShapesThatNoDataCanServe) {
  const std::vector<Shape> wide{Shape{20, 10}};
  const std::vector<Shape> narrow{Shape{10, 20}, Shape{5, 2, 3}};
  const auto bad = [](const char* text, const std::vector<Shape>& shapes, std::size_t rows,
                      const std::vector<std::string>& parts) {
    expect_error(ErrorKind::usage, parts, [&] { DataDependent::parse(text).check(shapes, rows); });
  };
  bad("krahenbuhl(pca)", wide, 100, {"krahenbuhl(pca)", "20 units for 10 inputs", "serve 10", "kmeans"});
  bad("krahenbuhl(zca)", wide, 100, {"20 units for 10 inputs"});
  bad("krahenbuhl(pca)", narrow, 10, {"10 units", "10 samples", "serve 9"});
  bad("krahenbuhl(kmeans)", wide, 19, {"20 units", "19 samples"});
  EXPECT_NO_THROW(DataDependent::parse("krahenbuhl(pca)").check(narrow, 11));
  EXPECT_NO_THROW(DataDependent::parse("krahenbuhl(kmeans)").check(wide, 20));
  EXPECT_NO_THROW(DataDependent::parse("krahenbuhl(patches)").check(wide, 20));
  EXPECT_NO_THROW(DataDependent::parse("krahenbuhl").check(wide, 2));
  EXPECT_NO_THROW(DataDependent::parse("lsuv").check(wide, 2));
}

TEST(DataDependent, FillsByTheParametersNameAndRuns) {
  SmallConvolution net(30);
  net.conv_bias = {1, 2, 3, 4, 5};
  ThreadPool pool(1);
  const DataDependent lsuv = DataDependent::parse("lsuv(normal(0, 0.02), tolerance=1e-3)");
  const DataReport r = lsuv.fill_and_run(net, 42, pool);
  EXPECT_EQ(r.method, "lsuv(normal(0, 0.02), tolerance=1e-3)");
  EXPECT_TRUE(r.findings.empty());
  EXPECT_EQ(net.conv_bias, std::vector<float>(5));
  // The scheme's own values, times the layer's factor.
  const std::vector<float> drawn = filled("normal(0, 0.02)", Shape{5, 1, 3, 3}, {}, random::Stream(42, "conv.weight"));
  for (std::size_t i = 0; i < drawn.size(); ++i) EXPECT_NEAR(net.conv[i], drawn[i] * r.layers[0].scale, 1e-6) << i;
  SmallConvolution other(30);
  (void)lsuv.fill_and_run(other, 43, pool);
  EXPECT_NE(other.conv, net.conv);
}

TEST(DataDependent, EveryMethodRunsOnSomebodyElsesNetwork) {
  for (const char* text : {"lsuv", "krahenbuhl", "krahenbuhl(pca)", "krahenbuhl(kmeans)", "krahenbuhl(patches)",
                           "weight_norm", "weight_norm(orthogonal, norm_preserving)"}) {
    SCOPED_TRACE(text);
    SmallConvolution net(100);
    ThreadPool pool(2);
    const DataReport r = DataDependent::parse(text).fill_and_run(net, 1, pool);
    EXPECT_TRUE(r.findings.empty()) << r.findings[0];
    EXPECT_EQ(r.method, text);
    EXPECT_EQ(r.layers.size(), 2U);
    for (const LayerReport& layer : r.layers) {
      EXPECT_TRUE(std::isfinite(layer.std_after));
      EXPECT_GT(layer.steps, 0U);
      EXPECT_EQ(layer.gradient_ratio_after.has_value(), std::string(text).starts_with("krahenbuhl"));
    }
  }
}

TEST(DataDependent, CatalogueSaysWhatParsingTakes) {
  ASSERT_EQ(data_dependent_catalogue().size(), 3U);
  for (const SchemeInfo& s : data_dependent_catalogue()) {
    EXPECT_TRUE(DataDependent::is_meant(s.name));
    EXPECT_NO_THROW((void)DataDependent::parse(s.name + "(" + s.parameters + ")")) << s.parameters;
    EXPECT_FALSE(s.formula.empty());
    EXPECT_FALSE(s.source.empty());
  }
}

}  // namespace
}  // namespace fanin::init
