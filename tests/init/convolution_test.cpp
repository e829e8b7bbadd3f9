#include "init_test_support.h"

namespace fanin::init {
namespace {

// The largest deviation of sum_t W_t^T W_(t + s) from gain^2 I for s = 0 and from 0 for every other shift s: the
// condition for a convolution with circular padding to keep norms.
double deviation(const std::vector<float>& w, const Shape& shape, double gain) {
  const auto kh = static_cast<int>(shape[2]);
  const int kw = shape.rank() > 3 ? static_cast<int>(shape[3]) : 1;
  const std::size_t inputs = shape[1];
  const auto at = [&](std::size_t o, std::size_t i, int y, int x) {
    if (y < 0 || y >= kh || x < 0 || x >= kw) return 0.0;
    const auto tap = static_cast<std::size_t>(y * kw + x);
    return double{w[(o * inputs + i) * static_cast<std::size_t>(kh * kw) + tap]};
  };
  double worst = 0;
  for (int sy = -kh + 1; sy < kh; ++sy) {
    for (int sx = -kw + 1; sx < kw; ++sx) {
      for (std::size_t a = 0; a < inputs; ++a) {
        for (std::size_t b = 0; b < inputs; ++b) {
          double sum = 0;
          for (std::size_t o = 0; o < shape[0]; ++o) {
            for (int y = 0; y < kh; ++y) {
              for (int x = 0; x < kw; ++x) sum += at(o, a, y, x) * at(o, b, y + sy, x + sx);
            }
          }
          worst = std::max(worst, std::abs(sum - (sy == 0 && sx == 0 && a == b ? gain * gain : 0)));
        }
      }
    }
  }
  return worst;
}

TEST(DeltaOrthogonal, KeepsNormsAndTouchesTheMiddleAlone) {
  for (const Shape& shape : {Shape{6, 4, 3, 3}, Shape{5, 5, 5}, Shape{7, 1, 2, 4}, Shape{3, 3, 1, 1}}) {
    const std::vector<float> w = filled("delta_orthogonal(2)", shape, {});
    EXPECT_LT(deviation(w, shape, 2), 1e-6) << shape.str();
    std::size_t set = 0;
    for (const float x : w) set += x != 0;
    EXPECT_EQ(set, shape[0] * shape[1]);
  }
  const std::vector<float> w = filled("delta_orthogonal", {6, 4, 3, 3}, {});
  const std::vector<float> matrix = filled("orthogonal", {6, 4}, {});
  for (std::size_t i = 0; i < matrix.size(); ++i) EXPECT_EQ(w[9 * i + 4], matrix[i]);
}

TEST(OrthogonalConvolution, KeepsNormsWithAllOfItsTaps) {
  for (const Shape& shape : {Shape{6, 4, 3, 3}, Shape{5, 5, 5}, Shape{7, 1, 2, 4}, Shape{3, 3, 1, 1}, Shape{8, 6, 2}}) {
    const std::vector<float> w = filled("orthogonal_convolution(2)", shape, {});
    EXPECT_LT(deviation(w, shape, 2), 2e-6) << shape.str();
  }
  std::size_t zeros = 0;
  for (const float x : filled("orthogonal_convolution", {6, 4, 3, 3}, {})) zeros += x == 0;
  EXPECT_EQ(zeros, 0u);
}

TEST(OrthogonalConvolution, ElementsHaveTheExpectedMeanSquare) {
  const Shape shape{12, 8, 3, 3};
  for (const char* scheme : {"orthogonal_convolution", "delta_orthogonal"}) {
    double squares = 0;
    for (const float x : filled(scheme, shape, {})) squares += double{x} * x;
    const double std = Scheme::parse(scheme).expected(shape, {}).std;
    // A column's squares sum to one exactly.
    EXPECT_NEAR(squares / static_cast<double>(shape.elements()), std * std, 1e-7) << scheme;
  }
}

TEST(OrthogonalConvolution, MoreInputsThanOutputsAndFlatTensorsAreRejected) {
  for (const std::string scheme : {"orthogonal_convolution", "delta_orthogonal"}) {
    for (const Shape& shape : {Shape{4, 5, 3, 3}, Shape{4, 5}, Shape{5}, Shape{}}) {
      expect_error(ErrorKind::usage, {scheme, shape.str()}, [&] { (void)filled(scheme, shape, {}); });
    }
  }
}

TEST(Orthogonal, UnitsMayBeOnAnyAxis) {
  // A kernel [height, width, in, out]: the units' columns are those of the flat matrix.
  const std::vector<float> hwio = filled("orthogonal(axis=-1)", {3, 2, 4, 6}, {});
  const std::vector<float> flat = filled("orthogonal", {6, 24}, {});
  for (std::size_t o = 0; o < 6; ++o) {
    for (std::size_t i = 0; i < 24; ++i) ASSERT_EQ(hwio[i * 6 + o], flat[o * 24 + i]);
  }
  const std::vector<float> middle = filled("orthogonal(1, 1)", {5, 7, 4}, {});
  const std::vector<float> units = filled("orthogonal", {7, 20}, {});
  for (std::size_t a = 0; a < 5; ++a) {
    for (std::size_t u = 0; u < 7; ++u) {
      for (std::size_t b = 0; b < 4; ++b) ASSERT_EQ(middle[(a * 7 + u) * 4 + b], units[u * 20 + a * 4 + b]);
    }
  }
  EXPECT_EQ(filled("orthogonal(axis=-3)", {5, 7, 4}, {}), filled("orthogonal", {5, 7, 4}, {}));
  expect_error(ErrorKind::usage, {"axis 2", "[5, 7]"}, [] { (void)filled("orthogonal(axis=2)", {5, 7}, {}); });
  expect_error(ErrorKind::usage, {"axis -3", "[5, 7]"}, [] { (void)filled("orthogonal(axis=-3)", {5, 7}, {}); });
  expect_error(ErrorKind::usage, {"axis='9'"}, [] { (void)Scheme::parse("orthogonal(axis=9)"); });
}

}  // namespace
}  // namespace fanin::init
