#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "progress/count.hpp"
#include "progress/pace.hpp"

namespace mambasynth::progress {

/// What a display shows at one time.
struct Snapshot {
  std::string task;   ///< "evaluate"
  std::string stage;  ///< empty if the work has no parts
  std::size_t number = 0, stages = 0;
  double seconds = 0;  ///< since the stage began
  /// Of the outermost loop; nothing is known about how far a stage without one is.
  std::optional<double> share = {};  ///< from 0 to 1, including the loops within
  std::int64_t done = 0, total = 0;
  std::string unit = {};                    ///< singular
  std::optional<double> rate = {};          ///< units per second
  std::optional<double> seconds_left = {};  ///< in this stage
};

/// The stages and loops that are counted in one thread. Thread-safe. Times are in seconds of any clock.
class Tracker {
 public:
  Tracker(std::string task, std::vector<std::string> stages);
  Tracker(Tracker const&) = delete;
  Tracker& operator=(Tracker const&) = delete;
  ~Tracker() = default;

  [[nodiscard]] static Tracker* of_this_thread();
  static void set_for_this_thread(Tracker* tracker);

  /// Returns the stage before; an unknown name is added at the end.
  std::string begin(std::string stage);
  void enter(Count& count);
  void leave(Count& count);
  [[nodiscard]] Snapshot snapshot(double time);

 private:
  [[nodiscard]] double share() const;

  std::mutex mutex_;
  std::string task_;
  std::vector<std::string> stages_;
  std::string stage_;
  Count* innermost_ = nullptr;
  Count* outermost_ = nullptr;
  bool new_stage_ = true, new_loop_ = true;  ///< since the last snapshot
  double stage_began_ = 0, shown_share_ = 0;
  Pace pace_;
};

}  // namespace mambasynth::progress
