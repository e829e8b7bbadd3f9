#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fanin::data {

/// The bytes of a file, unpacked on the way if it begins with the magic number of gzip (1f 8b).
///
/// Inflates only as far as it is read. Errors carry the given place and name the file: Error(io) where the system
/// refuses, Error(data) for a gzip stream that is corrupt, cut short or followed by something else.
class ByteSource {
 public:
  ByteSource(std::string_view place, const std::string& path);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  [[nodiscard]] bool is_gzip() const noexcept { return inflater_ != nullptr; }

  /// Fills `out` and returns its size, or less at the end of the data.
  [[nodiscard]] std::size_t read(std::span<std::uint8_t> out);

  /// The next `count` bytes, fewer at the end of the data. Memory grows with what is there, not with `count`.
  [[nodiscard]] std::vector<std::uint8_t> read_up_to(std::size_t count);

  /// Whether all was read. Inflates one byte at most; for gzip, true also means that the checksum was right.
  [[nodiscard]] bool at_end();

 private:
  struct Inflater;
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };

  std::size_t read_raw(std::uint8_t* out, std::size_t size);
  std::size_t read_plain(std::span<std::uint8_t> out);
  std::size_t read_gzip(std::span<std::uint8_t> out);
  void refill();

  std::string place_;
  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::size_t file_size_ = 0;
  std::vector<std::uint8_t> input_;  // what was read from the file in one go ...
  std::size_t next_ = 0;             // ... and how much of it was used
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace fanin::data
