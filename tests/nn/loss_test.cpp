#include "fanin/nn/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/simd.h"

namespace fanin::nn {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

struct Result {
  std::vector<float> gradient;
  std::vector<float> loss;

  friend bool operator==(const Result& a, const Result& b) {
    const auto same = [](const std::vector<float>& x, const std::vector<float>& y) {
      return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
    };
    return same(a.gradient, b.gradient) && same(a.loss, b.loss);
  }
};

// Numbers without a pattern that a rounding could hide in, between -scale and scale.
std::vector<float> numbers(std::size_t count, float scale) {
  std::vector<float> x(count);
  std::uint32_t state = 12345;
  for (float& v : x) {
    state = state * 1664525u + 1013904223u;
    v = scale * (static_cast<float>(state >> 8) * 0x1p-23f - 1.0f);
  }
  return x;
}

std::vector<std::int32_t> some_labels(std::size_t rows, std::size_t cols) {
  std::vector<std::int32_t> labels(rows);
  for (std::size_t r = 0; r < rows; ++r) labels[r] = static_cast<std::int32_t>(r * 7 % cols);
  return labels;
}

Result cross_entropy(const std::vector<float>& z, const std::vector<std::int32_t>& labels, float scale = 1.0f) {
  const std::size_t rows = labels.size(), cols = z.size() / rows;
  Result result{std::vector<float>(z.size()), std::vector<float>(rows)};
  softmax_cross_entropy({z.data(), rows, cols}, labels, scale, {result.gradient.data(), rows, cols}, result.loss);
  return result;
}

Result squared_error(const std::vector<float>& y, const std::vector<std::int32_t>& labels, float scale = 1.0f) {
  const std::size_t rows = labels.size(), cols = y.size() / rows;
  Result result{std::vector<float>(y.size()), std::vector<float>(rows)};
  mean_squared_error({y.data(), rows, cols}, labels, scale, {result.gradient.data(), rows, cols}, result.loss);
  return result;
}

double exact_cross_entropy(const double* z, std::size_t cols, std::size_t label) {
  double max = z[0], sum = 0;
  for (std::size_t c = 0; c < cols; ++c) max = std::max(max, z[c]);
  for (std::size_t c = 0; c < cols; ++c) sum += std::exp(z[c] - max);
  return std::log(sum) + max - z[label];
}

template <class Call>
ErrorKind kind_of_error(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no error";
  return ErrorKind::io;
}

TEST(SoftmaxCrossEntropy, ValueAndGradientAreTheExactOnes) {
  for (const std::size_t cols : {1u, 2u, 10u, 16u, 17u, 33u, 1000u}) {
    const std::size_t rows = 9;
    const std::vector<float> z = numbers(rows * cols, 12.0f);
    const auto labels = some_labels(rows, cols);
    const Result got = cross_entropy(z, labels);
    const std::vector<double> exact(z.begin(), z.end());
    for (std::size_t r = 0; r < rows; ++r) {
      const auto label = static_cast<std::size_t>(labels[r]);
      const double loss = exact_cross_entropy(&exact[r * cols], cols, label);
      EXPECT_NEAR(got.loss[r], loss, 3e-6) << cols;
      for (std::size_t c = 0; c < cols; ++c) {
        // softmax_c = e^-(loss if c were the label)
        const double p = std::exp(-exact_cross_entropy(&exact[r * cols], cols, c));
        EXPECT_NEAR(got.gradient[r * cols + c], p - (c == label ? 1 : 0), 1e-6 * p + 1e-7) << cols;
      }
    }
  }
}

TEST(SoftmaxCrossEntropy, GradientIsTheFiniteDifference) {
  const std::size_t rows = 4, cols = 11;
  const std::vector<float> z = numbers(rows * cols, 3.0f);
  const auto labels = some_labels(rows, cols);
  const float scale = 0.25f;
  const Result got = cross_entropy(z, labels, scale);
  std::vector<double> moved(z.begin(), z.end());
  for (std::size_t i = 0; i < z.size(); ++i) {
    const std::size_t r = i / cols;
    const auto loss = [&](double value) {
      moved[i] = value;
      return exact_cross_entropy(&moved[r * cols], cols, static_cast<std::size_t>(labels[r]));
    };
    const double numeric = (loss(z[i] + 1e-5) - loss(z[i] - 1e-5)) / 2e-5;
    moved[i] = z[i];
    EXPECT_NEAR(got.gradient[i], scale * numeric, 1e-7);
  }
}

TEST(SoftmaxCrossEntropy, ValuesAreThoseOfTorch) {
  const Result got = cross_entropy({1.0f, 2.0f, 3.0f, 0.5f, -1.0f, 400.0f}, {0, 1}, 0.5f);
  EXPECT_NEAR(got.loss[0], 2.4076059, 3e-7);
  EXPECT_EQ(got.loss[1], 401.0f);
  const std::vector<double> gradient{-0.45498472, 0.12236425, 0.33262050, 0, -0.5, 0.5};
  for (std::size_t i = 0; i < gradient.size(); ++i) EXPECT_NEAR(got.gradient[i], gradient[i], 1e-7);
}

TEST(SoftmaxCrossEntropy, EqualLogitsCostTheLogarithmOfTheClasses) {
  for (const std::size_t cols : {1u, 2u, 10u, 4096u}) {
    for (const float level : {0.0f, -3e38f, 3e38f}) {
      const Result got = cross_entropy(std::vector<float>(cols, level), {0});
      EXPECT_NEAR(got.loss[0], std::log(static_cast<double>(cols)), 1e-6) << cols << ' ' << level;
    }
  }
}

TEST(SoftmaxCrossEntropy, HugeLogitsStayFiniteAndExact) {
  const Result got = cross_entropy({700.0f, -300.0f, 20.0f, 3e38f, 0.0f, -3e37f}, {1, 1});
  EXPECT_EQ(got.loss[0], 1000.0f);
  EXPECT_EQ(got.loss[1], 3e38f);
  EXPECT_EQ(got.gradient, (std::vector<float>{1, -1, 0, 1, -1, 0}));
  EXPECT_EQ(cross_entropy({700.0f, -300.0f}, {0}).loss[0], 0.0f);
}

TEST(SoftmaxCrossEntropy, InfiniteAndUndefinedLogits) {
  EXPECT_NEAR(cross_entropy({1.0f, -kInf, 1.0f}, {0}).loss[0], std::log(2.0), 1e-7);
  EXPECT_EQ(cross_entropy({1.0f, -kInf, 1.0f}, {1}).loss[0], kInf);
  EXPECT_TRUE(std::isnan(cross_entropy({1.0f, kInf, 1.0f}, {0}).loss[0]));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t place = 0; place < 20; ++place) {
    std::vector<float> z(20, 1.0f);
    z[place] = nan;
    const Result got = cross_entropy(z, {3});
    EXPECT_TRUE(std::isnan(got.loss[0])) << place;
    for (const float g : got.gradient) EXPECT_TRUE(std::isnan(g)) << place;
  }
}

