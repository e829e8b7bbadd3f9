#include "fanin/data/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "fanin/core/error.h"

#include "data/byte_source.h"
#include "data/labels.h"
#include "data/npy_header.h"

namespace fanin::data {
namespace {

static_assert(std::endian::native == std::endian::little, "the values are used as they stand in the file");

[[noreturn]] void fail(const std::string& path, std::string_view sentence) {
  throw Error(ErrorKind::data, "npy", fmt::format("{}: {}", path, sentence));
}

// A file of which the header was read.
struct Opened {
  explicit Opened(const std::string& path_) : path(path_), source("npy", path_) {
    // The magic number, the version and, from the version on, the length of the dictionary.
    constexpr std::string_view kMagic = "\x93NUMPY";
    std::array<std::uint8_t, 8> start{};
    if (source.read(start) < start.size() || std::memcmp(start.data(), kMagic.data(), kMagic.size()) != 0) {
      fail(path, "does not begin with the magic number of an .npy file");
    }
    if ((start[6] != 1 && start[6] != 2) || start[7] != 0) {
      throw Error(ErrorKind::unsupported, "npy",
                  fmt::format("{}: is of version {}.{}, versions 1.0 and 2.0 are read", path, start[6], start[7]));
    }
    std::array<std::uint8_t, 4> digits{};
    const std::size_t width = start[6] == 1 ? 2 : 4;
    if (source.read(std::span(digits).first(width)) < width) fail(path, "ends within its header");
    std::uint32_t length = 0;
    std::memcpy(&length, digits.data(), digits.size());
    // NumPy itself refuses to parse more than 10000 bytes of plain numbers' header.
    constexpr std::uint32_t kLongest = 1U << 16;
    if (length > kLongest) fail(path, fmt::format("header is {} bytes long, allowed are {}", length, kLongest));
    const std::vector<std::uint8_t> text = source.read_up_to(length);
    if (text.size() < length) fail(path, "ends within its header");
    header = parse_npy_header(path, {reinterpret_cast<const char*>(text.data()), text.size()});
  }

  [[nodiscard]] std::string announced() const {
    return fmt::format("[{}] of {}", fmt::join(header.extents, ", "), type_name(header.type));
  }

  NpyArray read() {
    const std::size_t size = checked_size();
    NpyArray array{header.type, Shape(std::span<const std::size_t>(header.extents)), source.read_up_to(size)};
    if (array.bytes.size() < size) {
      fail(path, fmt::format("header says {}, {} bytes, file ends after {}", announced(), size, array.bytes.size()));
    }
    if (!source.at_end()) {
      fail(path, fmt::format("header says {}, {} bytes, but more follow", announced(), size));
    }
    return array;
  }

  std::string path;
  ByteSource source;
  NpyHeader header;

 private:
  [[nodiscard]] std::size_t checked_size() const {
    constexpr std::size_t kLimit = std::size_t{1} << 62;
    std::size_t size = item_size(header.type);
    if (std::find(header.extents.begin(), header.extents.end(), 0U) != header.extents.end()) return 0;
    for (const std::size_t n : header.extents) {
      if (n > kLimit / size) fail(path, fmt::format("header says {}, more than 2^62 bytes", announced()));
      size *= n;
    }
    return size;
  }
};

// Calls use(i, value) for each element, in order.
template <typename T, typename Use>
void for_each_as(const std::vector<std::uint8_t>& bytes, Use&& use) {
  for (std::size_t i = 0; i < bytes.size() / sizeof(T); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    use(i, value);
  }
}

template <typename Use>
void for_each_value(const NpyArray& array, Use&& use) {
  switch (array.type) {
    case NpyType::f4:
      return for_each_as<float>(array.bytes, use);
    case NpyType::f8:
      return for_each_as<double>(array.bytes, use);
    case NpyType::u1:
      return for_each_as<std::uint8_t>(array.bytes, use);
    case NpyType::i1:
      return for_each_as<std::int8_t>(array.bytes, use);
    case NpyType::i4:
      return for_each_as<std::int32_t>(array.bytes, use);
    case NpyType::i8:
      return for_each_as<std::int64_t>(array.bytes, use);
  }
}

std::vector<float> to_floats(const std::string& path, const NpyArray& array) {
  std::vector<float> floats(array.shape.elements());
  const std::size_t features = floats.size() / array.shape[0];
  for_each_value(array, [&](std::size_t i, auto value) {
    const auto narrow = static_cast<float>(value);
    if (!std::isfinite(narrow)) {
      fail(path, fmt::format("feature {} of sample {} is {}, allowed are finite float32 numbers", i % features,
                             i / features, value));
    }
    floats[i] = narrow;
  });
  return floats;
}

Labels to_labels(const std::string& path, const NpyArray& array, std::size_t classes) {
  std::vector<std::int64_t> labels(array.shape.elements());
  // Floating types were turned away before.
  for_each_value(array, [&](std::size_t i, auto value) { labels[i] = static_cast<std::int64_t>(value); });
  return checked_labels<std::int64_t>("npy", path, labels, classes);
}

}  // namespace

NpyArray read_npy(const std::string& path) {
  return Opened(path).read();
}

Dataset load_npy(const std::string& features_path, const std::string& labels_path, std::size_t classes) {
  Opened features(features_path);
  Opened labels(labels_path);
  const std::vector<std::size_t>& extents = features.header.extents;
  if (extents.size() < 2 || std::find(extents.begin(), extents.end(), 0U) != extents.end()) {
    fail(features_path, fmt::format("holds {}, features have a shape [n, ...] with n > 0 samples of at least one value",
                                    features.announced()));
  }
  if (labels.header.extents.size() != 1 || labels.header.type == NpyType::f4 || labels.header.type == NpyType::f8) {
    fail(labels_path, fmt::format("holds {}, labels have a shape [n] and an integer type", labels.announced()));
  }
  // Before anything large is read.
  if (labels.header.extents[0] != extents[0]) {
    fail(features_path,
         fmt::format("holds {} samples, but {} holds {} labels", extents[0], labels_path, labels.header.extents[0]));
  }
  Labels checked = to_labels(labels_path, labels.read(), classes);
  NpyArray array = features.read();
  const Shape sample{std::span<const std::size_t>(extents).subspan(1)};
  if (array.type == NpyType::u1) {
    return {features_path, sample, std::move(array.bytes), std::move(checked.values), checked.classes};
  }
  return {features_path, sample, to_floats(features_path, array), std::move(checked.values), checked.classes};
}

}  // namespace fanin::data
