#include "sweep/terminal.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <sys/ioctl.h>
#include <unistd.h>

namespace mambasynth::sweep {
namespace {

constexpr double redraw_seconds = 0.5;
constexpr int bar_width = 24;
constexpr std::size_t usual_columns = 80;

bool on_terminal() { return ::isatty(STDERR_FILENO) == 1; }

std::size_t columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual_columns;
}

}  // namespace

double Terminal::interval(double asked) const { return on_terminal() ? std::min(asked, redraw_seconds) : asked; }

void Terminal::line(std::string const& text) {
  erase_bar();
  std::fprintf(stderr, "%s\n", text.c_str());
  std::fflush(stderr);
}

void Terminal::progress(double share, std::string const& text) {
  if (!on_terminal()) return line(text);
  auto const full = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * bar_width));
  auto drawn = "[" + std::string(static_cast<std::size_t>(full), '#') + std::string(static_cast<std::size_t>(bar_width - full), '.') + "] " + text;
  drawn.resize(std::min(drawn.size(), columns() - 1));  // a wrapped bar could not be drawn over
  std::fprintf(stderr, "\r%s\x1b[K", drawn.c_str());
  std::fflush(stderr);
  bar_drawn_ = true;
}

void Terminal::erase_bar() {
  if (bar_drawn_) std::fputs("\r\x1b[K", stderr);
  bar_drawn_ = false;
}

Terminal::~Terminal() { erase_bar(); }

}  // namespace mambasynth::sweep
