#include <algorithm>
#include <numbers>

#include "init_test_support.h"
#include "tests/random/random_test_support.h"

namespace fanin::init {
namespace {

using std::numbers::pi;

// sum_k a[i, k] b[j, k] for matrices of `cols` columns.
double dot(const std::vector<float>& a, std::size_t i, const std::vector<float>& b, std::size_t j, std::size_t cols) {
  double sum = 0;
  for (std::size_t k = 0; k < cols; ++k) sum += double{a[i * cols + k]} * b[j * cols + k];
  return sum;
}

void expect_rejected(const std::string& scheme, const std::vector<Shape>& shapes) {
  for (const Shape& shape : shapes) {
    expect_error(ErrorKind::usage, {scheme.substr(0, scheme.find('(')), shape.str()}, [&] {
      (void)filled(scheme, shape, {4, 4});
    });
  }
}

TEST(Sparse, EveryUnitHasItsZeros) {
  const std::vector<float> w = filled("sparse(0.3, 1, per=unit)", {50, 33}, {});
  for (std::size_t r = 0; r < 50; ++r) {
    const auto row = w.begin() + static_cast<std::ptrdiff_t>(33 * r);
    EXPECT_EQ(std::count(row, row + 33, 0.f), 10) << r;
  }
  EXPECT_NE(w, filled("sparse(0.3, 1, per=column)", {50, 33}, {}));
  EXPECT_NEAR(Scheme::parse("sparse(0.3, 1, unit)").expected({50, 33}, {}).std, std::sqrt(23.0 / 33), 1e-15);
}

TEST(SparseConnections, EveryUnitHasItsInputs) {
  const std::vector<float> w = filled("sparse_connections", {200, 100}, {});
  std::vector<int> uses(100);
  for (std::size_t r = 0; r < 200; ++r) {
    int inputs = 0;
    for (std::size_t c = 0; c < 100; ++c) {
      inputs += w[r * 100 + c] != 0;
      uses[c] += w[r * 100 + c] != 0;
    }
    EXPECT_EQ(inputs, 15) << r;
  }
  // Five standard deviations of the binomial distribution, for every input.
  for (const int n : uses) EXPECT_NEAR(n, 30, 5 * std::sqrt(200 * 0.15 * 0.85));
  EXPECT_NEAR(Scheme::parse("sparse_connections").expected({200, 100}, {}).std, std::sqrt(0.15), 1e-15);
  const std::vector<float> few = filled("sparse_connections(15, 2)", {3, 4}, {});
  EXPECT_EQ(std::count(few.begin(), few.end(), 0.f), 0);
  expect_rejected("sparse_connections", {{}, {5}, {5, 5, 5}});
  expect_error(ErrorKind::usage, {"count='0'"}, [] { (void)Scheme::parse("sparse_connections(0)"); });
  expect_error(ErrorKind::usage, {"per='row'", "column, unit"}, [] { (void)Scheme::parse("sparse(0.5, per=row)"); });
}

TEST(LooksLinear, NetworksOfSplitUnitsAreLinearAtFirst) {
  const std::vector<float> first = filled("looks_linear(place=first)", {12, 6}, {}, random::Stream(1));
  const std::vector<float> middle = filled("looks_linear", {12, 12}, {}, random::Stream(2));
  const std::vector<float> last = filled("looks_linear(place=last)", {6, 12}, {}, random::Stream(3));
  const auto layer = [](const std::vector<float>& w, std::size_t rows, const std::vector<double>& x) {
    std::vector<double> y(rows);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < x.size(); ++c) y[r] += w[r * x.size() + c] * x[c];
    }
    return y;
  };
  const auto relu = [](std::vector<double> x) {
    for (double& v : x) v = std::max(v, 0.0);
    return x;
  };
  const std::vector<double> x = {0.3, -1.2, 0.5, 2, -0.7, 0.1};
  const std::vector<double> y = layer(last, 6, relu(layer(middle, 12, relu(layer(first, 12, x)))));
  // Linear: f(-x) = -f(x), and orthogonal: the length stays.
  std::vector<double> minus = x;
  for (double& v : minus) v = -v;
  const std::vector<double> other = layer(last, 6, relu(layer(middle, 12, relu(layer(first, 12, minus)))));
  double length = 0;
  double before = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(other[i], -y[i], 1e-6);
    length += y[i] * y[i];
    before += x[i] * x[i];
  }
  EXPECT_NEAR(length, before, 1e-5);
}

