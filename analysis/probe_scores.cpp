#include "analysis/probe_scores.hpp"

#include "analysis/trial_layout.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis {
namespace {

void write_scores(store::Hdf5Writer& h5, std::string const& path, std::vector<Scored> const& scores, std::string const& meaning) {
  if (scores.empty()) return;
  std::vector<double> values, errors;
  for (auto const& score : scores) {
    values.push_back(score.value);
    errors.push_back(score.se);
  }
  h5.dataset<double>(path, values, {trial_layout::layer}, {meaning, "1"});
  h5.dataset<double>(path + "_se", errors, {trial_layout::layer}, {"standard error over held-out stretches of time", "1"});
}

}  // namespace

void write_probes(store::Hdf5Writer& h5, Probes const& probes) {
  if (probes.targets.empty()) return;
  h5.group(trial_layout::probe_group);
  h5.attribute(trial_layout::probe_group, "guard_steps", probes.guard_steps);
  for (auto const& probe : probes.targets)
    for (auto const& score : probe.scores) {
      auto const path = [&](std::string const& control) { return trial_layout::probe + probe.target + "/" + control + score.name; };
      if (score.chance) h5.scalar(path("chance_"), *score.chance, {"of the most frequent class, or of the classes' shares", "1"});
      write_scores(h5, path(""), score.trained, score.name + " of a linear probe on held-out stretches");
      write_scores(h5, path(trial_layout::untrained_prefix), score.untrained, "the same of the network with its initial weights");
      write_scores(h5, path(trial_layout::shuffled_prefix), score.shuffled, "the same with targets turned in time");
    }
}

}  // namespace mambasynth::analysis
