#include "fanin/init/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "fanin/core/error.h"
#include "fanin/init/fill.h"

#include "init/law_check.h"
#include "init/orthogonality.h"
#include "init/rule.h"
#include "init/tail_bounds.h"

namespace fanin::init {
namespace {

using Nature = Promise::Kind;

constexpr std::size_t kGrain = std::size_t{1} << 15;  // elements of a task
constexpr std::size_t kTasks = 64;  // tasks between two sums; a fixed number, so that sums have one order
constexpr std::size_t kTests = 4;   // tests of one parameter that chance can fail

// Sums over some elements; those of later elements are added to those of earlier ones.
struct Sums {
  std::uint64_t elements = 0;
  std::uint64_t not_finite = 0;
  std::uint64_t outside = 0;
  std::uint64_t different = 0;
  std::uint64_t zeros = 0;
  double sum = 0;      // of x - center
  double squares = 0;  // of (x - center)^2
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  std::vector<std::uint64_t> counts;

  void add(const Sums& other) {
    elements += other.elements;
    not_finite += other.not_finite;
    outside += other.outside;
    different += other.different;
    zeros += other.zeros;
    sum += other.sum;
    squares += other.squares;
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  }
};

// What the elements are compared with.
struct Wanted {
  const Scheme* scheme;
  const ParameterSpec* parameter;
  Nature nature;
  double center;
  float low;
  float high;
  const LawGrid* grid = nullptr;
  bool skip_zeros = false;  // sparse: zeros are counted, and otherwise left out
};

void look_at(float x, const Wanted& wanted, Sums& sums) {
  ++sums.elements;
  if (!std::isfinite(x)) {
    ++sums.not_finite;
    return;
  }
  if (x < wanted.low || x > wanted.high) ++sums.outside;
  sums.min = std::min(sums.min, static_cast<double>(x));
  sums.max = std::max(sums.max, static_cast<double>(x));
  if (x == 0) ++sums.zeros;
  if (wanted.skip_zeros && x == 0) return;
  const double d = static_cast<double>(x) - wanted.center;
  sums.sum += d;
  sums.squares += d * d;
  if (wanted.grid != nullptr) ++sums.counts[wanted.grid->bin(x)];
}

Sums look(const Wanted& wanted, ElementRange held, ValueSource values, ThreadPool& pool) {
  const std::size_t bins = wanted.grid != nullptr ? LawGrid::kBins : 0;
  Sums total;
  total.counts.resize(bins);
  std::vector<Sums> parts(kTasks);
  for (std::uint64_t start = 0; start < held.count; start += kTasks * kGrain) {
    const std::size_t left = std::min<std::uint64_t>(held.count - start, kTasks * kGrain);
    const std::size_t tasks = (left + kGrain - 1) / kGrain;
    pool.run(tasks, [&](std::size_t task) {
      Sums& sums = parts[task];
      sums = {};
      sums.counts.resize(bins);
      const std::uint64_t first = start + task * kGrain;
      std::vector<float> x(std::min<std::uint64_t>(kGrain, held.count - first));
      values(first, x);
      for (const float value : x) look_at(value, wanted, sums);
      if (wanted.nature != Nature::exact) return;
      std::vector<float> made(x.size());
      const ParameterSpec& p = *wanted.parameter;
      fill_range(*wanted.scheme, p.shape, p.fans, random::Stream(0, p.name), held.first + first, made);
      for (std::size_t i = 0; i < x.size(); ++i) sums.different += x[i] == rounded(made[i], p.dtype) ? 0 : 1;
    });
    for (std::size_t task = 0; task < tasks; ++task) total.add(parts[task]);
  }
  return total;
}

// By how much rounding may move an element that is not far from the law's middle.
double rounding(const Moments& m, FloatType type) {
  const double least = type == FloatType::f16 ? 0x1p-25 : 0x1p-134;
  return float_epsilon(type) * (std::abs(m.mean) + m.std) + least;
}

Check mean_check(const Law& law, const Sums& s, double n, FloatType type, double alpha) {
  const Moments m = moments_of(law);
  // A log-concave density as curved as a normal's is sub-Gaussian with that normal's std.
  const double proxy = law.kind == Law::Kind::uniform ? m.std : law.std_or_high;
  const double error = proxy / std::sqrt(n);
  const double moved = rounding(m, type);
  const double bias = std::min(moved, 4 * moved * moved / m.std);
  return {"mean", s.sum / n / error, mean_limit(alpha) + bias / error};
}

Check variance_check(const Law& law, const Sums& s, double n, FloatType type, double alpha) {
  const Moments m = moments_of(law);
  const double variance = m.std * m.std;
  const double value = s.squares / n / variance - 1;
  double limit = 0;
  if (law.kind == Law::Kind::normal) {
    limit = value > 0 ? chi_square_limit_above(n, alpha) : chi_square_limit_below(n, alpha);
  } else {
    // Beyond nine standard deviations of the normal before truncation there is nothing to be seen.
    const double low = law.kind == Law::Kind::uniform ? law.mean_or_low : law.mean_or_low + law.std_or_high * law.low;
    const double high = law.kind == Law::Kind::uniform ? law.std_or_high : law.mean_or_low + law.std_or_high * law.high;
    const double reach = m.std + 9 * (law.kind == Law::Kind::uniform ? m.std : law.std_or_high);
    const double furthest = std::min(std::max(high - m.mean, m.mean - low), reach);
    limit = bounded_mean_limit(n, variance, std::max(furthest * furthest, variance), alpha);
  }
  const double moved = rounding(m, type) / m.std;
  return {"variance", value, limit + std::min(moved * moved, 1.0) + 2 * moved * std::min(moved, 1.0)};
}

Check ks_check(const LawGrid& grid, const Sums& s, double n, double alpha) {
  // The generators' own lattice of 2^-24 shows below this.
  constexpr double kLattice = 1e-6;
  return {"ks", grid.distance(s.counts, static_cast<std::uint64_t>(n)), ks_limit(n, alpha) + kLattice};
}

// Zeros beyond `meant` of n elements that a law makes.
Check zeros_check(const Law& law, std::uint64_t zeros, std::uint64_t meant, std::uint64_t n, FloatType type,
                  double alpha) {
  const double half = static_cast<double>(next_above(0, type)) / 2;
  const double cell = distribution_function(law, half) - distribution_function(law, -half);
  // Of 2^24 lattice points one may be 0; a pair of normals is 0 when its radius is.
  constexpr double kPoint = 0x1p-24;
  const std::uint64_t most =
      binomial_limit(n, std::min(1.0, cell + kPoint), alpha / 2) + 2 * binomial_limit((n + 1) / 2, kPoint, alpha / 2);
  return {"zeros", static_cast<double>(zeros) - static_cast<double>(meant), static_cast<double>(most)};
}

double orthogonal_tolerance(FloatType type) {
  return 16 * float_epsilon(type) + 1e-5;
}

void check_orthogonal(double gain, const ParameterSpec& p, ElementRange held, ValueSource values, ThreadPool& pool,
                      Verdict& verdict) {
  const std::size_t cols = p.shape.elements() / p.shape[0];
  const std::size_t rows = held.count / cols;
  if (p.shape[0] >= cols && rows != p.shape[0]) return;
  verdict.checks.push_back(
      {"orthogonal", orthogonality_residual(rows, cols, gain, values, pool), orthogonal_tolerance(p.dtype)});
}

}  // namespace

bool Verdict::passed() const noexcept {
  return std::all_of(checks.begin(), checks.end(), [](const Check& c) { return c.passed(); });
}

double false_alarm_of_one(std::size_t parameters) noexcept {
  return kFalseAlarm / static_cast<double>(std::max<std::size_t>(parameters, 1));
}

Verdict verify(const Plan& plan, const PlanEntry& entry, ElementRange held, ValueSource values, double false_alarm,
               ThreadPool& pool) {
  const ParameterSpec& p = entry.parameter;
  const Scheme* scheme = plan.scheme(entry);
  if (scheme == nullptr) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("parameter '{}' is {}: no rule says what its values are", p.name, to_string(p.state)));
  }
  if (held.first > p.shape.elements() || held.count > p.shape.elements() - held.first) {
    throw Error(ErrorKind::usage, "init",
                fmt::format("parameter '{}' {}: {} elements from {} to be verified, it has {}", p.name, p.shape.str(),
                            held.count, held.first, p.shape.elements()));
  }
  Verdict verdict{.name = p.name, .elements = held.count};
  if (held.count == 0) return verdict;
  const Promise promise = scheme->rule().promise(p.shape, p.fans);
  const Nature nature = promise.kind;
  const bool random = nature == Nature::law || nature == Nature::sparse;
  const Law& law = promise.law;
  std::optional<LawGrid> grid;
  if (random) grid.emplace(law, p.dtype);
  const auto bound = [&](double x) { return rounded(static_cast<float>(x), p.dtype); };
  // An element of an orthogonal matrix reaches its gain, but for the rounding of its column's length.
  const double slack = nature == Nature::orthogonal ? 1 + orthogonal_tolerance(p.dtype) : 1;
  const Wanted wanted{scheme,
                      &p,
                      nature,
                      random ? moments_of(law).mean : entry.expected.mean,
                      bound(entry.expected.low * slack),
                      bound(entry.expected.high * slack),
                      grid ? &*grid : nullptr,
                      nature == Nature::sparse};
  const Sums s = look(wanted, held, values, pool);
  const std::uint64_t finite = s.elements - s.not_finite;
  const double used = static_cast<double>(finite - (wanted.skip_zeros ? s.zeros : 0));
  const double all = static_cast<double>(std::max<std::uint64_t>(finite, 1));
  // Zeros that were left out are at -center from the center, which for sparse is 0.
  verdict.mean = wanted.center + s.sum / all;
  verdict.std = std::sqrt(std::max(0.0, s.squares / all - s.sum / all * s.sum / all));
  verdict.min = s.min;
  verdict.max = s.max;
  verdict.zeros = s.zeros;
  verdict.checks.push_back({"finite", static_cast<double>(s.not_finite), 0});
  verdict.checks.push_back({"bounds", static_cast<double>(s.outside), 0});
  if (nature == Nature::exact) verdict.checks.push_back({"exact", static_cast<double>(s.different), 0});
  if (random) {
    const double alpha = false_alarm / kTests;
    if (used > 0) {
      verdict.checks.push_back(mean_check(law, s, used, p.dtype, alpha));
      verdict.checks.push_back(variance_check(law, s, used, p.dtype, alpha));
      verdict.checks.push_back(ks_check(*grid, s, used, alpha));
    }
    const bool whole = held.count == p.shape.elements();
    const std::uint64_t meant = nature == Nature::sparse && whole ? promise.zeros : 0;
    if (nature == Nature::law || whole) {
      verdict.checks.push_back(zeros_check(law, s.zeros, meant, held.count - meant, p.dtype, alpha));
    }
  }
  if (nature == Nature::orthogonal && s.not_finite == 0) check_orthogonal(promise.gain, p, held, values, pool, verdict);
  return verdict;
}

}  // namespace fanin::init
