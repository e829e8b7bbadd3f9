#include "cli/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <nlohmann/json.hpp>
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

}  // namespace

void Common::add_to(Command command) {
  command.flag("--json", json, "Print one JSON document on stdout, nothing else there");
  command.flag("--quiet,-q", quiet, "No progress on stderr");
  command.option("--threads", "N", threads,
                 "Threads to compute with; 0 is one for each core. Results do not depend on it", "0");
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
  // A reader that goes away (a pipe to head) is an error of writing, with its sentence and its exit code.
  std::signal(SIGPIPE, SIG_IGN);
  Parser parser("fanin",
                "fanin: the initial weights of neural networks. Made, explained, and trained to show the difference.");
  parser.version(fmt::format("fanin {}", version()));
  parser.footer("Each command explains its options: fanin lab --help");
  const Command program = parser.root();
  program.needs_subcommand();
  add_lab(program);
  add_train(program);
  add_predict(program);
  add_init(program);
  add_verify(program);
  add_list(program);
  add_explain(program);
  add_rbm(program);
  add_dbn(program);
  add_bench(program);
  try {
    const Parser::Outcome asked = parser.parse({argv + std::min(argc, 1), argv + argc});
    if (!asked.mistake.empty()) {
      report(asked.mistake);
      return kUsage;
    }
    if (!asked.action) {
      print(asked.answer);
      return kOk;
    }
    // Set to nothing is how a shell takes a variable back for one command.
    if (const char* target = std::getenv("FANIN_SIMD"); target != nullptr && *target != '\0') simd::use_target(target);
    return asked.action();
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