TEST(LooksLinear, OddSidesAreRejected) {
  expect_rejected("looks_linear", {{}, {4}, {3, 4}, {4, 3}});
  expect_rejected("looks_linear(1, first)", {{3, 4}});
  expect_rejected("looks_linear(1, last)", {{4, 3}});
  EXPECT_EQ(filled("looks_linear(1, first)", {4, 3}, {}).size(), 12u);
  expect_error(ErrorKind::usage, {"place='end'"}, [] { (void)Scheme::parse("looks_linear(place=end)"); });
}

TEST(Hadamard, IsSylvestersMatrix) {
  EXPECT_EQ(filled("hadamard(2)", {4, 4}, {}),
            (std::vector<float>{1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1}));
  EXPECT_EQ(filled("hadamard(2)", {3, 2}, {}), (std::vector<float>{1, 1, 1, -1, 1, 1}));
  EXPECT_EQ(filled("hadamard", {1, 1}, {}), std::vector<float>{1});
  const std::vector<float> w = filled("hadamard", {64, 64}, {});
  for (std::size_t i = 0; i < 64; ++i) {
    for (std::size_t j = 0; j < 64; ++j) ASSERT_EQ(dot(w, i, w, j, 64), i == j ? 1 : 0);
  }
  expect_rejected("hadamard", {{}, {4}, {2, 2, 2}});
}

