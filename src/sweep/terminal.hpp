#pragma once

#include <string>

#include "progress/screen.hpp"

/// Rank 0's output on stderr.
namespace mambasynth::sweep {

class Terminal {
 public:
  Terminal() = default;
  Terminal(Terminal const&) = delete;
  Terminal& operator=(Terminal const&) = delete;
  ~Terminal();

  /// Seconds between two progress updates: `requested`, or less on a terminal so that the bar moves.
  [[nodiscard]] double interval(double requested) const;
  /// Prints a permanent line.
  void line(std::string const& text);
  /// Shows progress: on a terminal a bar that is redrawn in place, elsewhere a line whenever the text changes. A
  /// terminal without room for all of it omits the title.
  void progress(double share, std::string const& title, std::string const& text);

 private:
  progress::Screen screen_;
  std::string last_text_;
};

}  // namespace mambasynth::sweep
