#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fanin/core/function_ref.h"
#include "fanin/core/thread_pool.h"
#include "fanin/init/plan.h"
#include "fanin/init/shard.h"

namespace fanin::init {

/// One figure of a parameter and what it may be: it passes if its magnitude is at most `limit`.
struct Check {
  std::string name;  ///< finite, bounds, exact, mean, variance, ks, zeros, orthogonal
  double value = 0;
  double limit = 0;
  [[nodiscard]] bool passed() const noexcept { return value <= limit && value >= -limit; }
};

/// What the values of one parameter are, and whether that fits the plan.
struct Verdict {
  std::string name;
  std::uint64_t elements = 0;
  double mean = 0;
  double std = 0;
  double min = 0;
  double max = 0;
  std::uint64_t zeros = 0;
  std::vector<Check> checks{};
  [[nodiscard]] bool passed() const noexcept;
};

/// The false alarms of a file that is as its plan says: fewer than one in 1/kFalseAlarm files has a finding.
inline constexpr double kFalseAlarm = 1e-6;

/// The share of kFalseAlarm for each of `parameters` parameters.
[[nodiscard]] double false_alarm_of_one(std::size_t parameters) noexcept;

/// Elements [first, first + out.size()) of those that are held, as float32.
using ValueSource = FunctionRef<void(std::uint64_t first, std::span<float> out)>;

/// Judges the values of a parameter of `plan` by its scheme, in one pass (orthogonal: one or two) and constant memory.
/// `held` says which elements of the tensor there are; their values have the parameter's type.
///
/// - finite: how many are not. bounds: how many lie outside what the scheme promises, rounded to the type.
/// - exact, for schemes without random numbers (constants, identity, dirac, dft, ...): how many are not the value that
/// belongs there.
/// - mean, in standard errors: (m - mu) sqrt(n) / s. Limit sqrt(2 ln(2 / a)): uniform, normal and truncated normal
///   variables are sub-Gaussian with s = sigma, sigma and the std before truncation (Arbel et al. 2020).
/// - variance: S / (n sigma^2) - 1 with S = sum (x - mu)^2. Limits of Laurent and Massart 2000, lemma 1, for a normal,
/// of
///   Bernstein for a bounded law.
/// - ks: the largest |F_n - F| over 4096 places, F being the law with its rounding to the type. Limit
///   sqrt(ln(2 / a) / (2 n)) (Massart 1990).
/// - zeros: how many more there are than the scheme makes; limit by Chernoff. Catches rows that nobody filled.
/// - orthogonal: the largest element of (Q^T Q / gain^2 - I) v (of Q Q^T for fewer rows than columns) over four v of
///   random signs; left out for a part of the rows of a tall matrix.
///
/// None of the limits is asymptotic, each holds for any n; with a = `false_alarm` / 4 a parameter that its scheme made
/// fails with a probability of at most `false_alarm`. A scheme of another kind is held to finite and bounds alone.
/// Deterministic for any number of threads. Throws Error(usage) for an entry without a rule and a range outside it.
[[nodiscard]] Verdict verify(const Plan& plan, const PlanEntry& entry, ElementRange held, ValueSource values,
                             double false_alarm, ThreadPool& pool);

}  // namespace fanin::init
