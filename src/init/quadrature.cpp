#include "fanin/init/quadrature.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "fanin/core/error.h"

namespace fanin::init {
namespace {

constexpr double kInverseRootTwoPi = 0.39894228040143267794;
constexpr int kReach = 16;
// Halvings of a piece of length 1: a jump is then confined to 1e-15.
constexpr int kDeepest = 50;
// Enough for a thousand jumps; a function that is noise would go on for ever.
constexpr int kMostHalvings = 100'000;

// Lobatto's ten points on [-1, 1], the positive half.
constexpr std::array<double, 5> kNodes = {0.165278957666387025, 0.477924949810444496, 0.738773865105505075,
                                          0.919533908166458814, 1};
constexpr std::array<double, 5> kWeights = {0.327539761183897457, 0.292042683679683758, 0.224889342063126452,
                                            0.133305990851070111, 0.0222222222222222222};

struct Sums {
  double value = 0;
  double magnitude = 0;
};

class Integrand {
 public:
  explicit Integrand(FunctionRef<double(double)> f) : f_(f) {}

  Sums over(double low, double high) const {
    const double middle = (low + high) / 2;
    const double half = (high - low) / 2;
    Sums sums;
    for (std::size_t i = 0; i < kNodes.size(); ++i) {
      for (const double z : {middle - half * kNodes[i], middle + half * kNodes[i]}) {
        const double term = half * kWeights[i] * weighted(z);
        sums.value += term;
        sums.magnitude += std::abs(term);
      }
    }
    return sums;
  }

  double refined(double low, double high, double whole, double tolerance, int depth) {
    if (++halvings_ > kMostHalvings) {
      throw Error(ErrorKind::numeric, "init",
                  fmt::format("mean of a function of a normal variable: {} pieces were not enough near {}, a function "
                              "with at most some hundred kinks and no noise is wanted",
                              kMostHalvings, low));
    }
    const double middle = (low + high) / 2;
    const double left = over(low, middle).value;
    const double right = over(middle, high).value;
    if (depth == 0 || std::abs(left + right - whole) <= tolerance) return left + right;
    return refined(low, middle, left, tolerance, depth - 1) + refined(middle, high, right, tolerance, depth - 1);
  }

 private:
  double weighted(double z) const {
    const double value = f_(z);
    if (!std::isfinite(value)) {
      throw Error(ErrorKind::numeric, "init",
                  fmt::format("mean of a function of a normal variable: it is {} at {}, finite values are wanted "
                              "between -{} and {}",
                              value, z, kReach, kReach));
    }
    return value * kInverseRootTwoPi * std::exp(-z * z / 2);
  }

  FunctionRef<double(double)> f_;
  int halvings_ = 0;
};

}  // namespace

double gaussian_mean(FunctionRef<double(double)> f) {
  Integrand integrand(f);
  std::array<double, 2 * kReach> pieces{};
  double magnitude = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const double low = static_cast<double>(i) - kReach;
    const Sums sums = integrand.over(low, low + 1);
    pieces[i] = sums.value;
    magnitude += sums.magnitude;
  }
  double mean = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const double low = static_cast<double>(i) - kReach;
    mean += integrand.refined(low, low + 1, pieces[i], 1e-15 * magnitude, kDeepest);
  }
  return mean;
}

}  // namespace fanin::init
