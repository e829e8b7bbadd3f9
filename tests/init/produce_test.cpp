#include "fanin/init/produce.h"

#include <cstring>

#include "init_test_support.h"
#include "plan_test_support.h"

namespace fanin::init {
namespace {

std::string produced(const Plan& plan, const char* name, ElementRange range, std::size_t threads = 1) {
  ThreadPool pool(threads);
  std::string bytes;
  produce(plan, *plan.find(name), 42, range, pool, [&](std::span<const std::byte> piece) {
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  return bytes;
}

Plan plan_of(const Shape& shape, const std::string& scheme, FloatType dtype) {
  const ModelSpec spec({{.name = "w", .shape = shape, .dtype = dtype, .fans = {30, 50}}});
  return Plan::resolve(spec, rules({"* -> " + scheme}));
}

TEST(Produce, BytesAreThoseOfTheTensorInMemoryRoundedOnce) {
  const Shape shape{50, 30};
  for (const char* scheme : {"he_normal", "xavier_uniform", "lecun_normal", "orthogonal", "sparse(0.2)", "identity"}) {
    const std::vector<float> whole = filled(scheme, shape, {30, 50}, random::Stream(42, "w"));
    for (const FloatType dtype : {FloatType::f32, FloatType::bf16, FloatType::f16}) {
      std::vector<std::byte> bytes(whole.size() * float_bytes(dtype));
      encode(dtype, whole, bytes);
      const std::string expected(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      const Plan plan = plan_of(shape, scheme, dtype);
      for (const std::size_t threads : {1U, 3U}) EXPECT_EQ(produced(plan, "w", {0, 1500}, threads), expected) << scheme;
      EXPECT_EQ(produced(plan, "w", {31, 700}), expected.substr(31 * float_bytes(dtype), 700 * float_bytes(dtype)));
      EXPECT_EQ(produced(plan, "w", {1500, 0}), "");
    }
  }
}

TEST(Produce, PiecesOfABigTensorJoinWithoutASeam) {
  const Shape shape{3000, 3000};  // more than one piece
  const Plan plan = plan_of(shape, "normal", FloatType::f32);
  const std::vector<float> whole = filled("normal", shape, {30, 50}, random::Stream(42, "w"));
  const std::string bytes = produced(plan, "w", {0, 9'000'000}, 2);
  ASSERT_EQ(bytes.size(), 36'000'000U);
  EXPECT_EQ(std::memcmp(bytes.data(), whole.data(), bytes.size()), 0);
}

TEST(Produce, RangesOutsideAndParametersWithoutARuleAreRejected) {
  const Plan plan = plan_of({50, 30}, "normal", FloatType::f32);
  for (const ElementRange range : {ElementRange{1500, 1}, {0, 1501}, {~std::uint64_t{0}, 2}, {2, ~std::uint64_t{0}}}) {
    expect_error(ErrorKind::usage, {"'w' [50, 30]", "it has 1500"}, [&] { produced(plan, "w", range); });
  }
  const ModelSpec spec({{.name = "a", .shape = {2}}, {.name = "b", .shape = {2}, .state = State::frozen}});
  const Plan frozen = Plan::resolve(spec, rules({"* -> ones"}));
  expect_error(ErrorKind::usage, {"'b' is frozen"}, [&] { produced(frozen, "b", {0, 2}); });
}

TEST(Shard, PartsCoverEveryShapeWithoutOverlap) {
  for (const Shape& shape : {Shape{7, 3}, Shape{1, 5}, Shape{8}, Shape{}, Shape{0, 4}, Shape{4, 0}, Shape{100, 2, 2}}) {
    for (const std::size_t parts : {1U, 2U, 3U, 8U, 100U}) {
      std::uint64_t at = 0;
      for (std::size_t part = 1; part <= parts; ++part) {
        const Shard shard{part, parts};
        const ElementRange range = elements_of(shard, shape);
        EXPECT_TRUE(range.count == 0 || range.first == at) << shape.str() << " " << shard.str();
        at += range.count;
        EXPECT_TRUE(!holds(shard, shape) || shape_of(shard, shape).elements() == range.count) << shape.str();
      }
      EXPECT_EQ(at, shape.elements()) << shape.str();
    }
  }
}

TEST(Shard, RowsThatDivideAreEqualShares) {
  EXPECT_EQ(elements_of({3, 8}, {64, 10}), (ElementRange{160, 80}));
  EXPECT_EQ(shape_of({3, 8}, {64, 10}), (Shape{8, 10}));
  const std::size_t huge = std::size_t{1} << 62;
  EXPECT_EQ(elements_of({1 << 20, 1 << 20}, {huge}).first, huge - (huge >> 20)) << "no overflow";
}

TEST(Shard, BadTextsAreRejected) {
  EXPECT_EQ(Shard::parse("3/8"), (Shard{3, 8}));
  for (const char* text : {"", "3", "0/8", "9/8", "3/0", "-1/8", "3/8/9", "a/b", "1/1048577", "1 /2", "/"}) {
    expect_error(ErrorKind::usage, {"shard", "1/N to N/N"}, [&] { (void)Shard::parse(text); });
  }
}

}  // namespace
}  // namespace fanin::init
