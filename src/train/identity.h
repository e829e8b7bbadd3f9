#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "fanin/data/dataset.h"

/// What tells one run from another, so that a checkpoint is not continued by the wrong one.
namespace fanin::train {

/// A hash of all samples and labels; `test` may be null. Against accidents, not against forgery.
[[nodiscard]] std::uint64_t hash_of(const data::Dataset& train, const data::Dataset* test);

/// The first option in which two lines of TrainOptions::fingerprint() differ: `lr=0.01` and `lr=0.02`.
[[nodiscard]] std::pair<std::string, std::string> first_difference(const std::string& a, const std::string& b);

}  // namespace fanin::train
