#include "analysis/trial_file/probe_scores.hpp"

#include <string>
#include <vector>

#include "analysis/statistics/student_t.hpp"
#include "analysis/statistics/undefined.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {
namespace {

void write_pairs(store::Hdf5Writer& h5, std::string const& path, std::string const& meaning,
                 std::vector<double> const& values, std::string const& ending, std::string const& error,
                 std::vector<double> const& errors) {
  if (values.empty()) return;
  h5.dataset<double>(path, values, {trial_layout::layer}, {meaning, "1"});
  h5.dataset<double>(path + ending, errors, {trial_layout::layer}, {error, "1"});
}

void write_scores(store::Hdf5Writer& h5, std::string const& path, std::vector<Scored> const& scores,
                  std::string const& meaning) {
  std::vector<double> values, errors;
  for (auto const& score : scores) {
    values.push_back(score.value);
    errors.push_back(score.se);
  }
  write_pairs(h5, path, meaning, values, "_se",
              "standard error over draws of the series, visits as clusters; a lower bound with fewer than about 30 "
              "visits, or for an R^2 near 0",
              errors);
}

void write_shuffled(store::Hdf5Writer& h5, std::string const& path, std::vector<Shuffled> const& scores) {
  std::vector<double> means, deviations;
  for (auto const& score : scores) {
    means.push_back(score.mean);
    deviations.push_back(score.sd);
  }
  write_pairs(h5, path, "the same with targets shifted circularly in time, mean over shifts", means, "_sd",
              "standard deviation over shifts", deviations);
}

}  // namespace

double half_interval(Scored const& score, std::int64_t groups) {
  return groups > 1 ? statistics::interval_quantile(groups - 1) * score.se : statistics::undefined;
}

void write_probes(store::Hdf5Writer& h5, Probes const& probes) {
  if (probes.targets.empty()) return;
  h5.group(trial_layout::probe_group);
  h5.attribute(trial_layout::probe_group, "guard_steps", probes.guard_steps);
  h5.attribute(trial_layout::probe_group, "groups", probes.groups);
  h5.attribute(trial_layout::probe_group, "shifts", probes.shifts);
  for (auto const& probe : probes.targets)
    for (auto const& score : probe.scores) {
      auto const path = [&](std::string const& control) {
        return trial_layout::probe + probe.target + "/" + control + score.name;
      };
      if (score.chance)
        h5.scalar(path("chance_"), *score.chance, {"of the most frequent class, or of the classes' shares", "1"});
      write_scores(h5, path(""), score.trained, score.name + " of a linear probe on held-out stretches");
      write_scores(h5, path(trial_layout::untrained_prefix), score.untrained,
                   "the same of the network with its initial weights");
      write_shuffled(h5, path(trial_layout::shuffled_prefix), score.shuffled);
    }
}

}  // namespace mambasynth::analysis::trial_file
