#include "fanin/data/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "fanin/core/error.h"

#include "data/gather.h"
#include "data/labels.h"

namespace fanin::data {

Dataset::Dataset(std::string name, const Shape& sample_shape, std::vector<std::uint8_t> bytes,
                 std::vector<std::int32_t> labels, std::size_t classes)
    : name_(std::move(name)),
      sample_shape_(sample_shape),
      is_bytes_(true),
      bytes_(std::move(bytes)),
      labels_(std::move(labels)),
      classes_(classes) {
  validate(bytes_.size(), classes);
}

Dataset::Dataset(std::string name, const Shape& sample_shape, std::vector<float> floats,
                 std::vector<std::int32_t> labels, std::size_t classes)
    : name_(std::move(name)),
      sample_shape_(sample_shape),
      is_bytes_(false),
      floats_(std::move(floats)),
      labels_(std::move(labels)),
      classes_(classes) {
  validate(floats_.size(), classes);
  const auto bad = std::find_if(floats_.begin(), floats_.end(), [](float x) { return !std::isfinite(x); });
  if (bad != floats_.end()) {
    const auto at = static_cast<std::size_t>(bad - floats_.begin());
    throw Error(ErrorKind::data, "dataset",
                fmt::format("{}: feature {} of sample {} is {}, allowed are finite numbers", name_, at % features(),
                            at / features(), *bad));
  }
}

void Dataset::validate(std::size_t values, std::size_t classes) const {
  const auto fail = [this](ErrorKind kind, const std::string& sentence) {
    throw Error(kind, "dataset", fmt::format("{}: {}", name_, sentence));
  };
  if (classes == 0 || classes > kMaxClasses) {
    fail(ErrorKind::usage, fmt::format("{} classes given, allowed are 1 to {}", classes, kMaxClasses));
  }
  if (sample_shape_.rank() == 0 || features() == 0) {
    fail(ErrorKind::data, fmt::format("sample shape {} has no features", sample_shape_.str()));
  }
  if (size() == 0) fail(ErrorKind::data, "has no samples");
  if (size() > std::numeric_limits<std::uint32_t>::max()) {
    fail(ErrorKind::unsupported, fmt::format("has {} samples, at most 2^32-1 are handled", size()));
  }
  // The division avoids the overflow that a product of the two counts could have.
  if (values % features() != 0 || values / features() != size()) {
    fail(ErrorKind::data,
         fmt::format("has {} labels of samples of shape {}, but {} values", size(), sample_shape_.str(), values));
  }
  for (std::size_t i = 0; i < size(); ++i) {
    if (labels_[i] < 0 || static_cast<std::size_t>(labels_[i]) >= classes) {
      fail(ErrorKind::data,
           fmt::format("the label of sample {} is {}, allowed are 0 to {}", i, labels_[i], classes - 1));
    }
  }
}

std::size_t Dataset::offset_of(std::size_t i, bool as_bytes) const {
  if (as_bytes != is_bytes_) {
    throw Error(
        ErrorKind::usage, "dataset",
        fmt::format("{}: holds {}, not {}", name_, is_bytes_ ? "bytes" : "floats", as_bytes ? "bytes" : "floats"));
  }
  if (i >= size()) {
    throw Error(ErrorKind::usage, "dataset",
                fmt::format("{}: sample {} asked for, there are 0 to {}", name_, i, size() - 1));
  }
  return i * features();
}

std::span<const std::uint8_t> Dataset::bytes(std::size_t i) const {
  return {bytes_.data() + offset_of(i, true), features()};
}

std::span<const float> Dataset::floats(std::size_t i) const {
  return {floats_.data() + offset_of(i, false), features()};
}

void Dataset::gather(std::span<const std::uint32_t> indices, MatrixView<float> out, PixelRange range) const {
  if (out.rows != indices.size() || out.cols != features()) {
    throw Error(ErrorKind::usage, "dataset",
                fmt::format("{}: a batch of {} samples is {}x{}, the output is {}x{}", name_, indices.size(),
                            indices.size(), features(), out.rows, out.cols));
  }
  for (const std::uint32_t i : indices) (void)offset_of(i, is_bytes_);
  if (is_bytes_) {
    gather_bytes(bytes_.data(), indices, out, range == PixelRange::unit);
    return;
  }
  for (std::size_t r = 0; r < out.rows; ++r) {
    std::copy_n(floats_.data() + indices[r] * features(), features(), out.row(r));
  }
}

void Dataset::prefetch(std::span<const std::uint32_t> indices) const noexcept {
  constexpr std::size_t kCacheLine = 64;
  const std::size_t bytes = features() * (is_bytes_ ? 1 : sizeof(float));
  const char* samples =
      is_bytes_ ? reinterpret_cast<const char*>(bytes_.data()) : reinterpret_cast<const char*>(floats_.data());
  for (const std::uint32_t i : indices) {
    if (i >= size()) continue;
    for (std::size_t b = 0; b < bytes; b += kCacheLine) __builtin_prefetch(samples + i * bytes + b, 0, 2);
  }
}

}  // namespace fanin::data