TEST(SoftmaxCrossEntropy, GradientOfARowSumsToZero) {
  const std::size_t rows = 50, cols = 10;
  const Result got = cross_entropy(numbers(rows * cols, 30.0f), some_labels(rows, cols));
  for (std::size_t r = 0; r < rows; ++r) {
    double sum = 0;
    for (std::size_t c = 0; c < cols; ++c) sum += got.gradient[r * cols + c];
    EXPECT_NEAR(sum, 0.0, 5e-7);
  }
}

TEST(Losses, BitsDependNeitherOnTheTargetNorOnTheSlabs) {
  for (const std::size_t cols : {1u, 10u, 16u, 100u, 257u}) {
    const std::size_t rows = 12;
    std::vector<float> z = numbers(rows * cols, 40.0f);
    z[2 * cols] = std::numeric_limits<float>::quiet_NaN();
    z[4 * cols] = kInf;
    const auto labels = some_labels(rows, cols);
    const Result entropy = cross_entropy(z, labels, 0.1f);
    const Result squares = squared_error(z, labels, 0.1f);
    for (const std::string& target : simd::targets()) {
      simd::use_target(target);
      EXPECT_TRUE(cross_entropy(z, labels, 0.1f) == entropy) << target << ' ' << cols;
      EXPECT_TRUE(squared_error(z, labels, 0.1f) == squares) << target << ' ' << cols;
      for (std::size_t r = 0; r < rows; r += 5) {
        const std::size_t n = std::min<std::size_t>(5, rows - r);
        Result slab{std::vector<float>(n * cols), std::vector<float>(n)};
        softmax_cross_entropy({&z[r * cols], n, cols}, std::span(labels).subspan(r, n), 0.1f,
                              {slab.gradient.data(), n, cols}, slab.loss);
        EXPECT_EQ(std::memcmp(slab.loss.data(), &entropy.loss[r], n * sizeof(float)), 0) << target;
        EXPECT_EQ(std::memcmp(slab.gradient.data(), &entropy.gradient[r * cols], n * cols * sizeof(float)), 0)
            << target;
      }
      simd::use_target("best");
    }
  }
}

