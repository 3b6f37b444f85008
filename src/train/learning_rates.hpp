#pragma once

#include <array>
#include <cstddef>

#include "model/weights.hpp"

namespace mambasynth::train {

/// A learning rate for each parameter group (model/weights.hpp lists the weights of each). At a rate of 0 a group
/// is frozen: it does not change by a bit, not even through weight decay; its gradient still counts toward the clip
/// norm, and its moments are still updated.
/// Set by Schedule::at() (schedule.cpp) from train.lr, train.gate_lr_factor and train.freeze_a; applied on the CPU by
/// Optimizer::step() (optimizer.cpp), on the GPU by device::adamw_update (kernels/cuda/adamw.cuh).
class LearningRates {
 public:
  double& operator[](model::ParameterGroup group) { return of_[static_cast<std::size_t>(group)]; }
  double operator[](model::ParameterGroup group) const { return of_[static_cast<std::size_t>(group)]; }
  /// In the order of model::ParameterGroup.
  [[nodiscard]] std::array<double, model::parameter_groups> const& all() const { return of_; }

 private:
  std::array<double, model::parameter_groups> of_{};
};

/// One rate for all groups but the gates.
inline LearningRates learning_rates(double lr, double gate_lr) {
  using enum model::ParameterGroup;
  LearningRates rates;
  rates[base] = rates[A] = lr;
  rates[gates] = gate_lr;
  return rates;
}

}  // namespace mambasynth::train
