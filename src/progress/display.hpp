#pragma once

#include <memory>
#include <string>
#include <vector>

namespace mambasynth::progress {

/// The environment variable with the seconds between two lines of progress in a log, for people who want more or fewer.
inline constexpr char const* interval_variable = "MAMBASYNTH_PROGRESS_SECONDS";

/// While one exists, the counts and stages of this thread (count.hpp) are shown on stderr: on a terminal as a bar,
/// which appears after two seconds and is erased at the end; elsewhere as a line whenever nothing was logged for ten
/// seconds, then for longer intervals, up to a minute. Only the first launched rank shows anything. Another display
/// within does nothing. A thread of its own draws, so that counting costs nothing and uncounted work shows its time.
class Display {
 public:
  /// `task`: for lines of a log, the verb; `stages`: the names of all stages, in order; others are added when they
  /// begin.
  explicit Display(std::string task, std::vector<std::string> stages = {});
  Display(Display const&) = delete;
  Display& operator=(Display const&) = delete;
  ~Display();

 private:
  class Drawing;
  std::unique_ptr<Drawing> drawing_;
};

}  // namespace mambasynth::progress
