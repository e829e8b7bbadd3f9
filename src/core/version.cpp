#include "fanin/core/version.h"

namespace fanin {

std::string_view version() noexcept {
  return FANIN_VERSION;
}

}  // namespace fanin
