#include "train/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "fanin/core/text.h"

namespace fanin::train {
namespace {

// 64-bit words through a multiplicative hash.
std::uint64_t hash_bytes(std::uint64_t h, std::span<const std::byte> bytes) {
  constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15U;
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, std::min(sizeof(word), bytes.size() - i));
    h = (h ^ word) * kMultiplier;
    h ^= h >> 32;
  }
  return h;
}

std::uint64_t hash_of(const data::Dataset& d) {
  std::uint64_t h = hash_bytes(d.size(), std::as_bytes(d.labels()));
  for (std::size_t i = 0; i < d.size(); ++i) {
    h = d.is_bytes() ? hash_bytes(h, std::as_bytes(d.bytes(i))) : hash_bytes(h, std::as_bytes(d.floats(i)));
  }
  return h;
}

std::vector<std::string> pairs_of(const std::string& fingerprint) {
  return split_outside_parentheses(fingerprint, ';');
}

}  // namespace

std::uint64_t hash_of(const data::Dataset& train, const data::Dataset* test) {
  // Not symmetric: exchanging the two is another run.
  return test == nullptr ? hash_of(train) : hash_of(train) ^ ~hash_of(*test) * 3;
}

std::pair<std::string, std::string> first_difference(const std::string& a, const std::string& b) {
  const std::vector<std::string> left = pairs_of(a);
  const std::vector<std::string> right = pairs_of(b);
  const std::size_t n = std::min(left.size(), right.size());
  for (std::size_t i = 0; i < n; ++i) {
    if (left[i] != right[i]) return {left[i], right[i]};
  }
  return {fmt::format("{} options", left.size()), fmt::format("{} options", right.size())};
}

}  // namespace fanin::train
