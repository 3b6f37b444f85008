#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mambasynth::store {
class Hdf5Writer;
}

namespace mambasynth::analysis::trial_file {

/// A number and its standard error, over draws of the series (representation/fold_scores.hpp), visits as clusters; NaN
/// where undefined.
struct Scored {
  double value, se;
};

/// Over several circular shifts of the targets in time; NaN where undefined.
struct Shuffled {
  double mean, sd;  ///< sd: over shifts; the spread of the score when there is nothing to read out
};

/// One measure of how well a probe does, for each layer and each control.
struct ProbeScore {
  std::string name;                     ///< "accuracy", "balanced_accuracy", "log_loss" (nats), "r2"
  std::optional<double> chance = {};    ///< of the most frequent class, or of the classes' shares as probabilities
  std::vector<Scored> trained = {};     ///< (layer)
  std::vector<Scored> untrained = {};   ///< (layer), of the network with its initial weights; or empty
  std::vector<Shuffled> shuffled = {};  ///< (layer), with targets shifted in time against the activations; or empty
};

/// Scores of the linear probes of one target. The raw input is the layer `input`.
struct ProbeResult {
  std::string target;  ///< "circle", "phase", "revolutions_elapsed", "switch_hazard", "next_circle"
  std::vector<ProbeScore> scores;
};

struct Probes {
  std::vector<ProbeResult> targets;
  std::int64_t guard_steps = 0;  ///< steps of the series between a probe's training and test rows
  std::int64_t groups = 0;       ///< of visits, left out of training in turn: an interval is value +- t(groups - 1) se
  std::int64_t shifts = 0;       ///< of the targets in time
};

/// Half of a score's 95 % confidence interval: Student's t with groups - 1 degrees of freedom; NaN where undefined.
double half_interval(Scored const& score, std::int64_t groups);

/// The groups /probe/<target>: <score>, untrained_<score> (layer), each with its _se, shuffled_<score> with its _sd,
/// and the number chance_<score>; /probe's attributes guard_steps, groups, shifts. The scale /layer must be there.
void write_probes(store::Hdf5Writer& h5, Probes const& probes);

}  // namespace mambasynth::analysis::trial_file
