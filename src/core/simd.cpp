#include "fanin/core/simd.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hwy/highway.h>
#include <hwy/targets.h>

#include "fanin/core/error.h"

namespace fanin::simd {
namespace {

std::string name_of(int64_t target) {
  // No switch: where a compiler flag or the architecture fixes the baseline, two of these are the same number.
  if (target == HWY_AVX3) return "avx512";
  if (target == HWY_AVX2) return "avx2";
  if (target == HWY_NEON) return "neon";
  if (target == HWY_STATIC_TARGET) return "portable";
  return hwy::TargetName(target);
}

}  // namespace

std::vector<std::string> targets() {
  std::vector<std::string> names;
  // A lower bit is a better target.
  for (int64_t rest = HWY_TARGETS & hwy::SupportedTargets(); rest != 0; rest &= rest - 1) {
    names.push_back(name_of(rest & -rest));
  }
  return names;
}

std::string target() {
  return targets().front();
}

void use_target(std::string_view name) {
  const int64_t before = hwy::SupportedTargets();
  hwy::SetSupportedTargetsForTest(0);
  const int64_t all = hwy::SupportedTargets() & HWY_TARGETS;
  int64_t chosen = name == "best" ? all : 0;
  std::vector<std::string> names{"best"};
  for (int64_t rest = all; rest != 0; rest &= rest - 1) {
    names.push_back(name_of(rest & -rest));
    if (names.back() == name) chosen = rest & -rest;
  }
  if (chosen == 0) {
    hwy::SetSupportedTargetsForTest(before);
    throw Error(ErrorKind::usage, "simd",
                fmt::format("no target '{}' on this machine, there are {}", name, fmt::join(names, ", ")));
  }
  if (chosen != all) hwy::SetSupportedTargetsForTest(chosen);
  // The next dispatched call looks the target up again.
  hwy::GetChosenTarget().DeInit();
}

}  // namespace fanin::simd
