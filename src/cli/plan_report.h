#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "fanin/init/plan.h"

namespace fanin::cli {

/// The rules with their numbers, and for every parameter what it is and what is promised of it.
[[nodiscard]] std::string plan_table(const init::Plan& plan);
/// Why each parameter was taken for what it is, equal reasons together; empty where nothing was inferred.
[[nodiscard]] std::string inference_text(const init::Plan& plan);
/// The parameters as a JSON array; what is not known or not bounded is null.
[[nodiscard]] nlohmann::ordered_json plan_json(const init::Plan& plan);

/// `12.3 MB`, in powers of 1000.
[[nodiscard]] std::string size_text(double bytes);

}  // namespace fanin::cli
