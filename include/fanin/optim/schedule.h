#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fanin::optim {

enum class ScheduleKind {
  constant,  ///< 1
  step,      ///< factor^floor(epoch / every)                          torch.optim.lr_scheduler.StepLR
  cosine,  ///< final + (1 - final) (1 + cos(pi progress)) / 2       CosineAnnealingLR (Loshchilov & Hutter 2017, eq. 5)
};

/// What multiplies the base learning rate at each step, as a value with one spelling:
///
///     schedule = name [ "(" parameter { "," parameter } ")" ],  parameter = key "=" number
///     constant · step(every=5, factor=0.1) · cosine(final=0.01) · cosine(warmup=500)
///
/// `every` counts epochs and must be given; `warmup`, which each kind takes, counts steps.
struct Schedule {
  ScheduleKind kind = ScheduleKind::constant;
  std::uint64_t every = 0;   ///< step: epochs between two drops, at least 1
  double drop = 0.1;         ///< step: `factor`, what each drop multiplies by, in (0, 1]
  double final_value = 0.0;  ///< cosine: `final`, the value at the end of training, in [0, 1]
  std::uint64_t warmup = 0;  ///< steps of linear growth before the schedule proper

  /// Reads what str() prints. Throws Error(usage) for an unknown name or key (suggesting the nearest), a key given
  /// twice or missing, and a value outside its range.
  static Schedule parse(std::string_view text);
  /// The shortest spelling: `every` and `factor` of step always, other keys where they are not 0.
  [[nodiscard]] std::string str() const;
  /// Throws Error(usage) for a value outside its range.
  void validate() const;

  /// The multiplier of step `step` (from 0) of `total_steps`, a pure function with the same bits everywhere.
  ///
  /// During warm-up (step < warmup) (step + 1) / warmup, times the schedule's own value; of cosine, progress =
  /// (step - warmup) / (total_steps - warmup) within [0, 1]: it falls from the end of the warm-up on. Epochs of step
  /// count from the start of training. Throws Error(usage) as validate(), and of step where steps_per_epoch is 0.
  [[nodiscard]] double factor(std::uint64_t step, std::uint64_t total_steps, std::uint64_t steps_per_epoch) const;

  friend bool operator==(const Schedule&, const Schedule&) = default;
};

}  // namespace fanin::optim
