#pragma once

#include <string>
#include <vector>

#include "fanin/train/lab.h"

namespace fanin::train {

/// What the rows show, in sentences; see LabResult::findings.
///
/// Two rows differ when their means are further apart than Student's t allows at 95 % (Welch's test, with the degrees
/// of freedom of the smaller sample); with one seed there is no spread, and then nothing is said about differences that
/// seeds alone could make.
[[nodiscard]] std::vector<std::string> findings(const LabOptions& options, const std::vector<LabRow>& rows);

}  // namespace fanin::train
