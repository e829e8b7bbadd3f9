#pragma once

#include <string>
#include <vector>

namespace fanin::report {

/// A table for a terminal or a file: the first column is text, the others are numbers unless said otherwise.
class Table {
 public:
  enum class Align { left, right };

  /// A column and its heading; a heading of two lines is separated by '\n'.
  void column(std::string heading, Align align = Align::right);
  /// One cell for each column. Throws Error(usage) for another number of cells.
  void row(std::vector<std::string> cells);

  /// Columns padded to their widest cell (in characters, not bytes), two spaces between, a rule below the headings; no
  /// space at a line's end.
  [[nodiscard]] std::string text() const;
  /// The same as GitHub-flavoured Markdown.
  [[nodiscard]] std::string markdown() const;

 private:
  struct Column {
    std::string heading;
    Align align;
  };
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// A field of a CSV file (RFC 4180): quoted where it holds a comma, a quote or a line break.
[[nodiscard]] std::string csv_field(const std::string& text);

}  // namespace fanin::report