TEST(Losses, RowSumsRunInSixteenLanesAndATree) {
  const std::size_t cols = 75;
  const std::vector<float> y = numbers(cols, 1.0f);
  float lanes[16] = {};
  for (std::size_t c = 0; c < cols; ++c) {
    const float difference = y[c] - (c == 5 ? 1.0f : 0.0f);
    lanes[c % 16] = std::fma(difference, difference, lanes[c % 16]);
  }
  for (std::size_t half = 8; half > 0; half /= 2) {
    for (std::size_t k = 0; k < half; ++k) lanes[k] += lanes[k + half];
  }
  EXPECT_EQ(squared_error(y, {5}).loss[0], lanes[0] / 75.0f);
}

TEST(Losses, StridesInPlaceAndWithoutGradient) {
  const std::size_t rows = 3, cols = 10, stride = 23;
  const std::vector<float> z = numbers(rows * cols, 5.0f);
  const auto labels = some_labels(rows, cols);
  for (const bool entropy : {true, false}) {
    const auto call = [&](MatrixView<const float> in, MatrixView<float> gradient, std::span<float> loss) {
      if (entropy) softmax_cross_entropy(in, labels, 0.5f, gradient, loss);
      if (!entropy) mean_squared_error(in, labels, 0.5f, gradient, loss);
    };
    const Result want = entropy ? cross_entropy(z, labels, 0.5f) : squared_error(z, labels, 0.5f);
    std::vector<float> wide(rows * stride, -7.0f);
    for (std::size_t i = 0; i < z.size(); ++i) wide[i / cols * stride + i % cols] = z[i];
    std::vector<float> loss(rows);
    const MatrixView<float> view(wide.data(), rows, cols, stride);
    call(view, {}, loss);
    EXPECT_EQ(loss, want.loss);
    call(view, view, loss);
    EXPECT_EQ(loss, want.loss);
    for (std::size_t i = 0; i < z.size(); ++i) EXPECT_EQ(view(i / cols, i % cols), want.gradient[i]);
    EXPECT_EQ(view.row(0)[cols], -7.0f);
  }
}

TEST(MeanSquaredError, ValueAndGradientAreThoseOfTorch) {
  const std::vector<float> y{1.0f, 2.0f, 3.0f, 0.5f, -1.0f, 400.0f};
  const std::vector<float> t{0.0f, 1.0f, 0.0f, 1.0f, 1.0f, 1.0f};
  Result got{std::vector<float>(6), std::vector<float>(2)};
  mean_squared_error({y.data(), 2, 3}, MatrixView<const float>(t.data(), 2, 3), 0.5f, {got.gradient.data(), 2, 3},
                     got.loss);
  EXPECT_NEAR(mean(got.loss), 26536.041015625, 0.003);
  const std::vector<double> gradient{1 / 3.0, 1 / 3.0, 1.0, -1 / 6.0, -2 / 3.0, 133.0};
  for (std::size_t i = 0; i < gradient.size(); ++i) EXPECT_NEAR(got.gradient[i], gradient[i], 1e-7 * (1 + gradient[i]));
}

TEST(MeanSquaredError, GradientIsTheFiniteDifference) {
  const std::size_t cols = 7;
  const std::vector<float> y = numbers(cols, 2.0f);
  const Result got = squared_error(y, {2}, 3.0f);
  for (std::size_t i = 0; i < cols; ++i) {
    const auto loss = [&](double h) {
      double sum = 0;
      for (std::size_t c = 0; c < cols; ++c) {
        const double difference = y[c] + (c == i ? h : 0) - (c == 2 ? 1 : 0);
        sum += difference * difference;
      }
      return sum / static_cast<double>(cols);
    };
    EXPECT_NEAR(got.gradient[i], 3.0 * (loss(1e-4) - loss(-1e-4)) / 2e-4, 2e-6);
  }
}

