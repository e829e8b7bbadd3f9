#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "fanin/random/distributions.h"

#include "init/dialect/special.h"

namespace fanin::init {
namespace {

// In eight sums of every eighth product, which is a fixed order that a compiler can keep in vector registers.
double dot(const double* a, const double* b, std::size_t length) {
  std::array<double, 8> sums{};
  std::size_t i = 0;
  for (; i + sums.size() <= length; i += sums.size()) {
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += a[i + k] * b[i + k];
  }
  for (std::size_t k = 0; i < length; ++i, ++k) sums[k] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

// Vectors of `length` numbers and the squares of their lengths.
struct Vectors {
  std::vector<double>& numbers;
  std::vector<double> squares;
  std::size_t length;

  // Turns two vectors in their plane until they are orthogonal; false if they are already.
  bool turn(std::size_t p, std::size_t q) {
    constexpr double kOrthogonal = 1e-14;
    double* a = numbers.data() + p * length;
    double* b = numbers.data() + q * length;
    const double ab = dot(a, b, length);
    if (ab * ab <= kOrthogonal * kOrthogonal * (squares[p] * squares[q])) return false;
    const double zeta = (squares[q] - squares[p]) / (2 * ab);
    const double t = (zeta < 0 ? -1 : 1) / (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
    const double c = 1 / std::sqrt(1 + t * t);
    const double s = c * t;
    for (std::size_t i = 0; i < length; ++i) {
      const double x = a[i];
      a[i] = c * x - s * b[i];
      b[i] = s * x + c * b[i];
    }
    squares[p] -= t * ab;
    squares[q] += t * ab;
    return true;
  }
};

// `count` vectors, turned against each other until they are orthogonal, a pair at a time. The pairs of a round share no
// vector, so that threads do not change the result. Leaves the squares of the lengths.
std::vector<double> make_orthogonal(std::vector<double>& numbers, std::size_t count, std::size_t length,
                                    ThreadPool& pool) {
  constexpr int kSweeps = 40;
  const std::size_t even = count + count % 2;
  Vectors v{numbers, std::vector<double>(count), length};
  std::vector<char> turned(even / 2);
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    // Kept up to date by turns, exact again after every sweep.
    for (std::size_t k = 0; k < count; ++k) {
      const double* at = numbers.data() + k * length;
      v.squares[k] = dot(at, at, length);
    }
    bool any = false;
    for (std::size_t round = 0; round + 1 < even; ++round) {
      // A round-robin tournament: the last one stays, the others go around.
      const std::size_t grain = 1 + 4096 / std::max<std::size_t>(length, 1);
      parallel_for(pool, even / 2, grain, [&](std::size_t first, std::size_t last) {
        for (std::size_t k = first; k < last; ++k) {
          const std::size_t p = k == 0 ? even - 1 : (round + k) % (even - 1);
          const std::size_t q = (round + even - 1 - k) % (even - 1);
          turned[k] = p < count && q < count && v.turn(std::min(p, q), std::max(p, q));
        }
      });
      any = any || std::find(turned.begin(), turned.end(), 1) != turned.end();
    }
    if (!any) break;
  }
  return v.squares;
}

struct SingularVectors {
  double scale;

  void check(const Shape& shape) const { want_rank("mxnet:Orthogonal", shape, 2); }
  [[nodiscard]] Expected expected(const Shape& shape, Fans) const {
    const double rows = std::max(static_cast<double>(shape[0]), 1.0);
    const double longer = std::max({rows, static_cast<double>(shape.elements()) / rows, 1.0});
    return {0, scale / std::sqrt(longer), -scale, scale};
  }
  [[nodiscard]] Promise promise(const Shape&, Fans) const { return {.kind = Promise::Kind::orthogonal, .gain = scale}; }
  void whole(const Shape& shape, Fans, const random::Stream& stream, std::span<float> out, ThreadPool& pool) const {
    if (out.empty()) return;
    const std::size_t rows = shape[0];
    const std::size_t cols = out.size() / rows;
    const std::size_t count = std::min(rows, cols);
    const std::size_t length = std::max(rows, cols);
    const auto uniform = [](const random::Stream& s, std::uint64_t first, std::span<float> part) {
      random::fill_uniform(s, first, part, -1, 1);
    };
    fill_in_parts(uniform, stream, out, pool);
    // Vector k is column k of a tall matrix, row k of a wide one.
    const auto at = [&](std::size_t k, std::size_t i) { return rows >= cols ? i * cols + k : k * cols + i; };
    std::vector<double> v(out.size());
    for (std::size_t k = 0; k < count; ++k) {
      for (std::size_t i = 0; i < length; ++i) v[k * length + i] = double{out[at(k, i)]};
    }
    std::vector<double> sizes = make_orthogonal(v, count, length, pool);
    for (double& size : sizes) size = std::sqrt(std::max(0.0, size));
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return sizes[a] > sizes[b]; });
    for (std::size_t k = 0; k < count; ++k) {
      const double factor = sizes[order[k]] > 0 ? scale / sizes[order[k]] : 0;
      for (std::size_t i = 0; i < length; ++i) {
        out[at(k, i)] = static_cast<float>(factor * v[order[k] * length + i]);
      }
    }
  }
  friend bool operator==(const SingularVectors&, const SingularVectors&) = default;
};

}  // namespace

RulePtr singular_vectors(double scale) {
  return make_rule(SingularVectors{scale});
}

}  // namespace fanin::init
