#include "fanin/nn/precision.h"

#include <fmt/format.h>

#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

namespace fanin::nn {

Precision parse_precision(std::string_view text) {
  const std::string_view name = trimmed(text);
  std::vector<std::string> names;
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    names.push_back(str(precision));
    if (names.back() == name) return precision;
  }
  throw Error(ErrorKind::usage, "precision",
              fmt::format("no precision '{}'{}; there are fp32 and bf16", name, did_you_mean(name, names)));
}

std::string str(Precision precision) {
  return precision == Precision::bf16 ? "bf16" : "fp32";
}

}  // namespace fanin::nn
