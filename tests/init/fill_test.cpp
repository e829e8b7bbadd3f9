#include "fanin/init/fill.h"

#include <bit>
#include <cstring>

#include "fanin/core/simd.h"

#include "init_test_support.h"

namespace fanin::init {
namespace {

const random::Stream kStream(7, "layer.weight");

bool same_bytes(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

std::vector<std::string> all_schemes() {
  std::vector<std::string> all = random_schemes();
  all.insert(all.end(), {"ones", "constant(2)", "orthogonal(1.5)", "sparse(0.3)", "identity(2)"});
  return all;
}

TEST(Fill, ThreadsDoNotChangeTheBits) {
  const Shape shape{333, 301};
  for (const std::string& scheme : all_schemes()) {
    const std::vector<float> one = filled(scheme, shape, {301, 333}, kStream);
    for (const std::size_t threads : {2u, 3u, 5u}) {
      ThreadPool pool(threads);
      std::vector<float> many(shape.elements(), 9.f);
      fill(Scheme::parse(scheme), shape, {301, 333}, kStream, many, pool);
      EXPECT_TRUE(same_bytes(one, many)) << scheme << " with " << threads;
    }
  }
}

TEST(Fill, SimdTargetsDoNotChangeTheBits) {
  const Shape shape{70, 45};
  for (const std::string& scheme : all_schemes()) {
    simd::use_target("best");
    const std::vector<float> best = filled(scheme, shape, {45, 70}, kStream);
    for (const std::string& target : simd::targets()) {
      simd::use_target(target);
      EXPECT_TRUE(same_bytes(best, filled(scheme, shape, {45, 70}, kStream))) << scheme << " on " << target;
    }
  }
  simd::use_target("best");
}

TEST(FillRange, EqualsTheSliceOfTheWhole) {
  const auto check = [](const std::string& scheme, const Shape& shape, Fans fans) {
    const std::vector<float> whole = filled(scheme, shape, fans, kStream);
    for (const std::size_t first : {0u, 1u, 2u, 3u, 5u, 13u, 64u, 127u}) {
      for (const std::size_t count : {0u, 1u, 2u, 7u, 33u, 100u}) {
        if (first + count > whole.size()) continue;
        std::vector<float> part(count, 9.f);
        fill_range(Scheme::parse(scheme), shape, fans, kStream, first, part);
        const std::vector<float> slice(whole.begin() + static_cast<std::ptrdiff_t>(first),
                                       whole.begin() + static_cast<std::ptrdiff_t>(first + count));
        EXPECT_TRUE(same_bytes(part, slice)) << scheme << " " << first << " " << count;
      }
    }
  };
  for (const std::string& scheme : random_schemes()) check(scheme, {20, 12}, {12, 20});
  for (const char* scheme : {"zeros", "ones", "constant(4)"}) check(scheme, {20, 12}, {12, 20});
  for (const Shape& shape : {Shape{12, 20}, Shape{20, 12}, Shape{15, 15}}) check("identity(3)", shape, {});
  check("dirac(2)", {8, 3, 3, 3}, {});
  check("dirac", {4, 6, 5}, {});
}

TEST(FillRange, BeyondOneTaskEqualsTheSliceToo) {
  const Shape shape{300, 400};
  for (const char* scheme : {"he_normal", "lecun_normal", "xavier_uniform"}) {
    const std::vector<float> whole = filled(scheme, shape, {400, 300}, kStream);
    std::vector<float> part(70'000);
    fill_range(Scheme::parse(scheme), shape, {400, 300}, kStream, 31'001, part);
    EXPECT_TRUE(same_bytes(part, {whole.begin() + 31'001, whole.begin() + 101'001})) << scheme;
  }
}

TEST(FillRange, StructuresNeedTheWhole) {
  std::vector<float> part(4);
  for (const char* scheme : {"orthogonal", "sparse(0.5)"}) {
    EXPECT_FALSE(Scheme::parse(scheme).elementwise());
    expect_error(ErrorKind::unsupported, {scheme}, [&] {
      fill_range(Scheme::parse(scheme), {4, 4}, {4, 4}, kStream, 0, part);
    });
  }
  EXPECT_TRUE(Scheme::parse("dirac").elementwise());
}

TEST(FillRange, RangesOutsideAreRejected) {
  std::vector<float> part(4, 9.f);
  const auto bad = [&](std::uint64_t first) {
    expect_error(ErrorKind::usage, {"[3, 2]", "it has 6"}, [&] {
      fill_range(Scheme::parse("normal"), {3, 2}, {2, 3}, kStream, first, part);
    });
  };
  bad(3);
  bad(7);
  bad(~std::uint64_t{0});
  EXPECT_EQ(part, std::vector<float>(4, 9.f));
}

TEST(Fill, EmptyAndSingleTensorsWork) {
  for (const std::string& scheme : all_schemes()) {
    for (const Shape& shape : {Shape{0, 5}, Shape{5, 0}, Shape{0, 0}}) {
      EXPECT_TRUE(filled(scheme, shape, {static_cast<double>(shape[1]), static_cast<double>(shape[0])}).empty())
          << scheme;
    }
    const std::vector<float> one = filled(scheme, {1, 1}, {1, 1});
    ASSERT_EQ(one.size(), 1u);
    EXPECT_TRUE(std::isfinite(one[0])) << scheme;
  }
  EXPECT_TRUE(filled("dirac", {0, 0, 3}, {}).empty());
  EXPECT_EQ(filled("normal", {}, {}).size(), 1u);
}

TEST(Fill, StreamsOfDifferentNamesDiffer) {
  for (const std::string& scheme : random_schemes()) {
    EXPECT_FALSE(same_bytes(filled(scheme, {8, 8}, {8, 8}, random::Stream(1, "a")),
                            filled(scheme, {8, 8}, {8, 8}, random::Stream(1, "b"))))
        << scheme;
  }
}

TEST(Fill, WrongMemoryShapeAndFansAreRejectedBeforeWriting) {
  ThreadPool pool(1);
  std::vector<float> out(6, 9.f);
  const auto bad = [&](const char* scheme, const Shape& shape, Fans fans, const std::vector<std::string>& parts) {
    expect_error(ErrorKind::usage, parts, [&] { fill(Scheme::parse(scheme), shape, fans, kStream, out, pool); });
  };
  bad("normal", {2, 2}, {2, 2}, {"[2, 2]", "4 elements", "6 given"});
  bad("orthogonal", {7, 1}, {}, {"7 elements"});
  bad("orthogonal", {6}, {}, {"orthogonal", "[6]"});
  bad("identity", {3, 2, 1}, {}, {"identity", "[3, 2, 1]"});
  bad("sparse(1)", {6}, {}, {"sparse", "[6]"});
  bad("dirac", {3, 2}, {}, {"dirac", "[3, 2]"});
  bad("he_normal", {3, 2}, {0, 3}, {"fan_in is 0"});
  bad("uniform(-3e38, 3e38)", {3, 2}, {2, 3}, {"finite"});
  EXPECT_EQ(out, std::vector<float>(6, 9.f));
}

}  // namespace
}  // namespace fanin::init
