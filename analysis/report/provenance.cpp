#include "analysis/report/provenance.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/collate/numbers.hpp"
#include "analysis/statistics/undefined.hpp"

namespace mambasynth::analysis::report {
namespace {

constexpr double seconds_per_hour = 3600;

double or_zero(double value) { return std::isfinite(value) ? value : 0; }
double at_least_one(double value) { return std::isfinite(value) && value > 1 ? value : 1; }

}  // namespace

std::string fact(collate::CollatedTrial const& trial, std::string const& name) {
  return trial.result ? trial.result->fact(name) : std::string();
}

double number_fact(collate::CollatedTrial const& trial, std::string const& name) {
  return collate::parsed_number(fact(trial, name)).value_or(statistics::undefined);
}

std::set<std::string> facts(collate::SweepFolder const& sweep, std::string const& name) {
  std::set<std::string> found;
  for (auto const& trial : sweep.trials)
    if (auto text = fact(trial, name); !text.empty()) found.insert(std::move(text));
  return found;
}

double value_of(collate::CollatedTrial const& trial, std::string const& measure) {
  return trial.result ? trial.result->measures.find(measure).value_or(statistics::undefined) : statistics::undefined;
}

Effort effort_of(collate::SweepFolder const& sweep) {
  Effort effort;
  for (auto const& trial : sweep.trials) {
    if (!trial.result) continue;
    auto const seconds = or_zero(trial.result->provenance.seconds);
    auto const ranks = at_least_one(number_fact(trial, "ranks"));
    ++effort.trials;
    effort.trial_hours += seconds / seconds_per_hour;
    if (trial.result->provenance.device == "cpu")
      effort.core_hours += seconds * ranks * at_least_one(number_fact(trial, "threads")) / seconds_per_hour;
    else effort.gpu_hours += or_zero(number_fact(trial, "gpu_seconds")) / seconds_per_hour;
    auto const start = fact(trial, "start"), end = fact(trial, "end");  // ISO 8601 in UTC: ordered as text
    if (!start.empty() && (effort.first_start.empty() || start < effort.first_start)) effort.first_start = start;
    effort.last_end = std::max(effort.last_end, end);
  }
  return effort;
}

}  // namespace mambasynth::analysis::report
