#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fanin/data/dataset.h"

namespace fanin::data {

/// The names that load_named() knows: `mnist` and `fashion-mnist`.
[[nodiscard]] std::vector<std::string> named_datasets();

/// A well-known data set, both 60000 training and 10000 test images of 28x28 in 10 classes:
///
/// - `mnist`: handwritten digits (LeCun and Cortes), which come with this project;
/// - `fashion-mnist`: articles of clothing (Xiao, Rasul and Vollgraf 2017), Debian package dataset-fashion-mnist.
///
/// The first folder that holds all four files, gzipped or plain, is used: $FANIN_DATA_DIR/NAME; then, from the folder
/// of the running program upwards, data/NAME and share/fanin/NAME; then the folders that were fixed when the library
/// was built (its installation, its sources); then the distribution's. Nothing is ever downloaded.
/// Throws Error(usage) for an unknown name, with the nearest known one; Error(io) that lists where it looked and says
/// what would help; what load_idx() throws for a file that is there but bad.
[[nodiscard]] Split load_named(std::string_view name);

}  // namespace fanin::data
