#include "cli/wrapped.h"

#include <algorithm>
#include <sstream>
#include <string_view>

namespace fanin::cli {
namespace {

constexpr std::size_t kColumns = 100;

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string wrapped(const std::string& head, const std::string& text) {
  std::string out = head;
  std::size_t column = width(head);
  bool first = true;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!first && column + 1 + width(word) > kColumns) {
      out += '\n';
      out.append(width(head), ' ');
      column = width(head);
      first = true;
    }
    out += (first ? "" : " ") + word;
    column += width(word) + (first ? 0 : 1);
    first = false;
  }
  return out + "\n";
}

}  // namespace fanin::cli
