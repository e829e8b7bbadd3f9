#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "fanin/core/thread_pool.h"

#include "cli/parser.h"

namespace fanin::cli {

/// Exit codes, the same for every command.
enum Exit : int { kOk = 0, kFindings = 1, kUsage = 2, kBadInput = 3, kIo = 4, kDiverged = 5, kInterrupted = 130 };

/// The flags that every command takes.
struct Common {
  bool json = false;   ///< one JSON document on stdout, nothing else there
  bool quiet = false;  ///< no progress on stderr
  std::string threads = "0";

  void add_to(Command command);
  /// Throws Error(usage) for a --threads that is no number from 0 to 1024.
  [[nodiscard]] std::size_t thread_count() const;
};

/// Each adds a subcommand.
void add_bench(Command app);
void add_dbn(Command app);
void add_explain(Command app);
void add_init(Command app);
void add_lab(Command app);
void add_list(Command app);
void add_predict(Command app);
void add_rbm(Command app);
void add_train(Command app);
void add_verify(Command app);

/// A document as text, on one line without `indent`. Bytes that are not UTF-8 (of a path) become U+FFFD: JSON has no
/// other way to hold them.
[[nodiscard]] std::string json_text(const nlohmann::ordered_json& document, int indent = -1);
/// Writes one JSON document and a line break to stdout. Throws Error(io) if stdout does not take it.
void print_json(const nlohmann::ordered_json& document);
/// Writes `text` to stdout. Throws Error(io) if stdout does not take it.
void print(const std::string& text);

/// After this Ctrl-C and SIGTERM only raise a flag, the first time; a second Ctrl-C ends the process at once.
void catch_interrupts();
[[nodiscard]] bool interrupted() noexcept;

/// Runs the whole program: parses, acts, reports errors on stderr as one sentence. Gives the exit code.
int run(int argc, const char* const* argv);

}  // namespace fanin::cli
