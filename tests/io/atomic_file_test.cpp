#include "fanin/io/atomic_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

#include "tests/io/io_test_support.h"

namespace fanin::io {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777U;
}

// Files of this process may not grow beyond `bytes` while this lives: a disk that fills up at a known place.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit old_{};
  void (*handler_)(int);
};

// Root may write anywhere, so permission tests act as an ordinary user.
class OrdinaryUser {
 public:
  OrdinaryUser() {
    if (::geteuid() == 0) changed_ = ::seteuid(65534) == 0;
  }
  ~OrdinaryUser() {
    if (changed_ && ::seteuid(0) != 0) std::abort();
  }

 private:
  bool changed_ = false;
};

TEST(AtomicFile, AppearsOnlyAtCommit) {
  const TempDir dir;
  AtomicFile file(dir / "a");
  file.write(bytes_of("hello "));
  file.write(bytes_of("world"));
  EXPECT_FALSE(fs::exists(dir / "a"));
  EXPECT_EQ(dir.names().size(), 1U) << "the temporary lies in the target's directory";
  file.commit();
  EXPECT_EQ(dir.names(), std::vector<std::string>{"a"});
  EXPECT_EQ(get(dir / "a"), "hello world");
}

TEST(AtomicFile, WrittenBytesCanBeReplaced) {
  const TempDir dir;
  AtomicFile file(dir / "a");
  file.write(bytes_of("hello world"));
  file.overwrite(6, bytes_of("there"));
  file.write(bytes_of("!"));
  const std::string big(200'000, 'x');
  file.write(bytes_of(big));
  file.overwrite(0, bytes_of("H"));
  EXPECT_TRUE(
      contains(message_of(ErrorKind::usage, [&] { file.overwrite(200'011, bytes_of("xx")); }), "200012 are written"));
  file.commit();
  EXPECT_EQ(get(dir / "a"), "Hello there!" + big);
  AtomicFile device("/dev/null");
  device.write(bytes_of("abc"));
  message_of(ErrorKind::unsupported, [&] { device.overwrite(0, bytes_of("a")); });
}

TEST(AtomicFile, WithoutCommitNothingRemains) {
  const TempDir dir;
  put(dir / "a", "old");
  {
    AtomicFile file(dir / "a");
    file.write(bytes_of("new"));
  }
  EXPECT_EQ(dir.names(), std::vector<std::string>{"a"});
  EXPECT_EQ(get(dir / "a"), "old");
}

TEST(AtomicFile, PiecesOfAllSizesKeepTheirOrder) {
  const TempDir dir;
  std::string expected;
  AtomicFile file(dir / "a");
  // Sizes around the buffer's 64 KiB, and empty ones.
  for (const std::size_t size : {0U, 1U, 65535U, 1U, 65536U, 65537U, 7U, 200000U, 0U, 65534U, 3U}) {
    const std::string piece(size, static_cast<char>('a' + expected.size() % 26));
    file.write(bytes_of(piece));
    expected += piece;
  }
  file.commit();
  EXPECT_EQ(get(dir / "a"), expected);
}

TEST(AtomicFile, EmptyFileIsWritten) {
  const TempDir dir;
  AtomicFile(dir / "a").commit();
  EXPECT_TRUE(fs::exists(dir / "a"));
  EXPECT_EQ(fs::file_size(dir / "a"), 0U);
}

TEST(AtomicFile, KeepsTheModeOfTheTargetAndElseFollowsTheUmask) {
  const TempDir dir;
  put(dir / "old", "x");
  ASSERT_EQ(::chmod((dir / "old").c_str(), 0600), 0);
  write_text_file(dir / "old", "y");
  EXPECT_EQ(mode_of(dir / "old"), 0600U);
  const mode_t before = ::umask(027);
  write_text_file(dir / "new", "y");
  ::umask(before);
  EXPECT_EQ(mode_of(dir / "new"), 0640U);
}

TEST(AtomicFile, SymbolicLinkStaysAndItsTargetIsReplaced) {
  const TempDir dir;
  fs::create_directory(dir / "runs");
  put(dir / "runs/1", "old");
  fs::create_symlink("runs/1", dir / "latest");
  write_text_file(dir / "latest", "new");
  EXPECT_TRUE(fs::is_symlink(dir / "latest"));
  EXPECT_EQ(get(dir / "runs/1"), "new");
  fs::create_symlink("runs/2", dir / "dangling");
  write_text_file(dir / "dangling", "made");
  EXPECT_EQ(get(dir / "runs/2"), "made");
  fs::create_symlink("loop", dir / "loop");
  message_of(ErrorKind::io, [&] { write_text_file(dir / "loop", "x"); });
}

TEST(AtomicFile, WhenTheDiskFillsTheOldContentStays) {
  const TempDir dir;
  put(dir / "a", "old");
  const FileSizeLimit limit(100000);
  AtomicFile file(dir / "a");
  const std::string text(150000, 'x');
  const std::string message = message_of(ErrorKind::io, [&] { file.write(bytes_of(text)); });
  EXPECT_EQ(message, "[io] " + (dir / "a").string() + ": cannot write: File too large");
  EXPECT_EQ(dir.names(), std::vector<std::string>{"a"}) << "the temporary goes at once";
  EXPECT_EQ(get(dir / "a"), "old");
}

TEST(AtomicFile, AfterAFailedWriteItCannotBeCommitted) {
  const TempDir dir;
  AtomicFile file(dir / "a");
  {
    const FileSizeLimit limit(10);
    message_of(ErrorKind::io, [&] { file.write(bytes_of(std::string(70000, 'x'))); });
  }
  message_of(ErrorKind::usage, [&] { file.commit(); });
  message_of(ErrorKind::usage, [&] { file.write(bytes_of("x")); });
  EXPECT_TRUE(dir.names().empty());
}

TEST(AtomicFile, BufferedBytesThatDoNotFitFailTheCommit) {
  const TempDir dir;
  put(dir / "a", "old");
  AtomicFile file(dir / "a");
  file.write(bytes_of(std::string(1000, 'x')));
  const FileSizeLimit limit(10);
  message_of(ErrorKind::io, [&] { file.commit(); });
  EXPECT_EQ(dir.names(), std::vector<std::string>{"a"});
  EXPECT_EQ(get(dir / "a"), "old");
}

TEST(AtomicFile, ASecondCommitIsRejected) {
  const TempDir dir;
  AtomicFile file(dir / "a");
  file.commit();
  message_of(ErrorKind::usage, [&] { file.commit(); });
  message_of(ErrorKind::usage, [&] { file.write(bytes_of("x")); });
}

TEST(AtomicFile, FullDeviceIsAnErrorWithTheSystemsReason) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "this system has no /dev/full";
  const std::string message = message_of(ErrorKind::io, [] { write_text_file("/dev/full", "x"); });
  EXPECT_EQ(message, "[io] /dev/full: cannot write: No space left on device");
}

TEST(AtomicFile, DevicesAreWrittenStraightTo) {
  write_text_file("/dev/null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null")) << "not replaced by a file";
}

TEST(AtomicFile, FifoIsWrittenStraightTo) {
  const TempDir dir;
  const fs::path fifo = dir / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  check_writable(fifo);
  std::string read;
  std::thread reader([&] { read = read_text_file(fifo, 100); });
  write_text_file(fifo, "through the pipe");
  reader.join();
  EXPECT_EQ(read, "through the pipe");
  EXPECT_TRUE(fs::is_fifo(fifo));
}

TEST(AtomicFile, StandardOutputRedirectedToAFileIsAppendedTo) {
  const TempDir dir;
  const fs::path out = dir / "out";
  put(out, "before ");
  const int saved = ::dup(STDOUT_FILENO);
  const int fd = ::open(out.c_str(), O_WRONLY | O_APPEND);
  ASSERT_GE(fd, 0);
  ::dup2(fd, STDOUT_FILENO);
  write_text_file("/dev/stdout", "after");
  ::dup2(saved, STDOUT_FILENO);
  ::close(saved);
  ::close(fd);
  EXPECT_EQ(get(out), "before after");
}

TEST(CheckWritable, LeavesNoTrace) {
  const TempDir dir;
  check_writable(dir / "new");
  EXPECT_TRUE(dir.names().empty());
  put(dir / "old", "x");
  check_writable(dir / "old");
  EXPECT_EQ(get(dir / "old"), "x");
}

TEST(CheckWritable, RelativeNamesAreAllowed) {
  const TempDir dir;
  const fs::path before = fs::current_path();
  fs::current_path(dir.path());
  check_writable("name");
  write_text_file("name", "x");
  fs::current_path(before);
  EXPECT_EQ(dir.names(), std::vector<std::string>{"name"});
}

TEST(CheckWritable, MissingDirectoryIsRejected) {
  const TempDir dir;
  const fs::path path = dir / "no/such/a";
  EXPECT_EQ(message_of(ErrorKind::io, [&] { check_writable(path); }),
            "[io] " + path.string() + ": cannot write: No such file or directory");
}

TEST(CheckWritable, DirectoryAndEmptyNameAreRejected) {
  const TempDir dir;
  EXPECT_TRUE(contains(message_of(ErrorKind::io, [&] { check_writable(dir.path()); }), "Is a directory"));
  message_of(ErrorKind::io, [&] { check_writable(""); });
  message_of(ErrorKind::io, [&] { check_writable(dir / "new/"); });
  message_of(ErrorKind::io, [&] { check_writable(dir / std::string(300, 'n')); });
}

TEST(CheckWritable, PathThroughAFileIsRejected) {
  const TempDir dir;
  put(dir / "file", "x");
  EXPECT_TRUE(contains(message_of(ErrorKind::io, [&] { check_writable(dir / "file/a"); }), "Not a directory"));
}

TEST(CheckWritable, UnwritableDirectoryIsRejected) {
  const TempDir dir;
  ASSERT_EQ(::chmod(dir.path().c_str(), 0555), 0);
  const OrdinaryUser user;
  EXPECT_TRUE(contains(message_of(ErrorKind::io, [&] { check_writable(dir / "a"); }), "Permission denied"));
  message_of(ErrorKind::io, [&] { write_text_file(dir / "a", "x"); });
}

TEST(CheckWritable, WriteProtectedFileIsRejectedThoughItsDirectoryIsWritable) {
  const TempDir dir;
  put(dir / "a", "precious");
  ASSERT_EQ(::chmod((dir / "a").c_str(), 0444), 0);
  ASSERT_EQ(::chmod(dir.path().c_str(), 0777), 0);
  const OrdinaryUser user;
  EXPECT_TRUE(contains(message_of(ErrorKind::io, [&] { check_writable(dir / "a"); }), "Permission denied"));
  message_of(ErrorKind::io, [&] { write_text_file(dir / "a", "x"); });
  EXPECT_EQ(get(dir / "a"), "precious");
}

TEST(TextFile, RoundTripKeepsEveryByte) {
  const TempDir dir;
  std::string text = "line\r\n";
  for (int i = 0; i < 300000; ++i) text += static_cast<char>(i * 7);
  write_text_file(dir / "a", text);
  EXPECT_EQ(read_text_file(dir / "a", text.size()), text);
}

TEST(TextFile, LongerThanTheLimitIsRejected) {
  const TempDir dir;
  put(dir / "a", "12345");
  EXPECT_EQ(read_text_file(dir / "a", 5), "12345");
  EXPECT_EQ(message_of(ErrorKind::data, [&] { (void)read_text_file(dir / "a", 4); }),
            "[io] " + (dir / "a").string() + ": holds more than 4 bytes, the most that is read");
  if (fs::exists("/dev/zero")) message_of(ErrorKind::data, [] { (void)read_text_file("/dev/zero", 1000000); });
}

TEST(TextFile, MissingFileAndDirectoryAreRejected) {
  const TempDir dir;
  EXPECT_EQ(message_of(ErrorKind::io, [&] { (void)read_text_file(dir / "no", 10); }),
            "[io] " + (dir / "no").string() + ": cannot open: No such file or directory");
  EXPECT_TRUE(contains(message_of(ErrorKind::io, [&] { (void)read_text_file(dir.path(), 10); }), "Is a directory"));
}

}  // namespace
}  // namespace fanin::io
