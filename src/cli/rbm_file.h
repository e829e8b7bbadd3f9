#pragma once

#include <map>
#include <string>

#include "fanin/io/machine_file.h"

#include "cli/rbm_settings.h"
#include "cli/settings.h"

namespace fanin::cli {

/// A file of machines as a command's input.
struct RbmFile {
  std::string path;
  io::LoadedMachines loaded;

  /// The only machine. Error(usage) for a file of a stack.
  [[nodiscard]] const rbm::Rbm& machine() const;
  /// Takes data set, binarization and standardization from the file's metadata where no flag gave them.
  void adopt(RbmInput& input, const Settings& settings) const;
};

/// RbmFile::adopt() of any file's metadata.
void adopt(const std::string& path, const std::map<std::string, std::string>& metadata, RbmInput& input,
           const Settings& settings);

[[nodiscard]] RbmFile open_machine(const std::string& path);

/// The part named `test` or `train`; the training part where there is no other. Error(usage) for another name.
[[nodiscard]] const data::Dataset& chosen_part(const LoadedData& data, const std::string& part);

}  // namespace fanin::cli
