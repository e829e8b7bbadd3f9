#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/core/matrix_view.h"
#include "fanin/core/shape.h"

namespace fanin::data {

/// How bytes become floats.
enum class PixelRange {
  unit,  ///< x / 255, correctly rounded: 0 .. 1
  raw,   ///< x itself: 0 .. 255
};

/// Labelled samples in memory: n samples of one shape and a class number for each.
///
/// Features stay what they were on disk where that is small: bytes remain bytes (MNIST is 47 MB, not 188) and become
/// floats batch by batch in gather(); anything else is float32. Moves, but does not copy: it is large.
/// All const members may be called from several threads at once.
class Dataset {
 public:
  /// `bytes` and `floats` hold the samples one after another, row-major: labels.size() * sample_shape.elements()
  /// values. Throws Error(data) that names the data set and the position for: no samples, a sample shape without
  /// axes or elements, counts that do not match, a label outside [0, classes), a NaN or an infinity. Throws
  /// Error(usage) for classes outside [1, 2^31 - 1] and Error(unsupported) for more than 2^32 - 1 samples.
  Dataset(std::string name, const Shape& sample_shape, std::vector<std::uint8_t> bytes,
          std::vector<std::int32_t> labels, std::size_t classes);
  Dataset(std::string name, const Shape& sample_shape, std::vector<float> floats, std::vector<std::int32_t> labels,
          std::size_t classes);
  Dataset(Dataset&&) noexcept = default;
  Dataset& operator=(Dataset&&) noexcept = default;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The number of samples, at least 1.
  [[nodiscard]] std::size_t size() const noexcept { return labels_.size(); }
  /// The number of values of one sample: sample_shape().elements().
  [[nodiscard]] std::size_t features() const noexcept { return sample_shape_.elements(); }
  /// `[28, 28]` for an image, `[d]` for a row of a table.
  [[nodiscard]] const Shape& sample_shape() const noexcept { return sample_shape_; }
  [[nodiscard]] std::span<const std::int32_t> labels() const noexcept { return labels_; }
  /// The number of classes that was declared; not every one need occur.
  [[nodiscard]] std::size_t classes() const noexcept { return classes_; }
  [[nodiscard]] bool is_bytes() const noexcept { return is_bytes_; }

  /// The values of sample i: bytes() where is_bytes(), otherwise floats(). Throws Error(usage) for the other one and
  /// for i >= size().
  [[nodiscard]] std::span<const std::uint8_t> bytes(std::size_t i) const;
  [[nodiscard]] std::span<const float> floats(std::size_t i) const;

  /// Row r of `out` becomes sample indices[r]: bytes scaled as `range` says, floats copied as they are.
  /// Runs in the calling thread and allocates nothing; the bits are the same on every machine. Throws Error(usage),
  /// with nothing written, unless `out` is indices.size() x features() and each index is below size().
  void gather(std::span<const std::uint32_t> indices, MatrixView<float> out, PixelRange range = PixelRange::unit) const;
  /// Asks for the memory that gather() of the same samples will read, without waiting for it: the samples of a shuffled
  /// batch lie anywhere, so nobody else foresees them. Indices beyond the samples are ignored.
  void prefetch(std::span<const std::uint32_t> indices) const noexcept;

 private:
  void validate(std::size_t values, std::size_t classes) const;
  [[nodiscard]] std::size_t offset_of(std::size_t i, bool as_bytes) const;

  std::string name_;
  Shape sample_shape_;
  bool is_bytes_;
  std::vector<std::uint8_t> bytes_;
  std::vector<float> floats_;
  std::vector<std::int32_t> labels_;
  std::size_t classes_;
};

/// What a network learns from and what it is judged by.
struct Split {
  Dataset train;
  Dataset test;
};

}  // namespace fanin::data
