#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fanin::io {

/// A file that appears under its name complete or not at all.
///
/// The bytes go to a temporary beside the target (`.fanin-PID-N.tmp`, same directory, so the rename cannot cross file
/// systems); commit() syncs it, renames it over the target and syncs the directory. Until then, and for ever after an
/// error, an existing target keeps its old content. A new file gets the mode that the umask leaves, a replaced one
/// keeps its mode; a symbolic link keeps pointing where it did, its target is replaced. A target without write
/// permission is refused although a rename could replace it.
///
/// A character device or a fifo, and the names `/dev/stdout`, `/dev/stderr`, `/dev/fd/N` and `/proc/...`, cannot be
/// renamed over: they are written straight to.
///
/// Every failure throws Error(io) with the path and the system's reason:
/// `[io] /x/y.safetensors: cannot write: No space left on device`. After one the temporary is gone and each further
/// call throws Error(usage). Not for use by two threads at once.
class AtomicFile {
 public:
  /// Opens the temporary (or the device: opening a fifo waits for its reader).
  explicit AtomicFile(const std::filesystem::path& path);
  /// Removes the temporary unless commit() returned.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends. Small pieces are gathered to 64 KiB, so an error may be reported by a later call.
  void write(std::span<const std::byte> bytes);
  /// Replaces bytes that were written, from byte `offset` of the file. Throws Error(usage) beyond what was written, and
  /// Error(unsupported) for a device or a fifo, which take no byte back.
  void overwrite(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Makes the file appear, durably. At most once; nothing may be written afterwards.
  void commit();

 private:
  void require_open() const;
  void write_through(std::span<const std::byte> bytes);
  void discard() noexcept;
  [[noreturn]] void fail(std::string_view action, int error);

  std::string path_;       // as given, for messages
  std::string target_;     // path_ with symbolic links followed
  std::string temporary_;  // empty for a device
  int fd_ = -1;
  std::uint64_t written_ = 0;  // with what is in buffer_
  std::vector<std::byte> buffer_;
};

/// Writes `text` through an AtomicFile.
void write_text_file(const std::filesystem::path& path, std::string_view text);

/// The whole file, which may also be a pipe. Error(io) if it cannot be read, Error(data) if it holds more than
/// `max_bytes`; no more than that is ever taken into memory.
[[nodiscard]] std::string read_text_file(const std::filesystem::path& path, std::size_t max_bytes);

/// Whether an AtomicFile at `path` would write straight to what is there, a device, a pipe or a descriptor, instead of
/// putting a file in its place. Throws Error(io) if that cannot be found out.
[[nodiscard]] bool is_written_straight(const std::filesystem::path& path);

/// Throws Error(io) now if an AtomicFile could not be opened at `path` later: the directory is missing or not
/// writable, the path is a directory, or the target is write protected. Leaves no trace. For the start of a long run.
void check_writable(const std::filesystem::path& path);

}  // namespace fanin::io
