#include "fanin/nn/activation.h"

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

const std::vector<Activation>& activations() {
  static const std::vector<Activation> all{ActivationKind::identity,   ActivationKind::relu,
                                           ActivationKind::leaky_relu, {ActivationKind::leaky_relu, -0.25},
                                           ActivationKind::tanh,       ActivationKind::sigmoid,
                                           ActivationKind::softsign,   ActivationKind::elu,
                                           {ActivationKind::elu, 0.5}, ActivationKind::selu,
                                           ActivationKind::gelu,       ActivationKind::silu,
                                           ActivationKind::softplus};
  return all;
}

// The closed form in float64.
double exact(const Activation& f, double x) {
  const double a = f.slope_or_alpha;
  switch (f.kind) {
    case ActivationKind::identity:
      return x;
    case ActivationKind::relu:
      return x > 0 ? x : 0;
    case ActivationKind::leaky_relu:
      return x > 0 ? x : static_cast<double>(static_cast<float>(a)) * x;
    case ActivationKind::tanh:
      return std::tanh(x);
    case ActivationKind::sigmoid:
      return 1 / (1 + std::exp(-x));
    case ActivationKind::softsign:
      return x / (1 + std::fabs(x));
    case ActivationKind::elu:
      return x > 0 ? x : a * std::expm1(x);
    case ActivationKind::selu:
      return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
    case ActivationKind::gelu:
      return 0.5 * x * std::erfc(-x * std::sqrt(0.5));
    case ActivationKind::silu:
      return x / (1 + std::exp(-x));
    case ActivationKind::softplus:
      return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
  }
  return 0;
}

std::vector<float> grid() {
  std::vector<float> x;
  for (int i = -24001; i <= 24001; i += 2) x.push_back(static_cast<float>(i) * 0x1p-11f);
  for (float v = 1e-30f; v < 80.0f; v *= 1.7f) {
    x.push_back(v);
    x.push_back(-v);
  }
  return x;
}

std::vector<float> forward(const Activation& f, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  nn::forward(f, x, y);
  return y;
}

std::vector<float> backward(const Activation& f, const std::vector<float>& x, const std::vector<float>& dy) {
  const std::vector<float> y = forward(f, x);
  std::vector<float> dx(x.size());
  nn::backward(f, x, y, dy, dx);
  return dx;
}

float at(const Activation& f, float x) {
  return forward(f, {x}).front();
}
float slope_at(const Activation& f, float x) {
  return backward(f, {x}, {1.0f}).front();
}

template <class Call>
std::string message(Call call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "no error";
}

TEST(Activation, ForwardIsTheClosedForm) {
  const std::vector<float> x = grid();
  for (const Activation& f : activations()) {
    const std::vector<float> y = forward(f, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double want = exact(f, x[i]);
      const double allowed =
          f.kind == ActivationKind::gelu ? 1e-7 * (1 + std::fabs(x[i])) : 2.5 * 0x1p-23 * std::fabs(want);
      ASSERT_NEAR(y[i], want, allowed + 0x1p-149) << f.str() << " at " << x[i];
    }
  }
}

TEST(Activation, BackwardIsTheFiniteDifference) {
  for (const Activation& f : activations()) {
    for (const float x : grid()) {
      // A difference over the kink at 0 is no derivative.
      if (std::fabs(x) < 1e-4f) continue;
      const double h = 1e-5;
      const double numeric = (exact(f, x + h) - exact(f, x - h)) / (2 * h);
      ASSERT_NEAR(slope_at(f, x), numeric, 2e-6 * (1 + std::fabs(numeric))) << f.str() << " at " << x;
    }
  }
}

TEST(Activation, BackwardMultipliesByTheIncomingGradient) {
  const std::vector<float> x{-2.0f, -0.3f, 0.0f, 0.7f, 5.0f};
  const std::vector<float> dy{0.5f, -4.0f, 2.0f, -0.25f, 8.0f};  // powers of two multiply exactly
  for (const Activation& f : activations()) {
    const std::vector<float> dx = backward(f, x, dy);
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(dx[i], slope_at(f, x[i]) * dy[i]) << f.str();
  }
}

