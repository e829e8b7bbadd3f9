#include "fanin/linalg/bf16.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "fanin/core/error.h"

#include "tests/support/each_target.h"

namespace fanin::linalg {
namespace {

TEST(Bf16, RoundsToNearestEven) {
  const auto rounded = [](float x) { return from_bf16(to_bf16(x)); };
  EXPECT_EQ(rounded(1.0F), 1.0F);
  EXPECT_EQ(rounded(-0.0F), 0.0F);
  EXPECT_TRUE(std::signbit(rounded(-0.0F)));
  EXPECT_EQ(rounded(0x1.01p0F), 1.0F);           // a tie: the even one is below
  EXPECT_EQ(rounded(0x1.03p0F), 0x1.04p0F);      // a tie: the even one is above
  EXPECT_EQ(rounded(0x1.010002p0F), 0x1.02p0F);  // above a tie
  EXPECT_EQ(rounded(0x1.00fffep0F), 1.0F);       // below it
  EXPECT_EQ(rounded(std::numeric_limits<float>::max()), std::numeric_limits<float>::infinity());
  EXPECT_EQ(rounded(-std::numeric_limits<float>::infinity()), -std::numeric_limits<float>::infinity());
  EXPECT_EQ(rounded(0x1p-126F), 0x1p-126F);
  EXPECT_EQ(rounded(0x1.fffffcp-127F), 0.0F);
  EXPECT_EQ(to_bf16(std::nanf("")), 0x7FC0);
  EXPECT_TRUE(std::isnan(rounded(std::bit_cast<float>(0x7F800001U))));  // its payload lies in the lower half
}

// Every kind of number: random bits of ordinary size, zeros, and now and then something special.
struct Plane {
  Plane(std::size_t rows, std::size_t cols, unsigned seed, bool special = false)
      : view(nullptr, rows, cols, cols + 3), data(rows * (cols + 3), 77.0F) {
    view.data = data.data();
    std::uint32_t state = seed * 2654435761U + 1;
    const float specials[] = {1e-40F, -1e-40F, 0x1p-126F, 1e30F, -1e-38F, 0.0F, -0.0F, 3e-39F};
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        state = state * 1664525U + 1013904223U;
        float x = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31F;
        if (special && state % 7 == 0) x = specials[state / 7 % 8];
        view(r, c) = x;
      }
    }
  }
  MatrixView<float> view;
  std::vector<float> data;
};

float flushed(float x) {
  return std::abs(x) < 0x1p-126F ? std::copysign(0.0F, x) : x;
}

