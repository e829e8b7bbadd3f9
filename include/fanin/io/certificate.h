#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "fanin/init/plan.h"
#include "fanin/init/shard.h"
#include "fanin/io/model_files.h"

namespace fanin::io {

/// All that decides the values of a file, and what they were: enough to make every tensor again, on any machine, and to
/// say which one is no longer what it was. A value.
///
/// As JSON it stands in the file's `__metadata__` under kCertificateKey and beside the file as `FILE.certificate.json`:
/// schema, library version, generator, seed, shard, ordered, rules (as texts), parameters (name, shape, dtype, role,
/// kind, depth, fans, state, the number of their rule) and for each tensor of the file the SHA-256 of its bytes.
struct Certificate {
  std::string version;  ///< of the library that made it
  std::uint64_t seed = 0;
  init::Shard shard{};
  init::Plan plan{};
  std::map<std::string, std::string> sha256{};  ///< by name: 64 hexadecimal digits

  [[nodiscard]] std::string json(bool pretty) const;
  /// Reads what json() writes. Throws Error(data) `[certificate] PLACE: ...` for anything else: an unknown key, a rule
  /// or a parameter that is none, rules that do not give each parameter the rule that is recorded, a digest that is
  /// none; Error(unsupported) for another schema or generator.
  [[nodiscard]] static Certificate parse(const std::string& place, std::string_view text);
};

inline constexpr std::string_view kCertificateKey = "fanin.certificate";
/// The generator whose bits this library makes: a change of any bit changes it.
inline constexpr std::string_view kGenerator = "philox4x32-10, fanin 2";

/// `FILE.certificate.json`.
[[nodiscard]] std::filesystem::path certificate_path(const std::filesystem::path& file);

/// The certificate of a file, and whether the one within and the one beside it are the same.
struct FoundCertificate {
  std::optional<Certificate> certificate;  ///< the one within, else the one beside
  std::string place;
  bool differ = false;
};
/// Looks within a model of one file and beside it. Throws as Certificate::parse(), and Error(io).
[[nodiscard]] FoundCertificate find_certificate(const std::filesystem::path& path, const ModelFiles& model);

/// A certificate in a file of its own, of at most 100 000 000 bytes.
[[nodiscard]] Certificate read_certificate(const std::filesystem::path& path);

}  // namespace fanin::io
