#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "fanin/data/dataset.h"

namespace fanin::data {

/// A table of numbers (RFC 4180: commas, optional double quotes, LF or CRLF) as a data set named after the file.
///
/// The first row names the columns. `label_column` holds the class, an integer such as `3` or `3.0`; every other column
/// is a feature, in the order of the file: sample shape [columns - 1], float32. classes = 0 stands for the largest
/// label + 1. White space around a field, a byte order mark and empty lines at the end are ignored.
///
/// Errors (place `csv`) name the file, the line and the column. Error(io) where the file cannot be read;
/// Error(unsupported) for a gzip file; Error(usage) for a label column that is not there, with the nearest name;
/// Error(data) for an empty file, no header, no data rows, no feature columns, a row with another number of fields,
/// a field that is no finite float32 number, a label that is no integer in [0, classes), stray or unclosed quotes.
[[nodiscard]] Dataset load_csv(const std::string& path, std::string_view label_column, std::size_t classes = 0);

}  // namespace fanin::data
