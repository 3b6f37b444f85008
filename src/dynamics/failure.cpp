#include "dynamics/failure.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

namespace mambasynth::dynamics {

double largest_noise_square(double noise_std, std::int64_t channels, std::int64_t window, std::int64_t steps,
                            double level) {
  auto const freedom = static_cast<double>(window * channels);
  auto const nats = std::log(static_cast<double>(steps) / level);
  return noise_std * noise_std * (freedom + 2 * std::sqrt(freedom * nats) + 2 * nats) / static_cast<double>(window);
}

std::vector<char> beyond(std::span<double const> squares, std::span<char const> perturbed, std::int64_t window,
                         double limit) {
  std::vector<char> result(squares.size());
  std::deque<double> last;
  char now = 0;
  for (std::size_t t = 0; t < squares.size(); ++t) {
    if (perturbed.empty() || !perturbed[t]) {
      last.push_back(squares[t]);
      if (last.size() > static_cast<std::size_t>(window)) last.pop_front();
      double sum = 0;  // recomputed each time: a running sum would never recover from one infinite step
      for (double const square : last) sum += square;
      now = last.size() == static_cast<std::size_t>(window) && !(sum <= limit * static_cast<double>(window));
    }
    result[t] = now;
  }
  return result;
}

std::int64_t first_clock_failure(Path const& path, oracle::HiddenProcess const& hidden, ClockRule const& rule,
                                 std::int64_t from) {
  constexpr std::int64_t least_period = 8;
  auto const steps = static_cast<std::int64_t>(path.circle.size());
  std::vector<std::int64_t> moved(path.circle.size());  // since the circle was entered
  std::int64_t since = 0;
  for (std::int64_t t = 1; t < steps; ++t) {
    auto const now = static_cast<std::size_t>(t), before = now - 1;
    if (path.circle[now] != path.circle[before]) {
      since = t;
      continue;
    }
    auto const& circle = hidden.circles()[static_cast<std::size_t>(path.circle[now])];
    auto const period = circle.period;
    auto by = (path.position[now] - path.position[before] + period) % period;
    if (2 * by > period) by -= period;
    moved[now] = moved[before] + by;
    auto const window = share_of_period(circle, rule.window_share);
    if (t < from || period < least_period || t - since < window) continue;
    auto const progress = static_cast<double>(moved[now] - moved[now - static_cast<std::size_t>(window)]);
    auto const due = static_cast<double>(window);
    if (progress < rule.least_rate * due || progress > (2 - rule.least_rate) * due) return t;
  }
  return -1;
}

std::int64_t first_overlong(std::span<Visit const> visits, oracle::HiddenProcess const& hidden, std::int64_t from) {
  for (auto const& visit : visits) {
    auto const& circle = hidden.circles()[static_cast<std::size_t>(visit.circle)];
    if (std::any_of(circle.successors.begin(), circle.successors.end(),
                    [&](auto const& next) { return next.first == visit.circle; }))
      continue;
    auto const longest = circle.revolutions * circle.period;
    if (visit.steps > longest && visit.end() > from) return std::max(visit.first + longest, from);
  }
  return -1;
}

}  // namespace mambasynth::dynamics
