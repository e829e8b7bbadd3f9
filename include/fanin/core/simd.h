#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fanin::simd {

/// The instruction sets that this build holds and this machine runs, best first: of `avx512`, `avx2`, `neon`,
/// `portable`. Every one of them computes the same bits.
[[nodiscard]] std::vector<std::string> targets();

/// The one in use.
[[nodiscard]] std::string target();

/// Uses the named target from now on, in the whole process; `best` is the default. For tests and comparisons: not
/// while other threads compute. Throws Error(usage) for a name that targets() does not list.
void use_target(std::string_view name);

}  // namespace fanin::simd
