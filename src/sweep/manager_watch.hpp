#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace mambasynth::sweep {

/// Whether the manager of a folder still lives, as another rank can tell without a message (one to a dead rank can stop
/// the job): its lock's counter moves. Clocks of other machines play no part.
class ManagerWatch {
 public:
  /// `after`: seconds without a move that mean its end; the file is read eight times in that.
  explicit ManagerWatch(std::filesystem::path const& folder, double after);
  /// Cheap; ask often. Never true before the lock was seen once.
  [[nodiscard]] bool lost();

 private:
  using Clock = std::chrono::steady_clock;
  std::filesystem::path file_;
  std::chrono::duration<double> after_;
  Clock::time_point looked_{}, moved_{};
  std::string token_;
  std::int64_t heartbeat_ = 0;
};

}  // namespace mambasynth::sweep
