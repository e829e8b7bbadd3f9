#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fanin/core/shape.h"
#include "fanin/data/dataset.h"

/// NumPy's .npy files, versions 1.0 and 2.0, as numpy.lib.format describes them: little-endian float32, float64,
/// uint8, int8, int32 and int64 in C order. A file that begins with 1f 8b is taken as gzip.
///
/// Memory is taken as the values arrive and never beyond what the header announces. Place of all errors: `npy`.
/// Error(io) where a file cannot be opened or read; Error(unsupported) for version 3.0, Fortran order, another
/// element type or more than 8 dimensions; Error(data) for anything malformed, a file that ends early or goes on.
namespace fanin::data {

enum class NpyType { f4, f8, u1, i1, i4, i8 };

/// An array as it stands in the file.
struct NpyArray {
  NpyType type = NpyType::f4;
  Shape shape;
  std::vector<std::uint8_t> bytes;  ///< shape.elements() little-endian values, row-major
};

[[nodiscard]] NpyArray read_npy(const std::string& path);

/// Features of shape [n, ...] and labels of shape [n] as a data set named after the features' file. uint8 features
/// stay bytes; all others become float32, rounded once. Labels are integers; classes = 0 stands for the largest
/// label + 1. Throws Error(data) for features without a second axis, labels of another rank or of a floating type,
/// counts that differ, a label outside [0, classes), and, naming sample and feature, for a NaN, an infinity or a
/// value beyond the range of float32.
[[nodiscard]] Dataset load_npy(const std::string& features_path, const std::string& labels_path,
                               std::size_t classes = 0);

}  // namespace fanin::data