TEST(Activation, ValuesAndSlopesAreThoseOfTorch) {
  const std::vector<float> x{-3.0f, -0.7f, 0.0f, 0.4f, 2.5f};
  struct Pinned {
    Activation f;
    std::vector<double> y, dx;
  };
  const std::vector<Pinned> pinned{
      {ActivationKind::relu, {0, 0, 0, 0.4, 2.5}, {0, 0, 0, 1, 1}},
      {{ActivationKind::leaky_relu, 0.2}, {-0.6, -0.14, 0, 0.4, 2.5}, {0.2, 0.2, 0.2, 1, 1}},
      {ActivationKind::tanh,
       {-0.99505478, -0.60436779, 0, 0.37994897, 0.98661429},
       {0.0098659815, 0.63473958, 1, 0.8556388, 0.026592249}},
      {ActivationKind::sigmoid,
       {0.047425874, 0.33181223, 0.5, 0.59868765, 0.92414182},
       {0.045176659, 0.22171287, 0.25, 0.24026075, 0.070103712}},
      {ActivationKind::softsign,
       {-0.75, -0.41176468, 0, 0.2857143, 0.71428573},
       {0.0625, 0.34602076, 1, 0.51020408, 0.081632659}},
      {{ActivationKind::elu, 0.5}, {-0.47510648, -0.25170735, 0, 0.4, 2.5}, {0.024893533, 0.24829265, 0.5, 1, 1}},
      {ActivationKind::selu,
       {-1.6705687, -0.88505304, 0, 0.42028043, 2.6267526},
       {0.087530605, 0.87304628, 1.7580993, 1.050701, 1.050701}},
      {ActivationKind::gelu,
       {-0.004050225, -0.16937456, 0, 0.26216871, 2.4844759},
       {-0.011945605, 0.023385853, 0.5, 0.80272973, 1.037611}},
      {ActivationKind::silu,
       {-0.14227761, -0.23226856, 0, 0.23947507, 2.3103545},
       {-0.088104106, 0.17661323, 0.5, 0.69479197, 1.0994011}},
      {ActivationKind::softplus,
       {0.048587352, 0.40318605, 0.69314718, 0.91301525, 2.5788898},
       {0.047425874, 0.3318122, 0.5, 0.59868771, 0.92414182}},
  };
  for (const Pinned& p : pinned) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      // Torch's own gelu(-3) is 5.3e-7 from the exact -0.00404969.
      EXPECT_NEAR(at(p.f, x[i]), p.y[i], p.f.kind == ActivationKind::gelu ? 6e-7 : 3e-7) << p.f.str() << " at " << x[i];
      EXPECT_NEAR(slope_at(p.f, x[i]), p.dx[i], 3e-7) << p.f.str() << " at " << x[i];
    }
  }
}

TEST(Activation, ReluHasTheSlopeZeroAtZero) {
  EXPECT_EQ(slope_at(ActivationKind::relu, 0.0f), 0.0f);
  EXPECT_EQ(slope_at(ActivationKind::relu, -0.0f), 0.0f);
  EXPECT_EQ(slope_at(ActivationKind::relu, 1e-45f), 1.0f);
}

TEST(Activation, InfinitiesGiveTheLimits) {
  EXPECT_EQ(at(ActivationKind::relu, -kInf), 0.0f);
  EXPECT_EQ(at(ActivationKind::softsign, kInf), 1.0f);
  EXPECT_EQ(at(ActivationKind::softsign, -kInf), -1.0f);
  EXPECT_EQ(at(ActivationKind::elu, -kInf), -1.0f);
  EXPECT_NEAR(at(ActivationKind::selu, -kInf), -1.7580993f, 1e-6);
  for (const auto kind : {ActivationKind::gelu, ActivationKind::silu}) {
    EXPECT_EQ(at(kind, -kInf), 0.0f);
    EXPECT_EQ(at(kind, kInf), kInf);
    EXPECT_EQ(slope_at(kind, -kInf), 0.0f);
    EXPECT_EQ(slope_at(kind, kInf), 1.0f);
  }
}

TEST(Activation, NanStaysNan) {
  for (const Activation& f : activations()) {
    EXPECT_TRUE(std::isnan(at(f, std::numeric_limits<float>::quiet_NaN()))) << f.str();
    EXPECT_TRUE(std::isnan(backward(f, {1.0f}, {std::numeric_limits<float>::quiet_NaN()}).front())) << f.str();
  }
}

