#pragma once

#include <cstddef>
#include <string>

/// What rank 0 shows on stderr.
namespace mambasynth::sweep {

class Terminal {
 public:
  /// Seconds between two showings of progress: `asked` in a file, often enough to look alive on a terminal.
  [[nodiscard]] double interval(double asked) const;
  /// A line that stays.
  void line(std::string const& text);
  /// Progress: a bar that is drawn over on a terminal; elsewhere a line where it says something new.
  void progress(double share, std::string const& text);
  ~Terminal();

 private:
  void erase_bar();
  bool bar_drawn_ = false;
  std::string told_;
};

}  // namespace mambasynth::sweep
