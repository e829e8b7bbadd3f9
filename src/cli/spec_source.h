#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fanin/init/infer.h"
#include "fanin/io/model_files.h"

namespace fanin::cli {

/// A model that the command line names, and the files that hold its present values, if it is one that has some.
struct SpecSource {
  init::ModelSpec spec;
  std::optional<io::ModelFiles> files;
};

/// From a JSON file (`*.json`), an index (`*.index.json`) or a safetensors file; `overrides` are the texts of --set.
/// Throws as io::read_spec_file(), io::ModelFiles::open() and init::infer_spec() do.
[[nodiscard]] SpecSource load_spec(const std::string& path, const std::vector<std::string>& overrides);

}  // namespace fanin::cli
