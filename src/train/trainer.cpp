#include "train/trainer.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/util/Exception.h>

#include <chrono>
#include <cmath>

#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "model/state_dict.hpp"
#include "progress/count.hpp"
#include "store/damaged_file.hpp"
#include "train/log.hpp"

namespace mambasynth::train {
namespace {

// A loss this many times that of the untrained network does not recover.
constexpr double diverged_above = 100;

// Repeating this many seconds of training costs less than writing two files of weights and moments to a shared file
// system.
constexpr double cheap_to_repeat = 10;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

Trainer::Trainer(config::Trial const& trial, DataSplits const& splits, TrainerOptions options)
    : trial_(trial),
      splits_(splits),
      options_(std::move(options)),
      schedule_(trial.train),
      network_(trial.model, splits.train.series.size(1)),
      optimizer_(network_),
      point_(starting_point()),
      order_(point_.epoch_start,
             {.train_windows = splits.train.count(),
              .workers = trial.train.num_workers > 0,
              .train_eval = trial.train.train_eval},
             point_.progress.epoch > 1),
      learner_(options_.learner({trial_, splits_, network_, optimizer_, *options_.group, options_.micro_batch})),
      last_save_(now()) {
  if (options_.group->is_root()) write_log(options_.folder / log_name, point_.progress.history);
}

ResumePoint Trainer::starting_point() {
  auto point = own_starting_point();
  broadcast_start(*options_.group, network_, optimizer_, point);
  return point;
}

std::optional<ResumePoint> Trainer::saved_point() {
  auto const state = options_.folder / resume_name;
  std::error_code ignored;
  if (!options_.group->is_root() || !std::filesystem::exists(state, ignored)) return std::nullopt;
  auto damaged = state;
  auto const start_over = [&](std::string const& why) {
    std::string const outcome = "and the training starts over";
    auto const line = std::filesystem::exists(damaged, ignored)
                          ? store::replace_damaged(damaged, why, outcome)
                          : "warning: " + damaged.string() + " is missing, " + outcome + ".";
    if (options_.warn) options_.warn(line);
    std::filesystem::remove(state, ignored);
    optimizer_.first_moment().zero_();
    optimizer_.second_moment().zero_();
    optimizer_.set_steps(0);
    return std::nullopt;
  };
  try {
    auto point = load_resume(state, options_.identity, network_, optimizer_);
    // If no later epoch is better, the best model is read from its file and measured.
    damaged = options_.folder / checkpoint_name;
    if (point.progress.best_epoch > 0) (void)model::read_weights(damaged);
    return point;
  } catch (errors::Error const& error) {
    if (error.code() == errors::ExitCode::input || (error.code() == errors::ExitCode::usage && options_.own_folder))
      return start_over(error.why());
    throw;
  } catch (c10::Error const& error) {
    return start_over(error.what_without_backtrace());
  }
}

ResumePoint Trainer::own_starting_point() {
  if (auto saved = saved_point()) return std::move(*saved);
  // One generator first initializes the weights, then orders the batches.
  auto const generator = at::detail::createCPUGenerator(static_cast<std::uint64_t>(trial_.train.seed));
  model::initialize(network_, generator);
  auto const bytes = generator.get_state();
  return {{},
          random::Mt19937::from_torch_state(
              std::span(static_cast<std::byte const*>(bytes.const_data_ptr()), bytes.nbytes()))};
}

std::int64_t Trainer::batches() const {
  return (splits_.train.count() + trial_.train.batch_size - 1) / trial_.train.batch_size;
}

bool Trainer::state_is_due() const { return now() - last_save_ >= trial_.train.resume_every; }

void Trainer::count_time() {
  auto const time = now();
  point_.progress.seconds += time - leg_start_;
  leg_start_ = time;
}

Request Trainer::request() {
  bool const stop = options_.stop_requested && options_.stop_requested();
  bool const save = point_.progress.batch > collected_ && state_is_due();
  return broadcast(*options_.group, stop ? Request::stop : save ? Request::save : Request::proceed);
}

void Trainer::save_state() {
  count_time();
  learner_->sync_to_host();
  require_same_state(*options_.group, network_, optimizer_);
  save_best();
  if (options_.group->is_root())
    save_resume(options_.folder / resume_name, trial_, options_.identity, network_, optimizer_, point_);
  last_save_ = now();
}

void Trainer::save_best() {
  // Until a state is saved, a best model stays in memory: a resumed run recomputes whatever is lost in between.
  if (best_is_saved_ || !options_.group->is_root()) return;
  model::Network network(trial_.model, network_.channels());
  Optimizer optimizer(network);
  learner_->restore_best(network, optimizer);
  save_checkpoint(options_.folder / checkpoint_name, trial_, network, optimizer, best_, options_.facts);
  if (!options_.extra_checkpoint.empty())
    save_checkpoint(options_.extra_checkpoint, trial_, network, optimizer, best_, options_.facts);
  best_is_saved_ = true;
}

Ending Trainer::run() {
  errors::GracefulStop const graceful_stop;
  auto& progress = point_.progress;
  progress::Count count(trial_.train.epochs * batches(), "batch");
  count.add((progress.epoch - 1) * batches() + progress.batch);
  while (progress.epoch <= trial_.train.epochs) {
    leg_start_ = now();
    collected_ = progress.batch;
    learner_->begin({.order = order_.training(), .lr = schedule_.at(progress.epoch), .next_batch = progress.batch});
    while (progress.batch < batches()) {
      if (auto const wanted = request(); wanted != Request::proceed) {
        if (!collect()) return Ending::diverged;
        save_state();
        if (wanted == Request::stop) return Ending::stopped;
      }
      learner_->step();
      ++progress.batch;
      count.add();
    }
    if (!collect()) return Ending::diverged;
    if (!finish_epoch()) return Ending::stopped;
    if (!reason_.empty()) {
      save_best();
      return Ending::diverged;
    }
    // After the last epoch, too, so that an interruption of the measurements does not cost a long training.
    bool const due = progress.epoch > trial_.train.epochs ? now() - last_save_ >= cheap_to_repeat : state_is_due();
    if (broadcast(*options_.group, due ? Request::save : Request::proceed) == Request::save) save_state();
  }
  learner_->sync_to_host();
  save_best();
  return Ending::finished;
}

bool Trainer::collect() {
  auto& progress = point_.progress;
  for (auto const& report : learner_->reports()) {
    auto const batch = collected_++;
    auto const at = "epoch " + std::to_string(progress.epoch) + ", batch " + std::to_string(batch + 1);
    if (progress.epoch == 1 && batch == 0) progress.first_loss = report.loss;
    if (report.loss > diverged_above * progress.first_loss)
      reason_ = "the training loss " + std::to_string(report.loss) + " is above " +
                std::to_string(static_cast<int>(diverged_above)) + " times the first batch's at " + at;
    if (!std::isfinite(report.loss)) reason_ = "the training loss is not finite at " + at;
    else if (!std::isfinite(report.gradient_norm)) reason_ = "the gradient is not finite at " + at;
    if (!reason_.empty()) {
      count_time();
      save_best();
      return false;
    }
    if (batch == 0) progress.first_gradient_norm = report.gradient_norm;
    progress.last_gradient_norm = report.gradient_norm;
    progress.loss_sum += report.loss;
  }
  return true;
}

void Trainer::measure(EpochRecord& record) {
  auto const& train = trial_.train;
  if (train.train_eval) record.train_eval_mse = learner_->mean_batch_loss(splits_.train, order_.training_evaluation());
  order_.validation();
  record.val_mse = learner_->mean_batch_loss(splits_.val, {});
  bool const last = record.epoch == train.epochs;
  if (splits_.test.count() > 0 && (record.epoch % train.test_every == 0 || last))
    record.test_mse = learner_->mean_error(splits_.test);
}

bool Trainer::finish_epoch() {
  auto& progress = point_.progress;
  EpochRecord record;
  record.epoch = progress.epoch;
  record.train_mse = progress.loss_sum / static_cast<double>(batches());
  auto const lr = schedule_.at(progress.epoch);
  record.lr = lr[model::ParameterGroup::base];
  record.gate_lr = lr[model::ParameterGroup::gates];
  record.first_gradient_norm = progress.first_gradient_norm;
  record.last_gradient_norm = progress.last_gradient_norm;
  try {
    measure(record);
  } catch (errors::Stopped const&) {
    save_state();
    return false;
  }
  record.best = record.val_mse < progress.best_val;
  count_time();
  record.seconds = progress.seconds;

  if (record.best) {
    progress.best_val = record.val_mse;
    progress.best_epoch = record.epoch;
    learner_->snapshot_best();
    best_ = record;
    best_is_saved_ = false;
  }
  if (!std::isfinite(record.val_mse))
    reason_ = "the validation loss is not finite at epoch " + std::to_string(record.epoch);
  progress.history.push_back(record);
  if (options_.group->is_root()) append_log(options_.folder / log_name, record);
  progress.total_seconds += record.seconds;
  progress.epoch += 1;
  progress.batch = 0;
  progress.loss_sum = 0;
  progress.seconds = 0;
  point_.epoch_start = order_.generator();
  if (options_.epoch_done) options_.epoch_done(record);
  return true;
}

}  // namespace mambasynth::train
