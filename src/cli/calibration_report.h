#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "fanin/init/data_report.h"

namespace fanin::cli {

/// What a data-dependent initializer did: a table of layers, and its findings below.
[[nodiscard]] std::string calibration_text(const init::DataReport& report, double seconds);
/// The same in one line, for a lab with many of them: what came out, or the findings.
[[nodiscard]] std::string calibration_line(const init::DataReport& report);
/// Names stay, more may be added.
[[nodiscard]] nlohmann::ordered_json to_json(const init::DataReport& report);

}  // namespace fanin::cli
