#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fanin/init/dialect_fans.h"

namespace fanin::init {

/// A scheme of a framework beside what it stands for: a scheme of fanin, or the default of a layer (`linear`,
/// `embedding`, `recurrent`).
struct CounterpartInfo {
  std::string of;
  std::string text;    ///< of the dialect's scheme: `mxnet:Xavier(gaussian)` for xavier_normal
  std::string remark;  ///< how the two differ, in a few words
};

/// What a dialect's scheme has beside the others.
struct DialectInfo {
  Framework framework;
  std::string fan;      ///< what its scale depends on, in a few words; `-` for nothing
  std::string differs;  ///< from fanin's, and which is the correct one
  std::vector<CounterpartInfo> counterparts;
};

/// One scheme, for people: what `fanin list` prints.
struct SchemeInfo {
  std::string name;
  std::vector<std::string> aliases;
  std::string parameters;    ///< as one writes them, with defaults: `gain=1`
  std::string formula;       ///< `Var[W] = 2 gain^2 / (fan_in + fan_out)`
  std::string source;        ///< authors, year, equation; the file of a framework
  std::string example = {};  ///< a text that parses, its name where nothing must be given; empty for those of data
  std::optional<DialectInfo> dialect = {};
};

/// All schemes of fanin's own that Scheme::parse knows, simplest first.
[[nodiscard]] std::span<const SchemeInfo> catalogue();

/// All schemes of frameworks, `torch:uniform` and so on, framework by framework in the order of kFrameworks.
[[nodiscard]] std::span<const SchemeInfo> dialects();

/// The scheme of either list with that name or alias, spelled in any way that Scheme::parse takes. Throws Error(usage)
/// with the sentence of Scheme::parse for an unknown name.
[[nodiscard]] const SchemeInfo& scheme_info(std::string_view name);

}  // namespace fanin::init
