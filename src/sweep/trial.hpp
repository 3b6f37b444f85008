#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "parallel/group.hpp"
#include "sweep/state.hpp"

/// What a sweep asks of the code that trains: the functions that a caller of run_sweep provides.
namespace mambasynth::sweep {

/// One row of the plan.
struct PlannedTrial {
  std::string id;                        ///< 12 hexadecimal digits, identity.hpp
  config::Trial trial;                   ///< precision resolved, train.seed set
  std::vector<std::string> axis_values;  ///< one a column of the plan, as written in the sweep
  double cost = 0;                       ///< estimated TFLOP, cost.hpp
  std::string data_hash;                 ///< names DIR/data/HASH
  std::int64_t ranks = 1;                ///< that train it together
};

/// How an epoch went; a loss that was not measured is NaN.
struct EpochMark {
  std::int64_t epoch = 0;   ///< from 1
  std::int64_t epochs = 0;  ///< of the whole trial
  double train_mse = 0;
  double val_mse = 0;
};

/// What a trial is given to run with. All functions are called from the thread that runs the trial.
struct TrialContext {
  std::filesystem::path folder;  ///< exists; everything of the trial goes here
  std::filesystem::path data;    ///< the series, as PrepareData returned it
  int threads = 1;
  /// The ranks that run this trial together, each with a context of its own. The leader alone writes files; the others
  /// call neither `epoch` nor `log` for the user's sake, but ask `stop_requested` as often.
  std::shared_ptr<parallel::Group> group;
  std::int64_t micro_batch = 0;                 ///< windows at once, 0 = a whole batch: after memory ran out
  std::function<void(EpochMark const&)> epoch;  ///< call after each epoch; cheap
  std::function<bool()> stop_requested;  ///< ask every few batches: true = save, return `preempted`; what has nothing
                                         ///< to save heeds errors::check_stop
  std::function<void(std::string const&)> log;   ///< a line for failure.json, which shows the last 50
  std::function<void(std::string const&)> warn;  ///< the same, and for the user
};

/// How a trial ended. `done` and `diverged` mean that a valid trial.h5 stands in its folder.
struct TrialOutcome {
  State state = State::done;
  std::string reason;  ///< for the user, where the state is not `done`
};

/// Runs a trial, or continues it from its resume.pt. May throw anything: that trial has failed, the sweep goes on.
using RunTrial = std::function<TrialOutcome(PlannedTrial const&, TrialContext&)>;

/// Makes the series of `data` in `folder` (DIR/data/HASH, made by the caller) unless it is there already, and returns
/// what the trials read: that folder or, for foreign data, the file itself. Runs on rank 0, once a distinct [data].
using PrepareData = std::function<std::filesystem::path(config::Data const& data, std::filesystem::path const& folder)>;

/// Makes what trials share beside the series of `data` unless it is there: the oracle's figures for their windows. Runs
/// on rank 0 before the first trial, once a trial that is still to run. Must not throw: what it could not make, the
/// trial makes for itself.
using PrepareTrial = std::function<void(PlannedTrial const&, std::filesystem::path const& data)>;

/// What a stored series (data.path) is.
struct DataIdentity {
  std::string sha256;  ///< of its float32 X, 64 hexadecimal digits; empty where its keys are known
  std::int64_t n_steps = 0;
  std::int64_t channels = 0;
  std::optional<config::Data> generated_from = {};  ///< the keys that its file was generated from, where that is proven
};
using IdentifyData = std::function<DataIdentity(config::Data const& data)>;

/// What a trial.h5 says of itself.
struct CommittedTrial {
  CommittedTrial(State ended, std::string version = {}) : state(ended), code(std::move(version)) {}
  State state;       ///< done or diverged
  std::string code;  ///< commit of the program that wrote it; empty where unknown
};
/// What stands in `file`, when that is a whole, readable trial.h5 of the trial `id`. Never throws.
using ReadCommitted =
    std::function<std::optional<CommittedTrial>(std::filesystem::path const& file, std::string const& id)>;

/// Refuses what this launch cannot train, before anything is written: throws errors::usage.
using CheckTrial = std::function<void(config::Trial const& trial, std::int64_t ranks)>;

struct Hooks {
  RunTrial run;
  PrepareData prepare;
  IdentifyData identify;
  ReadCommitted committed;
  PrepareTrial prepare_trial = {};  ///< may be absent
  CheckTrial check = {};            ///< may be absent
};

}  // namespace mambasynth::sweep
