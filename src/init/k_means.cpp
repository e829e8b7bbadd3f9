#include "init/k_means.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "fanin/core/error.h"
#include "fanin/linalg/gemm.h"

namespace fanin::init {
namespace {

constexpr std::size_t kRows = 64;  // a task

double square_distance(const float* a, const float* b, std::size_t n) {
  double sum = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const double d = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    sum += d * d;
  }
  return sum;
}

// U[0, 1) from words 2 i and 2 i + 1.
double uniform(const random::Stream& stream, std::size_t i) {
  const std::uint64_t word = std::uint64_t{stream.word(2 * i)} << 32 | stream.word(2 * i + 1);
  return static_cast<double>(word >> 11) * 0x1p-53;
}

std::vector<float> spread_rows(MatrixView<const float> x, std::size_t k, std::string_view place,
                               const random::Stream& stream, ThreadPool& pool) {
  std::vector<float> centers;
  std::vector<double> distance(x.rows, std::numeric_limits<double>::infinity());
  auto chosen = static_cast<std::size_t>(uniform(stream, 0) * static_cast<double>(x.rows));
  for (std::size_t c = 0;; ++c) {
    centers.insert(centers.end(), x.row(chosen), x.row(chosen) + x.cols);
    if (c + 1 == k) return centers;
    const float* center = centers.data() + c * x.cols;
    parallel_for(pool, x.rows, kRows, [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i) {
        distance[i] = std::min(distance[i], square_distance(x.row(i), center, x.cols));
      }
    });
    const double total = std::accumulate(distance.begin(), distance.end(), 0.0);
    if (total == 0) {
      throw Error(ErrorKind::numeric, place, fmt::format("{} different rows are not enough for {} centres", c + 1, k));
    }
    double left = uniform(stream, c + 1) * total;
    chosen = x.rows;
    for (std::size_t i = 0; i < x.rows; ++i) {
      if (distance[i] == 0) continue;
      chosen = i;  // the last one, should rounding leave a rest
      left -= distance[i];
      if (left < 0) break;
    }
  }
}

// The nearest centre of each row: least |c|^2 - 2 x c. Returns whether any changed.
bool assign(MatrixView<const float> x, const std::vector<float>& centers, std::size_t k,
            std::vector<std::uint32_t>& nearest, ThreadPool& pool) {
  linalg::PackedTranspose packed(k, x.cols);
  packed.refresh({centers.data(), k, x.cols}, 0);
  std::vector<double> squares(k);
  for (std::size_t c = 0; c < k; ++c) {
    for (std::size_t j = 0; j < x.cols; ++j) {
      const double v = centers[c * x.cols + j];
      squares[c] += v * v;
    }
  }
  std::vector<char> changed((x.rows + kRows - 1) / kRows);
  parallel_for(pool, x.rows, kRows, [&](std::size_t first, std::size_t last) {
    std::vector<float> products((last - first) * k);
    const MatrixView<float> p(products.data(), last - first, k);
    linalg::gemm_transposed(x.rows_at(first, last - first), packed, {}, p);
    for (std::size_t i = first; i < last; ++i) {
      std::size_t best = 0;
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t c = 0; c < k; ++c) {
        const double score = squares[c] - 2 * static_cast<double>(p(i - first, c));
        if (score < least) {
          least = score;
          best = c;
        }
      }
      if (nearest[i] != best) changed[first / kRows] = 1;
      nearest[i] = static_cast<std::uint32_t>(best);
    }
  });
  return std::any_of(changed.begin(), changed.end(), [](char c) { return c != 0; });
}

// Row numbers in the order of their centres, and where each centre's begin.
struct Members {
  std::vector<std::uint32_t> rows;
  std::vector<std::size_t> begin;
};

Members members_of(const std::vector<std::uint32_t>& nearest, std::size_t k) {
  Members m{std::vector<std::uint32_t>(nearest.size()), std::vector<std::size_t>(k + 1)};
  for (const std::uint32_t c : nearest) ++m.begin[c + 1];
  for (std::size_t c = 0; c < k; ++c) m.begin[c + 1] += m.begin[c];
  std::vector<std::size_t> next(m.begin.begin(), m.begin.end() - 1);
  for (std::size_t i = 0; i < nearest.size(); ++i) m.rows[next[nearest[i]]++] = static_cast<std::uint32_t>(i);
  return m;
}

void move_centers(MatrixView<const float> x, const std::vector<std::uint32_t>& nearest, std::size_t k,
                  std::vector<float>& centers, ThreadPool& pool) {
  const Members m = members_of(nearest, k);
  std::vector<double> distance;
  for (std::size_t c = 0; c < k; ++c) {
    if (m.begin[c] < m.begin[c + 1]) continue;
    if (distance.empty()) {
      for (std::size_t i = 0; i < x.rows; ++i) {
        distance.push_back(square_distance(x.row(i), centers.data() + nearest[i] * x.cols, x.cols));
      }
    }
    const auto farthest = std::max_element(distance.begin(), distance.end());
    std::copy_n(x.row(static_cast<std::size_t>(farthest - distance.begin())), x.cols, centers.data() + c * x.cols);
    *farthest = -1;  // the next empty one takes another
  }
  parallel_for(pool, k, 1, [&](std::size_t c, std::size_t) {
    const auto count = static_cast<double>(m.begin[c + 1] - m.begin[c]);
    if (count == 0) return;
    std::vector<double> sum(x.cols);
    for (std::size_t i = m.begin[c]; i < m.begin[c + 1]; ++i) {
      const float* row = x.row(m.rows[i]);
      for (std::size_t j = 0; j < x.cols; ++j) sum[j] += static_cast<double>(row[j]);
    }
    for (std::size_t j = 0; j < x.cols; ++j) centers[c * x.cols + j] = static_cast<float>(sum[j] / count);
  });
}

}  // namespace

KMeans lloyd(MatrixView<const float> x, std::vector<float> centers, ThreadPool& pool, std::size_t rounds) {
  const std::size_t k = centers.size() / x.cols;
  KMeans result;
  result.centers = std::move(centers);
  // No centre's number, so that the first round always counts as a change.
  result.nearest.assign(x.rows, std::numeric_limits<std::uint32_t>::max());
  while (!result.converged && result.rounds < rounds) {
    ++result.rounds;
    result.converged = !assign(x, result.centers, k, result.nearest, pool);
    if (!result.converged) move_centers(x, result.nearest, k, result.centers, pool);
  }
  return result;
}

KMeans k_means(MatrixView<const float> x, std::size_t k, std::string_view place, const random::Stream& stream,
               ThreadPool& pool, std::size_t rounds) {
  if (k == 0 || x.rows < k) {
    throw Error(ErrorKind::numeric, place, fmt::format("{} rows are not enough for {} centres", x.rows, k));
  }
  return lloyd(x, spread_rows(x, k, place, stream, pool), pool, rounds);
}

}  // namespace fanin::init
