#include <algorithm>

#include "fanin/init/catalogue.h"

#include "dialect_cases.h"
#include "init_test_support.h"
#include "tests/support/each_target.h"

namespace fanin::init {
namespace {

// A change of any of these numbers changes networks that someone made before: never edit them, add a new scheme.
const std::vector<Case>& plain_cases() {
  static const std::vector<Case> all = {
      {"zeros", {6, 4}, 0x0243cfa845185aa5},
      {"ones", {6, 4}, 0x3940639d32d0ace5},
      {"constant(-0.5)", {}, 0x4d24c77f9dccea98},
      {"uniform(-0.1, 0.1)", {7}, 0xb00cf154a641adc9},
      {"normal(1, 0.02)", {3, 2, 5}, 0xae7e08eb96501a2f},
      {"truncated_normal(0, 0.02, -1, 3)", {13, 9}, 0xbb5838c082bfc59d},
      {"truncated_normal(0, 1, 6, 8, after)", {13, 9}, 0xf0763a37ed807c7c},
      {"truncated_normal_absolute(0, 0.02, -0.04, 0.06)", {13, 9}, 0xbff3bf55cd50bec7},
      {"truncated_normal_absolute(0, 0.5, -1, 1, after)", {13, 9}, 0xaf12595a20533763},
      {"truncated_normal_absolute(1, 0)", {13, 9}, 0x9e13663cdb355a78},
      {"variance_scaling(2, fan_geo_avg, normal)", {13, 9}, 0x07ddba066c9d6bdf},
      {"variance_scaling(2, fan_out)", {13, 9}, 0xdeda1031fd353958},
      {"xavier_uniform", {13, 9}, 0x12d3539185a97167},
      {"xavier_normal(gain(tanh))", {13, 9}, 0xe99bc178693307b7},
      {"kaiming_uniform(nonlinearity=gelu, gain=backward)", {13, 9}, 0xf0d8b46525fa4fd2},
      {"kaiming_normal(nonlinearity=silu, gain=variance)", {8, 4, 3, 3}, 0x40ca2275f57c12f9},
      {"lecun_uniform", {13, 9}, 0xb1c7e15e6a7b93ee},
      {"lecun_normal", {13, 9}, 0x27fad798addcd347},
      {"pytorch_default", {13, 9}, 0xfa340cbfc604299c},
      {"orthogonal(1.5)", {13, 9}, 0xa5dc7fd4cb7a0d67},
      {"orthogonal(axis=-1)", {3, 3, 4, 6}, 0x8ae38d91d4079c00},
      {"orthogonal(axis=1)", {5, 7, 4}, 0x8f285817a0d8f300},
      {"delta_orthogonal", {6, 4, 3, 3}, 0xe6f25dbd9707f63b},
      {"delta_orthogonal(2)", {6, 6, 4}, 0x02e2daa58e215186},
      {"orthogonal_convolution", {6, 4, 3, 2}, 0x6565c66872e605f7},
      {"orthogonal_convolution(gain(relu))", {5, 5, 3}, 0xf2ff511da9f75cc6},
      {"looks_linear", {6, 8}, 0xecbaae5440c997dd},
      {"looks_linear(2, first)", {6, 5}, 0x2075f4ed97a707c5},
      {"looks_linear(place=last)", {5, 6, 3}, 0x4a82a76a84dfff41},
      {"identity(3)", {13, 9}, 0xaa8c59dcdc920535},
      {"dirac(2)", {8, 3, 3, 3}, 0x5c2bc4a90acb0fe5},
      {"hadamard", {13, 9}, 0x678fdfb3c7065e0b},
      {"zero_hadamard", {13, 9}, 0x678fdfb3c7065e0b},
      {"zero_hadamard(sqrt(2))", {6, 4, 3, 3}, 0x7abef43bca6bdce5},
      {"zero_hadamard", {9, 13}, 0xd0087bd06de54218},
      {"sparse(0.3)", {13, 9}, 0x38d5fc6bb0800b55},
      {"sparse(0.3, 1, unit)", {13, 9}, 0x1f0f80a606d14619},
      {"sparse_connections(4)", {13, 9}, 0x0c540bf68cab1e28},
      {"positive_unit_ball", {13, 9}, 0x9ef7e14e72d7e97a},
      {"positive_unit_ball", {4, 3, 3}, 0x53302b9158315b99},
      {"bilinear", {3, 3, 4, 4}, 0xac4026d02a3fdae5},
      {"bilinear(all)", {2, 3, 5}, 0xce7d66aaed8f63ed},
      {"icnr", {8, 3, 3, 3}, 0xe97861bfcc59724d},
      {"icnr(orthogonal(2), 3)", {9, 2, 5}, 0xac842206829cc80a},
      {"icnr(inside=uniform(low=-1, high=1), scale=1)", {3, 2, 5}, 0x3760adf15e99a2cb},
      {"query_key_value(normal, zeros, xavier_uniform)", {15, 9}, 0x2ba46283ebac593b},
      {"query_key_value(orthogonal, lecun_normal, ones, 1)", {13, 9}, 0xd487f772586ea0f0},
      {"dft", {9, 16}, 0x5be2d46f8bd3d145},
      {"dft(imaginary, 2)", {7, 13}, 0x69a089e3e9cec795},
      {"dct", {13, 13}, 0x69b951856c096f24},
      {"stft", {9, 1, 16}, 0xf43a1716a51dcba5},
      {"stft(imaginary, hamming, spectrum, yes)", {7, 1, 12}, 0x3f1b937ffd5d49e1},
      {"stft(real, blackman, none)", {5, 1, 7}, 0x3edc922f81fdb0fd},
      {"nguyen_widrow", {13, 9}, 0x1f78aa244dfac4cb},
      {"nguyen_widrow(2)", {5, 3, 3}, 0x74092207c08a3011},
      {"nguyen_widrow_bias", {13}, 0xa024a9d53272008e},
      {"oivs", {13, 9}, 0x310d05c17fc2673b},
      {"oivs(0.2, 3, 1)", {13, 9}, 0x2e11893af20cf713},
      {"kathirvalavakumar_subavathi(10, 4)", {13, 9}, 0x6a8e87940a9967a1},
      {"siren", {13, 9}, 0xc29ea32a99de4afd},
      {"siren_first", {13, 9}, 0xf219f6bbab5c0991},
      {"prior_bias(0.1)", {5}, 0xde787ec6b09d0138},
      {"inverse_softplus(0.01)", {5}, 0xcadfafe5ecd7bf15},
      {"forget_gate", {24}, 0xec6c21a7b52ebcb5},
      {"forget_gate(2, 0, 3)", {24}, 0x3bf4e372cbce5aa5},
      {"chrono(100)", {24}, 0x3777ae2f9be05689},
      {"chrono(20, 3, 2, 1)", {24}, 0xb04290332f04ebb9},
      {"mamba_dt_bias", {24}, 0xe6800ab7c1a5f887},
  };
  return all;
}

// Those of fanin, one from every family that says something about shapes, and those of the dialects.
const std::vector<Case>& cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> list = plain_cases();
    list.insert(list.end(), dialect_cases().begin(), dialect_cases().end());
    return list;
  }();
  return all;
}

