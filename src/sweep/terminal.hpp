#pragma once

#include <cstddef>
#include <string>

/// Rank 0's output on stderr.
namespace mambasynth::sweep {

class Terminal {
 public:
  /// Seconds between two progress updates: `requested`, or less on a terminal so that the bar moves.
  [[nodiscard]] double interval(double requested) const;
  /// Prints a permanent line.
  void line(std::string const& text);
  /// Shows progress: on a terminal a bar that is redrawn in place, elsewhere a line whenever the text changes.
  void progress(double share, std::string const& text);
  ~Terminal();

 private:
  void erase_bar();
  bool bar_drawn_ = false;
  std::string last_text_;
};

}  // namespace mambasynth::sweep
