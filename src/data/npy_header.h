#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/data/npy.h"

namespace fanin::data {

/// The dictionary at the head of an .npy file.
struct NpyHeader {
  NpyType type = NpyType::f4;
  std::vector<std::size_t> extents;  ///< at most Shape::kMaxRank of them
};

/// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }` with spaces and a line feed after it: the
/// literals that NumPy writes, in any order, each key once. Errors as npy.h says, naming `path`.
[[nodiscard]] NpyHeader parse_npy_header(const std::string& path, std::string_view text);

[[nodiscard]] std::size_t item_size(NpyType type) noexcept;
[[nodiscard]] std::string_view type_name(NpyType type) noexcept;

}  // namespace fanin::data
