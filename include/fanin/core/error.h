#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace fanin {

/// What went wrong, in the terms that decide what a caller can do about it.
enum class ErrorKind {
  usage,        ///< the call or the command line is wrong: an unknown name, a size out of range
  data,         ///< something read from outside is malformed: a truncated file, a NaN in an array
  numeric,      ///< a computation left the finite numbers: training diverged
  io,           ///< the system refused: no such file, disk full
  unsupported,  ///< well formed, but nothing that this library handles
};

/// The one exception type of the library.
///
/// The message is one sentence that names the place, the value and the allowed range, for example
/// `[idx] train-images.gz: header says 60000 images of 28x28, file ends after 41250`.
class Error : public std::runtime_error {
 public:
  /// `place` is the part of the library in brackets (`idx`), `sentence` the rest.
  Error(ErrorKind kind, std::string_view place, std::string_view sentence);

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace fanin
