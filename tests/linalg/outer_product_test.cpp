#include "fanin/linalg/outer_product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/linalg/sum_rows.h"

#include "tests/support/each_target.h"

namespace fanin::linalg {
namespace {

struct Samples {
  Samples(std::size_t rows, std::size_t cols, double phase, double zeros, std::size_t gap = 5)
      : view(nullptr, rows, cols, cols + gap), data(rows * (cols + gap), 77.0F) {
    view.data = data.data();
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        const auto hash = static_cast<double>((r * 7919 + c * 104729 + r * c) % 1000) / 1000;
        view(r, c) =
            hash < zeros ? 0.0F : static_cast<float>(std::sin(phase + 0.37 * static_cast<double>(r * cols + c)));
      }
    }
  }
  Samples(Samples&& other) noexcept : view(other.view), data(std::move(other.data)) { view.data = data.data(); }
  MatrixView<float> view;
  std::vector<float> data;
};

std::vector<float> slow(const std::vector<OuterTerm>& terms, std::size_t m, std::size_t n) {
  std::vector<float> c(m * n);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      float sum = 0;
      for (const OuterTerm& t : terms) {
        for (std::size_t s = 0; s < t.left.rows; ++s) sum = std::fma(t.left(s, i), t.right(s, j), sum);
      }
      c[i * n + j] = sum + 0.0F;
    }
  }
  return c;
}

/// C from all blocks: product(block, put) hands over each of its elements once, by put(row, column, value).
template <class Product>
std::vector<float> collect(std::size_t m, std::size_t n, Product product) {
  std::vector<float> c(m * n);
  std::vector<int> times(m * n);
  const auto put = [&](std::size_t i, std::size_t j, float value) {
    c[i * n + j] = value;
    ++times[i * n + j];
  };
  for (std::size_t b = 0; b < outer_blocks(m, n); ++b) product(outer_block(m, n, b), put);
  EXPECT_EQ(std::count(times.begin(), times.end(), 1), static_cast<std::ptrdiff_t>(m * n));
  return c;
}

std::vector<float> fast(const std::vector<OuterTerm>& terms, std::size_t m, std::size_t n, Zeros zeros) {
  return collect(m, n, [&](const Block& block, const auto& put) {
    outer_product(terms, block, zeros, [&](const OuterPiece& piece) {
      const Block& at = piece.block;
      EXPECT_LE(at.rows, 64U);
      EXPECT_GE(at.row, block.row);
      EXPECT_LE(at.row + at.rows, block.row + block.rows);
      for (std::size_t i = 0; i < at.rows; ++i) {
        for (std::size_t j = 0; j < at.cols; ++j) put(at.row + i, at.col + j, piece.values(i, j));
      }
    });
  });
}

/// The elements of `block` by outer_product_transposed(), whose rows must go on with zeros up to whole cache lines.
template <class Put>
void put_transposed(const std::vector<OuterTerm>& terms, const Block& block, Zeros zeros, const Put& put) {
  outer_product_transposed(terms, block, zeros, [&](const OuterPiece& piece) {
    const Block& at = piece.block;
    EXPECT_EQ(piece.values.rows, at.cols);
    EXPECT_EQ(piece.values.cols, at.rows);
    EXPECT_LE(at.rows, 64U);
    EXPECT_LE(at.cols, 64U);
    EXPECT_EQ((at.row - block.row) % 64, 0U);
    for (std::size_t j = 0; j < at.cols; ++j) {
      for (std::size_t i = 0; i < at.rows; ++i) put(at.row + i, at.col + j, piece.values(j, i));
      for (std::size_t i = at.rows; i % 16 != 0; ++i) EXPECT_EQ(piece.values.row(j)[i], 0.0F);
    }
  });
}

std::vector<float> fast_transposed(const std::vector<OuterTerm>& terms, std::size_t m, std::size_t n, Zeros zeros) {
  return collect(m, n, [&](const Block& block, const auto& put) { put_transposed(terms, block, zeros, put); });
}

struct Case {
  std::vector<std::size_t> samples;  // of each term
  std::size_t m;
  std::size_t n;
};

TEST(OuterProduct, EqualsTheChainOfFusedMultiplyAddsBitForBit) {
  const std::vector<Case> cases{{{1}, 1, 1},     {{100}, 10, 64},  {{7}, 300, 65},     {{65}, 17, 129},
                                {{64}, 256, 80}, {{530}, 33, 100}, {{50, 50}, 70, 50}, {{3, 0, 130}, 129, 31}};
  test::for_each_target([&](const std::string& target) {
    for (const Case& at : cases) {
      for (const double zeros_in_first : {0.0, 0.8, 1.0}) {
        std::vector<Samples> left, right;
        std::vector<OuterTerm> terms;
        for (std::size_t t = 0; t < at.samples.size(); ++t) {
          left.emplace_back(at.samples[t], at.m, 0.3 + static_cast<double>(t), 0.2);
          // A sparse term and a dense one in one sum.
          right.emplace_back(at.samples[t], at.n, 0.9 + static_cast<double>(t), t == 0 ? zeros_in_first : 0.1);
        }
        for (std::size_t t = 0; t < at.samples.size(); ++t) terms.push_back({left[t].view, right[t].view});
        const std::vector<float> expected = slow(terms, at.m, at.n);
        for (const Zeros zeros : {Zeros::multiply, Zeros::skip, Zeros::automatic}) {
          const std::vector<float> got = fast(terms, at.m, at.n, zeros);
          EXPECT_EQ(0, std::memcmp(got.data(), expected.data(), got.size() * sizeof(float)))
              << target << " " << str(zeros) << " " << at.m << "x" << at.n << " zeros " << zeros_in_first;
          const std::vector<float> turned = fast_transposed(terms, at.m, at.n, zeros);
          EXPECT_EQ(0, std::memcmp(turned.data(), expected.data(), turned.size() * sizeof(float)))
              << target << " " << str(zeros) << " " << at.m << "x" << at.n << " zeros " << zeros_in_first;
        }
      }
    }
  });
}

