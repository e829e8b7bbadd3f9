#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "fanin/data/dataset.h"
#include "fanin/train/evaluate.h"

namespace fanin::cli {

/// How often samples of each label got each prediction.
struct Confusion {
  std::size_t classes = 0;
  std::vector<std::size_t> counts{};  ///< [classes, classes]: row label, column prediction

  Confusion(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions, std::size_t n);
  [[nodiscard]] std::size_t operator()(std::size_t label, std::size_t prediction) const {
    return counts[label * classes + prediction];
  }
  /// Samples with this label, samples with this prediction.
  [[nodiscard]] std::size_t labelled(std::size_t c) const;
  [[nodiscard]] std::size_t predicted(std::size_t c) const;
};

/// What a network says about one sample.
struct Prediction {
  std::size_t index = 0;
  std::int32_t label = 0;
  std::int32_t prediction = 0;
  double probability = 0;  ///< that it gives to its prediction
  double loss = 0;
};

/// The samples with the highest losses, highest first, at most n of them; ties go to the lower index.
[[nodiscard]] std::vector<std::uint32_t> worst_samples(std::span<const float> losses, std::size_t n);

/// The matrix with recall and precision of each class, or for more than 16 classes the most frequent confusions.
[[nodiscard]] std::string confusion_text(const Confusion& confusion);
/// `"confusion"`: rows by label, and `"classes"`: label, samples, recall, precision; null where nothing was counted.
void add_confusion(nlohmann::ordered_json& document, const Confusion& m);

/// One line a class with a bar, the likeliest ten for more than 20 classes.
[[nodiscard]] std::string probability_bars(std::span<const float> probabilities);

/// The samples' pictures side by side with label, prediction and probability; a table where they are no pictures.
[[nodiscard]] std::string worst_text(const std::vector<Prediction>& worst, const data::Dataset& data);
[[nodiscard]] nlohmann::ordered_json to_json(const Prediction& prediction);

}  // namespace fanin::cli
