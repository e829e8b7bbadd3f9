#include "fanin/linalg/zeros.h"

#include <fmt/format.h>

#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/text.h"

namespace fanin::linalg {

Zeros parse_zeros(std::string_view text) {
  const std::string_view name = trimmed(text);
  std::vector<std::string> names;
  for (const Zeros zeros : {Zeros::automatic, Zeros::multiply, Zeros::skip}) {
    names.push_back(str(zeros));
    if (names.back() == name) return zeros;
  }
  throw Error(ErrorKind::usage, "zeros",
              fmt::format("no way '{}' to treat zeros{}; there are automatic, multiply and skip", name,
                          did_you_mean(name, names)));
}

std::string str(Zeros zeros) {
  switch (zeros) {
    case Zeros::multiply:
      return "multiply";
    case Zeros::skip:
      return "skip";
    case Zeros::automatic:
      break;
  }
  return "automatic";
}

}  // namespace fanin::linalg
