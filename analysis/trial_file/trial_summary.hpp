#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analysis/trial_file/measures.hpp"
#include "analysis/trial_file/test_blocks.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {

/// What made a trial: attributes of /provenance.
struct Provenance {
  std::string state;  ///< `done` or `diverged`
  std::string trial_id;
  std::string git_commit;
  bool git_dirty = false;  ///< uncommitted changes; an integer in the file
  std::string device;      ///< "cpu", "NVIDIA H100 80GB HBM3", ...
  std::string data_hash;
  double seconds = 0;      ///< of the whole trial
  store::Attributes more;  ///< configuration, versions, host, ...: written in this order
};

/// A committed trial, as the collator and the sweep read it.
struct TrialSummary {
  Provenance provenance;           ///< `more` stays empty
  std::string configuration = {};  ///< TOML, one key per line; empty if unknown
  /// The other attributes of /provenance as text, in the order of the file: versions, hardware, host, times.
  std::vector<std::pair<std::string, std::string>> facts = {};
  /// In a fixed order, without what was not measured. A value that is NaN or infinite in the file is so here, too,
  /// except that undefined standard errors (few blocks) and moments of activations (no variance) are left out:
  /// train_mse, val_mse, test_mse; val_mse.h4, ..., excess_mse_se.h4 (over blocks of the test series, see
  /// test_blocks.hpp), ...; levina_bickel_original.layer_3.k30, two_nn_ml.layer_3, gride.layer_3.n4, ...;
  /// participation_ratio.layer_3, components_90.layer_3, ...; the same of the controls,
  /// untrained.levina_bickel_original.layer_3.k30, ..., noise.levina_bickel.k30, ...; probe.circle.accuracy.layer_3,
  /// probe.phase.untrained_r2.layer_3, ...; label_overlap.layer_3, ...; seconds.
  Measures measures = {};
  ExcessByBlock excess_by_block = {};

  /// The value of one of `facts`; empty if it is not there.
  [[nodiscard]] std::string fact(std::string const& name) const;
};

/// Reads a whole trial.h5. Errors: errors::input naming the file and what is wrong with it (truncated, not HDF5, not a
/// trial, a newer schema, a state that is never committed).
TrialSummary read_trial(std::filesystem::path const& file);

/// Reads many trials: ten times as fast as read_trial where they have the same layout, as the trials of a sweep do.
class TrialReader {
 public:
  TrialReader();
  ~TrialReader();
  TrialReader(TrialReader const&) = delete;
  TrialReader& operator=(TrialReader const&) = delete;

  /// As read_trial.
  TrialSummary read(std::filesystem::path const& file);

 private:
  struct Known;
  std::vector<std::unique_ptr<Known>> known_;  ///< the layout that fitted last comes first
  std::size_t unfit_ = 0;                      ///< trials in a row whose layout was not known
};

}  // namespace mambasynth::analysis::trial_file
