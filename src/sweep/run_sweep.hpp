#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "parallel/session.hpp"
#include "sweep/sweep_file.hpp"
#include "sweep/trial.hpp"

namespace mambasynth::sweep {

struct SweepOptions {
  std::filesystem::path sweep_file;     ///< a sweep, or a plain configuration; empty: axes and set say it all
  std::filesystem::path out;            ///< DIR
  std::vector<std::string> set;         ///< section.key=value; later ones win
  std::string auto_precision = "fp32";  ///< what train.precision = "auto" means on this device
  int threads = 1;                      ///< per trial
  int slots = 1;                        ///< trials that this rank trains concurrently; other ranks may differ
  bool overlap = false;                 ///< train the next trial while one is measured
  bool dry_run = false;                 ///< print the plan and write nothing
  bool take_over = false;               ///< replace the lock even if it is held
  double progress_every = 10;           ///< seconds between progress lines on stderr
  std::int64_t part = 1, parts = 1;     ///< which share of the trials: keep_part
  std::string code = {};                ///< commit of this program; refuses to mix its trials with another's ...
  bool allow_mixed_code = false;        ///< ... unless this is set
  double walltime = 0;                  ///< seconds until the job ends; 0 = from Slurm, if available
  std::vector<std::string> axes = {}, baseline = {};  ///< as in SweepRequest
  bool measure = true;    ///< a dry run times training steps, unless trials of the folder have finished
  int planned_ranks = 0;  ///< ranks for which a dry run plans; 0 = those of this launch

  [[nodiscard]] SweepRequest request() const { return {sweep_file, set, axes, baseline}; }
};

/// `mambasynth sweep`, on every rank: rank 0 plans, holds the folder's lock and dispatches trials (and also trains);
/// the others run trials. Trials that have their result are not run again, so the same command continues after any
/// interruption. Returns the exit code (0, 1, 4 or 75), the same on all ranks.
/// Errors propagate on rank 0 only, where Session::run reports them; the other ranks return the exit code.
int run_sweep(SweepOptions const& options, Hooks const& hooks, parallel::Session& session);

}  // namespace mambasynth::sweep
