#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/parser.h"

namespace fanin::cli {

/// One named value that a flag and a TOML file can set alike. Everything goes through text, so both reject the same
/// values with the same sentence.
struct Setting {
  std::string name;  ///< `weight-decay`: the flag is --weight-decay, the TOML key weight-decay
  std::string type;  ///< what --help calls the value; empty for a flag that is on or off
  std::string help;
  std::function<void(const std::string&)> set;
  std::function<std::string()> get;  ///< as TOML: quoted where it is text
};

/// Settings over variables of the caller, which outlive them.
Setting text_setting(std::string name, std::string type, std::string help, std::string& value);
Setting number_setting(std::string name, std::string help, double& value);
Setting count_setting(std::string name, std::string help, std::size_t& value);
Setting seed_setting(std::string name, std::string help, std::uint64_t& value);
Setting bool_setting(std::string name, std::string help, bool& value);

/// A value with a text form of its own: `parse` reads it (and throws Error(usage)), `str` prints it.
template <typename T, typename Parse, typename Str>
Setting value_setting(std::string name, std::string type, std::string help, T& value, Parse parse, Str str);

/// The settings of one command: their flags, their TOML keys, and the order in which they win: flag, file, default.
class Settings {
 public:
  explicit Settings(std::vector<Setting> settings) : settings_(std::move(settings)) {}

  /// Adds a flag for each, `--config FILE` and `--print-config`. One that is on or off gets `--x`, `--no-x` and
  /// `--x=true|false`. Of a flag that is there twice the last counts.
  void add_to(Command command);
  /// Applies the file, if one was named, and then the flags. Throws Error(io) or Error(data) for the file with its
  /// line, Error(usage) naming the flag.
  void apply();
  [[nodiscard]] bool print_config() const noexcept { return print_config_; }
  /// All values as TOML that --config reads back.
  [[nodiscard]] std::string toml() const;
  /// Whether a flag or the file set it.
  [[nodiscard]] bool given(std::string_view name) const;
  [[nodiscard]] bool given_by_flag(std::string_view name) const;
  /// The file of --config; empty for none.
  [[nodiscard]] const std::string& config() const noexcept { return config_; }

 private:
  void add_switch(Command command, const Setting& setting);
  void apply_file();
  [[nodiscard]] std::vector<std::string> names() const;

  std::vector<Setting> settings_;
  std::map<std::string, std::string, std::less<>> flags_;
  std::map<std::string, bool, std::less<>> given_;
  std::string config_;
  bool print_config_ = false;
};

/// `text` as a TOML string.
[[nodiscard]] std::string toml_quoted(std::string_view text);

template <typename T, typename Parse, typename Str>
Setting value_setting(std::string name, std::string type, std::string help, T& value, Parse parse, Str str) {
  return {std::move(name), std::move(type), std::move(help),
          [&value, parse](const std::string& text) { value = parse(text); },
          [&value, str] { return toml_quoted(str(value)); }};
}

}  // namespace fanin::cli