// Large matrices have wide blocks whose operands are copied; a few of them are compared.
TEST(OuterProduct, WideBlocksEqualTheChainOfFusedMultiplyAddsBitForBit) {
  const std::vector<Case> cases{{{300, 3}, 1050, 1800}, {{520}, 1000, 1010}, {{70}, 1050, 1800}};
  test::for_each_target([&](const std::string& target) {
    for (const Case& at : cases) {
      std::vector<Samples> left, right;
      std::vector<OuterTerm> terms;
      for (const std::size_t samples : at.samples) {
        left.emplace_back(samples, at.m, 0.3, 0.2);
        right.emplace_back(samples, at.n, 0.9, 0.5);
      }
      for (std::size_t t = 0; t < at.samples.size(); ++t) terms.push_back({left[t].view, right[t].view});
      const std::size_t blocks = outer_blocks(at.m, at.n);
      for (const std::size_t b : {std::size_t{1}, blocks - 1}) {
        const Block block = outer_block(at.m, at.n, b);
        EXPECT_GT(block.cols, 64U);
        std::vector<OuterTerm> narrow;
        for (const OuterTerm& t : terms) {
          narrow.push_back({{t.left.data + block.row, t.left.rows, block.rows, t.left.stride},
                            {t.right.data + block.col, t.right.rows, block.cols, t.right.stride}});
        }
        const std::vector<float> expected = slow(narrow, block.rows, block.cols);
        for (const Zeros zeros : {Zeros::multiply, Zeros::skip}) {
          std::vector<float> got(expected.size(), 77.0F);
          outer_product(terms, block, zeros, [&](const OuterPiece& piece) {
            EXPECT_LE(piece.block.rows, 64U);
            EXPECT_LE(piece.block.cols, 64U);
            for (std::size_t i = 0; i < piece.block.rows; ++i) {
              std::copy_n(piece.values.row(i), piece.block.cols,
                          got.data() + (piece.block.row - block.row + i) * block.cols + piece.block.col - block.col);
            }
          });
          EXPECT_EQ(0, std::memcmp(got.data(), expected.data(), got.size() * sizeof(float)))
              << target << " " << str(zeros) << " " << at.m << "x" << at.n << " block " << b;
          std::fill(got.begin(), got.end(), 77.0F);
          put_transposed(terms, block, zeros, [&](std::size_t i, std::size_t j, float value) {
            got[(i - block.row) * block.cols + j - block.col] = value;
          });
          EXPECT_EQ(0, std::memcmp(got.data(), expected.data(), got.size() * sizeof(float)))
              << target << " transposed " << str(zeros) << " " << at.m << "x" << at.n << " block " << b;
        }
      }
    }
  });
}

TEST(OuterProduct, NoSamplesGiveZeros) {
  const OuterTerm none{{nullptr, 0, 70}, {nullptr, 0, 20}};
  for (const auto& c : {fast({none}, 70, 20, Zeros::automatic), fast_transposed({none}, 70, 20, Zeros::automatic)}) {
    EXPECT_EQ(std::count(c.begin(), c.end(), 0.0F), 70 * 20);
  }
}

// What makes blocks a fair unit of work: all are nearly of one size, and of whole cache lines but for the last.
TEST(OuterProduct, BlocksAreCutEvenlyAtCacheLines) {
  for (const auto& [m, n] :
       {std::pair<std::size_t, std::size_t>{256, 784}, {10, 256}, {500, 17}, {257, 1000}, {1, 1}, {2048, 1700}}) {
    std::vector<int> times(m * n);
    for (std::size_t b = 0; b < outer_blocks(m, n); ++b) {
      const Block block = outer_block(m, n, b);
      EXPECT_EQ(block.col % 16, 0U);
      EXPECT_GT(block.cols, 0U);
      const std::size_t width = m * n > std::size_t{1} << 20 ? kOuterCols : 64;
      EXPECT_LE(block.cols, width);
      EXPECT_GE(block.cols + width / 2, std::min(n, width)) << n;
      for (std::size_t i = 0; i < block.rows; ++i) {
        for (std::size_t j = 0; j < block.cols; ++j) ++times[(block.row + i) * n + block.col + j];
      }
    }
    EXPECT_EQ(std::count(times.begin(), times.end(), 1), static_cast<std::ptrdiff_t>(m * n));
  }
}

TEST(SumRows, AddsInTheOrderOfTheRowsOnEveryTarget) {
  test::for_each_target([](const std::string& target) {
    for (const std::size_t cols : {1U, 15U, 16U, 64U, 67U, 130U}) {
      const Samples a(37, cols, 0.2, 0.0);
      std::vector<float> sums(cols);
      sum_rows(a.view, sums);
      for (std::size_t j = 0; j < cols; ++j) {
        float sum = 0;
        for (std::size_t i = 0; i < a.view.rows; ++i) sum += a.view(i, j);
        EXPECT_EQ(sums[j], sum) << target << " " << cols << " " << j;
      }
    }
  });
}

TEST(SumRows, RejectsAnotherNumberOfSums) {
  const Samples a(3, 4, 0.2, 0.0);
  std::vector<float> sums(5);
  EXPECT_THROW(sum_rows(a.view, sums), Error);
}

}  // namespace
}  // namespace fanin::linalg
