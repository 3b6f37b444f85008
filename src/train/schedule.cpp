#include "train/schedule.hpp"

#include <cmath>
#include <numbers>

namespace mambasynth::train {
namespace {
constexpr double floor_share = 0.01;
}

Schedule::Schedule(config::Train const& config)
    : lr_(config.lr),
      gate_lr_factor_(config.gate_lr_factor),
      freeze_A_(config.freeze_a),
      warmup_(config.warmup_epochs),
      epochs_(config.epochs),
      global_floor_(config.lr_floor == "global") {}

LearningRates Schedule::at(std::int64_t epoch) const { return of_groups(lr(epoch, 1), lr(epoch, gate_lr_factor_)); }

LearningRates Schedule::peak() const { return of_groups(lr_, lr_ * gate_lr_factor_); }

LearningRates Schedule::of_groups(double base_lr, double gate_lr) const {
  auto rates = learning_rates(base_lr, gate_lr);
  if (freeze_A_) rates[model::ParameterGroup::A] = 0;
  return rates;
}

double Schedule::lr(std::int64_t epoch, double factor) const {
  auto const peak = lr_ * factor;
  auto const passed = static_cast<double>(epoch - 1);
  auto const warmup = static_cast<double>(warmup_);
  if (epoch <= warmup_) return peak * (floor_share + (1 - floor_share) * passed / warmup);
  // Without a warm-up, the original's scheduler never leaves its start factor; the global floor reproduces that.
  if (warmup_ == 0 && global_floor_) return peak * floor_share;
  auto const floor = floor_share * (global_floor_ ? lr_ : peak);
  auto const length = static_cast<double>(epochs_ - warmup_);
  auto const share = length > 0 ? (passed - warmup) / length : 1.0;
  return floor + (peak - floor) * (1 + std::cos(std::numbers::pi * share)) / 2;
}

}  // namespace mambasynth::train
