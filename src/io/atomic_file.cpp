#include "fanin/io/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <optional>

#include "fanin/core/error.h"

#include "io/posix.h"

namespace fanin::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = 64 * 1024;

std::optional<struct stat> status_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return status;
  if (errno == ENOENT) return std::nullopt;
  throw_io(path, "cannot write", errno);
}

// Descriptors under these names may be ordinary files (a shell's redirection), where a rename would leave the
// descriptor's own file without the bytes.
bool names_a_descriptor(const std::string& path) {
  return path == "/dev/stdout" || path == "/dev/stderr" || path.starts_with("/dev/fd/") || path.starts_with("/proc/");
}

bool goes_straight(const std::string& path, const std::optional<struct stat>& status) {
  return status && (names_a_descriptor(path) || (!S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode)));
}

std::string follow_links(const std::string& path) {
  constexpr int kMostLinks = 40;
  fs::path current = path;
  for (int i = 0; i < kMostLinks; ++i) {
    std::error_code error;
    if (!fs::is_symlink(fs::symlink_status(current, error))) return current.string();
    const fs::path link = fs::read_symlink(current, error);
    if (error) throw_io(path, "cannot write", error.value());
    current = link.is_absolute() ? link : current.parent_path() / link;
  }
  throw_io(path, "cannot write", ELOOP);
}

std::string directory_of(const std::string& target) {
  const std::string directory = fs::path(target).parent_path().string();
  return directory.empty() ? "." : directory;
}

void require_replaceable(const std::string& path, const std::optional<struct stat>& status) {
  if (status && S_ISDIR(status->st_mode)) throw_io(path, "cannot write", EISDIR);
  if (status && ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) throw_io(path, "cannot write", errno);
  if (fs::path(path).filename().empty()) {
    throw Error(ErrorKind::io, "io", fmt::format("{}: cannot write: not the name of a file", path));
  }
}

// Opened with 0666 rather than by mkstemp, so that the umask applies without being read (which would race).
int open_temporary(const std::string& directory, std::string& name) {
  static std::atomic<unsigned> counter{0};
  constexpr int kMostTries = 1000;
  for (int i = 0; i < kMostTries; ++i) {
    name = fmt::format("{}/.fanin-{}-{}.tmp", directory, ::getpid(), counter++);
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

bool cannot_sync(int error) {
  return error == EINVAL || error == ENOTSUP || error == EROFS;
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& path) : path_(path.string()) {
  buffer_.reserve(kBufferBytes);
  const auto status = status_of(path_);
  if (goes_straight(path_, status)) {
    // Appending, because a descriptor's file may already hold output that this process printed.
    fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd_ < 0) throw_io(path_, "cannot write", errno);
    return;
  }
  require_replaceable(path_, status);
  target_ = follow_links(path_);
  fd_ = open_temporary(directory_of(target_), temporary_);
  if (fd_ < 0) throw_io(path_, "cannot write", errno);
  // File systems without modes refuse the change with EPERM; the content matters more than the mode.
  if (status && ::fchmod(fd_, status->st_mode & 07777) != 0 && errno != EPERM && errno != ENOTSUP) {
    fail("cannot keep the mode", errno);
  }
}

AtomicFile::~AtomicFile() {
  discard();
}

void AtomicFile::discard() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

void AtomicFile::fail(std::string_view action, int error) {
  discard();
  throw_io(path_, action, error);
}

void AtomicFile::require_open() const {
  if (fd_ < 0) throw Error(ErrorKind::usage, "io", fmt::format("{}: already committed or given up", path_));
}

void AtomicFile::write_through(std::span<const std::byte> bytes) {
  if (const int error = write_all(fd_, bytes)) fail("cannot write", error);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  require_open();
  written_ += bytes.size();
  if (buffer_.size() + bytes.size() > kBufferBytes) {
    write_through(buffer_);
    buffer_.clear();
    if (bytes.size() >= kBufferBytes) return write_through(bytes);
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void AtomicFile::overwrite(std::uint64_t offset, std::span<const std::byte> bytes) {
  require_open();
  if (temporary_.empty()) {
    throw Error(ErrorKind::unsupported, "io", fmt::format("{}: bytes that went to it cannot be changed", path_));
  }
  if (offset > written_ || bytes.size() > written_ - offset) {
    throw Error(
        ErrorKind::usage, "io",
        fmt::format("{}: {} bytes from {} to be replaced, {} are written", path_, bytes.size(), offset, written_));
  }
  write_through(buffer_);
  buffer_.clear();
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("cannot write", errno);
    offset += static_cast<std::uint64_t>(n);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

void AtomicFile::commit() {
  require_open();
  write_through(buffer_);
  buffer_.clear();
  const bool straight = temporary_.empty();
  if (!straight && ::fsync(fd_) != 0 && !cannot_sync(errno)) fail("cannot sync", errno);
  const int fd = fd_;
  fd_ = -1;
  if (::close(fd) != 0 && errno != EINTR) fail("cannot write", errno);
  if (straight) return;
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail("cannot replace", errno);
  temporary_.clear();
  // A directory that may be written but not listed cannot be opened; the file is in place all the same.
  const Descriptor directory(::open(directory_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0 && ::fsync(directory.get()) != 0 && !cannot_sync(errno)) {
    throw_io(path_, "written, but its directory cannot be synced", errno);
  }
}

bool is_written_straight(const fs::path& path) {
  const std::string name = path.string();
  return goes_straight(name, status_of(name));
}

void check_writable(const fs::path& path) {
  const std::string name = path.string();
  const auto status = status_of(name);
  if (!goes_straight(name, status)) {
    const AtomicFile probe(path);
  } else if (::faccessat(AT_FDCWD, name.c_str(), W_OK, AT_EACCESS) != 0) {
    throw_io(name, "cannot write", errno);
  }
}

void write_text_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(text.data(), text.size())));
  file.commit();
}

std::string read_text_file(const fs::path& path, std::size_t max_bytes) {
  return read_all(path.string(), max_bytes, "io");
}

}  // namespace fanin::io