Fans fans_of(const Shape& shape) {
  const double rows = shape.rank() == 0 ? 1 : static_cast<double>(shape[0]);
  return {static_cast<double>(shape.elements()) / rows, rows};
}

std::vector<float> made(const Case& c, std::size_t threads = 1) {
  ThreadPool pool(threads);
  std::vector<float> out(c.shape.elements(), 9.f);
  fill(Scheme::parse(c.scheme), c.shape, fans_of(c.shape), random::Stream(42, "fc1.weight"), out, pool);
  return out;
}

TEST(EveryScheme, BitsArePinned) {
  for (const Case& c : cases()) {
    EXPECT_EQ(checksum(made(c)), c.checksum)
        << "{\"" << c.scheme << "\", " << c.shape.str() << ", 0x" << std::hex << checksum(made(c)) << "},";
  }
}

TEST(EveryScheme, IsAmongTheCases) {
  for (const auto& list : {catalogue(), dialects()}) {
    for (const SchemeInfo& info : list) {
      bool found = false;
      for (const Case& c : cases()) found = found || Scheme::parse(c.scheme).name() == info.name;
      EXPECT_TRUE(found) << info.name;
    }
  }
}

TEST(EveryScheme, ThreadsAndSimdTargetsDoNotChangeTheBits) {
  for (const Case& c : cases()) {
    const std::vector<float> one = made(c);
    for (const std::size_t threads : {2u, 4u}) EXPECT_TRUE(same_bytes(one, made(c, threads))) << c.scheme;
    test::for_each_target(
        [&](const std::string& target) { EXPECT_TRUE(same_bytes(one, made(c))) << c.scheme << " on " << target; });
  }
}

TEST(EveryScheme, RangesAreSlicesOfTheWholeOrRefused) {
  for (const Case& c : cases()) {
    const std::vector<float> whole = made(c);
    const Scheme scheme = Scheme::parse(c.scheme);
    const random::Stream stream(42, "fc1.weight");
    if (!scheme.elementwise()) {
      std::vector<float> part(1);
      expect_error(ErrorKind::unsupported, {c.scheme},
                   [&] { fill_range(scheme, c.shape, fans_of(c.shape), stream, 0, part); });
      continue;
    }
    for (const std::size_t first : {0u, 1u, 2u, 3u, 7u, 20u, 63u}) {
      for (const std::size_t count : {0u, 1u, 2u, 5u, 13u, 40u}) {
        if (first + count > whole.size()) continue;
        std::vector<float> part(count, 7.f);
        fill_range(scheme, c.shape, fans_of(c.shape), stream, first, part);
        EXPECT_TRUE(same_bytes(part, std::span(whole).subspan(first, count))) << c.scheme << " " << first;
      }
    }
  }
}

