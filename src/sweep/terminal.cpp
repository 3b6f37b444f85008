#include "sweep/terminal.hpp"

#include <algorithm>

#include "progress/bar.hpp"
#include "streams/streams.hpp"

namespace mambasynth::sweep {
namespace {

constexpr double redraw_seconds = 0.5;

}  // namespace

Terminal::~Terminal() {
  if (screen_.columns()) streams::show_status({});
}

double Terminal::interval(double requested) const {
  return screen_.columns() ? std::min(requested, redraw_seconds) : requested;
}

void Terminal::line(std::string const& text) { streams::log("{}\n", text); }

void Terminal::progress(double share, std::string const& title, std::string const& text) {
  auto const columns = screen_.columns();
  if (!columns) {
    if (text != last_text_) line(title + text);
    last_text_ = text;
    return;
  }
  streams::show_status(progress::bar_line(share, {title + text, text}, *columns));
}

}  // namespace mambasynth::sweep
