#pragma once

#include <span>
#include <string>
#include <vector>

namespace fanin::init {

/// One scheme, for people: what `fanin list` prints.
struct SchemeInfo {
  std::string name;
  std::vector<std::string> aliases;
  std::string parameters;  ///< as one writes them, with defaults: `gain=1`
  std::string formula;     ///< `Var[W] = 2 gain^2 / (fan_in + fan_out)`
  std::string source;      ///< authors, year, equation
};

/// All schemes that Scheme::parse knows, simplest first.
[[nodiscard]] std::span<const SchemeInfo> catalogue();

}  // namespace fanin::init
