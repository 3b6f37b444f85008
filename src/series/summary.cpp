#include "series/summary.hpp"

#include <fmt/format.h>

#include <cmath>

namespace mambasynth::series {
namespace {

struct CircleStatistics {
  std::int64_t steps = 0;
  std::int64_t visits = 0;
  double squares = 0;  // of the visits' lengths

  [[nodiscard]] double mean() const {
    return visits == 0 ? 0 : static_cast<double>(steps) / static_cast<double>(visits);
  }
};

std::vector<CircleStatistics> statistics_of(Digest const& digest) {
  std::vector<CircleStatistics> statistics(static_cast<std::size_t>(digest.process().circles));
  for (auto const& visit : digest.visits()) {
    auto& circle = statistics[static_cast<std::size_t>(visit.circle)];
    circle.steps += visit.length;
    ++circle.visits;
  }
  for (auto const& visit : digest.visits()) {
    auto& circle = statistics[static_cast<std::size_t>(visit.circle)];
    double const deviation = static_cast<double>(visit.length) - circle.mean();
    circle.squares += deviation * deviation;
  }
  return statistics;
}

}  // namespace

std::string summary(Digest const& digest) {
  constexpr int rule_width = 75;
  constexpr double shown_from = 1e-6;
  auto const& process = digest.process();
  auto const n_steps = digest.n_steps();

  std::string text = fmt::format("Data shape: ({}, {})\nAmbient dimension: {}\nTime steps: {}\n\n", n_steps,
                                 process.channels, process.channels, n_steps);
  text += fmt::format("{:<8}{:<8}{:<8}{:<8}{:<7}{:<8}{:<10}{:<10}\n", "Circle", "Radius", "Period", "Steps", "%",
                      "Visits", "Dwell", "Dwell std");
  text += std::string(rule_width, '-') + "\n";
  auto const statistics = statistics_of(digest);
  for (std::size_t i = 0; i < statistics.size(); ++i) {
    auto const& circle = statistics[i];
    double const deviation = circle.visits == 0 ? 0 : std::sqrt(circle.squares / static_cast<double>(circle.visits));
    text +=
        fmt::format("{:<8}{:<8.2f}{:<8}{:<8}{:<7.1f}{:<8}{:<10.1f}{:<10.1f}\n", i, process.radius[i], process.period[i],
                    circle.steps, 100.0 * static_cast<double>(circle.steps) / static_cast<double>(n_steps),
                    circle.visits, circle.mean(), deviation);
  }

  text += "\nEntry angles (rad):\n";
  for (std::size_t i = 0; i < process.entry_angle.size(); ++i)
    text += fmt::format("  circle {}: {:.3f}\n", i, process.entry_angle[i]);
  text += "\nTransition matrix:\n";
  for (std::int64_t i = 0; i < process.circles; ++i) {
    text += fmt::format("  {} ->", i);
    auto const row = process.transitions_from(i);
    for (std::size_t j = 0; j < row.size(); ++j)
      if (row[j] > shown_from) text += fmt::format("  {}:{:.3f}", j, row[j]);
    text += "\n";
  }
  return text;
}

}  // namespace mambasynth::series
