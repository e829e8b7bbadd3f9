#pragma once

#include <string>

#include "fanin/core/simd.h"

namespace fanin::test {

/// Runs `body(name)` under every SIMD target of this machine, and leaves the best one in use.
template <class Body>
void for_each_target(const Body& body) {
  struct Restore {
    ~Restore() { simd::use_target("best"); }
  } const restore;
  for (const std::string& name : simd::targets()) {
    simd::use_target(name);
    body(name);
    simd::use_target("best");
  }
}

}  // namespace fanin::test
