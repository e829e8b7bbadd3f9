#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fanin/core/thread_pool.h"
#include "fanin/init/verify.h"
#include "fanin/io/model_files.h"

namespace fanin::io {

/// What a file's tensors are held to.
struct VerifyOptions {
  init::Shard shard{};
  std::optional<std::uint64_t> seed{};          ///< makes every tensor again and compares byte by byte
  std::map<std::string, std::string> sha256{};  ///< of a certificate; a tensor without one is not compared with any
  /// Called with the bytes looked at so far, of all; whatever it throws ends the work.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress{};
};

/// One tensor: its figures, and what is wrong with it.
struct TensorReport {
  std::string name;
  std::optional<init::Verdict> verdict{};  ///< nothing for a tensor that no rule makes, or that is not there as planned
  std::uint64_t different = 0;             ///< elements that are not those that seed and rule make
  std::optional<std::uint64_t> first_different{};  ///< the index of the first one in what the file holds
  std::vector<std::string> findings{};             ///< sentences without the name
};

struct FileReport {
  std::vector<TensorReport> tensors;
  [[nodiscard]] bool passed() const noexcept;
};

/// Judges every tensor of a model by a plan: whether it is there with the plan's shape and type (of the shard's part),
/// whether its values are what the scheme promises (init::verify(), fewer than init::kFalseAlarm false alarms a file),
/// whether they are the bytes that seed and rule make, and whether the checksums are theirs. Tensors that the plan does
/// not have are findings too. Findings are results, not errors; a file that changes meanwhile is not looked for.
[[nodiscard]] FileReport verify_files(const ModelFiles& model, const init::Plan& plan, const VerifyOptions& options,
                                      ThreadPool& pool);

}  // namespace fanin::io
