#include "init/law_check.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "fanin/random/distributions.h"

namespace fanin::init {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
// A normal of this library ends before 6.8 standard deviations; one of another may reach further.
constexpr double kFurthest = 8;

double lower_tail(double z) {
  return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

// P(from < Z < to), from the side where both tails are small.
double mass(double from, double to) {
  return from >= 0 ? lower_tail(-from) - lower_tail(-to) : lower_tail(to) - lower_tail(from);
}

struct Ends {
  double low;
  double high;
};

Ends ends_of(const Law& law) {
  switch (law.kind) {
    case Law::Kind::uniform:
      return {law.mean_or_low, law.std_or_high};
    case Law::Kind::truncated_normal:
      return {law.mean_or_low + law.std_or_high * std::max(law.low, std::min(-kFurthest, law.high - kFurthest)),
              law.mean_or_low + law.std_or_high * std::min(law.high, std::max(kFurthest, law.low + kFurthest))};
    default:
      return {law.mean_or_low - kFurthest * law.std_or_high, law.mean_or_low + kFurthest * law.std_or_high};
  }
}

}  // namespace

double distribution_function(const Law& law, double x) {
  if (law.kind == Law::Kind::uniform) {
    return std::clamp((x - law.mean_or_low) / (law.std_or_high - law.mean_or_low), 0.0, 1.0);
  }
  const double z = (x - law.mean_or_low) / law.std_or_high;
  if (law.kind == Law::Kind::normal) return lower_tail(z);
  if (z <= law.low) return 0;
  if (z >= law.high) return 1;
  return mass(law.low, z) / mass(law.low, law.high);
}

Moments moments_of(const Law& law) {
  switch (law.kind) {
    case Law::Kind::uniform:
      return {(law.mean_or_low + law.std_or_high) / 2, (law.std_or_high - law.mean_or_low) / std::sqrt(12.0)};
    case Law::Kind::truncated_normal:
      return {law.mean_or_low + law.std_or_high * random::truncated_normal_mean(law.low, law.high),
              law.std_or_high * random::truncated_normal_std(law.low, law.high)};
    default:
      return {law.mean_or_low, law.std_or_high};
  }
}

float next_above(float x, FloatType type) {
  if (type == FloatType::f32) return std::nextafter(x, std::numeric_limits<float>::infinity());
  const auto to = type == FloatType::bf16 ? to_bf16 : to_f16;
  const auto from = type == FloatType::bf16 ? from_bf16 : from_f16;
  const std::uint16_t bits = to(x);
  if ((bits & 0x7FFFU) == 0) return from(1);
  return from(static_cast<std::uint16_t>((bits & 0x8000U) != 0 ? bits - 1 : bits + 1));
}

namespace {

// The finite numbers of a type in their order, as integers: 0 is zero, -k the opposite of k.
float number_at(std::int64_t place, FloatType type) {
  const auto magnitude = static_cast<std::uint32_t>(place < 0 ? -place : place);
  const float x = type == FloatType::f32    ? std::bit_cast<float>(magnitude)
                  : type == FloatType::bf16 ? from_bf16(static_cast<std::uint16_t>(magnitude))
                                            : from_f16(static_cast<std::uint16_t>(magnitude));
  return place < 0 ? -x : x;
}

std::int64_t greatest_place(FloatType type) {
  return type == FloatType::f32 ? 0x7F7FFFFF : type == FloatType::bf16 ? 0x7F7F : 0x7BFF;
}

}  // namespace

LawGrid::LawGrid(const Law& law, FloatType type) : below_(kBins) {
  const Ends ends = ends_of(law);
  low_ = ends.low;
  inverse_ = static_cast<double>(kBins) / (ends.high - ends.low);
  std::int64_t below = -greatest_place(type);
  for (std::size_t k = 1; k < kBins; ++k) {
    // Of the numbers of the type the last in a bin below k and the first in one from k on; bin() never falls.
    std::int64_t above = greatest_place(type) + 1;
    while (above - below > 1) {
      const std::int64_t middle = below + (above - below) / 2;
      (bin(number_at(middle, type)) < k ? below : above) = middle;
    }
    if (above > greatest_place(type)) {
      below_[k] = 1;
    } else {
      const double last = static_cast<double>(number_at(below, type));
      below_[k] = distribution_function(law, (last + static_cast<double>(number_at(above, type))) / 2);
    }
  }
}

double LawGrid::distance(std::span<const std::uint64_t> counts, std::uint64_t total) const {
  double largest = 0;
  std::uint64_t below = 0;
  for (std::size_t k = 1; k < kBins && total > 0; ++k) {
    below += counts[k - 1];
    largest = std::max(largest, std::abs(static_cast<double>(below) / static_cast<double>(total) - below_[k]));
  }
  return largest;
}

}  // namespace fanin::init
