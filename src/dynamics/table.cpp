#include "dynamics/table.hpp"

#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "analysis/document/table.hpp"

namespace mambasynth::dynamics {
namespace {

using analysis::document::nothing;

constexpr int name_width = 44, width = 18;

std::string number(double value, int digits) {
  return std::isnan(value) ? nothing : fmt::format("{:.{}f}", value, digits);
}
std::string number(Estimate const& e, int digits) {
  if (std::isnan(e.value)) return nothing;
  return std::isnan(e.standard_error)
             ? number(e.value, digits)
             : fmt::format("{} ± {}", number(e.value, digits), number(e.standard_error, digits));
}

}  // namespace

std::string summary_table(Analysis const& a) {
  std::string table = fmt::format("{:<{}}", "", name_width);
  for (auto const& name : a.names) table += fmt::format("{:>{}}", name, width);
  table += fmt::format("{:>{}}\n", "process", width);
  auto const row = [&](std::string const& name, std::function<std::string(Statistics const&)> const& cell,
                       std::string const& process) {
    table += fmt::format("{:<{}}", name, name_width);
    for (auto const& s : a.statistics) table += fmt::format("{:>{}}", cell(s), width);
    table += process.empty() ? "\n" : fmt::format("{:>{}}\n", process, width);
  };
  row(
      "switches per 1,000 steps", [](auto const& s) { return number(s.switch_rate, 3); },
      number(a.law.seen.switch_rate, 3));
  row("complete visits", [](auto const& s) { return fmt::format("{}", s.dwells); }, "");
  row("dwell, mean (steps)", [](auto const& s) { return number(s.dwell_mean, 1); }, number(a.law.seen.dwell_mean, 1));
  row(
      "dwell, standard deviation", [](auto const& s) { return number(s.dwell_std, 1); },
      number(a.law.seen.dwell_std, 1));
  row(
      "share of steps on no circle", [](auto const& s) { return number(s.off_share, 4); },
      number(a.law.seen.off_share, 4));
  row("occupancy, total variation", [](auto const& s) { return number(s.occupancy_distance, 3); }, "0.000");
  row("transitions that the process allows", [](auto const& s) { return number(s.allowed_share, 4); }, "1.0000");
  row("transitions, total variation", [](auto const& s) { return number(s.transition_distance, 3); }, "0.000");
  row("distance to the nearest circle (noise = 1)", [](auto const& s) { return number(s.distance, 3); }, "");
  row("MSE of the exact filter's next step", [](auto const& s) { return number(s.prediction_error, 3); }, "");
  row("steps where the exact filter agrees", [](auto const& s) { return number(s.agreement, 4); }, "");
  for (std::size_t f = 0; f < failures; ++f)
    row("first failure: " + failure_names[f], [f](auto const& s) { return fmt::format("{}", s.failed[f]); }, "");
  row("samples without failure", [](auto const& s) { return fmt::format("{}", s.lasting); }, "");
  row(
      fmt::format("time to failure, at most {} (steps)", a.steps),
      [](auto const& s) { return number(s.time_to_failure, 1); }, "");
  if (a.comparison)
    table += fmt::format(
        "bursts: {} times the switches; with minus without: {} switches per 1,000 steps, {} steps to the first failure "
        "(pairs of samples)\n",
        number(a.comparison->rate_ratio, 3), number(a.comparison->rate_difference, 3),
        number(a.comparison->time_difference, 1));
  table += fmt::format(
      "process: as seen in windows of this length, which truncate visits; the process itself makes {} switches per "
      "1,000 steps\n",
      number(a.law.switch_rate, 3));
  if (a.independent_samples < static_cast<double>(a.samples))
    table += fmt::format("errors: windows overlap, so {} samples count as {:.1f} independent ones\n", a.samples,
                         a.independent_samples);
  return table + analysis::document::reason_for_nothing(
                     table, "these windows have too few complete visits, switches, or steps on a circle");
}

}  // namespace mambasynth::dynamics
