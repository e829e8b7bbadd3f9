#include "fanin/report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "fanin/core/error.h"

namespace fanin::report {
namespace {

// Characters of a UTF-8 text: bytes that do not continue one.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::array<std::string, 2> heading_lines(const std::string& heading) {
  const auto cut = heading.find('\n');
  if (cut == std::string::npos) return {"", heading};
  return {heading.substr(0, cut), heading.substr(cut + 1)};
}

std::string padded(const std::string& text, std::size_t to, Table::Align align) {
  const std::string space(to - std::min(to, width(text)), ' ');
  return align == Table::Align::right ? space + text : text + space;
}

std::string joined(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) line += (line.empty() ? "" : "  ") + cell;
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

void Table::column(std::string heading, Align align) {
  columns_.push_back({std::move(heading), align});
}

void Table::row(std::vector<std::string> cells) {
  if (cells.size() != columns_.size()) {
    throw Error(ErrorKind::usage, "table",
                fmt::format("a row of {} cells given, the table has {} columns", cells.size(), columns_.size()));
  }
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  std::vector<std::string> first;
  std::vector<std::string> second;
  std::vector<std::string> rule;
  bool two_lines = false;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const auto lines = heading_lines(columns_[c].heading);
    std::size_t w = std::max(width(lines[0]), width(lines[1]));
    for (const auto& row : rows_) w = std::max(w, width(row[c]));
    widths.push_back(w);
    first.push_back(padded(lines[0], w, columns_[c].align));
    second.push_back(padded(lines[1], w, columns_[c].align));
    rule.emplace_back(w, '-');
    two_lines = two_lines || !lines[0].empty();
  }
  std::string out = two_lines ? joined(first) : "";
  out += joined(second) + joined(rule);
  for (const auto& row : rows_) {
    std::vector<std::string> cells;
    for (std::size_t c = 0; c < row.size(); ++c) cells.push_back(padded(row[c], widths[c], columns_[c].align));
    out += joined(cells);
  }
  return out;
}

std::string Table::markdown() const {
  std::string out = "|";
  for (const Column& c : columns_) {
    std::string heading = c.heading;
    std::replace(heading.begin(), heading.end(), '\n', ' ');
    out += " " + heading + " |";
  }
  out += "\n|";
  for (const Column& c : columns_) out += c.align == Align::right ? "---:|" : "---|";
  for (const auto& row : rows_) {
    out += "\n|";
    for (const std::string& cell : row) out += " " + cell + " |";
  }
  return out + "\n";
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace fanin::report
