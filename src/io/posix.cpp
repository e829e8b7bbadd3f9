#include "io/posix.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "fanin/core/error.h"

namespace fanin::io {

void throw_io(std::string_view path, std::string_view action, int error) {
  throw Error(ErrorKind::io, "io", fmt::format("{}: {}: {}", path, action, std::generic_category().message(error)));
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::string read_all(const std::string& path, std::size_t max_bytes, std::string_view place) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw_io(path, "cannot open", errno);
  // The size that the system reports is no help with pipes, so memory follows what really arrives.
  constexpr std::size_t kStep = 64 * 1024;
  std::string text;
  std::size_t used = 0;
  while (true) {
    if (used == text.size()) text.resize(used + std::max(kStep, used / 2));
    const ssize_t got = ::read(file.get(), text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_io(path, "cannot read", errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > max_bytes) {
      throw Error(ErrorKind::data, place,
                  fmt::format("{}: holds more than {} bytes, the most that is read", path, max_bytes));
    }
  }
  text.resize(used);
  return text;
}

int write_all(int fd, std::span<const std::byte> bytes) noexcept {
  // Linux transfers at most 0x7ffff000 bytes a call; other systems reject more than INT_MAX.
  constexpr std::size_t kMost = std::size_t{1} << 30;
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), std::min(bytes.size(), kMost));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return 0;
}

}  // namespace fanin::io
