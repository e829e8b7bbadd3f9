#include <cstring>

#include "fanin/core/thread_pool.h"

#include "init_test_support.h"

namespace fanin::init {
namespace {

// Block k of a tensor of three along `axis`.
std::vector<float> block_of(const std::vector<float>& all, std::size_t rows, std::size_t cols, std::size_t axis,
                            std::size_t k) {
  std::vector<float> block;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) {
      const std::size_t of = axis == 0 ? r / (rows / 3) : c / (cols / 3);
      if (of == k) block.push_back(all[r * cols + c]);
    }
  }
  return block;
}

TEST(QueryKeyValue, BlocksAreThoseOfTheirSchemesFromStreamsOfTheirOwn) {
  const random::Stream stream(42, "attn.qkv");
  for (const std::size_t axis : {0U, 1U}) {
    const Shape whole = axis == 0 ? Shape{12, 5} : Shape{5, 12};
    const Shape part = axis == 0 ? Shape{4, 5} : Shape{5, 4};
    const std::string end = ", axis=" + std::to_string(axis) + ")";
    const auto all = filled("query_key_value(normal(1, 2), ones, xavier_uniform" + end, whole, {5, 4}, stream);
    const char* schemes[] = {"normal(1, 2)", "ones", "xavier_uniform"};
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_EQ(block_of(all, whole[0], whole[1], axis, k), filled(schemes[k], part, {5, 4}, stream.fold_in(k))) << k;
    }
    const auto wholes = filled("query_key_value(orthogonal, zeros, orthogonal(2)" + end, whole, {5, 4}, stream);
    EXPECT_EQ(block_of(wholes, whole[0], whole[1], axis, 2), filled("orthogonal(2)", part, {5, 4}, stream.fold_in(2)));
  }
}

TEST(QueryKeyValue, AnyRangeIsThatOfTheWhole) {
  ThreadPool pool(3);
  for (const char* text :
       {"query_key_value(normal, zeros, lecun_normal)", "query_key_value(normal, uniform, normal, 1)"}) {
    const Scheme scheme = Scheme::parse(text);
    EXPECT_TRUE(scheme.elementwise());
    const Shape shape{9, 6};
    const random::Stream stream(1, "x");
    std::vector<float> all(54);
    fill(scheme, shape, {6, 3}, stream, all, pool);
    for (std::size_t first = 0; first < 54; ++first) {
      for (std::size_t n = 1; n <= 54 - first; n += 5) {
        std::vector<float> some(n);
        fill_range(scheme, shape, {6, 3}, stream, first, some);
        ASSERT_EQ(std::memcmp(some.data(), all.data() + first, 4 * n), 0) << text << " " << first << " " << n;
      }
    }
  }
  EXPECT_FALSE(Scheme::parse("query_key_value(value=orthogonal)").elementwise());
}

TEST(QueryKeyValue, StatisticsAreThoseOfTheMixture) {
  const Scheme scheme = Scheme::parse("query_key_value(constant(3), zeros, uniform(-1, 1))");
  const Expected e = scheme.expected({6, 4}, {4, 2});
  EXPECT_DOUBLE_EQ(e.mean, 1);
  EXPECT_DOUBLE_EQ(e.std, std::sqrt((9 + 0 + 1.0 / 3) / 3 - 1));
  EXPECT_EQ(e.low, -1);
  EXPECT_EQ(e.high, 3);
  EXPECT_EQ(scheme, Scheme::parse("query_key_value(axis=0, query=constant(3), value=uniform(-1, 1), key=constant(0))"));
  EXPECT_FALSE(scheme == Scheme::parse("query_key_value(constant(3), zeros, uniform(-1, 1), 1)"));
}

TEST(QueryKeyValue, ShapesThatAreNoThreeBlocksAreRejected) {
  const auto bad = [](const char* text, const Shape& shape, const std::vector<std::string>& parts) {
    expect_error(ErrorKind::usage, parts, [&] { (void)Scheme::parse(text).expected(shape, {4, 4}); });
  };
  bad("query_key_value", {7, 3}, {"[7, 3]", "7 along axis 0", "multiple of 3"});
  bad("query_key_value(axis=1)", {3, 7}, {"7 along axis 1"});
  bad("query_key_value", {12}, {"rank 1"});
  bad("query_key_value", {6, 2, 2}, {"rank 3"});
  expect_error(ErrorKind::usage, {"axis='2'"}, [] { (void)Scheme::parse("query_key_value(axis=2)"); });
  expect_error(ErrorKind::usage, {"'he_norml'", "did you mean 'he_normal'"},
               [] { (void)Scheme::parse("query_key_value(value=he_norml)"); });
}

}  // namespace
}  // namespace fanin::init
