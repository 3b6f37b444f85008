#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/process.hpp"

namespace mambasynth::sweep {

/// Which ranks of a launch still send messages. Rank 0 is this process.
class RankWatch {
 public:
  /// `timeout`: seconds without a message after which a rank is silent.
  RankWatch(int ranks, double timeout);

  /// A message from `rank` has arrived.
  void heard(int rank);
  /// `process` runs as `rank`.
  void runs_as(int rank, store::Process process);
  /// Ranks without a message for too long that do not count as lost yet. Cheap; call often.
  [[nodiscard]] std::vector<int> silent();

  /// From now on the rank counts as lost. False if it already does.
  bool lose(int rank);
  [[nodiscard]] bool is_lost(int rank) const { return lost_.contains(rank); }
  [[nodiscard]] std::set<int> const& lost() const { return lost_; }
  /// Number of ranks that do not count as lost.
  [[nodiscard]] int left() const { return static_cast<int>(last_message_.size() - lost_.size()); }
  /// A lost rank has sent a message: it was only slow. False if that is known already.
  bool was_slow(int rank) { return slow_.insert(rank).second; }
  /// Whether a message may be sent to the rank: one to a dead rank can hang the whole job.
  [[nodiscard]] bool answers(int rank) const { return !is_lost(rank) || slow_.contains(rank); }
  /// Whether a lost rank may still be running without responding.
  [[nodiscard]] bool lost_may_live() const;
  /// Where the rank runs; empty if unknown.
  [[nodiscard]] std::string host_of(int rank) const;

 private:
  using Clock = std::chrono::steady_clock;
  std::chrono::duration<double> timeout_;
  std::vector<Clock::time_point> last_message_;
  std::map<int, store::Process> processes_;
  Clock::time_point checked_at_{};
  std::set<int> lost_, slow_;
};

}  // namespace mambasynth::sweep
