#include "fanin/optim/schedule.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

#include "optim/power.h"

namespace fanin::optim {
namespace {

[[noreturn]] void reject(std::string_view text, std::string_view why) {
  throw Error(ErrorKind::usage, "schedule", fmt::format("'{}': {}", text, why));
}

std::string_view name_of(ScheduleKind kind) {
  switch (kind) {
    case ScheduleKind::constant:
      return "constant";
    case ScheduleKind::step:
      return "step";
    case ScheduleKind::cosine:
      return "cosine";
  }
  throw Error(ErrorKind::usage, "schedule", fmt::format("no schedule has the number {}", static_cast<int>(kind)));
}

std::vector<std::string> keys_of(ScheduleKind kind) {
  switch (kind) {
    case ScheduleKind::constant:
      return {"warmup"};
    case ScheduleKind::step:
      return {"every", "factor", "warmup"};
    case ScheduleKind::cosine:
      return {"final", "warmup"};
  }
  return {};
}

ScheduleKind kind_named(std::string_view name, std::string_view text) {
  std::vector<std::string> names;
  for (const ScheduleKind kind : {ScheduleKind::constant, ScheduleKind::step, ScheduleKind::cosine}) {
    names.emplace_back(name_of(kind));
    if (names.back() == name) return kind;
  }
  reject(text, fmt::format("no schedule '{}'{}", name, did_you_mean(name, names)));
}

void set(Schedule& schedule, std::string_view key, std::string_view value, std::string_view text) {
  if (key == "every" || key == "warmup") {
    const auto number = parse_unsigned(value);
    if (!number) reject(text, fmt::format("{} is '{}', allowed is an integer", key, value));
    (key == "every" ? schedule.every : schedule.warmup) = *number;
  } else {
    const auto number = parse_number(value);
    if (!number) reject(text, fmt::format("{} is '{}', allowed is a number", key, value));
    (key == "factor" ? schedule.drop : schedule.final_value) = *number;
  }
}

// cos(pi t) for t in [0, 1] by Taylor series, within 4e-16: the C library's last bit differs from one to the next.
double cos_pi(double t) {
  if (t > 0.5) return -cos_pi(1 - t);
  constexpr double kPi = 3.14159265358979323846;
  const bool near_zero = t <= 0.25;
  const double a = kPi * (near_zero ? t : 0.5 - t);
  // The largest a is pi / 4, where the first term left out is below 1e-18.
  double term = near_zero ? 1.0 : a;
  double sum = term;
  for (int n = near_zero ? 1 : 2; n < 18; n += 2) {
    term *= -(a * a) / (n * (n + 1));
    sum += term;
  }
  return sum;
}

}  // namespace

Schedule Schedule::parse(std::string_view text) {
  const std::string_view whole = trimmed(text);
  const std::size_t open = whole.find('(');
  Schedule schedule;
  schedule.kind = kind_named(trimmed(whole.substr(0, open)), whole);
  const std::vector<std::string> keys = keys_of(schedule.kind);
  std::vector<std::string> given;
  if (open != std::string_view::npos) {
    if (whole.back() != ')') reject(whole, "the parenthesis is not closed at the end");
    for (const std::string& part : split_outside_parentheses(whole.substr(open + 1, whole.size() - open - 2), ',')) {
      const std::size_t equals = part.find('=');
      const std::string key(trimmed(std::string_view(part).substr(0, equals)));
      if (std::find(keys.begin(), keys.end(), key) == keys.end() || equals == std::string::npos) {
        reject(whole, fmt::format("'{}' sets none of {}{}", part, fmt::join(keys, ", "), did_you_mean(key, keys)));
      }
      if (std::find(given.begin(), given.end(), key) != given.end())
        reject(whole, fmt::format("{} is given twice", key));
      given.push_back(key);
      set(schedule, key, trimmed(std::string_view(part).substr(equals + 1)), whole);
    }
  }
  schedule.validate();
  return schedule;
}

std::string Schedule::str() const {
  std::vector<std::string> parts;
  if (kind == ScheduleKind::step) {
    parts.push_back(fmt::format("every={}", every));
    parts.push_back(fmt::format("factor={}", drop));
  }
  if (kind == ScheduleKind::cosine && final_value != 0) parts.push_back(fmt::format("final={}", final_value));
  if (warmup != 0) parts.push_back(fmt::format("warmup={}", warmup));
  if (parts.empty()) return std::string(name_of(kind));
  return fmt::format("{}({})", name_of(kind), fmt::join(parts, ", "));
}

void Schedule::validate() const {
  const std::string_view name = name_of(kind);
  if (kind == ScheduleKind::step) {
    if (every == 0) reject(name, "every is 0 or not given, allowed is an integer from 1, in epochs");
    if (!(drop > 0 && drop <= 1)) reject(name, fmt::format("factor is {}, allowed is (0, 1]", drop));
  }
  if (kind == ScheduleKind::cosine && !(final_value >= 0 && final_value <= 1)) {
    reject(name, fmt::format("final is {}, allowed is [0, 1]", final_value));
  }
}

double Schedule::factor(std::uint64_t step, std::uint64_t total_steps, std::uint64_t steps_per_epoch) const {
  validate();
  double value = 1;
  if (kind == ScheduleKind::step) {
    if (steps_per_epoch == 0) reject(str(), "an epoch has 0 steps, at least 1 is needed");
    value = detail::power(drop, step / steps_per_epoch / every);
  } else if (kind == ScheduleKind::cosine && step > warmup) {
    const double progress =
        step >= total_steps ? 1.0 : static_cast<double>(step - warmup) / static_cast<double>(total_steps - warmup);
    value = final_value + (1 - final_value) * (1 + cos_pi(progress)) / 2;
  }
  if (step < warmup) value *= static_cast<double>(step + 1) / static_cast<double>(warmup);
  return value;
}

}  // namespace fanin::optim
