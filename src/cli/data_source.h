#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fanin/data/dataset.h"

#include "cli/paths.h"
#include "cli/settings.h"

namespace fanin::cli {

/// Which data a command works on: a named set, files of images and labels (IDX or npy), or CSV.
struct DataSource {
  std::string data = "mnist";
  std::string images;
  std::string labels;
  std::string test_images;
  std::string test_labels;
  std::string csv;
  std::string test_csv;
  std::string label_column = "label";

  [[nodiscard]] std::vector<Setting> settings();
  /// The files that it names, with their flags.
  [[nodiscard]] std::vector<NamedPath> files() const;
};

struct LoadedData {
  std::string name;  ///< `mnist`, or the path of the training file; bytes that are not UTF-8 became U+FFFD
  data::Dataset train;
  std::optional<data::Dataset> test;
};

/// Throws Error(usage) for a combination that makes no sense (images without labels, files and --csv), and whatever
/// the readers throw.
[[nodiscard]] LoadedData load(const DataSource& source);

/// The part that a model is judged on: the named set's test part, or the files given (--test-... if there, otherwise
/// --images and --labels, or --csv).
[[nodiscard]] data::Dataset load_for_test(const DataSource& source);

}  // namespace fanin::cli
