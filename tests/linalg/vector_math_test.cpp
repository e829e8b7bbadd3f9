#include "fanin/linalg/vector_math.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/simd.h"

namespace fanin::linalg {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Function {
  std::string name;
  void (*ours)(std::span<const float>, std::span<float>);
  double (*exact)(double);
  double ulps;           // the bound that the header states
  std::uint64_t digest;  // of the results for sample(), so that a changed bit is noticed
};

double exact_sigmoid(double x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}
double exact_softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
}

const std::vector<Function>& functions() {
  static const std::vector<Function> all{
      {"exp", exp, [](double x) { return std::exp(x); }, 1.04, 0xfeb2841450fd8217u},
      {"expm1", expm1, [](double x) { return std::expm1(x); }, 1.53, 0xb6835ba1de9bcaeeu},
      {"log", log, [](double x) { return std::log(x); }, 0.92, 0xaec671eaaa853c4fu},
      {"log1p", log1p, [](double x) { return std::log1p(x); }, 1.43, 0x5be44fbcdb4fe379u},
      {"tanh", tanh, [](double x) { return std::tanh(x); }, 1.34, 0x259b8b8a8e031a1cu},
      {"sigmoid", sigmoid, exact_sigmoid, 1.5, 0xf6a777781635ed3fu},
      {"erf", erf, [](double x) { return std::erf(x); }, 1.11, 0x9010c704833a19e7u},
      {"softplus", softplus, exact_softplus, 1.71, 0xcf0ce2ff7a4b14ecu},
  };
  return all;
}

// Every 4099th of all 2^32 bit patterns: each binade of both signs, denormals, infinities' neighbours, NaNs.
const std::vector<float>& sample() {
  static const std::vector<float> all = [] {
    std::vector<float> x;
    for (std::uint64_t bits = 0; bits < std::uint64_t{1} << 32; bits += 4099) {
      x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    }
    return x;
  }();
  return all;
}

std::vector<float> applied(const Function& f, std::span<const float> x) {
  std::vector<float> y(x.size());
  f.ours(x, y);
  return y;
}

float at(const Function& f, float x) {
  return applied(f, std::vector{x}).front();
}
const Function& named(std::string_view name) {
  for (const Function& f : functions()) {
    if (f.name == name) return f;
  }
  throw std::logic_error("no such function");
}
float at(std::string_view name, float x) {
  return at(named(name), x);
}

std::uint64_t digest(std::span<const float> y) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const float v : y) hash = (hash ^ std::bit_cast<std::uint32_t>(v)) * 0x100000001b3u;
  return hash;
}

// The distance between neighbouring floats where the exact result lies.
double ulp(double exact) {
  if (std::fabs(exact) < 0x1p-126) return 0x1p-149;
  int exponent = 0;
  std::frexp(exact, &exponent);
  return std::ldexp(1.0, exponent - 24);
}

TEST(VectorMath, ErrorsStayWithinTheStatedUlps) {
  for (const Function& f : functions()) {
    const std::vector<float> y = applied(f, sample());
    double worst = 0;
    float worst_at = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double exact = f.exact(sample()[i]);
      if (std::isnan(exact) || std::isinf(static_cast<float>(exact))) continue;
      const double error = std::fabs(y[i] - exact) / ulp(exact);
      if (!(error <= worst)) {
        worst = error;
        worst_at = sample()[i];
      }
    }
    EXPECT_LE(worst, f.ulps) << f.name << " at " << worst_at;
    EXPECT_GT(worst, 0.5) << f.name << ": no function here is correctly rounded, the test measured nothing";
  }
}

TEST(VectorMath, InfinitiesNansAndSignsAreThoseOfTheExactFunction) {
  for (const Function& f : functions()) {
    const std::vector<float> y = applied(f, sample());
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double exact = f.exact(sample()[i]);
      const auto rounded = static_cast<float>(exact);
      if (std::isnan(rounded)) {
        ASSERT_EQ(std::bit_cast<std::uint32_t>(y[i]), 0x7fc00000u) << f.name << " at " << sample()[i];
      } else {
        ASSERT_EQ(std::isinf(y[i]), std::isinf(rounded)) << f.name << " at " << sample()[i];
        ASSERT_EQ(std::signbit(y[i]), std::signbit(exact)) << f.name << " at " << sample()[i];
      }
    }
  }
}

