#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/core/error.h"

namespace fanin::data {

inline constexpr std::size_t kMaxClasses = std::numeric_limits<std::int32_t>::max();

struct Labels {
  std::vector<std::int32_t> values;
  std::size_t classes = 0;
};

/// Labels read from outside, checked: each in [0, classes), where classes = 0 stands for the largest label + 1.
/// Throws Error(data, place) that names `source`, the number of the sample and the label, and Error(usage) for more
/// than kMaxClasses classes.
template <typename T>
[[nodiscard]] Labels checked_labels(std::string_view place, const std::string& source, std::span<const T> labels,
                                    std::size_t classes) {
  if (classes > kMaxClasses) {
    throw Error(ErrorKind::usage, place, fmt::format("{} classes given, at most {} are allowed", classes, kMaxClasses));
  }
  const auto largest = static_cast<std::int64_t>((classes == 0 ? kMaxClasses : classes) - 1);
  Labels result;
  result.values.reserve(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::int64_t label = labels[i];
    if (label < 0 || label > largest) {
      throw Error(ErrorKind::data, place,
                  fmt::format("{}: the label of sample {} is {}, allowed are 0 to {}", source, i, label, largest));
    }
    result.values.push_back(static_cast<std::int32_t>(label));
    result.classes = std::max(result.classes, static_cast<std::size_t>(label) + 1);
  }
  if (classes != 0) result.classes = classes;
  return result;
}

}  // namespace fanin::data