TEST(ZeroHadamard, IsTheIdentityUntilALayerWidens) {
  EXPECT_EQ(filled("zero_hadamard", {2, 3}, {}), (std::vector<float>{1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(filled("zero_hadamard", {2, 2}, {}), (std::vector<float>{1, 0, 0, 1}));
  EXPECT_EQ(filled("zero_hadamard(2)", {4, 2}, {}), (std::vector<float>{1, 1, 1, -1, 1, 1, 1, -1}));
  EXPECT_EQ(filled("zero_hadamard(2)", {4, 1, 3}, {}), (std::vector<float>{0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0}));
  expect_rejected("zero_hadamard", {{}, {4}});
}

TEST(PositiveUnitBall, RowsSumToOne) {
  const std::vector<float> w = filled("positive_unit_ball", {300, 40}, {});
  for (std::size_t r = 0; r < 300; ++r) {
    double sum = 0;
    for (std::size_t c = 0; c < 40; ++c) {
      EXPECT_GE(w[40 * r + c], 0);
      sum += w[40 * r + c];
    }
    EXPECT_NEAR(sum, 1, 2e-7);
  }
  EXPECT_EQ(filled("positive_unit_ball", {3, 1}, {}), (std::vector<float>{1, 1, 1}));
  expect_rejected("positive_unit_ball", {{}, {4}});
}

TEST(PositiveUnitBall, VarianceAtAMillionIsTheIntegralOfItsLaw) {
  for (const std::size_t cols : {2u, 5u, 784u}) {
    const Shape shape{1'000'000 / cols, cols};
    const Expected e = Scheme::parse("positive_unit_ball").expected(shape, {});
    const random::Moments m = random::moments_of(filled("positive_unit_ball", shape, {}));
    EXPECT_NEAR(m.mean, e.mean, 1e-8);
    // Rows are independent, elements within one are not: at most 2 variance^2 / rows / (cols - 1).
    EXPECT_NEAR(m.variance / (e.std * e.std), 1, 4.5 * std::sqrt(2e-6 * static_cast<double>(cols))) << cols;
  }
  // Two uniforms: U / (U + V) has the density 1 / (2 max(x, 1 - x)^2) on [0, 1] and the variance 3/4 - log 2.
  EXPECT_NEAR(Scheme::parse("positive_unit_ball").expected({1, 2}, {}).std, std::sqrt(0.75 - std::log(2.0)), 1e-12);
}

TEST(Bilinear, KernelsAreTheTriangleFilter) {
  EXPECT_EQ(filled("bilinear", {1, 1, 4}, {}), (std::vector<float>{0.25, 0.75, 0.75, 0.25}));
  EXPECT_EQ(filled("bilinear", {1, 1, 3}, {}), (std::vector<float>{0.5, 1, 0.5}));
  EXPECT_EQ(filled("bilinear", {1, 1, 2, 3}, {}), (std::vector<float>{0.25, 0.5, 0.25, 0.25, 0.5, 0.25}));
  EXPECT_EQ(filled("bilinear", {2, 1, 2}, {}), (std::vector<float>{0.5, 0.5, 0.5, 0.5}));
  EXPECT_EQ(filled("bilinear", {2, 2, 1}, {}), (std::vector<float>{1, 0, 0, 1}));
  EXPECT_EQ(filled("bilinear(all)", {2, 2, 1}, {}), (std::vector<float>{1, 1, 1, 1}));
  const Expected e = Scheme::parse("bilinear").expected({2, 2, 3}, {});
  EXPECT_NEAR(e.mean, 1.0 / 3, 1e-15);
  EXPECT_EQ(e.high, 1);
  expect_rejected("bilinear", {{}, {4}, {4, 4}});
  expect_error(ErrorKind::usage, {"pairs='some'"}, [] { (void)Scheme::parse("bilinear(some)"); });
}

// A transposed convolution of stride 2 with it keeps a constant constant away from the border.
TEST(Bilinear, UpsamplesAConstantToAConstant) {
  for (const std::size_t taps : {3u, 4u}) {
    const std::vector<float> w = filled("bilinear", {1, 1, taps}, {});
    for (const std::size_t phase : {0u, 1u}) {
      float sum = 0;
      for (std::size_t i = phase; i < taps; i += 2) sum += w[i];
      EXPECT_EQ(sum, 1) << taps;
    }
  }
}

TEST(Icnr, RepeatsTheKernelsOfThePixelShuffle) {
  const Shape shape{8, 3, 3, 3};
  const std::vector<float> w = filled("icnr(he_uniform)", shape, {27, 8});
  const std::vector<float> v = filled("he_uniform", {2, 3, 3, 3}, {27, 8});
  for (std::size_t i = 0; i < w.size(); ++i) ASSERT_EQ(w[i], v[i / 27 / 4 * 27 + i % 27]);
  const std::vector<float> q = filled("icnr(orthogonal, 3)", {9, 2, 5}, {});
  const std::vector<float> small = filled("orthogonal", {3, 2, 5}, {});
  for (std::size_t i = 0; i < q.size(); ++i) ASSERT_EQ(q[i], small[i / 10 / 3 * 10 + i % 10]);
  EXPECT_EQ(Scheme::parse("icnr(he_normal)"), Scheme::parse("icnr(inside=kaiming_normal(a=0), scale=2)"));
  EXPECT_FALSE(Scheme::parse("icnr(he_normal)") == Scheme::parse("icnr(he_uniform)"));
  EXPECT_FALSE(Scheme::parse("icnr(he_normal)") == Scheme::parse("icnr(he_normal, 3)"));
  EXPECT_FALSE(Scheme::parse("icnr(orthogonal)").elementwise());
}

TEST(Icnr, UnsuitableShapesAndSchemesAreRejected) {
  expect_rejected("icnr", {{}, {4}, {4, 4}, {6, 3, 3, 3}, {4, 3, 2, 2, 2}});
  const auto bad = [](const char* text, const std::vector<std::string>& parts) {
    expect_error(ErrorKind::usage, parts, [&] { (void)Scheme::parse(text); });
  };
  bad("icnr(he_norml)", {"'he_norml'", "did you mean 'he_normal'"});
  bad("icnr(uniform(2, 1))", {"low=2"});
  bad("icnr(scale=0)", {"scale='0'"});
  bad("icnr(normal(std=-1))", {"std='-1'"});
  bad("icnr(icnr(icnr(icnr(icnr(icnr(normal))))))", {"icnr", "too deeply"});
  expect_error(ErrorKind::usage, {"identity"}, [] { (void)filled("icnr(identity)", {4, 3, 3, 3}, {}); });
}

TEST(Dft, PartsAreUnitaryTogether) {
  for (const std::size_t n : {1u, 2u, 7u, 16u, 48u}) {
    const std::vector<float> re = filled("dft", {n, n}, {});
    const std::vector<float> im = filled("dft(imaginary)", {n, n}, {});
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        EXPECT_NEAR(dot(re, i, re, j, n) + dot(im, i, im, j, n), i == j ? 1 : 0, 1e-6) << n;
        EXPECT_NEAR(dot(im, i, re, j, n) - dot(re, i, im, j, n), 0, 1e-6) << n;
      }
    }
  }
  EXPECT_EQ(filled("dft", {1, 4}, {}), (std::vector<float>{0.5, 0.5, 0.5, 0.5}));
  EXPECT_EQ(filled("dft(imaginary, 2)", {2, 4}, {}), (std::vector<float>{0, 0, 0, 0, 0, -1, 0, 1}));
  expect_rejected("dft", {{}, {4}, {5, 4}, {2, 2, 2}});
}

TEST(Dct, RowsAreOrthonormal) {
  for (const std::size_t n : {1u, 2u, 7u, 16u, 48u}) {
    const std::vector<float> w = filled("dct", {n, n}, {});
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) EXPECT_NEAR(dot(w, i, w, j, n), i == j ? 1 : 0, 1e-6) << n;
    }
  }
  EXPECT_FLOAT_EQ(filled("dct", {2, 2}, {})[3], static_cast<float>(-std::sqrt(0.5)));
  expect_rejected("dct", {{}, {4}, {5, 4}});
}

