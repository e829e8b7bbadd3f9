#include "cli/paths.h"

#include <fmt/format.h>

#include <filesystem>

#include "fanin/core/error.h"
#include "fanin/io/atomic_file.h"

namespace fanin::cli {
namespace {

namespace fs = std::filesystem;

bool is_same_file(const fs::path& a, const fs::path& b) {
  std::error_code error;
  if (fs::equivalent(a, b, error) && !error) return true;
  // Files that do not exist yet have only their names. Made absolute first, because weakly_canonical leaves a relative
  // path relative where not even its first part exists.
  const fs::path first = fs::weakly_canonical(fs::absolute(a, error), error);
  if (error) return false;
  const fs::path second = fs::weakly_canonical(fs::absolute(b, error), error);
  return !error && first == second;
}

}  // namespace

void require_distinct(const std::vector<NamedPath>& outputs, const std::vector<NamedPath>& inputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const NamedPath& out = outputs[i];
    if (out.path.empty() || io::is_written_straight(out.path)) continue;
    const auto require_other = [&](const NamedPath& other, const char* role) {
      if (other.path.empty() || !is_same_file(out.path, other.path)) return;
      throw Error(ErrorKind::usage, "cli",
                  fmt::format("{} would overwrite {} {} ({}), give them different names", out.flag, role, other.flag,
                              other.path));
    };
    for (const NamedPath& input : inputs) require_other(input, "the input of");
    for (std::size_t k = i + 1; k < outputs.size(); ++k) require_other(outputs[k], "the output of");
  }
}

}  // namespace fanin::cli
