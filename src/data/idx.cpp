#include "fanin/data/idx.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "fanin/core/error.h"

#include "data/byte_source.h"
#include "data/labels.h"

namespace fanin::data {
namespace {

[[noreturn]] void fail(ErrorKind kind, const std::string& path, std::string_view sentence) {
  throw Error(kind, "idx", fmt::format("{}: {}", path, sentence));
}

std::uint32_t big_endian(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

void check_type(const std::string& path, std::uint8_t code) {
  constexpr std::array<std::pair<std::uint8_t, const char*>, 5> kOthers{
      {{0x09, "int8"}, {0x0b, "int16"}, {0x0c, "int32"}, {0x0d, "float32"}, {0x0e, "float64"}}};
  if (code == 0x08) return;
  for (const auto& [other, type] : kOthers) {
    if (code == other) {
      fail(ErrorKind::unsupported, path,
           fmt::format("holds {} values (type code 0x{:02x}), only unsigned bytes (0x08) are read", type, code));
    }
  }
  fail(ErrorKind::data, path, fmt::format("type code 0x{:02x} is none of the IDX format", code));
}

std::vector<std::size_t> read_extents(ByteSource& source, const std::string& path) {
  std::array<std::uint8_t, 4> magic{};
  const std::size_t got = source.read(magic);
  if (got < magic.size()) fail(ErrorKind::data, path, fmt::format("is {} bytes long, too short for a header", got));
  if (magic[0] != 0 || magic[1] != 0) {
    fail(ErrorKind::data, path,
         fmt::format("begins with 0x{:08x}, an IDX file begins with two zero bytes", big_endian(magic.data())));
  }
  check_type(path, magic[2]);
  const std::size_t rank = magic[3];
  if (rank == 0 || rank > Shape::kMaxRank) {
    fail(ErrorKind::data, path, fmt::format("header says {} dimensions, allowed are 1 to {}", rank, Shape::kMaxRank));
  }
  std::vector<std::size_t> extents;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    std::array<std::uint8_t, 4> extent{};
    if (source.read(extent) < extent.size()) {
      fail(ErrorKind::data, path, fmt::format("header ends within extent {} of {}", axis + 1, rank));
    }
    extents.push_back(big_endian(extent.data()));
  }
  return extents;
}

// The words for "60000 images of 28x28".
std::string described(const std::vector<std::size_t>& extents) {
  if (extents.size() == 1) return fmt::format("{} labels", extents[0]);
  return fmt::format("{} images of {}", extents[0], fmt::join(extents.begin() + 1, extents.end(), "x"));
}

std::vector<std::uint8_t> read_values(ByteSource& source, const std::string& path,
                                      const std::vector<std::size_t>& extents) {
  const std::string announced = described(extents);
  if (std::find(extents.begin(), extents.end(), 0U) != extents.end()) {
    fail(ErrorKind::data, path, fmt::format("header says {}, each number must be at least 1", announced));
  }
  constexpr std::size_t kLimit = std::size_t{1} << 62;
  std::size_t sample = 1;
  std::size_t total = extents[0];
  for (std::size_t axis = 1; axis < extents.size(); ++axis) {
    if (extents[axis] > kLimit / total) {
      fail(ErrorKind::data, path, fmt::format("header says {}, more than 2^62 bytes", announced));
    }
    total *= extents[axis];
    sample *= extents[axis];
  }
  std::vector<std::uint8_t> values = source.read_up_to(total);
  if (values.size() < total) {
    fail(ErrorKind::data, path, fmt::format("header says {}, file ends after {}", announced, values.size() / sample));
  }
  if (!source.at_end()) fail(ErrorKind::data, path, fmt::format("header says {}, but more bytes follow", announced));
  return values;
}

// A file of which the header was read.
struct Opened {
  explicit Opened(const std::string& path_) : path(path_), source("idx", path_), extents(read_extents(source, path_)) {}

  std::vector<std::uint8_t> values() { return read_values(source, path, extents); }

  const std::string& path;
  ByteSource source;
  std::vector<std::size_t> extents;
};

void expect_images(const Opened& file) {
  if (file.extents.size() > 1) return;
  fail(ErrorKind::data, file.path, fmt::format("holds labels ({} of them), images were expected", file.extents[0]));
}

void expect_labels(const Opened& file) {
  if (file.extents.size() == 1) return;
  fail(ErrorKind::data, file.path, fmt::format("holds images ({}), labels were expected", described(file.extents)));
}

}  // namespace

IdxImages read_idx_images(const std::string& path) {
  Opened file(path);
  expect_images(file);
  std::vector<std::uint8_t> bytes = file.values();
  return {Shape(std::span<const std::size_t>(file.extents)), std::move(bytes)};
}

std::vector<std::uint8_t> read_idx_labels(const std::string& path) {
  Opened file(path);
  expect_labels(file);
  return file.values();
}

Dataset load_idx(const std::string& images_path, const std::string& labels_path, std::string name,
                 std::size_t classes) {
  Opened images(images_path);
  expect_images(images);
  Opened labels(labels_path);
  expect_labels(labels);
  // Before anything is unpacked.
  if (images.extents[0] != labels.extents[0]) {
    fail(
        ErrorKind::data, images_path,
        fmt::format("header says {} images, but {} says {} labels", images.extents[0], labels_path, labels.extents[0]));
  }
  const std::vector<std::uint8_t> raw_labels = labels.values();
  Labels checked = checked_labels<std::uint8_t>("idx", labels_path, raw_labels, classes);
  const Shape sample{std::span<const std::size_t>(images.extents).subspan(1)};
  return {std::move(name), sample, images.values(), std::move(checked.values), checked.classes};
}

}  // namespace fanin::data
