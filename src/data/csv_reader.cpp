#include "data/csv_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "fanin/core/error.h"

namespace fanin::data {

CsvReader::CsvReader(const std::string& path, std::string_view text) : path_(path), text_(text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
}

void CsvReader::fail(std::size_t line, std::string_view sentence) const {
  throw Error(ErrorKind::data, "csv", fmt::format("{}: line {}: {}", path_, line, sentence));
}

// Whether a line ends here; moves behind its end if so.
bool CsvReader::at_line_end() {
  if (at_ == text_.size()) return true;
  if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
  if (text_[at_] != '\n') return false;
  ++at_;
  ++line_;
  return true;
}

bool CsvReader::next(std::vector<std::string_view>& fields) {
  fields.clear();
  unescaped_.clear();
  const std::size_t first_line = line_;
  while (at_ < text_.size() && at_line_end()) {
  }
  if (at_ == text_.size()) return false;
  if (line_ != first_line) fail(first_line, "is empty");
  record_line_ = line_;
  while (true) {
    fields.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted_field() : plain_field());
    if (at_line_end()) return true;
    if (text_[at_] != ',') fail(line_, "a carriage return without a line feed");
    ++at_;
  }
}

std::string_view CsvReader::plain_field() {
  const std::size_t first = at_;
  at_ = std::min(text_.find_first_of(",\r\n\"", at_), text_.size());
  if (at_ < text_.size() && text_[at_] == '"') fail(line_, "a quote inside a field that does not begin with one");
  return text_.substr(first, at_ - first);
}

std::string_view CsvReader::quoted_field() {
  const std::size_t first_line = line_;
  const std::size_t first = ++at_;
  bool doubled = false;
  while (true) {
    const std::size_t quote = text_.find('"', at_);
    if (quote == std::string_view::npos) fail(first_line, "a quote is never closed");
    line_ += static_cast<std::size_t>(std::count(text_.begin() + at_, text_.begin() + quote, '\n'));
    at_ = quote + 1;
    if (at_ == text_.size() || text_[at_] != '"') break;
    doubled = true;
    ++at_;
  }
  const std::string_view content = text_.substr(first, at_ - 1 - first);
  if (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\r' && text_[at_] != '\n') {
    fail(line_, "something follows the closing quote of a field");
  }
  if (!doubled) return content;
  std::string& plain = unescaped_.emplace_back();
  for (std::size_t i = 0; i < content.size(); ++i) {
    plain += content[i];
    if (content[i] == '"') ++i;
  }
  return plain;
}

}  // namespace fanin::data
