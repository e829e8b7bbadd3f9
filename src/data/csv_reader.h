#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace fanin::data {

/// Cuts the text of a CSV file (RFC 4180) into records and fields. Empty lines at the end are skipped, others are an
/// error, as are stray quotes and carriage returns: Error(data, "csv") with path and line.
class CsvReader {
 public:
  /// Borrows `text`.
  CsvReader(const std::string& path, std::string_view text);

  /// The fields of the next record, valid until the next call; false at the end.
  bool next(std::vector<std::string_view>& fields);

  /// The line on which the last record began, from 1.
  [[nodiscard]] std::size_t line() const noexcept { return record_line_; }

  /// Throws Error(data): `path: line 7: sentence`.
  [[noreturn]] void fail(std::size_t line, std::string_view sentence) const;

 private:
  bool at_line_end();
  std::string_view quoted_field();
  std::string_view plain_field();

  const std::string& path_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t record_line_ = 0;
  std::deque<std::string> unescaped_;  // fields of the current record that had doubled quotes
};

}  // namespace fanin::data
