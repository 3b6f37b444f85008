#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "parallel/session.hpp"
#include "sweep/trial.hpp"

namespace mambasynth::sweep {

struct SweepOptions {
  std::filesystem::path sweep_file;     ///< a sweep, or a plain configuration
  std::filesystem::path out;            ///< DIR
  std::vector<std::string> set;         ///< section.key=value, later ones win
  std::string auto_precision = "fp32";  ///< what train.precision = "auto" means on this device
  int threads = 1;                      ///< a trial's
  int slots = 1;                        ///< trials that this rank runs at once; others may differ
  bool dry_run = false;                 ///< print the plan, write nothing
  bool take_over = false;               ///< whoever holds the folder
  double progress_every = 10;           ///< seconds between lines of progress on stderr
  std::int64_t part = 1, parts = 1;     ///< which share of the trials: keep_part
  std::string code = {};                ///< this program's commit; trials of another are not mixed with its own ...
  bool allow_mixed_code = false;        ///< ... but where this is set
  double walltime = 0;                  ///< seconds until the job's end; 0 = what Slurm says, if anything
};

/// `mambasynth sweep`, on every rank: rank 0 plans, holds the folder and hands out trials (and trains, too), the others
/// serve it. Trials that have their result are not run again, so the same command continues whatever was interrupted.
/// Returns the exit code (0, 1, 4 or 75), the same on all ranks.
/// Errors fly on rank 0 alone, to be told by Session::run; the others return their exit code.
int run_sweep(SweepOptions const& options, Hooks const& hooks, parallel::Session& session);

}  // namespace mambasynth::sweep