TEST(MeanSquaredError, LabelsAreOneHotTargets) {
  for (const std::size_t cols : {1u, 10u, 40u}) {
    const std::size_t rows = 21;
    const std::vector<float> y = numbers(rows * cols, 2.0f);
    const auto labels = some_labels(rows, cols);
    std::vector<float> t(rows * cols);
    for (std::size_t r = 0; r < rows; ++r) t[r * cols + static_cast<std::size_t>(labels[r])] = 1.0f;
    Result got{std::vector<float>(y.size()), std::vector<float>(rows)};
    mean_squared_error({y.data(), rows, cols}, MatrixView<const float>(t.data(), rows, cols), 0.5f,
                       {got.gradient.data(), rows, cols}, got.loss);
    EXPECT_TRUE(got == squared_error(y, labels, 0.5f)) << cols;
  }
}

Result sigmoid_entropy(const std::vector<float>& z, const std::vector<float>& t, std::size_t rows, float scale = 1.0f) {
  const std::size_t cols = z.size() / rows;
  Result result{std::vector<float>(z.size()), std::vector<float>(rows)};
  sigmoid_cross_entropy({z.data(), rows, cols}, {t.data(), rows, cols}, scale, {result.gradient.data(), rows, cols},
                        result.loss);
  return result;
}

std::vector<float> some_targets(std::size_t count) {
  std::vector<float> t = numbers(count, 0.5f);
  for (std::size_t i = 0; i < count; ++i) t[i] = i % 5 == 0 ? 0.0f : i % 7 == 0 ? 1.0f : t[i] + 0.5f;
  return t;
}

TEST(SigmoidCrossEntropy, ValueIsTheExactOneForAllWidths) {
  for (const std::size_t cols : {1u, 15u, 16u, 17u, 784u}) {
    const std::vector<float> z = numbers(3 * cols, 9.0f), t = some_targets(3 * cols);
    const Result got = sigmoid_entropy(z, t, 3);
    std::vector<float> squares(3);
    sigmoid_squared_error({z.data(), 3, cols}, {t.data(), 3, cols}, squares);
    for (std::size_t r = 0; r < 3; ++r) {
      double entropy = 0, square = 0;
      for (std::size_t i = r * cols; i < (r + 1) * cols; ++i) {
        const double p = 1 / (1 + std::exp(-static_cast<double>(z[i]))), target = t[i];
        entropy -= target * std::log(p) + (1 - target) * std::log1p(-p);
        square += (target - p) * (target - p);
      }
      EXPECT_NEAR(got.loss[r], entropy, 2e-6 * (1 + entropy)) << cols;
      EXPECT_NEAR(squares[r], square, 2e-6 * (1 + square)) << cols;
    }
  }
}

TEST(SigmoidCrossEntropy, GradientIsTheFiniteDifference) {
  const std::size_t cols = 21;
  const std::vector<float> z = numbers(cols, 4.0f), t = some_targets(cols);
  const Result got = sigmoid_entropy(z, t, 1, 3.0f);
  for (std::size_t i = 0; i < cols; ++i) {
    const auto loss = [&](double h) {
      const double x = z[i] + h;
      return std::log1p(std::exp(x)) - t[i] * x;
    };
    EXPECT_NEAR(got.gradient[i], 3.0 * (loss(1e-5) - loss(-1e-5)) / 2e-5, 2e-6);
  }
}

TEST(SigmoidCrossEntropy, KnownValuesAndHugeLogits) {
  EXPECT_NEAR(sigmoid_entropy({0, 0, 0}, {0, 1, 0.25f}, 1).loss[0], 3 * std::log(2.0), 1e-6);
  // log(1 + e^-20) is 2.06e-9: nothing of it may be lost beside the 20.
  EXPECT_NEAR(sigmoid_entropy({20}, {1}, 1).loss[0], 2.0611536e-9, 1e-14);
  EXPECT_NEAR(sigmoid_entropy({-20}, {0}, 1).loss[0], 2.0611536e-9, 1e-14);
  EXPECT_EQ(sigmoid_entropy({1000}, {0}, 1).loss[0], 1000.0f);
  EXPECT_EQ(sigmoid_entropy({3e38f}, {1}, 1).loss[0], 0.0f);
  EXPECT_EQ(sigmoid_entropy({-3e38f}, {1}, 1).gradient[0], -1.0f);
  EXPECT_FALSE(std::isfinite(sigmoid_entropy({kInf, 0}, {1, 0}, 1).loss[0]));
  EXPECT_TRUE(std::isnan(sigmoid_entropy({std::nanf(""), 0}, {1, 0}, 1).loss[0]));
}

