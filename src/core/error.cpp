#include "fanin/core/error.h"

#include <fmt/format.h>

namespace fanin {

Error::Error(ErrorKind kind, std::string_view place, std::string_view sentence)
    : std::runtime_error(fmt::format("[{}] {}", place, sentence)), kind_(kind) {}

}  // namespace fanin
