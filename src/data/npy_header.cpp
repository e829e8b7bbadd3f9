#include "data/npy_header.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

#include "data/printable.h"

namespace fanin::data {
namespace {

struct TypeInfo {
  NpyType type;
  std::string_view name;
  std::size_t size;
};
constexpr std::array<TypeInfo, 6> kTypes{{{NpyType::f4, "<f4", 4},
                                          {NpyType::f8, "<f8", 8},
                                          {NpyType::u1, "|u1", 1},
                                          {NpyType::i1, "|i1", 1},
                                          {NpyType::i4, "<i4", 4},
                                          {NpyType::i8, "<i8", 8}}};

class Parser {
 public:
  Parser(const std::string& path, std::string_view text) : path_(path), text_(text) {}

  NpyHeader parse() {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !type_) {
        type_ = descr();
      } else if (key == "fortran_order" && !order_known_) {
        c_order();
      } else if (key == "shape" && !extents_) {
        extents_ = shape();
      } else {
        fail(ErrorKind::data, fmt::format("header has an unknown or second key '{}'", printable(key)));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    const std::string_view padding = text_.substr(at_);
    if (padding.empty() || padding.find_first_not_of(' ') != padding.size() - 1 || padding.back() != '\n') {
      malformed("spaces and one line feed");
    }
    if (!type_ || !order_known_ || !extents_) {
      fail(ErrorKind::data, "header lacks one of 'descr', 'fortran_order', 'shape'");
    }
    return {*type_, *extents_};
  }

 private:
  [[noreturn]] void fail(ErrorKind kind, std::string_view sentence) const {
    throw Error(kind, "npy", fmt::format("{}: {}", path_, sentence));
  }
  [[noreturn]] void malformed(std::string_view expected) const {
    fail(ErrorKind::data, fmt::format("header is malformed: {} expected, '{}' found", expected,
                                      printable(text_.substr(at_).substr(0, 10))));
  }

  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool accept(char c) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) malformed(fmt::format("'{}'", c));
  }
  bool accept_word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::string_view quoted() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') expect('\'');
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) malformed("a closing quote");
    const std::string_view content = text_.substr(at_, end - at_);
    at_ = end + 1;
    return content;
  }

  NpyType descr() {
    if (accept('[')) fail(ErrorKind::unsupported, "holds records, only plain numbers are read");
    const std::string_view name = quoted();
    for (const TypeInfo& info : kTypes) {
      if (name == info.name) return info.type;
    }
    fail(ErrorKind::unsupported,
         fmt::format("holds values of type '{}', read are <f4, <f8, |u1, |i1, <i4 and <i8", printable(name)));
  }

  void c_order() {
    skip_spaces();
    if (accept_word("True")) {
      fail(ErrorKind::unsupported, "is in Fortran order, only C order is read (numpy.ascontiguousarray makes it)");
    }
    if (!accept_word("False")) malformed("True or False");
    order_known_ = true;
  }

  std::vector<std::size_t> shape() {
    std::vector<std::size_t> extents;
    expect('(');
    while (!accept(')')) {
      const std::size_t first = at_;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      const auto extent = parse_unsigned(text_.substr(first, at_ - first));
      if (!extent) {
        at_ = first;
        malformed("an extent below 2^64");
      }
      if (extents.size() == Shape::kMaxRank) {
        fail(ErrorKind::unsupported, fmt::format("has more than {} dimensions", Shape::kMaxRank));
      }
      extents.push_back(*extent);
      if (accept(',')) continue;
      // `(3)` is a number in Python, not a tuple.
      if (extents.size() == 1) malformed("','");
      expect(')');
      break;
    }
    return extents;
  }

  const std::string& path_;
  std::string_view text_;
  std::size_t at_ = 0;
  bool order_known_ = false;
  std::optional<NpyType> type_;
  std::optional<std::vector<std::size_t>> extents_;
};

}  // namespace

NpyHeader parse_npy_header(const std::string& path, std::string_view text) {
  return Parser(path, text).parse();
}

std::size_t item_size(NpyType type) noexcept {
  return kTypes[static_cast<std::size_t>(type)].size;
}

std::string_view type_name(NpyType type) noexcept {
  return kTypes[static_cast<std::size_t>(type)].name;
}

}  // namespace fanin::data