TEST(SigmoidCrossEntropy, BitsDependNeitherOnTheTargetNorOnTheSlabs) {
  for (const std::size_t cols : {1u, 16u, 33u, 100u}) {
    const std::size_t rows = 6;
    const std::vector<float> z = numbers(rows * cols, 30.0f), t = some_targets(rows * cols);
    const Result want = sigmoid_entropy(z, t, rows, 0.1f);
    std::vector<float> want_squares(rows);
    sigmoid_squared_error({z.data(), rows, cols}, {t.data(), rows, cols}, want_squares);
    for (const std::string& target : simd::targets()) {
      simd::use_target(target);
      EXPECT_TRUE(sigmoid_entropy(z, t, rows, 0.1f) == want) << target << ' ' << cols;
      std::vector<float> squares(rows);
      for (std::size_t r = 0; r < rows; ++r) {
        // In place, without a gradient, row by row.
        std::vector<float> own(&z[r * cols], &z[r * cols] + cols), loss(1);
        sigmoid_cross_entropy({own.data(), 1, cols}, {&t[r * cols], 1, cols}, 0.1f, {}, loss);
        EXPECT_EQ(std::memcmp(loss.data(), &want.loss[r], sizeof(float)), 0) << target;
        sigmoid_squared_error({own.data(), 1, cols}, {&t[r * cols], 1, cols}, std::span(squares).subspan(r, 1));
        sigmoid_cross_entropy({own.data(), 1, cols}, {&t[r * cols], 1, cols}, 0.1f, {own.data(), 1, cols}, loss);
        EXPECT_EQ(std::memcmp(own.data(), &want.gradient[r * cols], cols * sizeof(float)), 0) << target;
      }
      EXPECT_EQ(squares, want_squares) << target;
      simd::use_target("best");
    }
  }
}

TEST(SigmoidCrossEntropy, DifferentShapesAreRejected) {
  std::vector<float> z(12), g(12), loss(3);
  const MatrixView<const float> in(z.data(), 3, 4);
  const auto usage = [](auto call) { EXPECT_EQ(kind_of_error(call), ErrorKind::usage); };
  usage([&] { sigmoid_cross_entropy(in, {z.data(), 4, 3}, 1.0f, {}, loss); });
  usage([&] { sigmoid_cross_entropy(in, in, 1.0f, {g.data(), 3, 3}, loss); });
  usage([&] { sigmoid_cross_entropy(in, in, 1.0f, {}, std::span(loss).first(2)); });
  usage([&] { sigmoid_squared_error(in, {z.data(), 3, 3}, loss); });
  usage([&] { sigmoid_squared_error(in, in, std::span(loss).first(1)); });
}

TEST(Softmax, RowsAreProbabilities) {
  const std::size_t rows = 20, cols = 37;
  std::vector<float> z = numbers(rows * cols, 300.0f);
  std::vector<float> p(z.size());
  softmax({z.data(), rows, cols}, {p.data(), rows, cols});
  for (std::size_t r = 0; r < rows; ++r) {
    double sum = 0;
    for (std::size_t c = 0; c < cols; ++c) {
      EXPECT_GE(p[r * cols + c], 0.0f);
      sum += p[r * cols + c];
    }
    EXPECT_NEAR(sum, 1.0, 1e-6);
  }
  const Result got = cross_entropy(z, some_labels(rows, cols));
  EXPECT_EQ(got.gradient[1], p[1]);  // off the label, with scale 1
  softmax({z.data(), rows, cols}, {z.data(), rows, cols});
  EXPECT_EQ(z, p);
}

TEST(Mean, SumsInDoubleInRowOrder) {
  std::vector<float> loss(100000, 0.1f);
  EXPECT_NEAR(mean(loss), static_cast<double>(0.1f), 1e-12);
  EXPECT_EQ(kind_of_error([] { (void)mean({}); }), ErrorKind::usage);
}

TEST(LossKind, TextRoundTrips) {
  for (const char* text : {"softmax_cross_entropy", "mean_squared_error", "sigmoid_cross_entropy"}) {
    EXPECT_EQ(str(parse_loss(text)), text);
  }
  try {
    (void)parse_loss("mean_square_error");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_STREQ(error.what(), "[loss] no loss 'mean_square_error', did you mean 'mean_squared_error'?");
  }
  EXPECT_EQ(kind_of_error([] { (void)parse_loss(""); }), ErrorKind::usage);
}

