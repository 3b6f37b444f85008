#include "dynamics/window_law.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/statistics/undefined.hpp"
#include "dynamics/visits.hpp"

namespace mambasynth::dynamics {
namespace {

/// Expected number of visits to each circle that begin at a given step, in the stationary process.
std::vector<double> visits_per_step(oracle::HiddenProcess const& hidden) {
  std::vector<double> rate;
  double mean = 0;
  for (auto const& circle : hidden.circles()) {
    for (std::size_t j = 0; j < circle.dwell.size(); ++j)
      mean += circle.visit_share * circle.dwell[j] *
              static_cast<double>((static_cast<std::int64_t>(j) + 1) * circle.period);
    rate.push_back(circle.visit_share);
  }
  for (double& r : rate) r /= mean;
  return rate;
}

/// Expected steps after the seed that lie in dropped parts of visits to a circle, of which `rate` begin per step. A
/// visit lasts at least a revolution and so at least the shortest visit: only the ends of the window make it too short.
double dropped_steps(oracle::HiddenCircle const& circle, double rate, std::int64_t shortest, Window const& window) {
  auto const all = window.seed_steps + window.steps;
  double steps = 0;
  for (std::int64_t seen = 1; seen < std::min(shortest, all); ++seen)
    steps += static_cast<double>(
        std::max<std::int64_t>(0, seen - window.seed_steps) +  // the visit in which the window begins
        std::min(seen, window.steps));                         // the one in which it ends
  steps *= rate;
  if (all < shortest)  // a visit longer than the window
    for (std::size_t j = 0; j < circle.dwell.size(); ++j)
      steps +=
          rate * circle.dwell[j] * static_cast<double>(window.steps) *
          static_cast<double>(std::max<std::int64_t>(0, (static_cast<std::int64_t>(j) + 1) * circle.period - all + 1));
  return steps;
}

void count_dwell(std::vector<double> const& rate, oracle::HiddenProcess const& hidden, std::int64_t steps,
                 std::int64_t bin_steps, WindowLaw& law) {
  double visits = 0, sum = 0, squares = 0;
  for (std::size_t c = 0; c < rate.size(); ++c) {
    auto const& circle = hidden.circles()[c];
    for (std::size_t j = 0; j < circle.dwell.size(); ++j) {
      auto const length = (static_cast<std::int64_t>(j) + 1) * circle.period;
      // It begins at one of this many steps, and the step after its end is also seen.
      double const seen = rate[c] * circle.dwell[j] * static_cast<double>(std::max<std::int64_t>(0, steps - length));
      auto const duration = static_cast<double>(length);
      visits += seen, sum += seen * duration, squares += seen * duration * duration;
      law.dwell[std::min(static_cast<std::size_t>(length / bin_steps), law.dwell.size() - 1)] += seen;
    }
  }
  law.dwell_mean = visits > 0 ? sum / visits : analysis::statistics::undefined;
  law.dwell_std = visits > 0 ? std::sqrt(std::max(0.0, squares / visits - law.dwell_mean * law.dwell_mean))
                             : analysis::statistics::undefined;
  if (visits > 0)
    for (double& share : law.dwell) share /= visits;
}

}  // namespace

WindowLaw law_in(Window const& window, oracle::HiddenProcess const& hidden, std::int64_t bin_steps, std::size_t bins) {
  auto const n = hidden.circles().size();
  WindowLaw law;
  law.dwell.assign(bins, 0.0);
  law.transition_matrix.assign(n * n, 0.0);
  if (n == 1) {  // one endless visit
    law.occupancy = {1};
    law.dwell_mean = law.dwell_std = analysis::statistics::undefined;
    return law;
  }
  auto const rate = visits_per_step(hidden);
  auto const steps = static_cast<double>(window.steps);
  std::vector<std::int64_t> shortest;
  for (auto const& circle : hidden.circles()) shortest.push_back(share_of_period(circle, window.shortest_share));
  double switches = 0;
  for (std::size_t from = 0; from < n; ++from) {
    double departures = 0;
    for (auto const& [next, probability] : hidden.circles()[from].successors) {
      auto const to = static_cast<std::size_t>(next);
      // Both visits must be seen for long enough; the earlier one may begin in the seed.
      auto const first = std::max<std::int64_t>(0, shortest[from] - window.seed_steps),
                 last = window.steps - shortest[to];
      double const seen = rate[from] * probability * static_cast<double>(std::max<std::int64_t>(0, last - first + 1));
      law.transition_matrix[from * n + to] = seen;
      departures += seen;
    }
    switches += departures;
    if (departures > 0)
      for (std::size_t to = 0; to < n; ++to) law.transition_matrix[from * n + to] /= departures;
  }
  law.switch_rate = per_steps * switches / steps;
  double on = 0;
  for (std::size_t c = 0; c < n; ++c) {
    auto const& circle = hidden.circles()[c];
    double revolutions = 0;
    for (std::size_t j = 0; j < circle.dwell.size(); ++j) revolutions += static_cast<double>(j + 1) * circle.dwell[j];
    double const visited = rate[c] * revolutions * static_cast<double>(circle.period) * steps;
    law.occupancy.push_back(std::max(0.0, visited - dropped_steps(circle, rate[c], shortest[c], window)));
    on += law.occupancy.back();
  }
  law.off_share = std::max(0.0, 1 - on / steps);
  for (double& share : law.occupancy) share = on > 0 ? share / on : analysis::statistics::undefined;
  count_dwell(rate, hidden, window.steps, bin_steps, law);
  return law;
}

}  // namespace mambasynth::dynamics
