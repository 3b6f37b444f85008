#include "sweep/terminal.hpp"

#include <algorithm>
#include <cmath>

#include "streams/streams.hpp"
#include "sweep/screen.hpp"

namespace mambasynth::sweep {
namespace {

constexpr double redraw_seconds = 0.5;
constexpr int bar_width = 24;

}  // namespace

double Terminal::interval(double requested) const {
  return screen_columns() ? std::min(requested, redraw_seconds) : requested;
}

void Terminal::line(std::string const& text) {
  erase_bar();
  streams::log("{}\n", text);
}

void Terminal::progress(double share, std::string const& text) {
  auto const columns = screen_columns();
  if (!columns) {
    if (text != last_text_) line(text);
    last_text_ = text;
    return;
  }
  auto const full = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * bar_width));
  auto drawn = "[" + std::string(static_cast<std::size_t>(full), '#') +
               std::string(static_cast<std::size_t>(bar_width - full), '.') + "] " + text;
  drawn.resize(std::min(drawn.size(), *columns - 1));  // a wrapped bar could not be redrawn
  streams::log("\r{}\x1b[K", drawn);
  bar_drawn_ = true;
}

void Terminal::erase_bar() {
  if (bar_drawn_) streams::log("\r\x1b[K");
  bar_drawn_ = false;
}

Terminal::~Terminal() { erase_bar(); }

}  // namespace mambasynth::sweep
