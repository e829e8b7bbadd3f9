#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "fanin/train/lab.h"
#include "fanin/train/trainer.h"

namespace fanin::cli {

/// Why a second test accuracy stands beside the first.
inline constexpr const char* kRawPixelsExplained =
    "the same network fed 0..255 where it learned from [0, 1], a slip of published scripts that ReLU, being "
    "near-homogeneous, hides";

/// What scripts rely on: names stay, more may be added. Numbers that are not finite become null.
[[nodiscard]] nlohmann::ordered_json to_json(const train::EpochResult& epoch);
[[nodiscard]] nlohmann::ordered_json to_json(const train::TrainResult& result, const train::TrainOptions& options,
                                             const nn::Network& network);
[[nodiscard]] nlohmann::ordered_json to_json(const train::LabResult& result, const train::LabOptions& options);

}  // namespace fanin::cli
