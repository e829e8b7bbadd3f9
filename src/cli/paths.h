#pragma once

#include <string>
#include <vector>

namespace fanin::cli {

/// A file of the command line with the flag that named it; an empty path is one that was not given.
struct NamedPath {
  std::string flag;
  std::string path;
};

/// Throws Error(usage) that names both flags if an output is the same file as another output or as an input, also by
/// another spelling or through a link: the later of two outputs would take the place of the earlier, and any output
/// that of an input. Outputs that are written straight to (devices, pipes, /dev/stdout) replace nothing and are left
/// alone. Throws Error(io) for an output that cannot be looked at.
void require_distinct(const std::vector<NamedPath>& outputs, const std::vector<NamedPath>& inputs);

}  // namespace fanin::cli
