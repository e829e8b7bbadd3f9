#include "cli/command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <sstream>
#include <vector>

#include "fanin/core/error.h"
#include "fanin/core/simd.h"
#include "fanin/core/text.h"
#include "fanin/core/version.h"

#include "cli/terminal.h"

namespace fanin::cli {
namespace {

std::atomic<bool> interrupt_flag{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch only lock-free atomics");

void on_interrupt(int signal) {
  interrupt_flag.store(true);
  std::signal(signal, SIG_DFL);
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return kUsage;
    case ErrorKind::data:
    case ErrorKind::unsupported:
      return kBadInput;
    case ErrorKind::io:
      return kIo;
    case ErrorKind::numeric:
      return kDiverged;
  }
  return kUsage;
}

void report(const std::string& sentence) {
  note("fanin: {}\n", sentence);
}

std::vector<std::string> long_flags(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_fnames()) names.push_back("--" + name);
  }
  return names;
}

std::string explain(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv) {
  const CLI::App* command = &app;
  std::vector<std::string> commands;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(sub->get_name());
    if (argc > 1 && sub->get_name() == argv[1]) command = sub;
  }
  // `fanin rbm train`: commands of a command.
  if (command != &app) {
    std::vector<std::string> below;
    for (const CLI::App* sub : command->get_subcommands([](const CLI::App*) { return true; })) {
      below.push_back(sub->get_name());
    }
    const CLI::App* const parent = command;
    for (const CLI::App* sub : parent->get_subcommands([](const CLI::App*) { return true; })) {
      if (argc > 2 && sub->get_name() == argv[2]) command = sub;
    }
    if (!below.empty() && command == parent) {
      if (argc > 2 && argv[2][0] != '-') {
        return fmt::format("unknown command '{} {}'{}; there are {}", parent->get_name(), argv[2],
                           did_you_mean(argv[2], below), fmt::join(below, ", "));
      }
      return fmt::format("'fanin {}' needs a command: {}", parent->get_name(), fmt::join(below, ", "));
    }
  }
  if (argc > 1 && command == &app && argv[1][0] != '-') {
    return fmt::format("unknown command '{}'{}; 'fanin --help' lists them", argv[1], did_you_mean(argv[1], commands));
  }
  if (argc < 2 || command == &app)
    return fmt::format("no command given, there are {}; 'fanin --help' explains", fmt::join(commands, ", "));
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> extras = command->remaining(true);
    const std::string first = extras.empty() ? "" : extras.front().substr(0, extras.front().find('='));
    const std::string known = first.starts_with("-") ? did_you_mean(first, long_flags(*command)) : "";
    std::string path = command->get_name();
    for (const CLI::App* up = command->get_parent(); up != nullptr; up = up->get_parent()) {
      path.insert(0, fmt::format("{} ", up->get_name()));
    }
    return fmt::format("'{}' takes no '{}'{}; '{} --help' lists its options", path, first, known, path);
  }
  return error.what();
}

// Help and versions, written as everything else is.
int answer(const CLI::App& app, const CLI::Success& success) {
  std::ostringstream text;
  const int code = app.exit(success, text, text);
  try {
    print(text.str());
  } catch (const Error& e) {
    report(e.what());
    return exit_code(e.kind());
  }
  return code;
}

}  // namespace

void Common::add_to(CLI::App& command) {
  command.add_flag("--json", json, "Print one JSON document on stdout, nothing else there");
  command.add_flag("--quiet,-q", quiet, "No progress on stderr");
  command
      .add_option("--threads", threads, "Threads to compute with; 0 is one for each core. Results do not depend on it")
      ->type_name("N")
      ->default_str("0");
}

std::size_t Common::thread_count() const {
  constexpr std::uint64_t kMax = 1024;
  const auto n = parse_unsigned(threads);
  if (!n || *n > kMax) {
    throw Error(ErrorKind::usage, "cli",
                fmt::format("--threads: '{}' given, allowed are 0 (all cores) to {}", threads, kMax));
  }
  return *n;
}

void print(const std::string& text) {
  // `-o /dev/stdout` into a file wrote there through a descriptor of its own, past this one's place.
  (void)::lseek(STDOUT_FILENO, 0, SEEK_END);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw Error(ErrorKind::io, "cli", "cannot write to the standard output");
  }
}

std::string json_text(const nlohmann::ordered_json& document, int indent) {
  return document.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void print_json(const nlohmann::ordered_json& document) {
  print(json_text(document, 2) + "\n");
}

void catch_interrupts() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
}

bool interrupted() noexcept {
  return interrupt_flag.load();
}

int run(int argc, const char* const* argv) {
  CLI::App app{"fanin: the initial weights of neural networks. Made, explained, and trained to show the difference.",
               "fanin"};
  app.set_version_flag("--version", fmt::format("fanin {}", version()));
  app.require_subcommand(1);
  app.footer("Each command explains its options: fanin lab --help");
  // A reader that goes away (a pipe to head) is an error of writing, with its sentence and its exit code.
  std::signal(SIGPIPE, SIG_IGN);
  Action action;
  add_lab(app, action);
  add_train(app, action);
  add_predict(app, action);
  add_init(app, action);
  add_verify(app, action);
  add_list(app, action);
  add_explain(app, action);
  add_rbm(app, action);
  add_dbn(app, action);
  add_bench(app, action);
  try {
    app.parse(argc, argv);
    // Set to nothing is how a shell takes a variable back for one command.
    if (const char* target = std::getenv("FANIN_SIMD"); target != nullptr && *target != '\0') simd::use_target(target);
    return action();
  } catch (const CLI::Success& e) {
    return answer(app, e);
  } catch (const CLI::ParseError& e) {
    report(explain(app, e, argc, argv));
    return kUsage;
  } catch (const Error& e) {
    report(e.what());
    return exit_code(e.kind());
  } catch (const std::bad_alloc&) {
    report("[memory] this machine has not enough memory for what was asked");
    return kIo;
  } catch (const std::exception& e) {
    report(fmt::format("[internal] {}", e.what()));
    return kIo;
  }
}

}  // namespace fanin::cli
