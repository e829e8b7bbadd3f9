#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "fanin/train/trainer.h"

namespace fanin::cli {

/// Writes to stderr. What cannot be written there is lost: there is no place left to say so.
void note_text(std::string_view text) noexcept;
template <class... Args>
void note(fmt::format_string<Args...> format, Args&&... args) {
  note_text(fmt::format(format, std::forward<Args>(args)...));
}

/// What stderr is good for: a bar that redraws itself on a terminal, plain lines elsewhere, nothing with --quiet.
enum class ProgressStyle { none, lines, bar };
[[nodiscard]] ProgressStyle progress_style(bool quiet);

/// Progress of a known number of equal pieces of work, with the time that is left.
class ProgressBar {
 public:
  explicit ProgressBar(ProgressStyle style) : style_(style) {}
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `done` of `total`; redraws at most ten times a second. `label` stands before the bar.
  void update(double done, double total, const std::string& label);
  /// Removes the bar, prints `text` as a line of its own (not with ProgressStyle::none).
  void line(const std::string& text);
  void clear();

 private:
  ProgressStyle style_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_{};
  double first_done_ = -1;
};

/// `0:07`, `12:30`, `1:02:03`.
[[nodiscard]] std::string clock_time(double seconds);

}  // namespace fanin::cli
