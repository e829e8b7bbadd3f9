#pragma once

#include <string>
#include <string_view>

#include "fanin/data/dataset.h"

namespace fanin::data {

/// The optical digits of 8x8 pixels, values 0 to 16 in the file, split and scaled as find.h describes. `name` is the
/// data set's. Throws what load_idx() throws, and Error(data, "digits") for pictures of another size, a value above 16
/// and fewer than 5 pictures.
[[nodiscard]] Split load_digits(const std::string& images_path, const std::string& labels_path, std::string_view name,
                                bool nudged);

}  // namespace fanin::data
