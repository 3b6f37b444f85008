#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace mambasynth::sweep {

/// Detects whether a folder's manager is alive without sending a message, which can hang the job if the rank is dead:
/// as long as it lives, the counter in its lock changes. Does not depend on other machines' clocks.
class ManagerWatch {
 public:
  /// `after`: seconds without a change after which the manager counts as lost; the file is read eight times in that
  /// period.
  explicit ManagerWatch(std::filesystem::path const& folder, double after);
  /// Cheap; call often. Never true before the lock has been read once.
  [[nodiscard]] bool lost();

 private:
  using Clock = std::chrono::steady_clock;
  std::filesystem::path file_;
  std::chrono::duration<double> after_;
  Clock::time_point checked_at_{}, changed_at_{};
  std::string token_;
  std::int64_t heartbeat_ = 0;
};

}  // namespace mambasynth::sweep
