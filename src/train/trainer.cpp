#include "train/trainer.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/autograd.h>

#include <chrono>
#include <cmath>

#include "train/log.hpp"
#include "train/measure.hpp"

namespace mambasynth::train {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Trainer::Trainer(config::Trial const& trial, Material const& material, Surroundings surroundings)
    : trial_(trial),
      material_(material),
      around_(std::move(surroundings)),
      schedule_(trial.train),
      network_(trial.model, material.train.series.size(1)),
      optimizer_(network_),
      point_(starting_point()),
      order_(point_.epoch_start,
             {.train_windows = material.train.count(),
              .workers = trial.train.num_workers > 0,
              .train_eval = trial.train.train_eval},
             point_.progress.epoch > 1),
      last_save_(now()) {
  write_log(around_.folder / log_name, point_.progress.history);
}

ResumePoint Trainer::starting_point() {
  auto const state = around_.folder / resume_name;
  if (std::filesystem::exists(state)) return load_resume(state, around_.identity, network_, optimizer_);
  // One stream first initialises the weights, then orders the batches.
  auto const generator = at::detail::createCPUGenerator(static_cast<std::uint64_t>(trial_.train.seed));
  model::initialise(network_, generator);
  auto const bytes = generator.get_state();
  return {{}, series::random::Mt19937::from_torch_state(
                  std::span(static_cast<std::byte const*>(bytes.const_data_ptr()), bytes.nbytes()))};
}

std::int64_t Trainer::batches() const {
  return (material_.train.count() + trial_.train.batch_size - 1) / trial_.train.batch_size;
}

bool Trainer::state_is_due() const { return now() - last_save_ >= trial_.train.resume_every; }

void Trainer::save_state() {
  save_resume(around_.folder / resume_name, trial_, around_.identity, network_, optimizer_, point_);
  last_save_ = now();
}

Ending Trainer::run() {
  auto& progress = point_.progress;
  while (progress.epoch <= trial_.train.epochs) {
    auto const order = order_.training();
    while (progress.batch < batches()) {
      if (around_.stop_requested && around_.stop_requested()) {
        save_state();
        return Ending::stopped;
      }
      auto const started = now();
      auto const step = train_batch(order);
      progress.seconds += now() - started;
      if (step == Step::diverged) return Ending::diverged;
      if (progress.batch < batches() && state_is_due()) save_state();
    }
    finish_epoch();
    if (!reason_.empty()) return Ending::diverged;
    // Also behind the last epoch, so that whatever interrupts the measurements costs no training.
    if (progress.epoch > trial_.train.epochs || state_is_due()) save_state();
  }
  return Ending::finished;
}

Trainer::Step Trainer::train_batch(std::vector<std::int64_t> const& order) {
  auto& progress = point_.progress;
  auto const size = trial_.train.batch_size;
  auto const first = progress.batch * size;
  auto const count = std::min(size, material_.train.count() - first);
  auto const x = material_.train.gather(
      std::span(order).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)));
  model::DropoutDraw const draw{.p = trial_.model.dropout,
                                .seed = static_cast<std::uint64_t>(trial_.train.seed),
                                .step = static_cast<std::uint64_t>(optimizer_.steps()),
                                .first_sample = 0};
  network_.zero_gradient();
  auto const loss = model::prediction_loss(network_.predict(x, &draw), x, network_.horizons());
  auto const value = loss.item<double>();
  auto const at = "epoch " + std::to_string(progress.epoch) + ", batch " + std::to_string(progress.batch + 1);
  if (!std::isfinite(value)) {
    reason_ = "the training loss is no number at " + at;
    return Step::diverged;
  }
  loss.backward();
  auto const factor = trial_.train.gate_lr_factor;
  auto const norm = optimizer_.step(schedule_.rate(progress.epoch, 1), schedule_.rate(progress.epoch, factor));
  if (!std::isfinite(norm)) {
    reason_ = "the gradient is no number at " + at;
    return Step::diverged;
  }
  if (progress.batch == 0) progress.first_gradient_norm = norm;
  if (progress.epoch == 1 && progress.batch == 0) progress.first_loss = value;
  progress.last_gradient_norm = norm;
  progress.loss_sum += value;
  ++progress.batch;
  return Step::taken;
}

void Trainer::finish_epoch() {
  auto& progress = point_.progress;
  auto const started = now();
  auto const& train = trial_.train;
  EpochRecord record;
  record.epoch = progress.epoch;
  record.train_mse = progress.loss_sum / static_cast<double>(batches());
  record.lr = schedule_.rate(progress.epoch, 1);
  record.gate_lr = schedule_.rate(progress.epoch, train.gate_lr_factor);
  record.first_gradient_norm = progress.first_gradient_norm;
  record.last_gradient_norm = progress.last_gradient_norm;
  if (train.train_eval) {
    record.train_eval_mse = mean_batch_loss(network_, material_.train, train.batch_size, order_.training_evaluation());
  }
  order_.validation();
  record.val_mse = mean_batch_loss(network_, material_.val, train.batch_size);
  bool const last = progress.epoch == train.epochs;
  if (material_.test.count() > 0 && (progress.epoch % train.test_every == 0 || last))
    record.test_mse = mean(mse_by_horizon(network_, material_.test, train.batch_size));
  record.best = record.val_mse < progress.best_val;
  record.seconds = progress.seconds + now() - started;

  if (record.best) {
    progress.best_val = record.val_mse;
    progress.best_epoch = record.epoch;
    save_checkpoint(around_.folder / checkpoint_name, trial_, network_, optimizer_, record);
    if (!around_.extra_checkpoint.empty())
      save_checkpoint(around_.extra_checkpoint, trial_, network_, optimizer_, record);
  }
  if (!std::isfinite(record.val_mse))
    reason_ = "the validation loss is no number at epoch " + std::to_string(record.epoch);
  progress.history.push_back(record);
  append_log(around_.folder / log_name, record);
  progress.total_seconds += record.seconds;
  progress.epoch += 1;
  progress.batch = 0;
  progress.loss_sum = 0;
  progress.seconds = 0;
  point_.epoch_start = order_.generator();
  if (around_.epoch_done) around_.epoch_done(record);
}

}  // namespace mambasynth::train
