#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace fanin::io {

/// Throws Error(io): `[io] PATH: ACTION: what the system says about errno value ERROR`.
[[noreturn]] void throw_io(std::string_view path, std::string_view action, int error);

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

/// The whole of a file or pipe; Error(io) if it cannot be read, Error(data, place) if it is longer than `max_bytes`.
[[nodiscard]] std::string read_all(const std::string& path, std::size_t max_bytes, std::string_view place);

/// Writes all of `bytes`, however many calls that takes. Returns 0 or the errno value of the failure.
[[nodiscard]] int write_all(int fd, std::span<const std::byte> bytes) noexcept;

}  // namespace fanin::io
