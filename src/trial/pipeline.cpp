#include "trial/pipeline.hpp"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <new>
#include <stdexcept>
#include <utility>

#include "analysis/trial_file/trial_file.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "backend/backend.hpp"
#include "config/toml.hpp"
#include "errors/errors.hpp"
#include "evaluate/activations_file.hpp"
#include "evaluate/evaluation.hpp"
#include "model/state_dict.hpp"
#include "progress/count.hpp"
#include "provenance/run.hpp"
#include "store/damaged_file.hpp"
#include "train/epoch_columns.hpp"
#include "train/log.hpp"
#include "train/measure.hpp"
#include "trial/horizon_errors.hpp"

namespace mambasynth::trial {
namespace {

struct StageNames {
  char const* training = "training";
  char const* losses = "losses";
  char const* activations = "writing activations";
  char const* oracle = "oracle";
};
constexpr StageNames stage_names;

/// Every panel; UMAP only where it is asked for, since it takes as long as the rest.
evaluate::Choice choice_of(config::Trial const& trial) {
  return {.panels = {}, .dimension = true, .embedding = trial.evaluate.umap == "on"};
}

analysis::trial_file::TrialHistory history_of(train::Progress const& progress) {
  analysis::trial_file::TrialHistory history;
  for (auto const& record : progress.history) {
    history.epoch.push_back(record.epoch);
    history.best.push_back(record.best ? std::int8_t{1} : std::int8_t{0});
  }
  for (auto const& column : train::epoch_columns) {
    std::vector<double> values;
    for (auto const& record : progress.history) values.push_back(record.*column.value);
    history.columns.push_back({column.name, {column.long_name, column.units}, std::move(values)});
  }
  return history;
}

/// Adds the oracle's errors on the same windows to the losses and the log.
void add_bayes(MeasuredErrors& measured, Job const& job, TrialData const& data,
               std::function<void(std::string const&)> const& log) {
  progress::Stage const stage(stage_names.oracle);
  add_bayes_errors(measured, job.trial, data, job.bayes_error_cache, job.threads, log);
  auto const& horizon = measured.horizon;
  for (std::size_t h = 0; h < horizon.excess_mse.size(); ++h) {
    auto const error = horizon.excess_mse_se[h];
    log(fmt::format("horizon {}: test MSE {:.4f}, at least {:.4f} (Bayes), excess {:.4f}{}", horizon.horizon[h],
                    horizon.test_mse[h], horizon.bayes_mse[h], horizon.excess_mse[h],
                    std::isnan(error) ? "" : fmt::format(" ± {:.4f} (standard error of the test series)", error)));
  }
}

void measure_layers(analysis::trial_file::TrialResult& result, Job const& job, model::Network const& host,
                    model::Predictor const& network, TrialData const& data) {
  auto const& trial = job.trial;
  auto const whole = whole_windows(data.series(), data.segments, data.circle, data.phase, trial.train.seq_len);
  auto const initial = model::untrained_network(trial.model, whole.series.size(1), trial.train.seed);
  auto const untrained = backend::predictor(job.device, initial);
  auto const search = backend::neighbor_search(job.device, job.threads, job.log);
  result.evaluation = evaluate::evaluate({.network = network,
                                          .untrained = untrained.get(),
                                          .series = whole.series,
                                          .seq_len = trial.train.seq_len,
                                          .truth = {whole.circle, whole.phase, &data.process, data.generated},
                                          .host = &host,
                                          .note = job.log,
                                          .search = search.get()},
                                         trial.evaluate, choice_of(trial), job.threads);
  if (!trial.evaluate.activations) return;
  progress::Stage const stage(stage_names.activations);
  evaluate::write_activations(job.folder / activations_name, network, whole.series, trial.train.seq_len,
                              {whole.circle, whole.phase}, trial.evaluate.gates, {whole.starts, data.scaling});
}

/// What was trained: the series' own keys if they generate it.
std::string configuration_of(config::Trial trial, TrialData const& data) {
  if (data.generated) trial.data = data.data;
  return config::to_toml(trial);
}

analysis::trial_file::Provenance provenance_of(Job const& job, TrialData const& data, train::Ending ending,
                                               std::string const& reason, std::string const& started, double seconds,
                                               train::Progress const& progress) {
  analysis::trial_file::Provenance p;
  p.state = ending == train::Ending::diverged ? "diverged" : "done";
  p.trial_id = job.id;
  p.device = job.device;
  p.data_hash = data.sha256;
  p.seconds = seconds;
  for (auto const& [name, fact] : provenance::run_facts(job.device, job.threads, backend::gpu_of(job.device))) {
    if (name == "git_commit") p.git_commit = std::get<std::string>(fact);
    else if (name == "git_dirty") p.git_dirty = std::get<std::int64_t>(fact) != 0;
    else if (name != "device") p.more.emplace_back(name, fact);
  }
  p.more.emplace_back("ranks", std::int64_t{job.group->size()});
  p.more.emplace_back("micro_batch", job.micro_batch);
  p.more.emplace_back("start", started);
  p.more.emplace_back("end", provenance::utc_now());
  p.more.emplace_back("gpu_seconds", job.device == "cpu" ? 0.0 : seconds * job.group->size());
  p.more.emplace_back("best_epoch", progress.best_epoch);
  if (!reason.empty()) p.more.emplace_back("reason", reason);
  if (!data.generated) p.more.emplace_back(analysis::trial_file::trial_layout::foreign_because, data.foreign_reason);
  p.more.emplace_back("configuration", configuration_of(job.trial, data));
  return p;
}

/// Reports an impossible measurement before the training, not after it.
void check_rows(Job const& job, TrialData const& data) {
  auto const seq_len = job.trial.train.seq_len;
  auto const rows = data.steps().length() / seq_len * seq_len * data.segments;
  auto const& evaluate = job.trial.evaluate;
  auto const most = *std::max_element(evaluate.lb_k.begin(), evaluate.lb_k.end());
  auto const require = [&](std::int64_t points, char const* flag) {
    if (most >= std::min(points, rows))
      throw errors::usage(
          fmt::format("evaluate.lb_k = {} is not below the {} rows that are measured", most, std::min(points, rows)),
          "no row has that many neighbors", fmt::format("Lower --lb-k, use a longer series, or raise {}", flag));
  };
  require(evaluate.lb_points, "--lb-points");
  if (evaluate.dimension_points > 0) require(evaluate.dimension_points, "--dimension-points");
}

Outcome train_and_measure(Job const& job, TrialData const& data) {
  auto const started = provenance::utc_now();
  auto const log = [&](std::string const& line) {
    if (job.log) job.log(line);
  };
  auto const warn = job.warn ? job.warn : log;
  if (job.group->is_root())
    for (auto const* const own :
         {result_name, activations_name, train::checkpoint_name, train::resume_name, train::log_name})
      if (auto const line = store::make_way(job.folder / own); !line.empty()) warn(line);
  if (job.trial.train.epochs <= job.trial.train.warmup_epochs)
    log(fmt::format(
        "warning: train.epochs = {} does not exceed train.warmup_epochs = {} (the learning rate never reaches its peak "
        "or decays). Raise --epochs, or lower --warmup-epochs.",
        job.trial.train.epochs, job.trial.train.warmup_epochs));
  if (!data.generated)
    log("note: neither a test series nor an oracle is available (" + data.foreign_reason + "). " +
        (data.splits.test.count() == 0 ? "test_mse and bayes_mse stay empty."
                                       : "test_mse is of the part held out at the end (data.test_fraction); bayes_mse "
                                         "stays empty."));
  if (!data.scaling.empty())
    log("note: the channels are standardized, so losses and errors are in units of their standard deviations.");

  train::Trainer trainer(job.trial, data.splits,
                         {job.folder,
                          job.extra_checkpoint,
                          job.id,
                          job.epoch_done,
                          job.stop_requested,
                          backend::learners(job.device, job.log),
                          job.group,
                          job.micro_batch,
                          warn,
                          {configuration_of(job.trial, data), data.sha256, data.generated, data.scaling},
                          job.own_folder});
  if (auto const& done = trainer.progress(); done.epoch > 1 || done.batch > 0)
    log(fmt::format("continuing at epoch {}, batch {}", done.epoch, done.batch + 1));
  auto const ending = [&] {
    progress::Stage const stage(stage_names.training);
    return trainer.run();
  }();
  trainer.release_learner();
  auto const trained = std::chrono::steady_clock::now();
  auto const& progress = trainer.progress();
  if (ending == train::Ending::stopped) return {ending, "stopped on request"};
  if (!job.group->is_root()) return {ending, trainer.reason()};
  if (job.measuring) job.measuring();

  analysis::trial_file::TrialResult result;
  MeasuredErrors errors;
  result.history = history_of(progress);
  if (progress.best_epoch > 0) {
    auto& network = trainer.network();
    auto const best = job.folder / train::checkpoint_name;
    model::load_state(network, model::read_weights(best).weights, best.string());
    auto const predictor = backend::predictor(job.device, network);
    {
      progress::Stage const stage(stage_names.losses);
      auto const batch = windows_at_once(data.splits.train.length, job.micro_batch);
      result.train_mse = train::mean(train::mse_by_horizon(*predictor, data.splits.train, batch));
      errors = measure_errors(*predictor, data.splits, job.micro_batch);
    }
    result.val_mse = train::mean(errors.horizon.val_mse);
    if (!errors.horizon.test_mse.empty()) result.test_mse = train::mean(errors.horizon.test_mse);
    if (ending == train::Ending::finished) measure_layers(result, job, network, *predictor, data);
  }
  // The sum over epochs, so that every leg of an interrupted trial counts.
  auto const seconds =
      progress.total_seconds + std::chrono::duration<double>(std::chrono::steady_clock::now() - trained).count();
  // Not timed: it belongs to the data, and only the first trial computes it.
  if (progress.best_epoch > 0) add_bayes(errors, job, data, log);
  result.horizon = std::move(errors.horizon);
  result.channel_mean = data.scaling.mean;
  result.channel_std = data.scaling.std;
  result.provenance = provenance_of(job, data, ending, trainer.reason(), started, seconds, progress);
  analysis::trial_file::write_trial(job.folder / result_name, result);
  std::error_code ignored;
  std::filesystem::remove(job.folder / train::resume_name, ignored);
  return {ending, trainer.reason()};
}

/// LibTorch and its libraries report exhausted memory with their own exceptions; callers expect the standard one.
Outcome with_bad_alloc(Job const& job, TrialData const& data) {
  try {
    return train_and_measure(job, data);
  } catch (c10::Error const& error) {
    if (errors::memory_ran_out(error)) throw std::bad_alloc();
    throw std::runtime_error(error.what_without_backtrace());
  } catch (errors::Error const&) {
    throw;
  } catch (parallel::PeerFailed const&) {
    throw;
  } catch (std::exception const& error) {
    if (errors::memory_ran_out(error)) throw std::bad_alloc();
    throw;
  }
}

}  // namespace

std::vector<std::string> stages(config::Trial const& trial) {
  std::vector<std::string> names{stage_names.training, stage_names.losses};
  for (auto& name : evaluate::stages(trial.evaluate, choice_of(trial))) names.push_back(std::move(name));
  if (trial.evaluate.activations) names.emplace_back(stage_names.activations);
  names.emplace_back(stage_names.oracle);
  return names;
}

Outcome run(Job const& job, TrialData const& data) {
  check_rows(job, data);
  try {
    return with_bad_alloc(job, data);
  } catch (parallel::PeerFailed const& other) {
    if (other.cause() == parallel::PeerFailed::Cause::memory) throw std::bad_alloc();
    throw;
  }
}

}  // namespace mambasynth::trial
