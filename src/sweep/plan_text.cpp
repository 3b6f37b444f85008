#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "progress/duration.hpp"
#include "sweep/forecast.hpp"
#include "sweep/plan.hpp"

namespace mambasynth::sweep {
namespace {

std::string counted(std::size_t value, char const* one) {
  return std::to_string(value) + " " + one + (value == 1 ? "" : "s");
}

std::string teraflops(double cost) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g TFLOP", cost);
  return text;
}

/// "42 to 47", "42, 43, 50".
std::string listed(config::Integers seeds) {
  constexpr std::size_t most_shown = 10;
  std::sort(seeds.begin(), seeds.end());
  std::string text;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < seeds.size();) {
    auto last = i;
    while (last + 1 < seeds.size() && seeds[last + 1] == seeds[last] + 1) ++last;
    if (last < i + 2) last = i;  // two numbers are listed
    text += (text.empty() ? "" : ", ") + std::to_string(seeds[i]) +
            (last > i ? " to " + std::to_string(seeds[last]) : std::string());
    i = last + 1;
    if (++shown == most_shown && i < seeds.size()) return text + ", ...";
  }
  return text;
}

/// "0.3 s", "12 min".
std::string roughly(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", seconds);
  return seconds < 9.95 ? text : progress::duration_text(seconds);
}

}  // namespace

std::string describe(Plan const& plan, Forecast const& forecast, int workers) {
  auto const& seeds = plan.sweep.keys.seeds;
  bool const known = !forecast.seconds.empty();
  auto text = "sweep " + plan.name + ": " + counted(plan.trials.size(), "trial") + " = " + counted(plan.cells, "cell") +
              " x " + counted(seeds.size(), "seed") + " (" + listed(seeds) + ")\n";
  if (plan.parts > 1) text += "part " + std::to_string(plan.part) + " of " + std::to_string(plan.parts) + "\n";
  double cost = 0, seconds = 0, longest = 0;
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    auto const& planned = plan.trials[i];
    text += "  " + planned.id + "  ";
    for (std::size_t column = 0; column < plan.columns.size(); ++column)
      text += plan.columns[column] + " = " + planned.axis_values[column] + "  ";
    auto const of_one_rank = known ? forecast.seconds[i] : 0;
    auto const own = of_one_rank / static_cast<double>(planned.ranks);
    text += "seed " + std::to_string(planned.trial.train.seed) + "  " +
            (!known             ? teraflops(planned.cost)
             : of_one_rank == 0 ? "done"
                                : "about " + roughly(own)) +
            (planned.ranks > 1 ? ", " + std::to_string(planned.ranks) + " ranks" : "") + "\n";
    cost += planned.cost;
    seconds += of_one_rank;
    longest = std::max(longest, own);
  }
  if (!known)
    return text + "total: " + teraflops(cost) +
           ", a measure of work, not of time. No time was measured; for hours, use --dry-run --measure on the machine "
           "that will run the sweep.\n";
  if (forecast.done > 0)
    text += std::to_string(forecast.done) + " of " + counted(plan.trials.size(), "trial") + " done\n";
  if (forecast.done == plan.trials.size()) return text;
  text += std::string(forecast.done > 0 ? "remaining" : "total") + ": about " + roughly(seconds) + " on one rank";
  if (workers > 1)
    text += ", " + roughly(makespan(plan, forecast.seconds, workers)) + " on " + std::to_string(workers) + " ranks";
  return text + (plan.trials.size() > 1 ? "; the longest trial takes " + roughly(longest) : "") + "\n" +
         forecast.basis + "\n";
}

}  // namespace mambasynth::sweep
