#include "sweep/rank_watch.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace mambasynth::sweep {

RankWatch::RankWatch(int ranks, double timeout)
    : timeout_(timeout), last_message_(static_cast<std::size_t>(ranks), Clock::now()) {}

void RankWatch::heard(int rank) { last_message_[static_cast<std::size_t>(rank)] = Clock::now(); }

void RankWatch::runs_as(int rank, store::Process process) { processes_[rank] = std::move(process); }

std::vector<int> RankWatch::silent() {
  auto const time = Clock::now();
  // Often enough to react in time, rarely enough for a thousand ranks.
  if (time - checked_at_ < timeout_ / 50) return {};
  checked_at_ = time;
  std::vector<int> found;
  for (std::size_t rank = 1; rank < last_message_.size(); ++rank)
    if (!is_lost(static_cast<int>(rank)) && time - last_message_[rank] > timeout_)
      found.push_back(static_cast<int>(rank));
  return found;
}

bool RankWatch::lose(int rank) { return lost_.insert(rank).second; }

bool RankWatch::lost_may_live() const {
  auto const self = store::this_process();
  return std::any_of(lost_.begin(), lost_.end(), [&](int rank) {
    auto const found = processes_.find(rank);
    if (slow_.contains(rank)) return false;  // it received the order to quit
    return found == processes_.end() || !store::shares_process_ids(found->second, self) ||
           store::is_running(found->second);
  });
}

std::string RankWatch::host_of(int rank) const {
  auto const found = processes_.find(rank);
  return found == processes_.end() ? std::string() : found->second.host;
}

}  // namespace mambasynth::sweep
