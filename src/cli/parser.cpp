#include "cli/parser.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "fanin/core/text.h"

namespace fanin::cli {
namespace {

std::vector<const CLI::App*> subcommands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> names(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> all;
  for (const CLI::App* command : commands) all.push_back(command->get_name());
  return all;
}

// The subcommand named by the word at `index`, or null.
const CLI::App* named(const CLI::App& app, const std::vector<std::string>& words, std::size_t index) {
  const auto all = subcommands(app);
  const auto at = std::find_if(all.begin(), all.end(), [&](const CLI::App* command) {
    return index < words.size() && command->get_name() == words[index];
  });
  return at == all.end() ? nullptr : *at;
}

std::vector<std::string> long_flags(const CLI::App& app) {
  std::vector<std::string> all;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) all.push_back("--" + name);
    for (const std::string& name : option->get_fnames()) all.push_back("--" + name);
  }
  return all;
}

bool is_flag(const std::string& word) {
  return word.starts_with("-");
}

// `fanin rbm train`
std::string path(const CLI::App& app) {
  std::string all = app.get_name();
  for (const CLI::App* up = app.get_parent(); up != nullptr; up = up->get_parent()) {
    all.insert(0, fmt::format("{} ", up->get_name()));
  }
  return all;
}

std::string unknown_option(const CLI::App& command) {
  const std::vector<std::string> extras = command.remaining(true);
  const std::string first = extras.empty() ? "" : extras.front().substr(0, extras.front().find('='));
  const std::string known = is_flag(first) ? did_you_mean(first, long_flags(command)) : "";
  const std::string place = path(command);
  return fmt::format("'{}' takes no '{}'{}; '{} --help' lists its options", place, first, known, place);
}

std::string explain(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words) {
  const auto commands = subcommands(app);
  const CLI::App* command = named(app, words, 0);
  if (command == nullptr && !commands.empty()) {
    if (!words.empty() && !is_flag(words[0])) {
      return fmt::format("unknown command '{}'{}; '{} --help' lists them", words[0],
                         did_you_mean(words[0], names(commands)), app.get_name());
    }
    return fmt::format("no command given, there are {}; '{} --help' explains", fmt::join(names(commands), ", "),
                       app.get_name());
  }
  if (command == nullptr) command = &app;
  // `fanin rbm train`: commands of a command.
  if (const std::vector<std::string> below = names(subcommands(*command)); command != &app && !below.empty()) {
    const CLI::App* const parent = command;
    command = named(*parent, words, 1);
    if (command == nullptr) {
      if (words.size() > 1 && !is_flag(words[1])) {
        return fmt::format("unknown command '{} {}'{}; there are {}", parent->get_name(), words[1],
                           did_you_mean(words[1], below), fmt::join(below, ", "));
      }
      return fmt::format("'{}' needs a command: {}", path(*parent), fmt::join(below, ", "));
    }
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return unknown_option(*command);
  return error.what();
}

CLI::Option& described(CLI::Option& option, const std::string& type, const std::string& shown) {
  option.type_name(type);
  if (!shown.empty()) option.default_str(shown);
  return option;
}

}  // namespace

Command Command::subcommand(const std::string& name, const std::string& help) const {
  return {*app_->add_subcommand(name, help), *chosen_};
}

void Command::needs_subcommand() const {
  app_->require_subcommand(1);
}

void Command::runs(Action action) const {
  app_->callback([chosen = chosen_, action = std::move(action)] { *chosen = action; });
}

void Command::flag(const std::string& names, bool& value, const std::string& help) const {
  app_->add_flag(names, value, help);
}

void Command::argument(const std::string& name, const std::string& type, std::string& value,
                       const std::string& help) const {
  described(*app_->add_option(name, value, help), type, "");
}

void Command::required_argument(const std::string& name, const std::string& type, std::string& value,
                                const std::string& help) const {
  described(*app_->add_option(name, value, help), type, "").required();
}

void Command::option(const std::string& name, const std::string& type, std::string& value, const std::string& help,
                     const std::string& shown) const {
  described(*app_->add_option(name, value, help), type, shown);
}

void Command::list(const std::string& name, const std::string& type, std::vector<std::string>& values,
                   const std::string& help) const {
  each_option(
      name, type, [&values](const std::string& value) { values.push_back(value); }, help);
}

// Each is heard as it is read, not when all are: only so is their order the command line's.
void Command::each_option(const std::string& names, const std::string& type, const Hear& hear, const std::string& help,
                          const std::string& shown) const {
  described(*app_->add_option_function<std::string>(names, hear, help), type, shown)
      .multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
      ->trigger_on_parse();
}

void Command::each_flag(const std::string& name, const Hear& hear, const std::string& help) const {
  CLI::Option* const option = app_->add_flag(name, help)->each(hear)->trigger_on_parse();
  if (help.empty()) option->group("");
}

Parser::Parser(const std::string& name, const std::string& about) : app_(std::make_unique<CLI::App>(about, name)) {}

Parser::~Parser() = default;

Command Parser::root() {
  return {*app_, chosen_};
}

void Parser::version(const std::string& text) {
  app_->set_version_flag("--version", text);
}

void Parser::footer(const std::string& text) {
  app_->footer(text);
}

Parser::Outcome Parser::parse(const std::vector<std::string>& words) {
  chosen_ = nullptr;
  try {
    // CLI11 takes them off the end.
    app_->parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::Success& e) {
    std::ostringstream text;
    app_->exit(e, text, text);
    return {.answer = text.str(), .mistake = {}, .action = {}};
  } catch (const CLI::ParseError& e) {
    return {.answer = {}, .mistake = explain(*app_, e, words), .action = {}};
  }
  return {.answer = {}, .mistake = {}, .action = std::move(chosen_)};
}

}  // namespace fanin::cli