TEST(Stft, IsTheWindowTimesTheWave) {
  const std::size_t samples = 16;
  for (const bool periodic : {false, true}) {
    const std::string tail = periodic ? ", periodic=yes)" : ")";
    const std::vector<float> re = filled("stft(real, hann, spectrum" + tail, {9, 1, samples}, {});
    const std::vector<float> im = filled("stft(imaginary, hann, density" + tail, {9, 1, samples}, {});
    double sum = 0;
    double squares = 0;
    std::vector<double> window(samples);
    for (std::size_t t = 0; t < samples; ++t) {
      window[t] = 0.5 - 0.5 * std::cos(2 * pi * static_cast<double>(t) / static_cast<double>(samples - !periodic));
      sum += window[t];
      squares += window[t] * window[t];
    }
    for (std::size_t i = 0; i < re.size(); ++i) {
      const double angle = 2 * pi * static_cast<double>(i / samples * (i % samples)) / 16;
      EXPECT_NEAR(re[i], window[i % samples] * std::cos(angle) / sum, 1e-7);
      EXPECT_NEAR(im[i], -window[i % samples] * std::sin(angle) / std::sqrt(squares), 1e-7);
    }
  }
  // scipy.signal.get_window("blackman", 5, fftbins=False) and "hamming".
  const std::vector<float> blackman = filled("stft(real, blackman, none)", {2, 1, 5}, {});
  EXPECT_NEAR(blackman[1], 0.34, 1e-7);
  EXPECT_NEAR(blackman[2], 1, 1e-7);
  EXPECT_NEAR(filled("stft(real, hamming, none)", {2, 1, 5}, {})[1], 0.54, 1e-7);
  expect_rejected("stft", {{}, {4}, {4, 4}, {9, 2, 16}, {1, 1, 4}});
  expect_error(ErrorKind::usage, {"window='han'", "did you mean 'hann'"},
               [] { (void)Scheme::parse("stft(window=han)"); });
}

}  // namespace
}  // namespace fanin::init
