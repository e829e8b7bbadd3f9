#include "fanin/data/binarization.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

namespace fanin::data {
namespace {

using Kind = Binarization::Kind;

[[noreturn]] void fail(const std::string& sentence) {
  throw Error(ErrorKind::usage, "binarization", sentence);
}

bool is_level(double level) {
  return level > 0 && level < 1;
}

// The largest float32 that is not above the level: v > level exactly where v > this.
float float_level(double level) {
  const auto rounded = static_cast<float>(level);
  return rounded > level ? std::nextafter(rounded, -std::numeric_limits<float>::infinity()) : rounded;
}

void cut(MatrixView<float> out, float level) {
  for (std::size_t r = 0; r < out.rows; ++r) {
    float* row = out.row(r);
    for (std::size_t c = 0; c < out.cols; ++c) row[c] = row[c] > level ? 1.0F : 0.0F;
  }
}

void draw(const random::Stream& stream, std::span<const std::uint32_t> indices, MatrixView<float> out) {
  constexpr std::size_t kPiece = 256;
  std::array<std::uint32_t, kPiece> words;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  for (std::size_t r = 0; r < out.rows; ++r) {
    const std::uint64_t first = std::uint64_t{indices[r]} * out.cols;
    for (std::size_t c = 0; c < out.cols; c += kPiece) {
      const std::size_t n = std::min(kPiece, out.cols - c);
      stream.words(first + c, std::span(words).first(n));
      float* v = out.row(r) + c;
      for (std::size_t i = 0; i < n; ++i) {
        const float u = static_cast<float>(static_cast<std::int32_t>(words[i] >> 8)) * 0x1p-24F;
        v[i] = u < v[i] ? 1.0F : 0.0F;
      }
    }
  }
}

void turn(MatrixView<float> out) {
  for (std::size_t r = 0; r < out.rows; ++r) {
    float* row = out.row(r);
    for (std::size_t c = 0; c < out.cols; ++c) row[c] = 1.0F - row[c];
  }
}

}  // namespace

Binarization Binarization::parse(std::string_view text) {
  const std::string_view word = trimmed(text);
  if (word == "none") return {};
  if (word == "sample") return {.kind = Kind::sample};
  if (word == "resample") return {.kind = Kind::resample};
  if (const auto level = parse_number(word)) {
    if (!is_level(*level)) fail(fmt::format("threshold {} given, allowed is (0, 1)", word));
    return {.kind = Kind::threshold, .level = *level};
  }
  const std::vector<std::string> names{"none", "sample", "resample"};
  fail(fmt::format("'{}' is none of none, sample, resample and a threshold in (0, 1){}", text,
                   did_you_mean(word, names)));
}

std::string Binarization::str() const {
  switch (kind) {
    case Kind::none:
      return "none";
    case Kind::threshold:
      return fmt::format("{}", level);
    case Kind::sample:
      return "sample";
    case Kind::resample:
      return "resample";
  }
  return {};
}

void Binarization::validate() const {
  if (kind == Kind::threshold && !is_level(level)) fail(fmt::format("threshold {} given, allowed is (0, 1)", level));
}

void gather(const Dataset& data, const Binarization& binarization, const random::Stream& stream, std::uint64_t epoch,
            std::span<const std::uint32_t> indices, MatrixView<float> out) {
  binarization.validate();
  data.gather(indices, out);
  switch (binarization.kind) {
    case Kind::none:
      break;
    case Kind::threshold:
      cut(out, float_level(binarization.level));
      break;
    case Kind::sample:
      draw(stream.fold_in(0), indices, out);
      break;
    case Kind::resample:
      draw(stream.fold_in(epoch), indices, out);
      break;
  }
  if (binarization.flip) turn(out);
}

}  // namespace fanin::data