TEST(VectorMath, LimitsAreExact) {
  EXPECT_EQ(at("exp", -kInf), 0.0f);
  EXPECT_EQ(at("exp", 0.0f), 1.0f);
  EXPECT_EQ(at("exp", kInf), kInf);
  EXPECT_TRUE(std::isfinite(at("exp", 88.72283f)));
  EXPECT_EQ(at("exp", 88.72284f), kInf);
  EXPECT_EQ(at("exp", -103.5f), 0x1p-149f);
  EXPECT_EQ(at("exp", -104.0f), 0.0f);
  EXPECT_EQ(at("expm1", -kInf), -1.0f);
  EXPECT_EQ(at("expm1", kInf), kInf);
  EXPECT_EQ(at("log", 0.0f), -kInf);
  EXPECT_EQ(at("log", -0.0f), -kInf);
  EXPECT_EQ(at("log", 1.0f), 0.0f);
  EXPECT_EQ(at("log", kInf), kInf);
  EXPECT_TRUE(std::isnan(at("log", -1.0f)));
  EXPECT_EQ(at("log1p", -1.0f), -kInf);
  EXPECT_EQ(at("log1p", kInf), kInf);
  EXPECT_TRUE(std::isnan(at("log1p", -1.5f)));
  EXPECT_EQ(at("tanh", kInf), 1.0f);
  EXPECT_EQ(at("tanh", -kInf), -1.0f);
  EXPECT_EQ(at("sigmoid", 0.0f), 0.5f);
  EXPECT_EQ(at("sigmoid", kInf), 1.0f);
  EXPECT_EQ(at("sigmoid", -kInf), 0.0f);
  EXPECT_EQ(at("erf", kInf), 1.0f);
  EXPECT_EQ(at("erf", -kInf), -1.0f);
  EXPECT_EQ(at("softplus", kInf), kInf);
  EXPECT_EQ(at("softplus", -kInf), 0.0f);
  EXPECT_EQ(at("softplus", 100.0f), 100.0f);
}

TEST(VectorMath, OddFunctionsAreOddAndKeepTheSignOfZero) {
  for (const char* name : {"tanh", "erf"}) {
    for (const float x : {0.0f, 1e-40f, 1e-10f, 0.3f, 0.61f, 1.0f, 3.0f, 30.0f}) {
      EXPECT_EQ(std::bit_cast<std::uint32_t>(at(name, -x)), std::bit_cast<std::uint32_t>(-at(name, x))) << name << x;
    }
  }
  for (const char* name : {"tanh", "erf", "expm1", "log1p"}) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(at(name, -0.0f)), 0x80000000u) << name;
    EXPECT_EQ(std::bit_cast<std::uint32_t>(at(name, 0.0f)), 0u) << name;
  }
}

TEST(VectorMath, NanOfEveryPayloadGivesTheOneNan) {
  for (const Function& f : functions()) {
    for (const std::uint32_t bits : {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xffffffffu}) {
      EXPECT_EQ(std::bit_cast<std::uint32_t>(at(f, std::bit_cast<float>(bits))), 0x7fc00000u) << f.name;
    }
  }
  EXPECT_TRUE(std::isnan(at("exp", kNan)));
}

TEST(VectorMath, BitsAreTheSameOnEveryTarget) {
  for (const Function& f : functions()) {
    const std::uint64_t best = digest(applied(f, sample()));
    for (const std::string& target : simd::targets()) {
      simd::use_target(target);
      EXPECT_EQ(digest(applied(f, sample())), best) << f.name << " on " << target;
      simd::use_target("best");
    }
  }
}

TEST(VectorMath, BitsAreThoseOfTheFirstRelease) {
  for (const Function& f : functions()) EXPECT_EQ(digest(applied(f, sample())), f.digest) << f.name;
}

TEST(VectorMath, AnElementDoesNotDependOnTheCut) {
  std::vector<float> x(133);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.11f * static_cast<float>(i) - 5.0f;
  for (const Function& f : functions()) {
    const std::vector<float> whole = applied(f, x);
    for (std::size_t length = 1; length < 40; ++length) {
      for (std::size_t first = 0; first < x.size(); first += length) {
        const std::size_t count = std::min(length, x.size() - first);
        const std::vector<float> part = applied(f, std::span(x).subspan(first, count));
        for (std::size_t i = 0; i < count; ++i)
          ASSERT_EQ(std::bit_cast<std::uint32_t>(part[i]), std::bit_cast<std::uint32_t>(whole[first + i]))
              << f.name << ' ' << length;
      }
    }
    std::vector<float> in_place = x;
    f.ours(in_place, in_place);
    EXPECT_EQ(digest(in_place), digest(whole)) << f.name;
  }
}

TEST(VectorMath, DifferentLengthsAreRejected) {
  const std::vector<float> x(3);
  std::vector<float> y(4);
  for (const Function& f : functions()) {
    try {
      f.ours(x, y);
      ADD_FAILURE() << f.name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      EXPECT_STREQ(error.what(), "[linalg] 4 results cannot hold a function of 3 values, the lengths must be equal");
    }
  }
  exp({}, {});
}

}  // namespace
}  // namespace fanin::linalg