TEST(EveryScheme, ElementsKeepToTheExpectedBounds) {
  for (const Case& c : cases()) {
    const Expected e = Scheme::parse(c.scheme).expected(c.shape, fans_of(c.shape));
    EXPECT_GE(e.std, 0) << c.scheme;
    for (const float x : made(c)) {
      // Three units in the last place for those that scale a rounded number.
      ASSERT_GE(x, e.low - 2e-7 * std::abs(e.low)) << c.scheme;
      ASSERT_LE(x, e.high + 2e-7 * std::abs(e.high)) << c.scheme;
    }
  }
}

// No elements are no work and no error, whatever extent is 0; a single element is finite.
TEST(EveryScheme, EmptyTensorsAreLeftAloneAndSingleElementsWork) {
  ThreadPool pool(1);
  for (const Case& c : cases()) {
    const Scheme scheme = Scheme::parse(c.scheme);
    for (std::size_t axis = 0; axis < c.shape.rank(); ++axis) {
      std::vector<std::size_t> extents(c.shape.begin(), c.shape.end());
      extents[axis] = 0;
      const Shape shape{std::span<const std::size_t>(extents)};
      std::vector<float> nothing;
      fill(scheme, shape, {0, 0}, random::Stream(1), nothing, pool);
      EXPECT_TRUE(std::isfinite(scheme.expected(shape, {0, 0}).std)) << c.scheme << " " << shape.str();
    }
    std::vector<std::size_t> ones(c.shape.rank(), 1);
    const Shape shape{std::span<const std::size_t>(ones)};
    std::vector<float> out(1);
    try {
      fill(scheme, shape, {1, 1}, random::Stream(1), out, pool);
      EXPECT_TRUE(std::isfinite(out[0])) << c.scheme;
    } catch (const Error& e) {
      // Structures of several channels, gates or frequencies say what they want.
      EXPECT_EQ(e.kind(), ErrorKind::usage) << c.scheme;
      EXPECT_NE(std::string(e.what()).find("is wanted"), std::string::npos) << e.what();
    }
  }
}

// Rank 0 and 1 have no fans of their own: the laws take those of the layer, structures refuse.
TEST(EveryScheme, RanksZeroAndOneAreFilledOrRefusedInOneSentence) {
  ThreadPool pool(1);
  for (const Case& c : cases()) {
    for (const Shape& shape : {Shape{}, Shape{8}}) {
      std::vector<float> out(shape.elements(), 9.f);
      try {
        fill(Scheme::parse(c.scheme), shape, {5, 8}, random::Stream(1), out, pool);
        for (const float x : out) EXPECT_TRUE(std::isfinite(x)) << c.scheme;
      } catch (const Error& e) {
        EXPECT_EQ(e.kind(), ErrorKind::usage) << c.scheme;
        EXPECT_NE(std::string(e.what()).find(shape.str()), std::string::npos) << e.what();
        EXPECT_EQ(out, std::vector<float>(shape.elements(), 9.f)) << c.scheme;
      }
    }
  }
}

TEST(EveryScheme, RandomOnesDependOnTheirStream) {
  ThreadPool pool(1);
  for (const Case& c : cases()) {
    const Scheme scheme = Scheme::parse(c.scheme);
    const auto with = [&](std::string_view name) {
      std::vector<float> out(c.shape.elements());
      fill(scheme, c.shape, fans_of(c.shape), random::Stream(1, name), out, pool);
      return out;
    };
    static const std::vector<std::string> fixed = {"zeros",
                                                   "ones",
                                                   "constant",
                                                   "identity",
                                                   "dirac",
                                                   "bilinear",
                                                   "dft",
                                                   "dct",
                                                   "stft",
                                                   "hadamard",
                                                   "zero_hadamard",
                                                   "prior_bias",
                                                   "inverse_softplus",
                                                   "forget_gate",
                                                   "torch:eye",
                                                   "torch:dirac",
                                                   "keras:stft",
                                                   "keras:identity",
                                                   "keras:lstm_bias",
                                                   "mlx:identity",
                                                   "caffe:bilinear",
                                                   "mxnet:Bilinear",
                                                   "mxnet:LSTMBias"};
    const bool random = std::find(fixed.begin(), fixed.end(), scheme.name()) == fixed.end() &&
                        scheme.expected(c.shape, fans_of(c.shape)).std > 0;
    EXPECT_EQ(with("a") != with("b"), random) << c.scheme;
  }
}

}  // namespace
}  // namespace fanin::init