TEST(Activation, BitsDependNeitherOnTheTargetNorOnTheCut) {
  const std::vector<float> x = grid();
  const std::vector<float> dy(x.size(), 0.3f);
  for (const Activation& f : activations()) {
    const std::vector<float> y = forward(f, x);
    const std::vector<float> dx = backward(f, x, dy);
    for (const std::string& target : simd::targets()) {
      simd::use_target(target);
      for (const std::size_t length : {std::size_t{1}, std::size_t{7}, std::size_t{37}, x.size()}) {
        std::vector<float> y2(x.size()), dx2(x.size());
        for (std::size_t i = 0; i < x.size(); i += length) {
          const std::size_t n = std::min(length, x.size() - i);
          nn::forward(f, std::span(x).subspan(i, n), std::span(y2).subspan(i, n));
          nn::backward(f, std::span(x).subspan(i, n), std::span(y).subspan(i, n), std::span(dy).subspan(i, n),
                       std::span(dx2).subspan(i, n));
        }
        EXPECT_EQ(std::memcmp(y.data(), y2.data(), y.size() * 4), 0) << f.str() << ' ' << target << ' ' << length;
        EXPECT_EQ(std::memcmp(dx.data(), dx2.data(), dx.size() * 4), 0) << f.str() << ' ' << target << ' ' << length;
      }
      simd::use_target("best");
    }
  }
}

TEST(Activation, BackwardReadsOnlyWhatItSays) {
  const std::vector<float> x{-1.5f, 0.5f, 2.0f};
  const std::vector<float> dy{1.0f, 2.0f, 3.0f};
  for (const Activation& f : activations()) {
    const std::vector<float> y = forward(f, x);
    std::vector<float> dx(3);
    if (f.backward_reads_input()) {
      nn::backward(f, x, {}, dy, dx);
    } else {
      nn::backward(f, {}, y, dy, dx);
    }
    EXPECT_EQ(dx, backward(f, x, dy)) << f.str();
  }
}

TEST(Activation, TextRoundTrips) {
  for (const Activation& f : activations()) EXPECT_EQ(Activation::parse(f.str()), f) << f.str();
  for (const char* text : {"identity", "relu", "leaky_relu", "leaky_relu(0.2)", "leaky_relu(-0.25)", "tanh", "sigmoid",
                           "softsign", "elu", "elu(0.5)", "selu", "gelu", "silu", "softplus"}) {
    EXPECT_EQ(Activation::parse(text).str(), text);
  }
  EXPECT_EQ(Activation::parse(" leaky_relu ( 0.01 ) ").str(), "leaky_relu");
  EXPECT_EQ(Activation::parse("leaky_relu").slope_or_alpha, 0.01);
  EXPECT_EQ(Activation::parse("elu").slope_or_alpha, 1.0);
}

TEST(Activation, UnknownNamesSuggestTheNearest) {
  EXPECT_EQ(message([] { Activation::parse("sigmiod"); }),
            "[activation] no activation 'sigmiod', did you mean 'sigmoid'?");
  EXPECT_EQ(message([] { Activation::parse("frobnicate"); }), "[activation] no activation 'frobnicate'");
  EXPECT_EQ(message([] { Activation::parse(""); }), "[activation] no activation ''");
}

TEST(Activation, BadParametersAreRejected) {
  EXPECT_EQ(message([] { Activation::parse("relu(1)"); }), "[activation] 'relu(1)': relu has no parameter");
  for (const char* text : {"leaky_relu()", "leaky_relu(", "leaky_relu(x)", "leaky_relu(0.1", "leaky_relu(0.1, 2)",
                           "leaky_relu(inf)", "leaky_relu(nan)", "leaky_relu(0.1) x", "elu(-1)"}) {
    EXPECT_NE(message([=] { Activation::parse(text); }), "no error") << text;
  }
  EXPECT_EQ(message([] { Activation::parse("elu(-1)"); }),
            "[activation] 'elu(-1)': elu takes one non-negative number in parentheses, as in elu(0.2)");
}

TEST(Activation, DifferentLengthsAreRejected) {
  const std::vector<float> three(3), four(4);
  std::vector<float> out(3);
  EXPECT_EQ(message([&] { nn::forward(ActivationKind::relu, four, out); }),
            "[activation] y has 3 elements, x has 4: the lengths must be equal");
  EXPECT_NE(message([&] { nn::backward(ActivationKind::relu, three, three, four, out); }), "no error");
  EXPECT_NE(message([&] { nn::backward(ActivationKind::relu, three, four, three, out); }), "no error");
  EXPECT_NE(message([&] { nn::backward(ActivationKind::gelu, four, three, three, out); }), "no error");
}

}  // namespace
}  // namespace fanin::nn
