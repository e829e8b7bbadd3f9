#include "fanin/data/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

#include "data/byte_source.h"
#include "data/csv_reader.h"
#include "data/labels.h"
#include "data/printable.h"

namespace fanin::data {
namespace {

[[noreturn]] void fail(ErrorKind kind, const std::string& path, std::string_view sentence) {
  throw Error(kind, "csv", fmt::format("{}: {}", path, sentence));
}

std::vector<std::uint8_t> read_text(const std::string& path) {
  ByteSource source("csv", path);
  // Nothing in a table says how long it is, so a packed one could unpack to any length.
  if (source.is_gzip()) fail(ErrorKind::unsupported, path, "is a gzip file, unpack it first");
  return source.read_up_to(static_cast<std::size_t>(-1));
}

// A number as it stands in a table: other programs write a plus sign, which std::from_chars does not know.
std::optional<double> parse_field(std::string_view field) {
  field = trimmed(field);
  if (field.starts_with('+') && !field.starts_with("+-")) field.remove_prefix(1);
  return parse_number(field);
}

std::vector<std::string> read_header(CsvReader& reader, const std::string& path) {
  std::vector<std::string_view> fields;
  if (!reader.next(fields)) fail(ErrorKind::data, path, "is empty");
  if (std::all_of(fields.begin(), fields.end(), [](std::string_view f) { return parse_field(f).has_value(); })) {
    reader.fail(reader.line(), "has only numbers, a header row with the names of the columns is needed");
  }
  std::vector<std::string> names;
  for (const std::string_view field : fields) names.emplace_back(trimmed(field));
  return names;
}

std::size_t find_label_column(const std::string& path, const std::vector<std::string>& names,
                              std::string_view label_column) {
  const auto found = std::find(names.begin(), names.end(), label_column);
  if (found == names.end()) {
    std::vector<std::string> safe_names;
    for (const std::string& name : names) safe_names.push_back(printable(name));
    fail(ErrorKind::usage, path,
         fmt::format("none of the {} columns is named '{}'{}", names.size(), printable(label_column),
                     did_you_mean(label_column, safe_names)));
  }
  if (std::find(found + 1, names.end(), label_column) != names.end()) {
    fail(ErrorKind::data, path, fmt::format("more than one column is named '{}'", printable(label_column)));
  }
  if (names.size() == 1) fail(ErrorKind::data, path, "has no columns beside the labels");
  return static_cast<std::size_t>(found - names.begin());
}

}  // namespace

Dataset load_csv(const std::string& path, std::string_view label_column, std::size_t classes) {
  const std::vector<std::uint8_t> text = read_text(path);
  CsvReader reader(path, {reinterpret_cast<const char*>(text.data()), text.size()});
  const std::vector<std::string> names = read_header(reader, path);
  const std::size_t label_at = find_label_column(path, names, label_column);
  const auto largest = static_cast<double>((classes == 0 ? kMaxClasses : std::min(classes, kMaxClasses)) - 1);

  std::vector<float> floats;
  std::vector<std::int64_t> labels;
  std::vector<std::string_view> fields;
  while (reader.next(fields)) {
    if (fields.size() != names.size()) {
      reader.fail(reader.line(), fmt::format("has {} fields, the header has {}", fields.size(), names.size()));
    }
    for (std::size_t c = 0; c < fields.size(); ++c) {
      const std::optional<double> number = parse_field(fields[c]);
      const auto narrow = static_cast<float>(number.value_or(0));
      if (!number || !std::isfinite(narrow)) {
        reader.fail(reader.line(), fmt::format("column '{}' is '{}', allowed are finite float32 numbers",
                                               printable(names[c]), printable(fields[c])));
      }
      if (c != label_at) {
        floats.push_back(narrow);
      } else if (*number != std::floor(*number) || *number < 0 || *number > largest) {
        reader.fail(reader.line(), fmt::format("the label (column '{}') is '{}', allowed are the integers 0 to {}",
                                               printable(names[c]), printable(fields[c]), largest));
      } else {
        labels.push_back(static_cast<std::int64_t>(*number));
      }
    }
  }
  if (labels.empty()) fail(ErrorKind::data, path, "has a header but no data rows");
  Labels checked = checked_labels<std::int64_t>("csv", path, labels, classes);
  return {path, Shape{names.size() - 1}, std::move(floats), std::move(checked.values), checked.classes};
}

}  // namespace fanin::data
