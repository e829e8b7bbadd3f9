#include <algorithm>
#include <cmath>

#include "fanin/random/distributions.h"

#include "init/definitions.h"

namespace fanin::init {
namespace {

// E (U_1 / S)^2 for n independent U ~ U(0, 1) of sum S: 1 / S^2 = the integral of t e^(-t S) over t > 0, so the
// integral of t E[U^2 e^(-t U)] E[e^(-t U)]^(n - 1), which is smooth in log t.
double mean_square(double n) {
  constexpr double kStep = 0.05;
  double sum = 0;
  for (int i = -700; i <= 900; ++i) {
    const double t = std::exp(kStep * i);
    const double once = -std::expm1(-t) / t;
    const double square = t < 0.01 ? 1.0 / 3 - t / 4 + t * t / 10 - t * t * t / 36
                                   : (2 - std::exp(-t) * (t * t + 2 * t + 2)) / (t * t * t);
    sum += t * t * square * std::exp((n - 1) * std::log(once));
  }
  return kStep * sum;
}

struct PositiveUnitBall {
  void check(const Shape& shape) const { want_rank("positive_unit_ball", shape, 2); }
  [[nodiscard]] static std::size_t columns(const Shape& shape) {
    return shape.elements() / std::max<std::size_t>(shape[0], 1);
  }
  [[nodiscard]] Expected expected(const Shape& shape, Fans) const {
    const double n = std::max(static_cast<double>(columns(shape)), 1.0);
    return {1 / n, n == 1 ? 0 : std::sqrt(mean_square(n) - 1 / (n * n)), n == 1 ? 1.0 : 0.0, 1};
  }
  static void make_row(const random::Stream& stream, std::uint64_t r, std::span<float> out) {
    random::fill_uniform(stream, r * out.size(), out, 0, 1);
    double sum = 0;
    for (const float x : out) sum += x;
    // A row of zeros, of all rows the least likely.
    if (sum == 0) {
      std::fill(out.begin(), out.end(), 1.0f);
      sum = static_cast<double>(out.size());
    }
    for (float& x : out) x = static_cast<float>(x / sum);
  }
  [[nodiscard]] Elements elements(const Shape& shape, Fans) const { return row_elements(columns(shape), make_row); }
  void whole(const Shape& shape, Fans, const random::Stream& stream, std::span<float> out, ThreadPool& pool) const {
    fill_rows(columns(shape), make_row, stream, out, pool);
  }
  friend bool operator==(const PositiveUnitBall&, const PositiveUnitBall&) = default;
};

}  // namespace

std::vector<Definition> unit_ball_definitions() {
  return {
      {"positive_unit_ball",
       {},
       {},
       [](Arguments) { return make_rule(PositiveUnitBall{}); },
       "W ~ U(0, 1), every row (a unit) divided by its sum; rank 2 or more",
       "Caffe's positive_unitball filler"},
  };
}

}  // namespace fanin::init
