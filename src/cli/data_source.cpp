#include "cli/data_source.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "fanin/core/error.h"
#include "fanin/data/csv.h"
#include "fanin/data/find.h"
#include "fanin/data/idx.h"
#include "fanin/data/npy.h"

#include "cli/command.h"

namespace fanin::cli {
namespace {

// The name decides only between two strict readers, which judge the content themselves.
bool is_npy(const std::string& path) {
  return path.ends_with(".npy") || path.ends_with(".npy.gz");
}

data::Dataset load_pair(const std::string& images, const std::string& labels, const char* image_flag,
                        const char* label_flag) {
  if (images.empty() || labels.empty()) {
    throw Error(ErrorKind::usage, "cli",
                fmt::format("{} and {} go together, only {} was given", image_flag, label_flag,
                            images.empty() ? label_flag : image_flag));
  }
  return is_npy(images) ? data::load_npy(images, labels) : data::load_idx(images, labels, images);
}

void check(const DataSource& s) {
  if ((!s.images.empty() || !s.labels.empty()) && !s.csv.empty()) {
    throw Error(ErrorKind::usage, "cli", "--images and --csv both name training data, give one of them");
  }
  if ((!s.test_images.empty() || !s.test_labels.empty()) && !s.test_csv.empty()) {
    throw Error(ErrorKind::usage, "cli", "--test-images and --test-csv both name test data, give one of them");
  }
}

bool names_training_files(const DataSource& s) {
  return !s.images.empty() || !s.labels.empty() || !s.csv.empty();
}

bool names_test_files(const DataSource& s) {
  return !s.test_images.empty() || !s.test_labels.empty() || !s.test_csv.empty();
}

std::optional<data::Dataset> load_test_files(const DataSource& s) {
  if (!s.test_csv.empty()) return data::load_csv(s.test_csv, s.label_column);
  if (!s.test_images.empty() || !s.test_labels.empty()) {
    return load_pair(s.test_images, s.test_labels, "--test-images", "--test-labels");
  }
  return std::nullopt;
}

// A path is bytes; what goes into metadata and JSON has to be UTF-8.
std::string as_utf8(const std::string& path) {
  return nlohmann::ordered_json::parse(json_text(path)).get<std::string>();
}

LoadedData load_as_named(const DataSource& s) {
  if (!s.csv.empty()) return {s.csv, data::load_csv(s.csv, s.label_column), load_test_files(s)};
  if (!s.images.empty() || !s.labels.empty()) {
    return {s.images, load_pair(s.images, s.labels, "--images", "--labels"), load_test_files(s)};
  }
  data::Split split = data::load_named(s.data);
  return {s.data, std::move(split.train), std::move(split.test)};
}

}  // namespace

std::vector<NamedPath> DataSource::files() const {
  return {{"--images", images},           {"--labels", labels}, {"--test-images", test_images},
          {"--test-labels", test_labels}, {"--csv", csv},       {"--test-csv", test_csv}};
}

std::vector<Setting> DataSource::settings() {
  return {
      text_setting(
          "data", "NAME",
          "Named data set: mnist, fashion-mnist, digits, digits_nudged, bars_and_stripes(N) with N from 2 to 5", data),
      text_setting("images", "FILE", "Training images: IDX (also .gz) or .npy; replaces --data", images),
      text_setting("labels", "FILE", "Their labels, in the same format", labels),
      text_setting("test-images", "FILE", "Test images", test_images),
      text_setting("test-labels", "FILE", "Their labels", test_labels),
      text_setting("csv", "FILE", "Training data as CSV with a header row; replaces --data", csv),
      text_setting("test-csv", "FILE", "Test data as CSV", test_csv),
      text_setting("label-column", "NAME", "The CSV column that holds the label", label_column)};
}

LoadedData load(const DataSource& s) {
  check(s);
  if (names_test_files(s) && !names_training_files(s)) {
    throw Error(ErrorKind::usage, "cli",
                "test files were given without training files; add --images and --labels, or --csv");
  }
  LoadedData loaded = load_as_named(s);
  loaded.name = as_utf8(loaded.name);
  return loaded;
}

data::Dataset load_for_test(const DataSource& s) {
  check(s);
  if (auto test = load_test_files(s)) return std::move(*test);
  if (!s.csv.empty()) return data::load_csv(s.csv, s.label_column);
  if (!s.images.empty() || !s.labels.empty()) return load_pair(s.images, s.labels, "--images", "--labels");
  return data::load_named(s.data).test;
}

}  // namespace fanin::cli
