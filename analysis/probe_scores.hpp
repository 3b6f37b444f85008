#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mambasynth::store {
class Hdf5Writer;
}

namespace mambasynth::analysis {

/// A number and its standard error over the held-out stretches of time; NaN where undefined.
struct Scored {
  double value, se;
};

/// One way to say how well a probe does, for each layer and each control.
struct ProbeScore {
  std::string name;                ///< "accuracy", "balanced_accuracy", "log_loss" (nats), "r2"
  std::optional<double> chance = {}; ///< of the most frequent class, or of the classes' shares as probabilities
  std::vector<Scored> trained = {};     ///< (layer)
  std::vector<Scored> untrained = {};   ///< (layer), of the network with its initial weights; or empty
  std::vector<Scored> shuffled = {};    ///< (layer), the targets turned in time against the activations; or empty
};

/// What linear probes read of one target. The raw input is the layer `input`.
struct ProbeResult {
  std::string target;              ///< "circle", "phase", "revolutions_elapsed", "switch_hazard", "next_circle"
  std::vector<ProbeScore> scores;
};

struct Probes {
  std::vector<ProbeResult> targets;
  std::int64_t guard_steps = 0;  ///< steps of the series between rows that train a probe and rows that test it
};

/// The groups /probe/<target>: <score>, untrained_<score>, shuffled_<score> (layer), each with its _se, and the number
/// chance_<score>; /probe's attribute guard_steps. The scale /layer must be there.
void write_probes(store::Hdf5Writer& h5, Probes const& probes);

}  // namespace mambasynth::analysis
