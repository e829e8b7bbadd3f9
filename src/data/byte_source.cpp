#include "data/byte_source.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "fanin/core/error.h"

namespace fanin::data {
namespace {

constexpr std::size_t kInputSize = std::size_t{64} << 10;

[[noreturn]] void fail_io(std::string_view place, const std::string& path, std::string_view verb, int error) {
  throw Error(ErrorKind::io, place, fmt::format("{}: cannot be {}: {}", path, verb, std::strerror(error)));
}

}  // namespace

struct ByteSource::Inflater {
  Inflater() {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&stream, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
  bool member_ended = false;
};

ByteSource::ByteSource(std::string_view place, const std::string& path)
    : place_(place), path_(path), file_(std::fopen(path.c_str(), "rbe")) {
  if (!file_) fail_io(place_, path_, "opened", errno);
  // The reads are large, and the plain ones go straight to their destination.
  std::setvbuf(file_.get(), nullptr, _IONBF, 0);
  struct stat status {};
  if (fstat(fileno(file_.get()), &status) == 0 && S_ISREG(status.st_mode)) {
    file_size_ = static_cast<std::size_t>(status.st_size);
  }
  refill();
  if (input_.size() >= 2 && input_[0] == 0x1f && input_[1] == 0x8b) inflater_ = std::make_unique<Inflater>();
}

ByteSource::~ByteSource() = default;

std::size_t ByteSource::read_raw(std::uint8_t* out, std::size_t size) {
  errno = 0;
  const std::size_t got = std::fread(out, 1, size, file_.get());
  if (got < size && std::ferror(file_.get()) != 0) fail_io(place_, path_, "read", errno);
  return got;
}

void ByteSource::refill() {
  input_.resize(kInputSize);
  input_.resize(read_raw(input_.data(), kInputSize));
  next_ = 0;
}

std::size_t ByteSource::read(std::span<std::uint8_t> out) {
  return inflater_ ? read_gzip(out) : read_plain(out);
}

std::size_t ByteSource::read_plain(std::span<std::uint8_t> out) {
  if (out.empty()) return 0;
  const std::size_t buffered = std::min(out.size(), input_.size() - next_);
  std::memcpy(out.data(), input_.data() + next_, buffered);
  next_ += buffered;
  return buffered + (buffered < out.size() ? read_raw(out.data() + buffered, out.size() - buffered) : 0);
}

std::size_t ByteSource::read_gzip(std::span<std::uint8_t> out) {
  z_stream& stream = inflater_->stream;
  std::size_t done = 0;
  while (done < out.size()) {
    if (next_ == input_.size()) refill();
    if (inflater_->member_ended) {
      if (input_.empty()) break;
      // A gzip file is a sequence of members (RFC 1952); inflate() rejects what is not one.
      inflateReset(&stream);
      inflater_->member_ended = false;
    } else if (input_.empty()) {
      throw Error(
          ErrorKind::data, place_,
          fmt::format("{}: the gzip stream is cut short, it ends {} bytes into its data", path_, stream.total_out));
    }
    constexpr std::size_t kLargestStep = std::size_t{1} << 30;
    const std::size_t step = std::min(out.size() - done, kLargestStep);
    stream.next_in = input_.data() + next_;
    stream.avail_in = static_cast<uInt>(input_.size() - next_);
    stream.next_out = out.data() + done;
    stream.avail_out = static_cast<uInt>(step);
    const int result = inflate(&stream, Z_NO_FLUSH);
    next_ = input_.size() - stream.avail_in;
    done += step - stream.avail_out;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result == Z_STREAM_END) {
      inflater_->member_ended = true;
    } else if (result != Z_OK) {
      throw Error(
          ErrorKind::data, place_,
          fmt::format("{}: the gzip stream is corrupt: {}", path_, stream.msg == nullptr ? "no progress" : stream.msg));
    }
  }
  return done;
}

std::vector<std::uint8_t> ByteSource::read_up_to(std::size_t count) {
  // Most files are then read in one step: few unpack to more than eight times their size.
  constexpr std::size_t kFirstStep = std::size_t{64} << 10;
  const std::size_t first_step = std::max(kFirstStep, is_gzip() ? 8 * file_size_ : file_size_ + 1);
  std::vector<std::uint8_t> bytes;
  while (bytes.size() < count) {
    const std::size_t before = bytes.size();
    const std::size_t step = std::min(count - before, std::max(first_step, before));
    bytes.resize(before + step);
    const std::size_t got = read(std::span(bytes).subspan(before));
    if (got < step) {
      bytes.resize(before + got);
      break;
    }
  }
  return bytes;
}

bool ByteSource::at_end() {
  std::uint8_t probe = 0;
  return read({&probe, 1}) == 0;
}

}  // namespace fanin::data
