#include "dynamics/visits.hpp"

#include <algorithm>
#include <cmath>

namespace mambasynth::dynamics {
namespace {

using Runs = std::vector<Visit>;

/// Merges neighboring runs of one circle, across an interruption if that is short enough.
Runs joined(Runs const& runs, oracle::HiddenProcess const& hidden, double shortest_share) {
  Runs result;
  for (auto const& run : runs) {
    if (!result.empty() && result.back().circle == run.circle &&
        run.first - result.back().end() <
            share_of_period(hidden.circles()[static_cast<std::size_t>(run.circle)], shortest_share))
      result.back().steps = run.end() - result.back().first;
    else result.push_back(run);
  }
  return result;
}

}  // namespace

std::int64_t share_of_period(oracle::HiddenCircle const& circle, double share) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(share * static_cast<double>(circle.period))));
}

std::vector<Visit> visits_of(std::span<std::int64_t const> circle, oracle::HiddenProcess const& hidden,
                             double shortest_share) {
  Runs runs;
  for (std::size_t t = 0; t < circle.size(); ++t) {
    if (circle[t] < 0) continue;
    if (!runs.empty() && runs.back().circle == circle[t] && runs.back().end() == static_cast<std::int64_t>(t))
      ++runs.back().steps;
    else runs.push_back({circle[t], static_cast<std::int64_t>(t), 1});
  }
  runs = joined(runs, hidden, shortest_share);
  std::erase_if(runs, [&](Visit const& run) {
    return run.steps < share_of_period(hidden.circles()[static_cast<std::size_t>(run.circle)], shortest_share);
  });
  runs = joined(runs, hidden, shortest_share);
  for (auto& run : runs) run.complete = run.first > 0 && run.end() < static_cast<std::int64_t>(circle.size());
  return runs;
}

}  // namespace mambasynth::dynamics
