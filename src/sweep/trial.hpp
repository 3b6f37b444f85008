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
#include "sweep/identity.hpp"
#include "sweep/state.hpp"

/// The interface between a sweep and the training code: functions that the caller of run_sweep provides.
namespace mambasynth::sweep {

/// One row of the plan.
struct PlannedTrial {
  std::string id;                        ///< 12 hexadecimal digits, identity.hpp
  config::Trial trial;                   ///< precision resolved, train.seed set
  std::vector<std::string> axis_values;  ///< one per column of the plan, as written in the sweep
  double cost = 0;                       ///< estimated TFLOP, cost.hpp
  std::string data_hash;                 ///< names DIR/data/HASH
  std::int64_t ranks = 1;                ///< number of ranks that train it together
  bool needs_own_process = false;        ///< NeedsOwnProcess: no other trial runs in its ranks meanwhile
  std::int64_t channels = 0;             ///< of its series
};

/// The result of an epoch; a loss that was not measured is NaN.
struct EpochMark {
  std::int64_t epoch = 0;   ///< from 1
  std::int64_t epochs = 0;  ///< of the whole trial
  double train_mse = 0;
  double val_mse = 0;
};

/// The environment of a running trial. All functions are called from the thread that runs the trial.
struct TrialContext {
  std::filesystem::path folder;  ///< exists; all files of the trial go here
  std::filesystem::path data;    ///< the series, as returned by PrepareData
  int threads = 1;
  /// The ranks that run this trial together, each with its own context. Only the root writes files and reports through
  /// `epoch` and `log`, but all ranks call `stop_requested` equally often.
  std::shared_ptr<parallel::Group> group;
  std::int64_t micro_batch = 0;                 ///< windows per micro-batch after memory ran out; 0 = the whole batch
  std::function<void(EpochMark const&)> epoch;  ///< call after each epoch; cheap
  std::function<void()> measuring;              ///< call once training has ended and the measurements begin
  std::function<bool()> stop_requested;  ///< call every few batches: true = save and return `preempted`; code with
                                         ///< nothing to save calls errors::check_stop
  std::function<void(std::string const&)> log;   ///< a line for failure.json, which keeps the last 50
  std::function<void(std::string const&)> warn;  ///< the same, and shown to the user
};

/// How a trial ended. `done` and `diverged` mean that its folder contains a valid trial.h5.
struct TrialOutcome {
  State state = State::done;
  std::string reason;  ///< for the user, if the state is not `done`
};

/// Runs a trial, or resumes it from its resume.pt. May throw anything: the trial has then failed and the sweep
/// continues.
using RunTrial = std::function<TrialOutcome(PlannedTrial const&, TrialContext&)>;

/// Generates the series of `data` in `folder` (DIR/data/HASH, created by the caller) unless it exists, and returns what
/// the trials read: that folder or, for foreign data, the file itself. Runs on rank 0, once per distinct [data].
using PrepareData = std::function<std::filesystem::path(config::Data const& data, std::filesystem::path const& folder)>;

/// Creates what trials share in addition to the series of `data`, unless it exists: the oracle's results for their
/// windows. Runs on rank 0 before the first trial, once per remaining trial. Must not throw: if it fails, the trial
/// computes the results itself.
using PrepareTrial = std::function<void(PlannedTrial const&, std::filesystem::path const& data)>;

/// The identity of a stored series (data.path).
struct DataIdentity {
  ForeignSeries foreign;  ///< without a hash if its keys are known
  std::int64_t n_steps = 0;
  std::int64_t channels = 0;
  std::optional<config::Data> generated_from = {};  ///< the keys that its file was generated from, if verified
};
using IdentifyData = std::function<DataIdentity(config::Data const& data)>;

/// What a trial.h5 records about its trial.
struct CommittedTrial {
  CommittedTrial(State ended, std::string version = {}) : state(ended), code(std::move(version)) {}
  State state;       ///< done or diverged
  std::string code;  ///< commit of the program that wrote it; empty if unknown
};
/// Reads `file` if it is a complete, readable trial.h5 of the trial `id`; else returns nothing. Never throws.
using ReadCommitted =
    std::function<std::optional<CommittedTrial>(std::filesystem::path const& file, std::string const& id)>;

/// Throws errors::usage for a trial that this launch cannot train, before anything is written.
using CheckTrial = std::function<void(config::Trial const& trial, std::int64_t ranks)>;

/// Whether a trial would disturb others that train in the same process.
using NeedsOwnProcess = std::function<bool(config::Trial const& trial)>;

/// Mean seconds of a training step of `trial` (its batch, windows and network) on random data, after a step that warms
/// up; repeats it for about `seconds`. Nothing if this machine cannot train it.
using TimeStep =
    std::function<std::optional<double>(config::Trial const& trial, std::int64_t channels, double seconds)>;

/// How training steps are timed.
struct Stopwatch {
  TimeStep time_step = {};
  std::string place = {};      ///< "node7 (cpu, 1 thread)"
  bool whole_batches = false;  ///< a device on which a part of a batch takes about as long as a whole one
  double seconds = 15;         ///< for all shapes together
};

struct Hooks {
  RunTrial run;
  PrepareData prepare;
  IdentifyData identify;
  ReadCommitted committed;
  PrepareTrial prepare_trial = {};         ///< may be empty
  CheckTrial check = {};                   ///< may be empty
  NeedsOwnProcess needs_own_process = {};  ///< may be empty: none does
  Stopwatch stopwatch = {};                ///< for dry runs; without a function, they state no time
};

}  // namespace mambasynth::sweep