TEST(LossKind, ComparesWithLabelsOrWithTargets) {
  const float z[] = {0.5F, -1.0F};
  const float t[] = {1.0F, 0.25F};
  const std::int32_t label[] = {1};
  const MatrixView<const float> outputs(z, 1, 2);
  const MatrixView<const float> targets(t, 1, 2);
  float by_kind[1];
  float plain[1];
  loss_rows(LossKind::sigmoid_cross_entropy, outputs, targets, 1, {}, by_kind);
  sigmoid_cross_entropy(outputs, targets, 1, {}, plain);
  EXPECT_EQ(by_kind[0], plain[0]);
  loss_rows(LossKind::mean_squared_error, outputs, targets, 1, {}, by_kind);
  mean_squared_error(outputs, targets, 1, {}, plain);
  EXPECT_EQ(by_kind[0], plain[0]);
  EXPECT_EQ(kind_of_error([&] { loss_rows(LossKind::softmax_cross_entropy, outputs, targets, 1, {}, by_kind); }),
            ErrorKind::usage);
  EXPECT_EQ(kind_of_error([&] { loss_rows(LossKind::sigmoid_cross_entropy, outputs, label, 1, {}, by_kind); }),
            ErrorKind::usage);
  EXPECT_NEAR(loss_of_even_guess(LossKind::sigmoid_cross_entropy, 3), 3 * std::log(2.0), 1e-15);
}

TEST(Losses, LabelsOutsideTheClassesAreRejected) {
  for (const std::int32_t bad : {-1, 3, 1000, std::numeric_limits<std::int32_t>::min()}) {
    EXPECT_EQ(kind_of_error([=] { cross_entropy(std::vector<float>(6), {0, bad}); }), ErrorKind::data) << bad;
    EXPECT_EQ(kind_of_error([=] { squared_error(std::vector<float>(6), {0, bad}); }), ErrorKind::data) << bad;
  }
  try {
    cross_entropy(std::vector<float>(6), {2, 3});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[loss] the label of row 1 is 3, allowed is 0 to 2");
  }
}

TEST(Losses, DifferentShapesAreRejected) {
  std::vector<float> z(12), g(12), loss(3);
  const std::vector<std::int32_t> labels(3);
  const MatrixView<const float> in(z.data(), 3, 4);
  const MatrixView<float> out(g.data(), 3, 4);
  const auto usage = [](auto call) { EXPECT_EQ(kind_of_error(call), ErrorKind::usage); };
  usage([&] { softmax_cross_entropy(in, std::span(labels).first(2), 1.0f, out, loss); });
  usage([&] { softmax_cross_entropy(in, labels, 1.0f, {g.data(), 4, 3}, loss); });
  usage([&] { softmax_cross_entropy(in, labels, 1.0f, out, std::span(loss).first(2)); });
  usage([&] { softmax_cross_entropy({z.data(), 3, 0}, labels, 1.0f, {}, loss); });
  usage([&] { mean_squared_error(in, {z.data(), 3, 3}, 1.0f, out, loss); });
  usage([&] { mean_squared_error(in, std::span(labels).first(2), 1.0f, out, loss); });
  usage([&] { softmax(in, {g.data(), 2, 4}); });
  softmax_cross_entropy({nullptr, 0, 10}, {}, 1.0f, {}, {});
}

TEST(Losses, AnEvenGuessIsThatOfEqualOutputs) {
  const std::vector<float> zeros(4, 0.0F);
  const std::vector<float> quarter(4, 0.25F);
  const std::vector<std::int32_t> label{2};
  std::vector<float> loss(1);
  softmax_cross_entropy({zeros.data(), 1, 4}, label, 1.0F, {}, loss);
  EXPECT_NEAR(loss[0], loss_of_even_guess(LossKind::softmax_cross_entropy, 4), 1e-6);
  mean_squared_error({quarter.data(), 1, 4}, std::span<const std::int32_t>(label), 1.0F, {}, loss);
  EXPECT_NEAR(loss[0], loss_of_even_guess(LossKind::mean_squared_error, 4), 1e-7);
}

}  // namespace
}  // namespace fanin::nn
