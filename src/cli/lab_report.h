#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "fanin/report/table.h"
#include "fanin/train/lab.h"

namespace fanin::cli {

/// The table that the lab ends with.
[[nodiscard]] report::Table lab_table(const train::LabResult& result, const train::LabOptions& options);

/// What the columns mean, and what the table shows: the lines below it.
[[nodiscard]] std::string lab_notes(const train::LabResult& result, const train::LabOptions& options);

/// What stands on stdout after the runs: the table, its notes, and the files that `document["files"]` says are there.
[[nodiscard]] std::string lab_text(const train::LabResult& result, const train::LabOptions& options,
                                   const nlohmann::ordered_json& document);

/// One line a row, the column names of the JSON rows in the first line.
[[nodiscard]] std::string lab_csv(const train::LabResult& result);

}  // namespace fanin::cli
