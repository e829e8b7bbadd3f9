#include "fanin/core/simd.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "fanin/core/error.h"

namespace fanin::simd {
namespace {

std::string name_of(int64_t target) {
  switch (target) {
#ifdef HWY_AVX3_ZEN4
    case HWY_AVX3_ZEN4: return "avx512-zen4";
#endif
    case HWY_AVX3: return "avx512";
    case HWY_AVX2: return "avx2";
    case HWY_NEON: return "neon";
    case HWY_STATIC_TARGET: return "portable";
    default: return hwy::TargetName(target);
  }
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

std::string target() { return targets().front(); }

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