// The definition, for factors a_k and b_k of one element.
template <class A, class B>
float slow(float start, std::size_t depth, A a, B b) {
  float c = flushed(start);
  for (std::size_t k = 0; k < depth; k += 2) {
    if (k + 1 < depth) c = flushed(std::fma(from_bf16(to_bf16(a(k + 1))), from_bf16(to_bf16(b(k + 1))), c));
    c = flushed(std::fma(from_bf16(to_bf16(a(k))), from_bf16(to_bf16(b(k))), c));
  }
  return c + 0.0F;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

struct Shape3 {
  std::size_t m, n, k;
};
const std::vector<Shape3> kShapes{{1, 1, 1},   {5, 10, 7},   {6, 64, 128},  {7, 65, 129}, {3, 15, 2},
                                  {13, 33, 5}, {50, 31, 33}, {140, 20, 50}, {2, 70, 900}, {12, 63, 64}};

TEST(Bf16Gemm, AllProductsEqualTheDefinitionBitForBitOnEveryTarget) {
  test::for_each_target([](const std::string& target) {
    for (const Shape3& s : kShapes) {
      for (const bool special : {false, true}) {
        const Plane x(s.m, s.k, 1, special);
        const Plane w(s.n, s.k, 2, special);
        const Plane dy(s.m, s.n, 3, special);
        std::vector<float> bias(s.n);
        for (std::size_t j = 0; j < s.n; ++j) bias[j] = special && j % 3 == 0 ? 1e-40F : 0.25F * static_cast<float>(j);
        PackedBf16 packed(s.n, s.k);
        packed.refresh(w.view, 0, 0);

        Plane y(s.m, s.n, 4), slow_y(s.m, s.n, 4);
        gemm_transposed(x.view, packed, bias, y.view);
        Plane dx(s.m, s.k, 5), slow_dx(s.m, s.k, 5);
        gemm(dy.view, packed, dx.view);
        Plane dw(s.n, s.k, 6), slow_dw(s.n, s.k, 6);
        const OuterTerm term{dy.view, x.view};
        for (std::size_t b = 0; b < outer_blocks(s.n, s.k); ++b) {
          outer_product_bf16({&term, 1}, outer_block(s.n, s.k, b), [&](const OuterPiece& piece) {
            for (std::size_t i = 0; i < piece.block.rows; ++i) {
              std::copy_n(piece.values.row(i), piece.block.cols, dw.view.row(piece.block.row + i) + piece.block.col);
            }
          });
        }
        for (std::size_t i = 0; i < s.m; ++i) {
          for (std::size_t j = 0; j < s.n; ++j) {
            slow_y.view(i, j) = slow(
                bias[j], s.k, [&](std::size_t k) { return x.view(i, k); }, [&](std::size_t k) { return w.view(j, k); });
          }
          for (std::size_t j = 0; j < s.k; ++j) {
            slow_dx.view(i, j) = slow(
                0, s.n, [&](std::size_t k) { return dy.view(i, k); }, [&](std::size_t k) { return w.view(k, j); });
          }
        }
        for (std::size_t i = 0; i < s.n; ++i) {
          for (std::size_t j = 0; j < s.k; ++j) {
            slow_dw.view(i, j) = slow(
                0, s.m, [&](std::size_t k) { return dy.view(k, i); }, [&](std::size_t k) { return x.view(k, j); });
          }
        }
        EXPECT_TRUE(same_bits(y.data, slow_y.data)) << target << " y " << s.m << "x" << s.n << "x" << s.k << special;
        EXPECT_TRUE(same_bits(dx.data, slow_dx.data)) << target << " dx " << s.m << "x" << s.n << "x" << s.k << special;
        EXPECT_TRUE(same_bits(dw.data, slow_dw.data)) << target << " dw " << s.m << "x" << s.n << "x" << s.k << special;
      }
    }
  });
}

TEST(Bf16Gemm, FinishedBlocksCoverTheResultOnce) {
  for (const Shape3& s : kShapes) {
    const Plane x(s.m, s.k, 1);
    const Plane w(s.n, s.k, 2);
    PackedBf16 packed(s.n, s.k);
    packed.refresh(w.view, 0, 0);
    Plane y(s.m, s.n, 4), expected(s.m, s.n, 4);
    gemm_transposed(x.view, packed, {}, expected.view);
    std::vector<int> times(s.m * s.n);
    gemm_transposed(x.view, packed, {}, y.view, [&](const Block& b) {
      for (std::size_t i = b.row; i < b.row + b.rows; ++i) {
        for (std::size_t j = b.col; j < b.col + b.cols; ++j) {
          ++times[i * s.n + j];
          ASSERT_EQ(y.view(i, j), expected.view(i, j));
        }
      }
    });
    EXPECT_EQ(std::count(times.begin(), times.end(), 1), static_cast<std::ptrdiff_t>(s.m * s.n));
  }
}

TEST(PackedBf16, RefreshOfABlockIsAsGoodAsOfAll) {
  constexpr std::size_t kRows = 150;
  constexpr std::size_t kCols = 175;
  test::for_each_target([&](const std::string& target) {
    const Plane before(kRows, kCols, 1);
    Plane after(kRows, kCols, 1);
    const Plane changes(kRows, kCols, 2);
    PackedBf16 pieces(kRows, kCols);
    pieces.refresh(before.view, 0, 0);
    for (const auto& [row, rows, col, cols] :
         {std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>{64, 64, 16, 48}, {128, 22, 160, 15}}) {
      for (std::size_t i = row; i < row + rows; ++i) {
        for (std::size_t j = col; j < col + cols; ++j) after.view(i, j) = changes.view(i, j);
      }
      pieces.refresh({after.view.row(row) + col, rows, cols, after.view.stride}, row, col);
    }
    PackedBf16 whole(kRows, kCols);
    whole.refresh(after.view, 0, 0);
    for (std::size_t p = 0; p * PackedBf16::kPanel < kRows; ++p) {
      const auto a = pieces.transposed_panel(p), b = whole.transposed_panel(p);
      for (std::size_t q = 0; q < a.rows; ++q) {
        for (std::size_t j = 0; j < a.cols; ++j) ASSERT_EQ(a(q, j), b(q, j)) << target << p << " " << q << " " << j;
      }
    }
    const auto a = pieces.row_pairs(), b = whole.row_pairs();
    for (std::size_t q = 0; q < a.rows; ++q) {
      for (std::size_t j = 0; j < a.cols; ++j) ASSERT_EQ(a(q, j), b(q, j)) << target << q << " " << j;
    }
  });
}

TEST(PackedBf16, ABlockThatCutsAPairIsRejected) {
  const Plane w(10, 10, 1);
  PackedBf16 packed(10, 10);
  const auto refresh = [&](std::size_t row, std::size_t rows, std::size_t col, std::size_t cols) {
    packed.refresh({w.view.data, rows, cols, w.view.stride}, row, col);
  };
  EXPECT_NO_THROW(refresh(2, 8, 4, 6));
  EXPECT_THROW(refresh(1, 2, 0, 2), Error);
  EXPECT_THROW(refresh(0, 3, 0, 2), Error);
  EXPECT_THROW(refresh(0, 2, 3, 2), Error);
  EXPECT_THROW(refresh(0, 2, 0, 5), Error);
  EXPECT_THROW(refresh(4, 8, 0, 2), Error);
}

TEST(Bf16Gemm, NaNAndInfinityReachTheResult) {
  test::for_each_target([](const std::string& target) {
    Plane x(3, 10, 1);
    x.view(1, 4) = std::nanf("");
    x.view(2, 5) = std::numeric_limits<float>::infinity();
    const Plane w(4, 10, 2);
    PackedBf16 packed(4, 10);
    packed.refresh(w.view, 0, 0);
    Plane y(3, 4, 3);
    gemm_transposed(x.view, packed, {}, y.view);
    for (std::size_t j = 0; j < 4; ++j) {
      EXPECT_TRUE(std::isfinite(y.view(0, j))) << target;
      EXPECT_TRUE(std::isnan(y.view(1, j))) << target;
      EXPECT_TRUE(std::isinf(y.view(2, j))) << target;
    }
  });
}

}  // namespace
}  // namespace fanin::linalg
