#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fanin/core/shape.h"
#include "fanin/data/dataset.h"

/// IDX, the format of MNIST (LeCun, Cortes and Burges, "The MNIST database of handwritten digits"): two zero bytes, a
/// type code, the rank, the extents as big-endian 32-bit numbers, then the values in row-major order. Only unsigned
/// bytes (type code 0x08) are read. A file that begins with 1f 8b is taken as gzip, whatever its name.
///
/// Memory is taken as the values arrive and never beyond what the header announces, so neither a lying header nor a
/// gzip bomb can exhaust it. Place of all errors: `idx`. Error(io) where a file cannot be opened or read,
/// Error(unsupported) for another type of values; Error(data) for a wrong magic number or rank, a size that
/// overflows, a file that ends early or goes on, a gzip stream that is cut short or fails its checksum.
namespace fanin::data {

/// Images as they stand in the file: shape [n, rows, cols] (in general [n, ...]), one byte a pixel.
struct IdxImages {
  Shape shape;
  std::vector<std::uint8_t> bytes;
};

/// Reads a file of rank 2 to 8. A label file given here is an Error(data) that says so.
[[nodiscard]] IdxImages read_idx_images(const std::string& path);

/// Reads a file of rank 1. An image file given here is an Error(data) that says so.
[[nodiscard]] std::vector<std::uint8_t> read_idx_labels(const std::string& path);

/// Both files as a data set of bytes. classes = 0 stands for the largest label + 1. Throws Error(data) for counts
/// that differ and for a label outside [0, classes).
[[nodiscard]] Dataset load_idx(const std::string& images_path, const std::string& labels_path, std::string name,
                               std::size_t classes = 0);

}  // namespace fanin::data
