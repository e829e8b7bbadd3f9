#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace fanin::cli {

void note_text(std::string_view text) noexcept {
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

namespace {

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

ProgressStyle progress_style(bool quiet) {
  if (quiet) return ProgressStyle::none;
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return isatty(STDERR_FILENO) != 0 && !dumb ? ProgressStyle::bar : ProgressStyle::lines;
}

std::string clock_time(double seconds) {
  const auto s = static_cast<long long>(std::llround(std::max(0.0, seconds)));
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

void ProgressBar::update(double done, double total, const std::string& label) {
  if (style_ != ProgressStyle::bar || total <= 0) return;
  if (first_done_ < 0) first_done_ = done;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  const double spent = std::chrono::duration<double>(now - start_).count();
  const std::string eta =
      done > first_done_ ? clock_time(spent * (total - done) / (done - first_done_)) : std::string("-:--");
  const std::string tail = fmt::format(" {:3.0f} %  {} left", 100 * done / total, eta);
  const std::size_t columns = terminal_width();
  const std::size_t fixed = label.size() + tail.size() + 4;
  std::string text = label;
  if (columns > fixed + 10) {
    const std::size_t width = std::min<std::size_t>(40, columns - fixed);
    const auto filled = static_cast<std::size_t>(static_cast<double>(width) * std::min(1.0, done / total));
    text += " [" + std::string(filled, '=') + std::string(width - filled, ' ') + "]" + tail;
  } else {
    text = (label + tail).substr(0, columns - 1);
  }
  note("\r\x1b[K{}", text);
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::clear() {
  if (!drawn_) return;
  note("\r\x1b[K");
  std::fflush(stderr);
  drawn_ = false;
}

void ProgressBar::line(const std::string& text) {
  clear();
  if (style_ != ProgressStyle::none) note("{}\n", text);
}

}  // namespace fanin::cli
