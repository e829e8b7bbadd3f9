#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace fanin::io {

/// The SHA-256 of bytes that come piece by piece (FIPS 180-4).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::span<const std::byte> bytes);
  /// 64 lower-case hexadecimal digits of all that came since the last call, and a new beginning.
  [[nodiscard]] std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] std::string sha256_hex(std::span<const std::byte> bytes);

/// Whether `text` has the form of hex().
[[nodiscard]] bool is_sha256_hex(std::string_view text) noexcept;

}  // namespace fanin::io
