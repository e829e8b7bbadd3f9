#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "fanin/train/rbm_options.h"
#include "fanin/train/rbm_trainer.h"

#include "cli/data_source.h"
#include "cli/settings.h"

namespace fanin::cli {

/// The settings of a machine's training, over `options`. The layers of a stack are given elsewhere, so `one_machine`
/// adds what only a single machine has.
[[nodiscard]] std::vector<Setting> rbm_settings(train::RbmOptions& options, bool one_machine);

/// How data become what a machine sees.
struct RbmInput {
  DataSource source;
  bool standardize = false;
  data::Binarization binarization;

  [[nodiscard]] std::vector<Setting> settings();
  /// The data, standardized by the means and deviations of the training part where asked for.
  [[nodiscard]] LoadedData load() const;
};

[[nodiscard]] Setting binarize_setting(data::Binarization& binarization);

/// `W-RECON  figure` and the advice on a line of its own, one finding after the other.
[[nodiscard]] std::string findings_text(const std::vector<train::Finding>& findings);
[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<train::Finding>& findings);
[[nodiscard]] nlohmann::ordered_json to_json(const train::RbmMeasures& measures);
[[nodiscard]] nlohmann::ordered_json to_json(const train::RbmEpoch& epoch);
/// The measures, most telling first, each with its unit; `binarization` stands beside every likelihood.
[[nodiscard]] std::string measures_text(const train::RbmMeasures& measures, std::size_t visible,
                                        const std::string& binarization);

/// `0.5`, `sample, flipped`.
[[nodiscard]] std::string binarization_str(const data::Binarization& binarization);

/// `784-500, binary-binary, 10 labels`.
[[nodiscard]] std::string machine_str(const rbm::RbmSpec& spec);

}  // namespace fanin::cli
