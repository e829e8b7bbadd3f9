#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace fanin::cli {

/// What a command does after its flags are parsed; gives the exit code.
using Action = std::function<int()>;

/// A command while it is described: what it takes, and what it does. A handle, so copies are the same command; the
/// Parser that it comes from outlives it. Values go into variables of the caller, which are alive when it parses.
///
/// This and Parser are all that the other sources know of the parser's library, whose headers are the most expensive
/// of the project to compile.
class Command {
 public:
  [[nodiscard]] Command subcommand(const std::string& name, const std::string& help) const;
  /// One of its subcommands has to be named.
  void needs_subcommand() const;
  /// What it does, where it is the command that was named.
  void runs(Action action) const;

  /// `--name`, or `--name,-n`: true where it is given.
  void flag(const std::string& names, bool& value, const std::string& help) const;
  /// A value by its place: `name` is what messages call it, `type` what the help shows.
  void argument(const std::string& name, const std::string& type, std::string& value, const std::string& help) const;
  /// The same, which has to be there.
  void required_argument(const std::string& name, const std::string& type, std::string& value,
                         const std::string& help) const;
  /// `--name VALUE`, at most once. `shown` is the default that the help tells.
  void option(const std::string& name, const std::string& type, std::string& value, const std::string& help,
              const std::string& shown = "") const;

  /// `--name VALUE`, any number of times: each adds a value.
  void list(const std::string& name, const std::string& type, std::vector<std::string>& values,
            const std::string& help) const;

  /// Hears of each occurrence in the order of the command line, so that of several the caller decides which count.
  using Hear = std::function<void(const std::string&)>;
  /// `--name VALUE`, any number of times.
  void each_option(const std::string& names, const std::string& type, const Hear& hear, const std::string& help,
                   const std::string& shown = "") const;
  /// `--name` or `--name=true|false`, any number of times; `help` empty keeps it out of the help.
  void each_flag(const std::string& name, const Hear& hear, const std::string& help) const;

 private:
  friend class Parser;
  Command(CLI::App& app, Action& chosen) : app_(&app), chosen_(&chosen) {}

  CLI::App* app_;
  Action* chosen_;
};

/// The command line as a whole.
class Parser {
 public:
  /// What a command line asks for.
  struct Outcome {
    std::string answer;   ///< help or a version to print, and nothing to do; empty otherwise
    std::string mistake;  ///< what is wrong with it, as one sentence; empty if nothing is
    Action action;        ///< of the command that was named; empty beside an answer or a mistake
  };

  Parser(const std::string& name, const std::string& about);
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  [[nodiscard]] Command root();
  /// What --version answers.
  void version(const std::string& text);
  /// The last line of the help.
  void footer(const std::string& text);
  /// `words` begin after the program's name.
  [[nodiscard]] Outcome parse(const std::vector<std::string>& words);

 private:
  std::unique_ptr<CLI::App> app_;
  Action chosen_;
};

}  // namespace fanin::cli
